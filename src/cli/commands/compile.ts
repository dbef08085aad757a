/** tessera compile: ONNX to a prover's model and a verifier's key. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { TesseraError } from '../../errors.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  normalisation,
  type Program,
  wholeNumber,
  withImages,
  withThreads,
} from '../command.ts';
import { fileBeside } from '../external.ts';
import { bytesText, type Outcome, tree } from '../output.ts';
import { readLabels, readSamples } from '../samples.ts';
import type { CompileOptions as VerbOptions } from '../verbs.ts';
import { writeWhole } from '../write.ts';

const examples = [
  'tessera compile model.onnx -o model.tsm --samples photos/ --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225',
  'tessera compile model.onnx -o model.tsm --samples inputs.npy --labels labels.json --bits 12',
];

interface CompileOptions extends ImageOptions {
  readonly out: string;
  readonly key?: string;
  readonly samples?: string;
  readonly labels?: string;
  readonly bits?: number;
  readonly weightBits?: number;
  readonly headroom?: number;
  readonly threads?: number;
}

export function compileCommand(program: Program): Command {
  const target = command('compile', "Turn an ONNX model into a prover's model and a verifier's key.", examples)
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --out <file>', 'model to write, .tsm')
    .option('--key <file>', 'key to write (default: beside the model, .tsk)')
    .option('--samples <path>', 'inputs to calibrate on: a folder, a JSON list or .npy')
    .option('--labels <file>', 'class of every sample, for the accuracy report: JSON list or .npy')
    .option('--bits <count>', 'bits of an activation', wholeNumber)
    .option('--weight-bits <count>', 'bits of a weight', wholeNumber)
    .option('--headroom <count>', 'bits above the largest calibrated value', wholeNumber);
  return withThreads(withImages(target)).action(action(program, compile));
}

async function compile([path]: readonly unknown[], call: Call<CompileOptions>): Promise<Outcome> {
  const { host, options } = call;
  const { model, key, report } = await host.verbs.compile(
    await readFile(String(path)),
    await verbOptions(String(path), call),
  );
  const keyPath = options.key ?? keyBeside(options.out);
  await writeWhole(options.out, model);
  await writeWhole(keyPath, key);
  const files = [`model ${options.out}  ${bytesText(model.length)}`, `key   ${keyPath}  ${bytesText(key.length)}`];
  return {
    result: { model: options.out, modelBytes: model.length, key: keyPath, keyBytes: key.length, report },
    human: [...files, tree(report)].join('\n'),
  };
}

async function verbOptions(path: string, { host, options, onProgress }: Call<CompileOptions>): Promise<VerbOptions> {
  const externalData = fileBeside(path);
  const samples = options.samples === undefined ? undefined : await samplesFor(path, options, host.verbs);
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels);
  if (labels !== undefined && labels.length !== samples?.length) {
    throw new TesseraError('E_USAGE', `${labels.length} labels are given for ${samples?.length ?? 'no'} samples.`);
  }
  const { bits, weightBits, headroom, threads } = options;
  return { externalData, onProgress, samples, labels, bits, weightBits, headroom, threads };
}

async function samplesFor(path: string, options: CompileOptions, verbs: Program['host']['verbs']) {
  const { inputs } = await verbs.check(await readFile(path), { externalData: fileBeside(path) });
  return readSamples(options.samples!, inputs, normalisation(options));
}

/** model.tsm -> model.tsk */
function keyBeside(model: string): string {
  return `${model.replace(/\.tsm$/, '')}.tsk`;
}
