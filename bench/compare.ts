/**
 * node bench/compare.ts BEFORE MODEL.tsm INPUT.json [--runs N] [--threads N]: another checkout against this one, in one process and in
 * turn. Wall and processor time by stage, the least of all runs, kernel memory, and whether the proofs are the same bytes: plain mode,
 * public input. On a machine that others use only processor time (with one thread) says something.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type * as Ports from '../src/circuit/ports.ts';
import type * as Models from '../src/files/model.ts';
import type * as Node from '../src/node.ts';
import type * as Provers from '../src/prover.ts';
import { environment, saveResult } from './measure.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { runs: { type: 'string', default: '3' }, threads: { type: 'string', default: '1' } },
});
const [before, modelFile, inputFile] = positionals;
if (before === undefined || modelFile === undefined || inputFile === undefined) {
  throw new Error('usage: node bench/compare.ts BEFORE MODEL.tsm INPUT.json');
}
const bytes = readFileSync(modelFile);
const input: Record<string, number[]> = JSON.parse(readFileSync(inputFile, 'utf8'));

/** Milliseconds of all stages and of each. */
type Times = Record<string, number>;

const sides = [
  await sideOf('before', resolve(before)),
  await sideOf('after', resolve(import.meta.dirname, '..')),
] as const;
for (let i = 0; i <= Number(values.runs); i++) for (const side of sides) side.prove(i > 0);
const results = sides.map((side) => side.result());
if (results[0]!.proof !== results[1]!.proof) throw new Error('the proofs are not the same');
const name = basename(modelFile, '.tsm');
const file = saveResult(`compare-${name}-${values.threads}`, {
  ...environment(),
  model: name,
  threads: Number(values.threads),
  runs: Number(values.runs),
  results,
});
for (const r of results) process.stdout.write(`${JSON.stringify(r)}\n`);
process.stdout.write(`${file}\n`);
for (const side of sides) await side.machine[Symbol.asyncDispose]();

async function sideOf(label: string, tree: string) {
  const { createMachine }: typeof Node = await import(`${tree}/src/node.ts`);
  const { Prover }: typeof Provers = await import(`${tree}/src/prover.ts`);
  const { decodeModel }: typeof Models = await import(`${tree}/src/files/model.ts`);
  const { encodeInput }: typeof Ports = await import(`${tree}/src/circuit/ports.ts`);
  const machine = await createMachine({ threads: Number(values.threads) });
  const model = decodeModel(bytes);
  const prover = new Prover(machine, model);
  const integers = model.circuit.inputs.map((port) => encodeInput(port, Float32Array.from(input[port.name]!)));
  const publicInputs = new Set(model.circuit.inputs.keys());
  const wall: Times[] = [];
  const processor: Times[] = [];
  let proof = '';
  return {
    machine,
    prove(counts: boolean): void {
      const cpu: Times = {};
      const start = process.cpuUsage();
      let last = start;
      const result = prover.prove(integers, {
        publicInputs,
        zk: false,
        tag: new Uint8Array(),
        onStage(stage) {
          const now = process.cpuUsage();
          cpu[stage] = spent(last, now);
          last = now;
        },
      });
      cpu.all = spent(start, process.cpuUsage());
      proof = createHash('sha256').update(result.proof).digest('hex');
      if (!counts) return;
      wall.push({ ...result.stages, all: Object.values(result.stages).reduce((a, b) => a + b) });
      processor.push(cpu);
    },
    result() {
      const kernelMemoryMiB = Math.round(machine.peakBytes / 2 ** 20);
      return { label, kernelMemoryMiB, processor: least(processor), wall: least(wall), proof };
    },
  };
}

function spent(from: NodeJS.CpuUsage, to: NodeJS.CpuUsage): number {
  return (to.user - from.user + to.system - from.system) / 1000;
}

function least(times: readonly Times[]): Times {
  const stages = Object.keys(times[0]!);
  return Object.fromEntries(stages.map((s) => [s, Math.round(10 * Math.min(...times.map((t) => t[s]!))) / 10]));
}
