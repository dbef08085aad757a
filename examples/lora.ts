/**
 * node examples/lora.ts: a public base and a private adapter in one model, two stacked layers with rank-8 adapters,
 *
 *   y = x W + (x A) B,   W public or committed, A and B private.
 *
 * Prints what a proof of it costs, beside the same model without anything private. The weights are drawn at random: what is measured does
 * not depend on them.
 */
import { pathToFileURL } from 'node:url';
import { acceptKey, compile, prove, verify } from '../src/index.ts';
import { createMachine } from '../src/node.ts';
import { floats, model, node } from '../test/support/onnx-builder.ts';

export interface LoraSizes {
  /** Of the input and of every layer's output. */
  readonly widths: readonly number[];
  readonly rank: number;
}

/** 768 -> 768 -> 256 with adapters of rank 8: 786 k base weights, 20 k of adapters. */
const SIZES: LoraSizes = { widths: [768, 768, 256], rank: 8 };

/** The layers as ONNX: initializers base_i, lora_A_i, lora_B_i; a Relu between the layers. */
export function loraModel({ widths, rank }: LoraSizes): Uint8Array {
  const draw = numbers(7);
  const nodes = [];
  const initializers: Record<string, ReturnType<typeof floats>> = {};
  const layers = widths.length - 1;
  for (let i = 0; i < layers; i++) {
    const [from, to] = [widths[i]!, widths[i + 1]!];
    const matrix = (rows: number, columns: number, size: number) =>
      floats(
        [rows, columns],
        Float32Array.from({ length: rows * columns }, () => (size * draw()) / Math.sqrt(rows)),
      );
    initializers[`base_${i}`] = matrix(from, to, 1);
    initializers[`lora_A_${i}`] = matrix(from, rank, 1);
    initializers[`lora_B_${i}`] = matrix(rank, to, 0.25);
    const x = i === 0 ? 'x' : `h_${i}`;
    const y = i === layers - 1 ? 'y' : `s_${i + 1}`;
    nodes.push(
      node('MatMul', [x, `base_${i}`], [`b_${i}`]),
      node('MatMul', [x, `lora_A_${i}`], [`a_${i}`]),
      node('MatMul', [`a_${i}`, `lora_B_${i}`], [`d_${i}`]),
      node('Add', [`b_${i}`, `d_${i}`], [y]),
    );
    if (i < layers - 1) nodes.push(node('Relu', [y], [`h_${i + 1}`]));
  }
  return model({ inputs: { x: [1, widths[0]!] }, outputs: { y: [1, widths.at(-1)!] }, nodes, initializers });
}

/** Proofs after the one that warms up. */
const REPEATS = 7;

export function loraInput({ widths }: LoraSizes, seed: number): { readonly x: Float32Array } {
  const draw = numbers(seed);
  return { x: Float32Array.from({ length: widths[0]! }, draw) };
}

/** Between -1 and 1, the same for the same seed (a linear congruential generator modulo 2^31). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return state / 2 ** 30 - 1;
  };
}

async function show(): Promise<void> {
  await using machine = await createMachine();
  const onnx = loraModel(SIZES);
  const samples = Array.from({ length: 16 }, (_, i) => loraInput(SIZES, i + 1));
  const cases = {
    'all committed': { weights: 'committed' },
    'committed base, private adapter': { weights: 'committed', visibility: [['lora_*', 'private']] },
    'public base, private adapter': { weights: 'public', visibility: [['lora_*', 'private']] },
    'all private': { weights: 'private' },
  } as const;
  for (const [name, seen] of Object.entries(cases)) {
    const { model, key } = await compile(onnx, { samples, machine, ...seen });
    const budget = { async spend() {} }; // what is counted here is time
    const times: Record<'prove' | 'accept' | 'verify', number>[] = [];
    let bytes = 0;
    for (let i = 0; i <= REPEATS; i++) {
      const { proof, outputs, stages } = await prove(model, loraInput(SIZES, 99), { machine, budget });
      const start = performance.now();
      const trusted = acceptKey(key);
      const accepted = performance.now();
      const verdict = verify(proof, { key: trusted, outputs });
      const end = performance.now();
      if (!verdict.ok) throw new Error(`rejected by ${verdict.check}`);
      const proving = Object.values(stages).reduce((a, b) => a + b);
      times.push({ prove: proving, accept: accepted - start, verify: end - accepted });
      bytes = proof.length;
    }
    const median = (of: 'prove' | 'accept' | 'verify') => {
      const sorted = times.slice(1).map((t) => t[of]);
      return sorted.sort((a, b) => a - b)[REPEATS >> 1]!.toFixed(0);
    };
    const sizes = `proof ${(bytes / 1024).toFixed(0)} KB, key ${(key.length / 1024).toFixed(0)} KB`;
    const verifying = `verify ${median('verify')} ms, key accepted once in ${median('accept')} ms`;
    process.stdout.write(`${name.padEnd(32)} prove ${median('prove')} ms, ${verifying}, ${sizes}\n`);
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await show();
