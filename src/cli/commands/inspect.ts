/** tessera inspect: what is in a file of ours? */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { action, command, type Program } from '../command.ts';
import { tree } from '../output.ts';
import { fileError, inFile, readWhole } from '../read.ts';
import { budgetBeside } from '../tensors.ts';

const examples = ['tessera inspect model.tsk', 'tessera inspect model.tsm', 'tessera inspect patient.tso'];

export function inspectCommand(program: Program): Command {
  return command('inspect', 'Say what is in a file of ours: what it shows, what it hides, how sound it is.', examples)
    .argument('<file>', '.tsm, .tsk, .tsp, .tsc, .tso or .budget')
    .action(
      action(program, async ([path], { host }) => {
        const file = String(path);
        const bytes = await readWhole(file);
        const journal = await readBeside(budgetBeside(file));
        const description = await inFile(file, () => host.verbs.inspect(bytes, journal));
        return { result: description, human: tree(description) };
      }),
    );
}

/** A file that need not be there. */
async function readBeside(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(path, cause);
  }
}
