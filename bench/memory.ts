/**
 * npm run bench:memory -- [NETWORK ...]: proofs of one network on machines with less and less memory: what it takes by itself, half way to what it
 * cannot do without, and that. Zero knowledge, private input, all threads. Each proof is verified; writes memory.json.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { costOf } from '../src/circuit/cost.ts';
import { environment } from '../src/cli/environment.ts';
import { decodeModel } from '../src/files/model.ts';
import { verify } from '../src/index.ts';
import { median } from '../src/measure/statistics.ts';
import { createMachine } from '../src/node.ts';
import { unpackParameters } from '../src/proof/plan.ts';
import { Prover } from '../src/prover/prover.ts';
import { allIntegers, namedOutputs } from '../src/values.ts';
import { saveResult } from './results.ts';
import { task as compile } from './tasks/compile.ts';
import { readFiles, readInput } from './tasks/folder.ts';

/** Proofs after one that warms up. */
const REPEAT = 3;

const names =
  process.argv.length > 2 ? process.argv.slice(2) : ['mobilenet_v2', 'resnet50', 'mlsd-320-tiny', 'ppocr-text-320x320'];
const folder = mkdtempSync(join(tmpdir(), 'memory-'));
const results = [];
try {
  for (const network of names) {
    await compile({ kind: 'compile', network, folder });
    const { model: bytes, key } = readFiles(folder);
    const model = decodeModel(bytes);
    const { peakBytes, leastBytes } = costOf(model.circuit, unpackParameters(model.parameters));
    const integers = allIntegers('input', model.circuit.inputs, readInput(folder));
    for (const memory of [2 ** 32, Math.ceil((peakBytes + leastBytes) / 2), leastBytes].map((n) =>
      Math.min(n, 2 ** 32),
    )) {
      await using machine = await createMachine({ memory });
      const prover = new Prover(machine, model);
      const times: number[] = [];
      for (let i = 0; i <= REPEAT; i++) {
        const start = performance.now();
        const { proof, outputs } = prover.prove(integers, { publicInputs: new Set(), zk: true, tag: new Uint8Array() });
        if (i > 0) times.push(performance.now() - start);
        const verdict = verify(proof, { key, outputs: namedOutputs(model.circuit, outputs) });
        if (!verdict.ok) throw new Error(`rejected by ${verdict.check}: ${verdict.sentence}`);
      }
      const kernelBytes = machine.peakBytes;
      results.push({ network, memory, peakBytes, leastBytes, kernelBytes, prove: times });
      const megabytes = (n: number): string => `${Math.round(n / 1e6)} MB`;
      console.log(
        `${network}: allowed ${megabytes(memory)}, took ${megabytes(kernelBytes)}, ${Math.round(median(times))} ms`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
console.log(saveResult('memory', { ...environment('development'), command: 'npm run bench:memory', results }));
