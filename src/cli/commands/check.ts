/** tessera check: is everything in this model supported? */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { action, command, type Program } from '../command.ts';
import { EXIT } from '../exit.ts';
import { fileBeside } from '../external.ts';
import { table } from '../output.ts';

export function checkCommand(program: Program): Command {
  return command('check', 'List the operators of a model and whether each is supported.', ['tessera check model.onnx'])
    .argument('<model>', 'ONNX file')
    .action(
      action(program, async ([path], { host }) => {
        const model = String(path);
        const report = await host.verbs.check(await readFile(model), { externalData: fileBeside(model) });
        const verdict = report.supported ? 'Every operator is supported.' : 'Some operators are not supported.';
        const human = `${table(report.operators)}\n${verdict}`;
        return { result: report, human, exit: report.supported ? EXIT.ok : EXIT.unsupported };
      }),
    );
}
