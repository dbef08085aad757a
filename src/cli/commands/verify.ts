/** tessera verify: does this proof show what the caller states? */
import type { Command } from 'commander';
import { TesseraError } from '../../errors.ts';
import { decodeKey, type KeyFile } from '../../files/key.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  normalisation,
  type Program,
  tagOf,
  withImages,
} from '../command.ts';
import { EXIT } from '../exit.ts';
import type { Outcome } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { readStated, type Stated, splitPrivate } from '../sealed.ts';
import { hidingText, saidOf } from '../sentence.ts';
import type { Statement, Verdict } from '../verbs.ts';

const examples = [
  'tessera verify proof.tsp --key model.tsk --output output.json',
  "tessera verify proof.tsp --key model.tsk --output output.json --input input.json --tag 'order 4711'",
  'tessera verify proof.tsp --key model.tsk --output private --input image=patient.tsc',
  'tessera verify rotation.tsp --key new.tsk --rotated-from old.tsk',
];

interface VerifyOptions extends ImageOptions {
  readonly key: string;
  readonly output?: readonly string[];
  readonly input?: readonly string[];
  readonly tag?: string;
  readonly rotatedFrom?: string;
}

export function verifyCommand(program: Program): Command {
  const target = command(
    'verify',
    'Check a proof against what you state: the model, the outputs, public and committed inputs.',
    examples,
  )
    .argument('<proof>', 'proof file, .tsp')
    .requiredOption('--key <file>', 'key of the model, .tsk')
    .option(
      '--output <file...>',
      'every output: FILE, NAME=FILE, .tsc for a committed one; private, NAME=private for none',
    )
    .option('--input <file...>', 'the inputs that are not private: FILE or NAME=FILE, .tsc for a committed one')
    .option('--tag <text>', 'the purpose that the proof is bound to')
    .option('--rotated-from <file>', 'instead: does --key hold the same private weights as this key?');
  return withImages(target).action(action(program, verify));
}

async function verify([path]: readonly unknown[], { host, options }: Call<VerifyOptions>): Promise<Outcome> {
  const from = options.rotatedFrom;
  checkUsage(options);
  const proof = await readWhole(String(path));
  const key = await readWhole(options.key);
  if (from !== undefined) {
    const verdict = await host.verbs.verifyRotation(proof, { from: await readWhole(from), to: key });
    if (!verdict.ok) return rejected(verdict);
    const sentence = `The key ${options.key} holds the same network with the same private weights as ${from}.`;
    return { result: { sentence }, human: `ACCEPTED: ${sentence}` };
  }
  const file = await inFile(options.key, () => decodeKey(key));
  const statement = await statementOf(key, file, options);
  const verdict = await host.verbs.verify(proof, statement);
  if (!verdict.ok) return rejected(verdict);
  const { bits, zk } = verdict;
  const said = saidOf(file.circuit, statement, zk);
  const human = `ACCEPTED: ${said.sentence} (${Math.floor(bits)} bits)\n${hidingText(said, zk)}`;
  return { result: { bits, zk, ...said }, human };
}

function rejected({ check, where, sentence }: Verdict & { readonly ok: false }): Outcome {
  const human = `REJECTED by ${check}${where === undefined ? '' : ` at ${where}`}: ${sentence}`;
  return { result: { check, where, sentence }, human, exit: EXIT.rejected };
}

/** @throws TesseraError E_USAGE where the options belong to no one question */
function checkUsage({ output, input, tag, rotatedFrom }: VerifyOptions): void {
  const hint = 'See tessera verify --help.';
  if (rotatedFrom === undefined && output === undefined) {
    const sentence = 'Every output must be stated: a file, or the word private.';
    throw new TesseraError('E_USAGE', sentence, { where: '--output', hint });
  }
  if (rotatedFrom !== undefined && (output ?? input ?? tag) !== undefined) {
    const sentence = 'A rotation is about two keys: it has no inputs, outputs or tag.';
    throw new TesseraError('E_USAGE', sentence, { where: '--rotated-from', hint });
  }
}

async function statementOf(key: Uint8Array, { circuit }: KeyFile, options: VerifyOptions): Promise<Statement> {
  const pixels = normalisation(options);
  const inputs = await readStated(options.input ?? [], circuit.inputs, pixels);
  const { files, privateNames } = splitPrivate(options.output ?? [], circuit.outputs);
  const outputs: Record<string, Stated | 'private'> = await readStated(files, circuit.outputs, pixels);
  for (const name of privateNames(Object.keys(outputs))) outputs[name] = 'private';
  const missing = circuit.outputs.filter(({ name }) => !Object.hasOwn(outputs, name)).map(({ name }) => `"${name}"`);
  if (missing.length > 0) {
    const hint = 'Give it, or write NAME=private.';
    throw new TesseraError('E_INPUT', `Nothing is said of the output ${missing.join(', ')}.`, {
      where: '--output',
      hint,
    });
  }
  const tag = tagOf(options.tag);
  return { key, inputs, outputs, ...(tag !== undefined && { tag }) };
}
