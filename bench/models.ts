/**
 * npm run bench [-- --runs N] [--threads N]: proving and verifying the example networks. Plain mode, public input, outputs checked;
 * medians after one warm-up, every run kept in bench/results/models.json.
 */
import { parseArgs } from 'node:util';
import { blazeFace, type ExampleModel, fashionCnn } from '../examples/models.ts';
import { encodeInput } from '../src/circuit/ports.ts';
import { decodeModel } from '../src/files/model.ts';
import { compile, verify } from '../src/index.ts';
import { createMachine } from '../src/node.ts';
import { Prover, type Stage } from '../src/prover.ts';
import { environment, median, saveResult } from './measure.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, threads: { type: 'string', default: '2' } },
});
const runs = Number(values.runs);
const threads = Number(values.threads);

interface Run {
  readonly prove: number;
  readonly verify: number;
  readonly stages: Readonly<Record<Stage, number>>;
}

const results = [];
for (const example of [fashionCnn(), blazeFace()]) results.push(await measure(example));
const file = saveResult(`models-${threads}-threads`, {
  ...environment(),
  threads,
  mode: 'plain, public input',
  results,
});
process.stdout.write(`${file}\n`);

async function measure({ name, onnx, samples, input }: ExampleModel): Promise<object> {
  await using machine = await createMachine({ threads });
  const { model, key } = await compile(onnx, { samples, machine });
  const file = decodeModel(model);
  const prover = new Prover(machine, file);
  const integers = file.circuit.inputs.map((port) => encodeInput(port, input[port.name]!));
  const all: Run[] = [];
  let proofBytes = 0;
  for (let i = 0; i <= runs; i++) {
    const start = performance.now();
    const publicInputs = new Set(file.circuit.inputs.keys());
    const { proof, outputs, stages } = prover.prove(integers, { publicInputs, zk: false, tag: new Uint8Array() });
    const proved = performance.now();
    const named = Object.fromEntries(file.circuit.outputs.map((p, k) => [p.name, outputs[k]!]));
    const verdict = verify(proof, { key, inputs: input, outputs: named });
    if (!verdict.ok) throw new Error(`${name}: rejected by ${verdict.check}`);
    if (i > 0) all.push({ prove: proved - start, verify: performance.now() - proved, stages });
    proofBytes = proof.length;
  }
  const of = (pick: (r: Run) => number) => Math.round(10 * median(all.map(pick))) / 10;
  const stages = Object.fromEntries(Object.keys(all[0]!.stages).map((s) => [s, of((r) => r.stages[s as Stage])]));
  const summary = {
    name,
    prove: of((r) => r.prove),
    verify: of((r) => r.verify),
    proofKiB: Math.round(proofBytes / 1024),
    keyKiB: Math.round(key.length / 1024),
    kernelMemoryMiB: Math.round(machine.peakBytes / 2 ** 20),
    processMemoryMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    stages,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  return { ...summary, runs: all };
}
