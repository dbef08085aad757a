/** tessera prove: run the model and prove what it computed. */

import type { Command } from 'commander';
import type { Circuit } from '../../circuit/types.ts';
import { TesseraError } from '../../errors.ts';
import { keyOf } from '../../files/model.ts';
import type { MachineOptions } from '../../node.ts';
import type { Visibility } from '../../proof/plan.ts';
import type { ProverInputs } from '../../prove.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  machineOf,
  normalisation,
  oneOf,
  type Program,
  tagOf,
  withImages,
  withMachine,
} from '../command.ts';
import { bytesText, jsonLine, type Outcome, outputsJson, outputsText } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { readProverInputs } from '../sealed.ts';
import {
  baseNames,
  budgetBeside,
  commitmentFiles,
  commitmentPaths,
  commitmentText,
  STANDALONE_PROOFS,
} from '../tensors.ts';
import type { Counter, Disclosing, JournalPath } from '../verbs.ts';
import { checkAbsent, checkTargets, writeFiles } from '../write.ts';

const examples = [
  'tessera prove model.tsm input.json -o proof.tsp --save-output output.json',
  "tessera prove model.tsm photo.png -o proof.tsp --input public --tag 'order 4711'",
  'tessera prove model.tsm patient.tso -o proof.tsp --output committed --save-commitment diagnosis',
];

interface ProveOptions extends ImageOptions, MachineOptions {
  readonly out: string;
  readonly saveOutput?: string;
  readonly saveCommitment?: string;
  readonly input: 'public' | 'private';
  readonly output: Visibility;
  readonly zk: boolean;
  readonly tag?: string;
}

export function proveCommand(program: Program): Command {
  const target = command('prove', 'Prove what a model computes on an input.', examples)
    .argument('<model>', 'model file, .tsm; the budget file of private weights is beside it, .tsm.budget')
    .argument('<input...>', 'FILE or NAME=FILE: .json, .npy, .bin, .png, .jpg, or an opening made by `commit`, .tso')
    .requiredOption('-o, --out <file>', 'proof to write, .tsp')
    .option('--save-output <file>', 'write the outputs as JSON, as `verify --output` reads them')
    .option(
      '--input <visibility>',
      'public or private: whether the verifier has it',
      oneOf('public', 'private'),
      'private',
    )
    .option('--output <visibility>', 'public, private or committed', oneOf('public', 'private', 'committed'), 'public')
    .option('--save-commitment <prefix>', 'of committed outputs: PREFIX.tsc, PREFIX.tso, PREFIX.tso.budget')
    .option('--no-zk', 'a proof that hides nothing: faster by some percent, and smaller')
    .option('--tag <text>', 'bind the proof to a purpose: a domain, a nonce, an order number');
  return withMachine(withImages(target)).action(action(program, prove));
}

async function prove([path, sources]: readonly unknown[], call: Call<ProveOptions>): Promise<Outcome> {
  const { host, options, onProgress } = call;
  const file = String(path);
  checkSaving(options);
  const model = await readWhole(file);
  const { circuit } = await inFile(file, () => keyOf(model));
  const bases = basesOf(options, circuit);
  await checkOutputs(options, bases, [file, ...(sources as string[])]);
  const { values, sealed } = await readProverInputs(sources as string[], circuit.inputs, normalisation(options));
  for (const { path, bytes } of sealed.values()) await inFile(path, () => host.verbs.checkOpening(bytes));
  const inputs: ProverInputs = { ...values, ...openingsOf(sealed) };
  const { zk, input, output } = options;
  const disclosing: Disclosing = { zk, input, output, journalPath: journalPathOf(file, sealed) };
  const counters = await inFile(file, () => host.verbs.counters(model, inputs, disclosing));
  if (!zk) onProgress({ kind: 'note', sentence: HIDES_NOTHING });

  const work = { tag: tagOf(options.tag), ...machineOf(options), onProgress };
  const { proof, outputs, commitments, stages } = await host.verbs.prove(model, inputs, { ...disclosing, ...work });
  const json = outputsJson(outputs);
  const saved = [...bases].flatMap(([name, base]) => commitmentFiles(base, commitments[name]!));
  const plain =
    options.saveOutput === undefined ? [] : [{ path: options.saveOutput, contents: jsonLine(true, { outputs: json }) }];
  await writeFiles([{ path: options.out, contents: proof }, ...plain, ...saved]);
  const written = Object.fromEntries(
    [...bases].map(([name, base]) => [name, { ...commitmentPaths(base), proofsLeft: STANDALONE_PROOFS - 1 }]),
  );
  const left = counters.map(({ what, path, left }) => ({ of: ofText(what), budget: path, proofsLeft: left - 1 }));
  return {
    result: {
      proof: options.out,
      proofBytes: proof.length,
      zk,
      outputs: json,
      commitments: written,
      budgets: left,
      stages,
    },
    human: [
      outputsText(outputs),
      `proof ${options.out}  ${bytesText(proof.length)}${zk ? ', in zero knowledge' : ''}`,
      ...[...bases].map(([name, base]) => commitmentText(name, base, 1)),
      ...left.map(
        ({ of, proofsLeft }) => `${of} can be in ${proofsLeft} more ${proofsLeft === 1 ? 'proof' : 'proofs'}`,
      ),
    ].join('\n'),
  };
}

const HIDES_NOTHING =
  'This proof hides nothing: whoever has it can learn about the inputs and about everything that was computed from them.';

/** @throws TesseraError E_USAGE where committed outputs would be lost, or there are none to save */
function checkSaving({ output, saveCommitment }: ProveOptions): void {
  if ((output === 'committed') === (saveCommitment !== undefined)) return;
  const sentence =
    output === 'committed'
      ? 'Committed outputs need a place: without what opens them they could never be used.'
      : 'Without --output committed there is no commitment to save.';
  const hint = output === 'committed' ? 'Add --save-commitment PREFIX.' : 'Add --output committed, or leave it out.';
  throw new TesseraError('E_USAGE', sentence, { where: '--save-commitment', hint });
}

/** Where the commitment of every output goes. */
function basesOf({ saveCommitment }: ProveOptions, { outputs }: Circuit): ReadonlyMap<string, string> {
  return saveCommitment === undefined
    ? new Map()
    : baseNames(
        saveCommitment,
        outputs.map((port) => port.name),
      );
}

async function checkOutputs(options: ProveOptions, bases: ReadonlyMap<string, string>, inputs: readonly string[]) {
  const targets = [...bases.values()].flatMap((base) => Object.values(commitmentPaths(base)));
  const named = Object.fromEntries(targets.map((path) => [`the commitment's ${path}`, path]));
  await checkTargets({ '--out': options.out, '--save-output': options.saveOutput, ...named }, inputs);
  await checkAbsent(targets);
}

function openingsOf(sealed: SealedInputs): ProverInputs {
  return Object.fromEntries([...sealed].map(([name, { bytes }]) => [name, { opening: bytes }]));
}

type SealedInputs = Awaited<ReturnType<typeof readProverInputs>>['sealed'];

/** The budget file of private weights is beside the model, that of a committed input beside its opening. */
function journalPathOf(model: string, sealed: SealedInputs): JournalPath {
  return (what) => budgetBeside(what.kind === 'weights' ? model : sealed.get(what.name)!.path);
}

function ofText(what: Counter['what']): string {
  return what.kind === 'weights' ? 'the private weights' : `the committed input "${what.name}"`;
}
