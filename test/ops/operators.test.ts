/** Every operator on tiny random models: the integers against ONNX Runtime, and a proof of them. */
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/compile.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { operatorsByOp } from '../../src/ops/index.ts';
import { prove } from '../../src/prove.ts';
import { verify } from '../../src/verify.ts';
import { model } from '../support/onnx-builder.ts';
import { cases } from './cases.ts';
import { deviation, randomFrom, tiny } from './harness.ts';

describe('operators agree with ONNX Runtime', () => {
  it('every supported operator is here', () => {
    const tested = new Set(cases.flatMap(([, , nodes]) => nodes.map((n) => n.op)));
    // Swish is what compile makes of x sigmoid(x); the importer leaves no Dropout; Identity is in exact.test.ts, as is ArgMax
    const elsewhere = ['ArgMax', 'Dropout', 'Identity', 'Swish'];
    expect([...operatorsByOp.keys()].filter((op) => !tested.has(op) && !elsewhere.includes(op))).toEqual([]);
  });

  it.each(cases)('%s', async (_, inputs, nodes, initializers, tolerance) => {
    const t = await tiny({ inputs, outputs: ['y'], nodes, initializers: initializers ?? {} });
    expect(deviation(t)).toBeLessThanOrEqual(tolerance);
  });
});

describe('operators are proved', async () => {
  const machine = await createWasmMachine();

  it.each(cases)('%s', async (_, inputs, nodes, initializers) => {
    const random = randomFrom(5);
    const sample = Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, random(shape, -2, 2)]));
    const onnx = model({ opset: 14, inputs, outputs: ['y'], nodes, initializers: initializers ?? {} });
    const compiled = await compile(onnx, { samples: [sample], bits: 8, machine });
    const { proof, outputs } = await prove(compiled.model, sample, { zk: false, input: 'private', machine });
    const integers = outputs.y!.integers;
    expect(await verify(proof, { key: compiled.key, outputs: { y: integers } })).toMatchObject({ ok: true });
    const forged = integers.with(0, integers[0]! + (integers[0]! > 0 ? -1 : 1));
    expect(await verify(proof, { key: compiled.key, outputs: { y: forged } })).toMatchObject({ ok: false });
  });
});
