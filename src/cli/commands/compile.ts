/** tessera compile: ONNX to a prover's model and a verifier's key. */

import type { Command } from 'commander';
import type { WeightVisibility } from '../../circuit/types.ts';
import { TesseraError } from '../../errors.ts';
import type { MachineOptions } from '../../node.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  interval,
  machineOf,
  normalisation,
  oneOf,
  type Program,
  type Shapes,
  wholeNumber,
  withImages,
  withMachine,
  withShapes,
} from '../command.ts';
import { fileBeside } from '../external.ts';
import { bytesText, type Outcome, tree } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { readLabels, readSamples } from '../samples.ts';
import { budgetBeside } from '../tensors.ts';
import type { CompileOptions as VerbOptions } from '../verbs.ts';
import { checkAbsent, checkTargets, writeFiles } from '../write.ts';

const examples = [
  'tessera compile model.onnx -o model.tsm --samples photos/ --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225',
  'tessera compile model.onnx -o model.tsm --samples inputs.npy --labels labels.json --bits 12',
  "tessera compile model.onnx -o model.tsm --samples inputs.npy --weights public --private 'lora_*' --proof-budget 1000",
];

interface CompileOptions extends ImageOptions, MachineOptions {
  readonly out: string;
  readonly key?: string;
  readonly samples?: string;
  readonly labels?: string;
  readonly bits?: number;
  readonly weightBits?: number;
  readonly headroom?: number;
  readonly inputRange?: { readonly min: number; readonly max: number };
  readonly weights: WeightVisibility;
  readonly public?: readonly string[];
  readonly committed?: readonly string[];
  readonly private?: readonly string[];
  readonly proofBudget?: number;
  readonly shape: Shapes;
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
    .option('--headroom <count>', 'bits above the largest calibrated value, 0 .. 4 (default: 2)', wholeNumber(0, 4))
    .option('--weights <visibility>', WEIGHTS, oneOf('public', 'committed', 'private'), 'committed')
    .option('--public <pattern...>', 'initializers that are in the key, by name or a pattern with *')
    .option('--committed <pattern...>', 'initializers that the key has a root of; wins over --public')
    .option('--private <pattern...>', 'initializers that nobody is shown; wins over both')
    .option('--proof-budget <count>', 'proofs to hide private weights in (default: 300)', wholeNumber(1, 2 ** 20));
  return withMachine(withImages(withShapes(target))).action(action(program, compile));
}

const WEIGHTS =
  'public: in the key; committed: the key has a root that anybody can make of them; private: nobody is shown them';

async function compile([path]: readonly unknown[], call: Call<CompileOptions>): Promise<Outcome> {
  const { host, options } = call;
  const onnx = String(path);
  const keyPath = options.key ?? keyBeside(options.out);
  const budgetPath = budgetBeside(options.out);
  await checkTargets(
    { '--out': options.out, '--key': keyPath, 'the budget file': budgetPath },
    inputsOf(onnx, options),
  );
  await checkAbsent([budgetPath]);
  const visibility = visibilityOf(options);
  checkBudgetOption(options);
  const bytes = await readWhole(onnx);
  const given = { ...(await verbOptions(onnx, bytes, call)), visibility };
  const { model, key, journal, report } = await inFile(onnx, () => host.verbs.compile(bytes, given));
  const isPrivate = journal !== undefined;
  await writeFiles([
    ...(isPrivate ? [{ path: budgetPath, contents: journal }] : []),
    { path: options.out, contents: model, confidential: isPrivate },
    { path: keyPath, contents: key },
  ]);
  const files = [`model ${options.out}  ${bytesText(model.length)}`, `key   ${keyPath}  ${bytesText(key.length)}`];
  const sizes = { modelBytes: model.length, keyBytes: key.length };
  return {
    result: { model: options.out, key: keyPath, ...(isPrivate && { budget: budgetPath }), ...sizes, report },
    human: [...files, ...(isPrivate ? modelNotes(options.out) : []), tree(report)].join('\n'),
  };
}

/** What the owner of private weights must know. */
export function modelNotes(model: string): string[] {
  const budget = budgetBeside(model);
  return [
    `${model} holds the private weights and the secret that hides them: it is confidential.`,
    `${budget} counts the proofs and must stay beside it; a copy of both counts apart, and its proofs add to what the first one's show.`,
  ];
}

/**
 * Patterns in the order in which the later ones count: public, committed, private.
 * @throws TesseraError E_USAGE for a pattern with two visibilities
 */
function visibilityOf(options: CompileOptions): (readonly [string, WeightVisibility])[] {
  const order = ['public', 'committed', 'private'] as const;
  const rules = order.flatMap((seen) => (options[seen] ?? []).map((pattern) => [pattern, seen] as const));
  rules.forEach(([pattern, seen], i) => {
    const other = rules.slice(0, i).find(([p, v]) => v !== seen && p === pattern);
    if (other === undefined) return;
    throw new TesseraError('E_USAGE', `It is ${seen}, and also ${other[1]} by --${other[1]} ${pattern}.`, {
      where: `--${seen} ${pattern}`,
      hint: 'Name what is left over by --weights.',
    });
  });
  return rules;
}

/** @throws TesseraError E_USAGE for a budget of nothing */
function checkBudgetOption(options: CompileOptions): void {
  if (options.proofBudget === undefined || options.weights === 'private' || options.private !== undefined) return;
  throw new TesseraError('E_USAGE', 'There are no private weights whose proofs could be counted.', {
    where: '--proof-budget',
    hint: 'Add --weights private or --private PATTERN.',
  });
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
  const { bits, weightBits, headroom, inputRange, weights, proofBudget } = options;
  const numbers = { bits, weightBits, headroom, inputRange, proofBudget };
  return { ...imports, ...numbers, onProgress, samples, labels, weights, ...machineOf(options) };
}

async function samplesFor(path: string, bytes: Uint8Array, { host, options }: Call<CompileOptions>) {
  const imports = { externalData: fileBeside(path), shapes: options.shape };
  const { inputs } = await inFile(path, () => host.verbs.check(bytes, imports));
  return readSamples(options.samples!, inputs, normalisation(options));
}

/** model.tsm -> model.tsk */
export function keyBeside(model: string): string {
  return `${model.replace(/\.tsm$/, '')}.tsk`;
}
