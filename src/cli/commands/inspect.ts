/** tessera inspect: what is in a file of ours? */
import type { Command } from 'commander';
import { action, command, type Program } from '../command.ts';
import { tree } from '../output.ts';
import { inFile, readWhole } from '../read.ts';

export function inspectCommand(program: Program): Command {
  return command('inspect', 'Say what is in a model, key or proof file.', ['tessera inspect model.tsk'])
    .argument('<file>', '.tsm, .tsk or .tsp')
    .action(
      action(program, async ([path], { host }) => {
        const file = String(path);
        const bytes = await readWhole(file);
        const description = await inFile(file, () => host.verbs.inspect(bytes));
        return { result: description, human: tree(description) };
      }),
    );
}
