/**
 * npm run bench:profile [-- MODEL]: where proving time goes on one thread, by sampling: WebAssembly kernels against everything else.
 */
import { Session } from 'node:inspector/promises';
import { parseArgs } from 'node:util';
import { blazeFace, fashionCnn } from '../examples/models.ts';
import { encodeInput } from '../src/circuit/ports.ts';
import { decodeModel } from '../src/files/model.ts';
import { compile } from '../src/index.ts';
import { createMachine } from '../src/node.ts';
import { Prover } from '../src/prover.ts';
import { environment, saveResult } from './measure.ts';

const REPEATS = 8;

const { positionals } = parseArgs({ allowPositionals: true });
const models = [fashionCnn, blazeFace].map((make) => make());
const example = models.find((m) => m.name === (positionals[0] ?? 'blazeface-front'));
if (example === undefined) throw new Error(`models are ${models.map((m) => m.name).join(', ')}`);

await using machine = await createMachine({ threads: 1 });
const { model } = await compile(example.onnx, { samples: example.samples, machine });
const { circuit, ...rest } = decodeModel(model);
const prover = new Prover(machine, { circuit, ...rest });
const integers = circuit.inputs.map((port) => encodeInput(port, example.input[port.name]!));
const prove = () =>
  prover.prove(integers, { publicInputs: new Set(circuit.inputs.keys()), zk: false, tag: new Uint8Array() });
prove();
prove();

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });
await session.post('Profiler.start');
const start = performance.now();
for (let i = 0; i < REPEATS; i++) prove();
const wall = (performance.now() - start) / REPEATS;
const { profile } = await session.post('Profiler.stop');

const self = new Map<number, number>();
profile.samples?.forEach((id, i) => {
  self.set(id, (self.get(id) ?? 0) + profile.timeDeltas![i]! / 1000 / REPEATS);
});
const byFunction = new Map<string, number>();
let kernels = 0;
for (const { id, callFrame } of profile.nodes) {
  const time = self.get(id) ?? 0;
  const wasm = callFrame.url.startsWith('wasm:');
  if (wasm) kernels += time;
  const file = callFrame.url.split('/').at(-1);
  const name = wasm ? 'kernels' : `${callFrame.functionName || 'anonymous'} ${file}:${callFrame.lineNumber + 1}`;
  byFunction.set(name, (byFunction.get(name) ?? 0) + time);
}
const total = [...self.values()].reduce((a, b) => a + b, 0);
const top = [...byFunction].sort((a, b) => b[1] - a[1]).slice(0, 25);
for (const [name, time] of top) {
  process.stdout.write(
    `${time.toFixed(1).padStart(8)} ms ${((100 * time) / total).toFixed(1).padStart(5)} %  ${name}\n`,
  );
}
const share = Math.round((1000 * kernels) / total) / 10;
const result = { ...environment(), model: example.name, wallMs: Math.round(wall), kernelSharePercent: share, top };
process.stdout.write(`${saveResult(`profile-${example.name}`, result)}\nkernels ${share} % of ${wall.toFixed(0)} ms\n`);
