/**
 * The linear part on circuits that are small and odd: claims at points with coordinates 0 and 1, coefficients that cancel, tensors read
 * twice. Each has let an honest prover fail or a lying one pass, or could have.
 */
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import type { TensorId } from '../../src/circuit/types.ts';
import { P } from '../../src/field/m31.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover, type ProverHooks } from '../../src/prover.ts';
import { verify } from '../../src/verify.ts';
import { register } from '../support/tiny.ts';

const machine = await createWasmMachine();

/** The verdict on a network of one input, which `build` makes into its output, and what came out. */
function run(
  input: Int32Array,
  build: (b: CircuitBuilder, x: TensorId) => TensorId,
  { range = { lo: -8, hi: 7 }, hooks = {} }: { range?: { lo: number; hi: number }; hooks?: ProverHooks } = {},
) {
  const b = new CircuitBuilder('odd');
  const x = b.input({ name: 'x', shape: [input.length], range, scale: 0 });
  const out = build(b, x);
  b.output({ name: 'out', shape: b.shapeOf(out), range: { lo: -5000, hi: 5000 }, scale: 0 }, out);
  const { model, key } = register(machine, { ...b.build(), input });
  const made = new Prover(machine, model).prove(
    [input],
    { publicInputs: new Set(), zk: false, tag: new Uint8Array() },
    hooks,
  );
  const outputs = { out: Int32Array.from(made.outputs[0]!) };
  return { verdict: verify(made.proof, { key, outputs }), out: [...outputs.out] };
}

const one = (tensor: TensorId, coefficient = 1) => ({ tensor, coefficient });
const shifted = (b: CircuitBuilder, name: string, t: TensorId, size: number, offset: number) =>
  b.view(name, t, [size], [{ kind: 'affine', from: 0, to: 0, stride: 1, offset }]);
const input = Int32Array.of(1, -2, 3, -4);

describe('views of views', () => {
  it.each([0, 4])('a part cut out of a concatenation again, at %i', (at) => {
    const { verdict, out } = run(input, (b, x) => {
      const parts = [one(shifted(b, 'left', x, 8, 0)), one(shifted(b, 'right', x, 8, -4), 10)];
      return shifted(b, 'cut', b.linear('whole', parts), 4, at);
    });
    expect(out).toEqual(at === 0 ? [1, -2, 3, -4] : [10, -20, 30, -40]);
    expect(verdict).toMatchObject({ ok: true });
  });

  it('a part cut out of the padding', () => {
    const { verdict, out } = run(input, (b, x) => shifted(b, 'cut', shifted(b, 'padded', x, 8, 0), 4, 4));
    expect(out).toEqual([0, 0, 0, 0]);
    expect(verdict).toMatchObject({ ok: true });
  });

  it('a false part cut out of the padding is stopped there', () => {
    const hooks: ProverHooks = {
      outputs: (outputs) => {
        outputs[0] = Int32Array.of(0, 0, 1, 0);
      },
    };
    const { verdict } = run(input, (b, x) => shifted(b, 'cut', shifted(b, 'padded', x, 8, 0), 4, 4), { hooks });
    expect(verdict).toMatchObject({ ok: false, check: 'view', where: 'padded' });
  });
});

describe('sums', () => {
  it('x - x is zero, and nothing else is accepted', () => {
    const minus = (b: CircuitBuilder, x: TensorId) => b.linear('minus', [one(x), one(x, -1)]);
    expect(run(input, minus)).toMatchObject({ verdict: { ok: true }, out: [0, 0, 0, 0] });
    const hooks: ProverHooks = {
      outputs: (outputs) => {
        outputs[0] = Int32Array.of(0, 0, 0, 5);
      },
    };
    expect(run(input, minus, { hooks }).verdict).toMatchObject({ ok: false, check: 'linear', where: 'minus' });
  });

  it('coefficients that cancel only modulo p leave nothing unchecked', () => {
    // legal: x is 0 everywhere, so (p - 1) x + x stays below p
    const modulo = (b: CircuitBuilder, x: TensorId) => b.linear('modulo', [one(x, P - 1), one(x)]);
    const range = { lo: 0, hi: 0 };
    expect(run(new Int32Array(4), modulo, { range }).verdict).toMatchObject({ ok: true });
    const hooks: ProverHooks = {
      outputs: (outputs) => {
        outputs[0] = Int32Array.of(5, 0, 0, 0);
      },
    };
    const { verdict } = run(new Int32Array(4), modulo, { range, hooks });
    expect(verdict).toMatchObject({ ok: false, check: 'linear', where: 'modulo' });
  });

  it('a constant and a tensor read twice', () => {
    const { verdict, out } = run(input, (b, x) =>
      b.linear('sum', [one(x, 2), one(b.constant('c', [4], 7), 3), one(x)], { constant: 1 }),
    );
    expect(out).toEqual([25, 16, 31, 10]);
    expect(verdict).toMatchObject({ ok: true });
  });
});

describe('products', () => {
  it('of a tensor with itself, and of that with another', () => {
    const { verdict, out } = run(input, (b, x) => b.product('cube', b.product('square', x, x), x));
    expect(out).toEqual([1, -8, 27, -64]);
    expect(verdict).toMatchObject({ ok: true });
  });
});

describe('a model without a witness', () => {
  it('takes no plain proof: its weights would be whatever the prover commits', () => {
    const b = new CircuitBuilder('nothing');
    const w = b.weight('w', [4], Int16Array.of(1, 2, 3, 4));
    b.output({ name: 'out', shape: [4], range: { lo: 0, hi: 9 }, scale: 0 }, b.linear('twice', [one(w, 2)]));
    const { model } = register(machine, { ...b.build(), input });
    const prove = () =>
      new Prover(machine, model).prove([], { publicInputs: new Set(), zk: false, tag: new Uint8Array() });
    expect(prove).toThrow('nothing is committed per proof');
  });
});
