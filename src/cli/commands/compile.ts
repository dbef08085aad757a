/** tessera compile: ONNX to a prover's model and a verifier's key. */
import type { Command } from 'commander';
import { TesseraError } from '../../errors.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  interval,
  normalisation,
  type Program,
  type Shapes,
  wholeNumber,
  withImages,
  withShapes,
  withThreads,
} from '../command.ts';
import { fileBeside } from '../external.ts';
import { bytesText, type Outcome, tree } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { readLabels, readSamples } from '../samples.ts';
import type { CompileOptions as VerbOptions } from '../verbs.ts';
import { checkTargets, writeFiles } from '../write.ts';

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
  readonly inputRange?: { readonly min: number; readonly max: number };
  readonly shape: Shapes;
  readonly threads?: number;
}

export function compileCommand(program: Program): Command {
  const target = command('compile', "Turn an ONNX model into a prover's model and a verifier's key.", examples)
    .argument('<model>', 'ONNX file')
    .requiredOption('-o, --out <file>', 'model to write, .tsm')
    .option('--key <file>', 'key to write (default: beside the model, .tsk)')
    .option('--samples <path>', 'inputs to calibrate on: a folder, a JSON list, .npy or .bin')
    .option('--labels <file>', 'class of every sample, for the accuracy report: JSON list, .npy or .bin')
    .option('--input-range <min,max>', 'real range of the inputs: without samples, or beyond what they show', interval)
    .option('--bits <count>', 'bits of an activation, 4 .. 14 (default: 10 to 12, by size)', wholeNumber(4, 14))
    .option('--weight-bits <count>', 'largest bits of a weight, 4 .. 16 (default: 16)', wholeNumber(4, 16))
    .option('--headroom <count>', 'bits above the largest calibrated value, 0 .. 4 (default: 2)', wholeNumber(0, 4));
  return withThreads(withImages(withShapes(target))).action(action(program, compile));
}

async function compile([path]: readonly unknown[], call: Call<CompileOptions>): Promise<Outcome> {
  const { host, options } = call;
  const onnx = String(path);
  const keyPath = options.key ?? keyBeside(options.out);
  await checkTargets({ '--out': options.out, '--key': keyPath }, inputsOf(onnx, options));
  const bytes = await readWhole(onnx);
  const given = await verbOptions(onnx, bytes, call);
  const { model, key, report } = await inFile(onnx, () => host.verbs.compile(bytes, given));
  await writeFiles([
    { path: options.out, contents: model },
    { path: keyPath, contents: key },
  ]);
  const files = [`model ${options.out}  ${bytesText(model.length)}`, `key   ${keyPath}  ${bytesText(key.length)}`];
  return {
    result: { model: options.out, modelBytes: model.length, key: keyPath, keyBytes: key.length, report },
    human: [...files, tree(report)].join('\n'),
  };
}

function inputsOf(onnx: string, { samples, labels }: CompileOptions): string[] {
  return [onnx, samples, labels].filter((path) => path !== undefined);
}

async function verbOptions(path: string, bytes: Uint8Array, call: Call<CompileOptions>): Promise<VerbOptions> {
  const { options, onProgress } = call;
  const imports = { externalData: fileBeside(path), shapes: options.shape };
  const samples = options.samples === undefined ? undefined : await samplesFor(path, bytes, call);
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels);
  if (labels !== undefined && labels.length !== samples?.length) {
    throw new TesseraError('E_USAGE', `${labels.length} labels are given for ${samples?.length ?? 'no'} samples.`);
  }
  const { bits, weightBits, headroom, inputRange, threads } = options;
  return { ...imports, onProgress, samples, labels, bits, weightBits, headroom, inputRange, threads };
}

async function samplesFor(path: string, bytes: Uint8Array, { host, options }: Call<CompileOptions>) {
  const imports = { externalData: fileBeside(path), shapes: options.shape };
  const { inputs } = await inFile(path, () => host.verbs.check(bytes, imports));
  return readSamples(options.samples!, inputs, normalisation(options));
}

/** model.tsm -> model.tsk */
function keyBeside(model: string): string {
  return `${model.replace(/\.tsm$/, '')}.tsk`;
}
