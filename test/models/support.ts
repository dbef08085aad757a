/** A zoo model through everything: how near its integers are to the floats on inputs it was not calibrated on, and a proof of one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ZooModel, zoo } from '../../examples/zoo/index.ts';
import { compileModel, type Judgement, judge, proveModel } from '../../examples/zoo/judge.ts';
import { type Compiled, type Machine, verify } from '../../src/index.ts';
import { createMachine } from '../../src/node.ts';

export function zooEntry(name: string) {
  const entry = zoo.find((e) => e.name === name);
  if (entry === undefined) throw new Error(`the zoo has no ${name}`);
  return entry;
}

export interface Examined extends Judgement {
  readonly model: ZooModel;
  readonly compiled: Compiled;
}

export async function examine(model: ZooModel, machine: Machine): Promise<Examined> {
  const compiled = await compileModel(model, machine);
  return { ...(await judge(model, compiled, machine)), model, compiled };
}

/** Every output, over all test inputs, at least as near to the floats as this. */
export function expectNear({ agreements, model }: Examined, cosine: number): void {
  for (const a of agreements) expect(a.cosine, `${model.name} ${a.output}`).toBeGreaterThanOrEqual(cosine);
}

/** Top-1 within half a per cent of the floats'. */
export function expectAccurate({ top1 }: Examined): void {
  expect(Math.abs(top1!.float - top1!.integer)).toBeLessThanOrEqual(Math.ceil(0.005 * top1!.of));
}

/** A proof of the model's input is accepted; of its output with one integer changed it is not. */
export async function expectProved({ model, compiled }: Examined, machine: Machine): Promise<void> {
  const { proof, outputs } = await proveModel(model, compiled, machine);
  const [name, { integers }] = Object.entries(outputs)[0]!;
  const last = integers.length - 1;
  const forged = integers.with(last, integers[last]! + (integers[last]! > 0 ? -1 : 1));
  const others = Object.fromEntries(Object.entries(outputs).map(([n, o]) => [n, n === name ? forged : o.integers]));
  expect(verify(proof, { key: compiled.key, outputs: others })).toMatchObject({ ok: false });
}

/** The tests of one model, on a machine of its own: it is compiled and run once. */
export function examined(name: string, check: (e: Examined) => void): void {
  describe(name, () => {
    let machine: Machine;
    let e: Examined;
    beforeAll(async () => {
      machine = await createMachine({ threads: 1 });
      e = await examine(zooEntry(name).load()!, machine);
    });
    afterAll(() => machine[Symbol.asyncDispose]());
    it('agrees with the floats', () => check(e));
    it('is proved, and another output is not', () => expectProved(e, machine));
  });
}
