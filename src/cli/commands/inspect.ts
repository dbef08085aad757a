/** tessera inspect: what is in a file of ours? */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { action, command, type Program } from '../command.ts';
import { tree } from '../output.ts';

export function inspectCommand(program: Program): Command {
  return command('inspect', 'Say what is in a model, key or proof file.', ['tessera inspect model.tsk'])
    .argument('<file>', '.tsm, .tsk or .tsp')
    .action(
      action(program, async ([path], { host }) => {
        const description = await host.verbs.inspect(await readFile(String(path)));
        return { result: description, human: tree(description) };
      }),
    );
}
