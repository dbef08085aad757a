/**
 * npm run bench:hiding: what zero knowledge costs. Plain and hiding proofs of the same statements in turn in one process; every pair has a tag
 * of its own, because plain proofs of one statement always find the same nonces. Input private. Each proof is verified; writes hiding.json.
 */
import { blazeFace, fashionCnn } from '../examples/models.ts';
import { encodeInput } from '../src/circuit/ports.ts';
import { environment } from '../src/cli/environment.ts';
import { decodeModel } from '../src/files/model.ts';
import { compile, verify } from '../src/index.ts';
import { createMachine } from '../src/node.ts';
import { Prover } from '../src/prover/prover.ts';
import { namedOutputs } from '../src/values.ts';
import { saveResult } from './results.ts';

/** Pairs that warm up, and those that count. */
const WARM = 5;
const networks = [
  { example: fashionCnn(), pairs: 150 },
  { example: blazeFace(), pairs: 25 },
];

interface Run {
  readonly prove: number;
  readonly stages: Readonly<Record<string, number>>;
  readonly verify: number;
  readonly bytes: number;
}

const results = [];
for (const { example, pairs } of networks) {
  for (const threads of [1, 2]) {
    await using machine = await createMachine({ threads });
    const { model, key } = await compile(example.onnx, { samples: example.samples, machine });
    const file = decodeModel(model);
    const prover = new Prover(machine, file);
    const integers = file.circuit.inputs.map((port) => encodeInput(port, example.input[port.name]!));
    const once = (zk: boolean, tag: Uint8Array): Run => {
      const start = performance.now();
      const { proof, outputs, stages } = prover.prove(integers, { publicInputs: new Set(), zk, tag });
      const made = performance.now();
      const verdict = verify(proof, { key, outputs: namedOutputs(file.circuit, outputs), tag });
      const end = performance.now();
      if (!verdict.ok) throw new Error(`rejected by ${verdict.check}: ${verdict.sentence}`);
      return { prove: made - start, stages, verify: end - made, bytes: proof.length };
    };
    const runs: { plain: Run; hiding: Run }[] = [];
    for (let i = -WARM; i < pairs; i++) {
      const tag = new TextEncoder().encode(`pair ${i}`);
      const first = once(i % 2 === 0, tag);
      const second = once(i % 2 !== 0, tag);
      const [hiding, plain] = i % 2 === 0 ? [first, second] : [second, first];
      if (i >= 0) runs.push({ plain, hiding });
    }
    const result = { name: example.name, threads, pairs, plain: summary('plain'), hiding: summary('hiding') };
    const ratio = result.hiding.prove.mean / result.plain.prove.mean;
    results.push({ ...result, ratio: Math.round(1000 * ratio) / 1000 });
    console.log(
      `${example.name}, ${threads} threads: hiding ${text(result.hiding)}, plain ${text(result.plain)}, ${ratio.toFixed(2)} x`,
    );

    function summary(kind: 'plain' | 'hiding') {
      const of = runs.map((run) => run[kind]);
      const stages = Object.keys(of[0]!.stages).map((s) => [s, statistics(of.map((run) => run.stages[s]!)).mean]);
      return {
        prove: statistics(of.map((run) => run.prove)),
        stages: Object.fromEntries(stages) as Record<string, number>,
        verify: statistics(of.map((run) => run.verify)),
        bytes: Math.round(statistics(of.map((run) => run.bytes)).mean),
      };
    }
  }
}
console.log(saveResult('hiding', { ...environment('development'), command: 'npm run bench:hiding', results }));

/** Of milliseconds. */
function statistics(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (v: number) => Math.round(100 * v) / 100;
  const mean = sorted.reduce((a, b) => a + b) / sorted.length;
  return { least: round(sorted[0]!), median: round(sorted[sorted.length >> 1]!), mean: round(mean) };
}

function text({
  prove,
  verify,
  bytes,
}: {
  prove: { mean: number };
  verify: { median: number };
  bytes: number;
}): string {
  return `${prove.mean.toFixed(1)} ms, verify ${verify.median.toFixed(1)} ms, ${(bytes / 1000).toFixed(0)} kB`;
}
