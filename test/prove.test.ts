import { describe, expect, it } from 'vitest';
import { createReferenceMachine } from '../src/kernels/machine.ts';
import { Prover } from '../src/prove.ts';
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
  const { proof, outputs, violated } = prover.prove([tiny.input], { publicInputs, tag });
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
