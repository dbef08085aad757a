/** The two real networks of the demo, end to end: integers against float, proofs of real pictures, and claims that are not so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bestFace } from '../examples/blazeface/decode.ts';
import { floatOutputs } from '../examples/float.ts';
import { blazeFace, type ExampleModel, fashionCnn, fashionTestSet } from '../examples/models.ts';
import { type Compiled, compile, type Machine, type Proved, prove, run, verify } from '../src/index.ts';
import { createMachine } from '../src/node.ts';

let machine: Machine;
beforeAll(async () => {
  machine = await createMachine({ threads: 2 });
});
afterAll(() => machine[Symbol.asyncDispose]());

interface Shown {
  readonly example: ExampleModel;
  readonly compiled: Compiled;
  readonly proved: Proved;
}

async function show(example: ExampleModel): Promise<Shown> {
  const compiled = await compile(example.onnx, { samples: example.samples, machine });
  const proved = await prove(compiled.model, example.input, { zk: false, input: 'public', machine });
  return { example, compiled, proved };
}

function expectProof({ example, compiled, proved }: Shown): void {
  const statement = { key: compiled.key, inputs: example.input, outputs: proved.outputs };
  expect(verify(proved.proof, statement)).toMatchObject({ ok: true });
  const [name, output] = Object.entries(proved.outputs)[0]!;
  const integers = output.integers.slice();
  integers[3]! -= 1;
  const outputs = { ...proved.outputs, [name]: { ...output, integers } };
  expect(verify(proved.proof, { ...statement, outputs })).toMatchObject({ ok: false });
  const tag = new TextEncoder().encode('another purpose');
  expect(verify(proved.proof, { ...statement, tag })).toMatchObject({ ok: false });
}

/** A proof by a machine of its own takes the memory that the report foresees, within 15 %. */
async function expectMemory({ example, compiled }: Shown): Promise<void> {
  await using fresh = await createMachine({ threads: 1 });
  await prove(compiled.model, example.input, { input: 'private', machine: fresh });
  expect(Math.abs(compiled.report.cost.peakBytes / fresh.peakBytes - 1)).toBeLessThan(0.15);
}

describe('fashion-cnn', () => {
  let shown: Shown;
  beforeAll(async () => {
    shown = await show(fashionCnn());
  });

  it('is proved and verified', () => expectProof(shown));

  it('takes the memory that was foreseen', () => expectMemory(shown));

  it('keeps its accuracy in integers, within 0.5 %', async () => {
    const { images, labels } = fashionTestSet();
    const float = await floatOutputs(shown.example.onnx, images);
    const best = (v: ArrayLike<number>) => Array.from(v).indexOf(Math.max(...Array.from(v)));
    let [right, rightFloat] = [0, 0];
    for (const [i, image] of images.entries()) {
      const { outputs } = await run(shown.compiled.model, image, { machine });
      if (best(outputs.logits!.integers) === labels[i]) right += 1;
      if (best(float[i]!.logits!) === labels[i]) rightFloat += 1;
    }
    expect(Math.abs(right - rightFloat)).toBeLessThanOrEqual(0.005 * images.length);
  });
});

describe('BlazeFace', () => {
  let shown: Shown;
  beforeAll(async () => {
    shown = await show(blazeFace());
  });

  it('is proved and verified', () => expectProof(shown));

  it('takes the memory that was foreseen', () => expectMemory(shown));

  it('finds the face where the float network finds it, within a pixel', async () => {
    const [float] = await floatOutputs(shown.example.onnx, [shown.example.input]);
    const values = Object.fromEntries(Object.entries(shown.proved.outputs).map(([name, o]) => [name, o.values]));
    const [integer, real] = [bestFace(values), bestFace(float!)];
    expect(integer.score).toBeGreaterThan(0.8);
    expect(Math.abs(integer.score - real.score)).toBeLessThan(0.01);
    for (const side of ['x', 'y', 'width', 'height'] as const) {
      expect(128 * Math.abs(integer[side] - real[side])).toBeLessThan(1);
    }
  });
});
