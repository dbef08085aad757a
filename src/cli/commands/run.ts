/** tessera run: the exact integers that a proof would speak of, and real values beside them. */
import type { Command } from 'commander';
import { keyOf } from '../../files/model.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  normalisation,
  type Program,
  withImages,
  withThreads,
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

interface RunOptions extends ImageOptions {
  readonly out?: string;
  readonly threads?: number;
}

export function runCommand(program: Program): Command {
  const target = command('run', 'Run a compiled model exactly as it is proved.', examples)
    .argument('<model>', 'model file, .tsm')
    .argument('<input...>', 'FILE or NAME=FILE: .json, .npy, .bin, .png, .jpg')
    .option('-o, --out <file>', 'write the outputs as JSON');
  return withThreads(withImages(target)).action(action(program, run));
}

async function run([path, sources]: readonly unknown[], call: Call<RunOptions>): Promise<Outcome> {
  const { host, options, onProgress } = call;
  const file = String(path);
  await checkTargets({ '--out': options.out }, [file, ...(sources as string[])]);
  const model = await readWhole(file);
  const { circuit } = await inFile(file, () => keyOf(model));
  const inputs = await readTensors(sources as string[], circuit.inputs, normalisation(options));
  const { outputs } = await host.verbs.run(model, inputs, {
    threads: options.threads,
    onProgress,
  });
  const result = { outputs: outputsJson(outputs) };
  if (options.out !== undefined) await writeFiles([{ path: options.out, contents: jsonLine(true, result) }]);
  return { result, human: outputsText(outputs) };
}
