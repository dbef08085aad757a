/** tessera prove: run the model and prove what it computed. */
import type { Command } from 'commander';
import { TesseraError } from '../../errors.ts';
import { keyOf } from '../../files/model.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  normalisation,
  type Program,
  visibility,
  withImages,
  withThreads,
} from '../command.ts';
import { readTensors } from '../input.ts';
import { bytesText, jsonLine, type Outcome, outputsJson, outputsText } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import type { Visibility } from '../verbs.ts';
import { checkTargets, writeFiles } from '../write.ts';

const examples = [
  'tessera prove model.tsm input.json -o proof.tsp --no-zk --save-output output.json',
  "tessera prove model.tsm photo.png -o proof.tsp --no-zk --tag 'order 4711'",
];

interface ProveOptions extends ImageOptions {
  readonly out: string;
  readonly saveOutput?: string;
  readonly input: Visibility;
  readonly zk: boolean;
  readonly tag?: string;
  readonly threads?: number;
}

export function proveCommand(program: Program): Command {
  const target = command('prove', 'Prove what a model computes on an input.', examples)
    .argument('<model>', 'model file, .tsm')
    .argument('<input...>', 'FILE or NAME=FILE: .json, .npy, .bin, .png, .jpg')
    .requiredOption('-o, --out <file>', 'proof to write, .tsp')
    .option('--save-output <file>', 'write the outputs as JSON, as `verify --output` reads them')
    .option('--input <visibility>', 'public: part of the statement; private: not part of it', visibility, 'private')
    .option('--no-zk', 'accept that the proof hides nothing (required: hiding is not in this version)')
    .option('--tag <text>', 'bind the proof to a purpose: a domain, a nonce, an order number');
  return withThreads(withImages(target)).action(action(program, prove));
}

async function prove([path, sources]: readonly unknown[], call: Call<ProveOptions>): Promise<Outcome> {
  const { host, options, onProgress } = call;
  refuseHiding(options.zk);
  const file = String(path);
  const { out, saveOutput } = options;
  await checkTargets({ '--out': out, '--save-output': saveOutput }, [file, ...(sources as string[])]);
  const model = await readWhole(file);
  const { circuit } = await inFile(file, () => keyOf(model));
  const inputs = await readTensors(sources as string[], circuit.inputs, normalisation(options));
  const { proof, outputs, stages } = await host.verbs.prove(model, inputs, {
    zk: false,
    input: options.input,
    tag: options.tag === undefined ? undefined : new TextEncoder().encode(options.tag),
    threads: options.threads,
    onProgress,
  });
  const json = outputsJson(outputs);
  const saved = saveOutput === undefined ? [] : [{ path: saveOutput, contents: jsonLine(true, { outputs: json }) }];
  await writeFiles([{ path: out, contents: proof }, ...saved]);
  return {
    result: { proof: out, proofBytes: proof.length, outputs: json, stages },
    human: `${outputsText(outputs)}\nproof ${out}  ${bytesText(proof.length)}`,
  };
}

/** @throws TesseraError E_USAGE, so that nobody believes that a proof hides something. */
function refuseHiding(zk: boolean): void {
  if (!zk) return;
  throw new TesseraError('E_USAGE', 'Proofs that hide inputs and weights are not in this version.', {
    hint: 'Pass --no-zk to make a proof that hides nothing.',
  });
}
