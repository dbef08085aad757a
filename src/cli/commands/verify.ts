/** tessera verify: does this proof show what the caller states? */
import type { Command } from 'commander';
import { decodeKey } from '../../files/key.ts';
import { action, type Call, command, type ImageOptions, normalisation, type Program, withImages } from '../command.ts';
import { EXIT } from '../exit.ts';
import { readTensors } from '../input.ts';
import type { Outcome } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import type { Statement } from '../verbs.ts';

const examples = [
  'tessera verify proof.tsp --key model.tsk --output output.json',
  "tessera verify proof.tsp --key model.tsk --output output.json --input input.json --tag 'order 4711'",
];

interface VerifyOptions extends ImageOptions {
  readonly key: string;
  readonly output: readonly string[];
  readonly input?: readonly string[];
  readonly tag?: string;
}

export function verifyCommand(program: Program): Command {
  const target = command(
    'verify',
    'Check a proof against what you state: the model, the outputs, public inputs.',
    examples,
  )
    .argument('<proof>', 'proof file, .tsp')
    .requiredOption('--key <file>', 'key of the model, .tsk')
    .requiredOption('--output <file...>', 'the outputs, FILE or NAME=FILE, as `run` and `prove` write them')
    .option('--input <file...>', 'the inputs, where they are public: FILE or NAME=FILE')
    .option('--tag <text>', 'the purpose that the proof is bound to');
  return withImages(target).action(action(program, verify));
}

async function verify([path]: readonly unknown[], { host, options }: Call<VerifyOptions>): Promise<Outcome> {
  const verdict = await host.verbs.verify(await readWhole(String(path)), await statementOf(options));
  if (verdict.ok) {
    const human = `ACCEPTED: the model of this key computes these outputs (${Math.floor(verdict.bits)} bits).`;
    return { result: { bits: verdict.bits }, human };
  }
  const { check, where, sentence } = verdict;
  const human = `REJECTED by ${check}${where === undefined ? '' : ` at ${where}`}: ${sentence}`;
  return { result: { check, where, sentence }, human, exit: EXIT.rejected };
}

async function statementOf(options: VerifyOptions): Promise<Statement> {
  const key = await readWhole(options.key);
  const { inputs, outputs } = (await inFile(options.key, () => decodeKey(key))).circuit;
  const pixels = normalisation(options);
  return {
    key,
    outputs: await readTensors(options.output, outputs, pixels),
    inputs: options.input === undefined ? undefined : await readTensors(options.input, inputs, pixels),
    tag: options.tag === undefined ? undefined : new TextEncoder().encode(options.tag),
  };
}
