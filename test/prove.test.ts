import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../src/circuit/builder.ts';
import { createReferenceMachine } from '../src/kernels/machine.ts';
import { Prover } from '../src/prover.ts';
import type { TensorValues } from '../src/values.ts';
import { verify } from '../src/verify.ts';
import { register, tinyNetwork } from './support/tiny.ts';

const machine = createReferenceMachine();
const tiny = tinyNetwork();
const { model, key } = register(machine, tiny);
const prover = new Prover(machine, model);
const tag = new Uint8Array();

describe.each(['public', 'private'] as const)('a small network with a %s input', (visibility) => {
  const publicInputs = new Set(visibility === 'public' ? [0] : []);
  const { proof, outputs, violated } = prover.prove([tiny.input], { publicInputs, zk: false, tag });
  const inputs: TensorValues = visibility === 'public' ? { x: tiny.input } : {};
  const statement = { key, inputs, outputs: { y: outputs[0]! }, tag };

  it('is accepted', () => {
    expect(violated).toBeUndefined();
    expect(verify(proof, statement)).toMatchObject({ ok: true });
  });

  it('is rejected for another output, tag, visibility', () => {
    const wrong = outputs[0]!.slice();
    wrong[1]! += 1;
    expect(verify(proof, { ...statement, outputs: { y: wrong } })).toMatchObject({ ok: false });
    expect(verify(proof, { ...statement, tag: new Uint8Array([1]) })).toMatchObject({ ok: false });
    const other: TensorValues = visibility === 'public' ? {} : { x: tiny.input };
    expect(verify(proof, { ...statement, inputs: other })).toMatchObject({ ok: false });
  });
});

describe('parts put together and taken apart again', () => {
  it('are proved: a claim about a cell outside a part is no claim on it', () => {
    const b = new CircuitBuilder('parts');
    const x = b.input({ name: 'x', shape: [4], range: { lo: -8, hi: 7 }, scale: 0 });
    const relu = b.functionTable('relu', -8, { lo: 0, hi: 7, rows: 16 });
    const { y } = b.requantise('y', x, 0, relu);
    const place = (name: string, t: number, offset: number, size: number) =>
      b.view(name, t, [size], [{ kind: 'affine', from: 0, to: 0, stride: 1, offset }]);
    const whole = b.linear('whole', [
      { tensor: place('first', x, 0, 8), coefficient: 1 },
      { tensor: place('second', y, -4, 8), coefficient: 1 },
    ]);
    const difference = b.linear('difference', [
      { tensor: place('upper', whole, 4, 4), coefficient: 1 },
      { tensor: place('lower', whole, 0, 4), coefficient: -1 },
    ]);
    b.output({ name: 'y', shape: [4], range: { lo: -20, hi: 20 }, scale: 0 }, difference);
    const input = Int32Array.from([-3, 2, 7, -8]);
    const { model, key } = register(machine, { ...b.build(), input });
    const { proof, outputs, violated } = new Prover(machine, model).prove([input], {
      publicInputs: new Set(),
      zk: false,
      tag,
    });
    expect(violated).toBeUndefined();
    expect([...outputs[0]!]).toEqual([3, 0, 0, 8]);
    expect(verify(proof, { key, outputs: { y: outputs[0]! } })).toMatchObject({ ok: true });
  });
});

describe('an output given as real numbers', () => {
  it('must be exactly what is claimed: no rounding makes a claim true', () => {
    const { proof, outputs } = prover.prove([tiny.input], { publicInputs: new Set([0]), zk: false, tag });
    const values = Float32Array.from(outputs[0]!);
    const inputs = { x: tiny.input };
    expect(verify(proof, { key, inputs, outputs: { y: values } })).toMatchObject({ ok: true });
    values[0]! += 0.25;
    expect(verify(proof, { key, inputs, outputs: { y: values } })).toMatchObject({ ok: false, check: 'E_RANGE' });
  });
});
