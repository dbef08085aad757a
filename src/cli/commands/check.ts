/** tessera check: is everything in this model supported? */
import type { Command } from 'commander';
import { action, command, type Program, type Shapes, withShapes } from '../command.ts';
import { EXIT } from '../exit.ts';
import { fileBeside } from '../external.ts';
import { table } from '../output.ts';
import { inFile, readWhole } from '../read.ts';

const examples = ['tessera check model.onnx', 'tessera check model.onnx --shape image=1,3,224,224'];

export function checkCommand(program: Program): Command {
  const target = command('check', 'List the operators of a model and whether each is supported.', examples);
  return withShapes(target)
    .argument('<model>', 'ONNX file')
    .action(
      action<{ readonly shape: Shapes }>(program, async ([path], { host, options }) => {
        const model = String(path);
        const bytes = await readWhole(model);
        const given = { externalData: fileBeside(model), shapes: options.shape };
        const report = await inFile(model, () => host.verbs.check(bytes, given));
        const verdict = report.supported ? 'Every operator is supported.' : 'Some operators are not supported.';
        const human = `${table(report.operators)}\n${verdict}`;
        return { result: report, human, exit: report.supported ? EXIT.ok : EXIT.unsupported };
      }),
    );
}
