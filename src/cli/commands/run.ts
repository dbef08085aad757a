/** tessera run: the exact integers that a proof would speak of, and real values beside them. */

import type { Command } from 'commander';
import { keyOf } from '../../files/model.ts';
import type { MachineOptions } from '../../node.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  machineOf,
  normalisation,
  type Program,
  withImages,
  withMachine,
} from '../command.ts';
import { readTensors } from '../input.ts';
import { jsonLine, type Outcome, outputsJson, outputsText } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { checkTargets, writeFiles } from '../write.ts';

const examples = [
  'tessera run model.tsm input.json',
  'tessera run model.tsm photo.png --mean 0.5 --std 0.5 -o output.json',
  'tessera run model.tsm ids=ids.npy mask=mask.npy',
];

interface RunOptions extends ImageOptions, MachineOptions {
  readonly out?: string;
}

export function runCommand(program: Program): Command {
  const target = command('run', 'Run a compiled model exactly as it is proved.', examples)
    .argument('<model>', 'model file, .tsm')
    .argument('<input...>', 'FILE or NAME=FILE: .json, .npy, .bin, .png, .jpg')
    .option('-o, --out <file>', 'write the outputs as JSON');
  return withMachine(withImages(target)).action(action(program, run));
}

async function run([path, sources]: readonly unknown[], call: Call<RunOptions>): Promise<Outcome> {
  const { host, options, onProgress } = call;
  const file = String(path);
  await checkTargets({ '--out': options.out }, [file, ...(sources as string[])]);
  const model = await readWhole(file);
  const { circuit } = await inFile(file, () => keyOf(model));
  const inputs = await readTensors(sources as string[], circuit.inputs, normalisation(options));
  const { outputs } = await host.verbs.run(model, inputs, { ...machineOf(options), onProgress });
  const result = { outputs: outputsJson(outputs) };
  if (options.out !== undefined) await writeFiles([{ path: options.out, contents: jsonLine(true, result) }]);
  return { result, human: outputsText(outputs) };
}
