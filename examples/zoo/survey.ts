/**
 * node examples/zoo/survey.ts [NAME ..]: every zoo model (or those whose names begin so) from ONNX to a verified proof, one JSON line
 * each. --no-proof stops after the accuracy; --runs N proves N times more and gives the milliseconds of each.
 */
import { parseArgs } from 'node:util';
import { TesseraError } from '../../src/errors.ts';
import { createMachine } from '../../src/node.ts';
import { zoo } from './index.ts';
import { compileModel, judge, proveModel } from './judge.ts';
import type { ZooEntry } from './model.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '0' },
    'no-proof': { type: 'boolean' },
    bits: { type: 'string' },
    threads: { type: 'string', default: '2' },
  },
});

const entries = zoo.filter(({ name }) => positionals.length === 0 || positionals.some((p) => name.startsWith(p)));
for (const entry of entries) process.stdout.write(`${JSON.stringify(await survey(entry))}\n`);

async function survey(entry: ZooEntry): Promise<object> {
  const { name } = entry;
  try {
    const model = entry.load();
    if (model === undefined) return { name, absent: true };
    await using machine = await createMachine({ threads: Number(values.threads) });
    const bits = values.bits === undefined ? {} : { bits: Number(values.bits) };
    const [compiled, compileMs] = await timed(() => compileModel(model, machine, bits));
    const { scheme, cost } = compiled.report;
    const { agreements, top1 } = await judge(model, compiled, machine);
    const worst = agreements.map((a) => ({
      ...a,
      cosine: Number(a.cosine.toFixed(6)),
      largest: Number(a.largest.toPrecision(3)),
      reach: Number(a.reach.toPrecision(3)),
    }));
    const about = { name, bits: scheme.bits, compileMs, cost, agreements: worst, ...(top1 && { top1 }) };
    if (values['no-proof']) return about;
    const [proved, proveMs] = await timed(() => proveModel(model, compiled, machine));
    const runs: number[] = [];
    for (let i = 0; i < Number(values.runs); i++) {
      const { stages } = await proveModel(model, compiled, machine);
      runs.push(Math.round(Object.values(stages).reduce((a, b) => a + b, 0)));
    }
    const memoryMiB = Math.round(machine.peakBytes / 2 ** 20);
    return {
      ...about,
      proveAndVerifyMs: proveMs,
      stages: proved.stages,
      runs,
      proofKiB: proved.proof.length >> 10,
      memoryMiB,
    };
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    const { code, message, where, hint } = error;
    return { name, code, message, where, hint };
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const start = performance.now();
  const result = await work();
  return [result, Math.round(performance.now() - start)];
}
