/**
 * Keys that were made to deceive or to stall: circuits that an earlier verifier accepted false outputs under, and tiny keys that cost
 * a verifier seconds or its memory.
 */
import { describe, expect, it } from 'vitest';
import { boxesOf } from '../../src/circuit/boxes.ts';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import type { Circuit, Derivation, TensorId } from '../../src/circuit/types.ts';
import { encodeKey, modelId } from '../../src/files/key.ts';
import { encodeProof } from '../../src/files/proof.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { Prover } from '../../src/prover/prover.ts';
import { verify } from '../../src/verify.ts';
import { bareKey } from '../support/keys.ts';
import { register } from '../support/tiny.ts';

const one = (tensor: TensorId, coefficient = 1) => ({ tensor, coefficient });
const wide = { lo: -100, hi: 100 };

/** The verdict on some bytes under a key of this circuit. */
function verdictUnder(circuit: Circuit, y: Int32Array, inputs: Record<string, Int32Array> = {}) {
  const key = bareKey(circuit, [12, 1, 0, 3, 3]);
  const proof = encodeProof({ model: modelId(key), zk: false, proof: new Uint8Array(4096) });
  return verify(proof, { key: encodeKey(key), inputs, outputs: { y } });
}

describe('circuits that false outputs were once proved under', () => {
  it('with weights and nothing committed per proof are refused: the witness root stands for no model', () => {
    const b = new CircuitBuilder('weights only');
    const out = b.linear('out', [one(b.weight('w', [4], Int16Array.from([1, 2, 3, 4])), 3)]);
    b.output({ name: 'y', shape: [4], range: wide, scale: 0 }, out);
    const verdict = verdictUnder(b.build().circuit, Int32Array.from([-15, 27, 27, 90]));
    expect(verdict).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it.each(['public', 'private'])(
    'with coefficients of one tensor that add up to p keep the claim on it, %s',
    (visibility) => {
      const b = new CircuitBuilder('trapdoor');
      const x = b.input({ name: 'x', shape: [4], range: { lo: -8, hi: 7 }, scale: 0 });
      const z = b.weight('z', [4], new Int16Array(4));
      const v = b.linear('v', [one(z, 2 ** 30), one(z, 2 ** 30 - 1)]);
      b.output({ name: 'y', shape: [4], range: wide, scale: 0 }, b.linear('out', [one(x), one(v)]));
      const machine = createReferenceMachine();
      const input = Int32Array.from([1, 2, 3, 4]);
      const { model, key } = register(machine, { ...b.build(), input });
      const publicInputs = new Set(visibility === 'public' ? [0] : []);
      const lie = {
        outputs: (o: (Int16Array | Int32Array)[]) => {
          o[0] = Int32Array.from([42, -42, 77, 13]);
        },
      };
      const { proof, outputs } = new Prover(machine, model).prove(
        [input],
        { publicInputs, zk: false, tag: new Uint8Array() },
        lie,
      );
      const inputs: Record<string, Int32Array> = visibility === 'public' ? { x: input } : {};
      expect(verify(proof, { key, inputs, outputs: { y: outputs[0]! } })).toMatchObject({ ok: false, check: 'linear' });
    },
  );
});

describe('circuits that made a verifier throw', () => {
  const y = Int32Array.from([1, 2, 3, 4]);
  const build = (zero: (b: CircuitBuilder, x: TensorId) => TensorId) => {
    const b = new CircuitBuilder('zero');
    const x = b.input({ name: 'x', shape: [4], range: { lo: 0, hi: 7 }, scale: 0 });
    b.zero(zero(b, x));
    b.output({ name: 'y', shape: [4], range: wide, scale: 0 }, b.linear('out', [one(x)]));
    return b.build().circuit;
  };

  it('zeros of constants and of inputs are refused', () => {
    expect(
      verdictUnder(
        build((b) => b.constant('k', [4], 0)),
        y,
        { x: y },
      ),
    ).toMatchObject({ check: 'E_CIRCUIT' });
    expect(
      verdictUnder(
        build((_, x) => x),
        y,
        { x: y },
      ),
    ).toMatchObject({ check: 'E_CIRCUIT' });
  });

  it('any number of zeros is no problem for the stack', () => {
    const circuit = build((b, x) => b.linear('difference', [one(x), one(x, -1)]));
    const many = { ...circuit, zeros: new Array<TensorId>(300_000).fill(circuit.zeros[0]!) };
    expect(verdictUnder(many, y, { x: y })).toMatchObject({ check: 'E_CIRCUIT' });
  });
});

describe('small keys that would cost much', () => {
  const small = Int32Array.from([0]);
  /** x -> y through one tensor made by `make`, which need not make sense. */
  const through = (make: (b: CircuitBuilder, x: TensorId) => TensorId, derive?: Derivation) => {
    const b = new CircuitBuilder('dear');
    const x = b.input({ name: 'x', shape: [1], range: { lo: 0, hi: 0 }, scale: 0 });
    b.output({ name: 'y', shape: [1], range: { lo: 0, hi: 0 }, scale: 0 }, make(b, x), derive);
    return b.build().circuit;
  };
  const sized = (circuit: Circuit, name: string, shape: number[]): Circuit => ({
    ...circuit,
    tensors: circuit.tensors.map((t) => (t.name.startsWith(name) ? { ...t, shape } : t)),
  });

  it.each([
    [
      'pieces',
      sized(
        through((b, x) => b.linear('out', [one(x), one(b.weight('w', [1], new Int16Array(1)))])),
        'w',
        [7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
      ),
    ],
    [
      'rows',
      sized(
        through((b, x) => b.linear('out', [one(x), one(b.weight('w', [1], new Int16Array(1)))])),
        'w',
        [2 ** 30],
      ),
    ],
    [
      'one-hot cells',
      sized(
        through((b, x) => b.linear('out', [one(x)]), { kind: 'onehot', size: 2 ** 29 }),
        'y.public',
        [1, 2 ** 29],
      ),
    ],
  ])('%s are refused at once', (_, circuit) => {
    expect(verdictUnder(circuit, small, { x: small })).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it.each([
    ['rows', 20, [2 ** 30]],
    ['pieces', 20, [7, 7, 7, 7, 7, 7, 7, 7]],
  ])('%s of many columns are refused at once', (_, count, shape) => {
    const circuit = through((b, x) => {
      const weights = Array.from({ length: count }, (_, i) => b.weight(`w${i}`, [1], new Int16Array(1)));
      for (const [i, w] of weights.entries()) b.zero(b.linear(`w${i}.twice`, [one(w, 2)]));
      return b.linear('out', [one(x)]);
    });
    expect(verdictUnder(sized(circuit, 'w', shape), small, { x: small })).toMatchObject({ check: 'E_CIRCUIT' });
  });

  it('views of huge axes are refused at once', () => {
    const circuit = through((b, x) => {
      const big = b.view('big', x, [2 ** 28], [{ kind: 'affine', from: 0, to: 0, stride: 3, offset: 0 }]);
      return b.view('back', big, [1], [{ kind: 'affine', from: 0, to: 0, stride: 3, offset: 0 }]);
    });
    expect(verdictUnder(circuit, small, { x: small })).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it('lookups of a listed axis in many boxes are refused at once: each box lists it', () => {
    const circuit = through((b, x) => {
      const maps = [
        { kind: 'affine', from: 0, to: 0, stride: 1, offset: -1 },
        { kind: 'broadcast', to: 1 },
        { kind: 'broadcast', to: 2 },
      ] as const;
      b.rangeCheck(b.view('big', x, [2_797_123, 3, 3], maps, 0), 8);
      return b.linear('out', [one(x)]);
    });
    expect(boxesOf([2_797_123, 3, 3]).length).toBeGreaterThan(8);
    expect(verdictUnder(circuit, small, { x: small })).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it('claims that double with every view are refused at once', () => {
    const circuit = through((b, x) => {
      const shape = [64];
      const wideView = b.view('spread', x, shape, [{ kind: 'affine', from: 0, to: 0, stride: 1, offset: 0 }]);
      let t = wideView;
      for (let i = 0; i < 40; i++) {
        const shifted = [1, 2].map((offset) =>
          b.view(`shift${i}.${offset}`, t, shape, [{ kind: 'affine', from: 0, to: 0, stride: 1, offset }]),
        );
        t = b.linear(
          `sum${i}`,
          shifted.map((s) => one(s)),
        );
      }
      return b.view('first', t, [1], [{ kind: 'affine', from: 0, to: 0, stride: 1, offset: 0 }]);
    });
    expect(verdictUnder(circuit, small, { x: small })).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it('claims that double with every transposition are refused at once: each is compared with all others', () => {
    const axes = Array.from({ length: 12 }, (_, a) => a);
    const circuit = through((b, x) => {
      let t = b.weight('w', new Array<number>(12).fill(2), new Int16Array(4096));
      for (let i = 0; i < 14; i++) {
        const to = (a: number) => (a * (i % 2 === 0 ? 5 : 7) + i) % 12;
        const maps = axes.map((a) => ({ kind: 'keep', from: a, to: to(a) }) as const);
        t = b.linear(`sum${i}`, [one(t), one(b.view(`turned${i}`, t, b.shapeOf(t), maps))]);
      }
      b.zero(b.linear('twice', [one(t, 2)]));
      return b.linear('out', [one(x)]);
    });
    expect(encodeKey(bareKey(circuit, [12, 1, 0, 3, 3])).length).toBeLessThan(3000);
    expect(verdictUnder(circuit, small, { x: small })).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it('claims that double with every contraction of a tensor with itself are refused at once', () => {
    const axes = ['a', 'b', 'k', 'l'];
    const circuit = through((b, x) => {
      let t = b.weight('w', [8, 8, 8, 8], new Int16Array(4096));
      for (let i = 0; i < 16; i++) {
        t = b.contract(`square${i}`, t, t, axes, ['k', 'l', 'c', 'd'], ['a', 'c', 'b', 'd']);
      }
      b.zero(b.linear('twice', [one(t, 2)]));
      return b.linear('out', [one(x)]);
    });
    expect(verdictUnder(circuit, small, { x: small })).toMatchObject({ ok: false, check: 'E_CIRCUIT' });
  });

  it('a long chain of sums takes time in its length', { timeout: 60_000 }, () => {
    const circuit = through((b, x) => {
      let t = x;
      for (let i = 0; i < 50_000; i++) t = b.linear(`sum${i}`, [one(t)]);
      return t;
    });
    const machine = createReferenceMachine();
    const { model, key } = register(machine, { circuit, weights: new Map(), input: small });
    const { proof, outputs } = new Prover(machine, model).prove([small], {
      publicInputs: new Set(),
      zk: false,
      tag: new Uint8Array(),
    });
    expect(verify(proof, { key, outputs: { y: outputs[0]! } })).toMatchObject({ ok: true });
  });
});

describe('what is no statement', () => {
  const b = new CircuitBuilder('statement');
  const x = b.input({ name: 'x', shape: [2], range: { lo: 0, hi: 7 }, scale: 0 });
  b.output({ name: 'y', shape: [2], range: wide, scale: 0 }, b.linear('out', [one(x, 3)]));
  const machine = createReferenceMachine();
  const input = Int32Array.of(1, 2);
  const { model, key } = register(machine, { ...b.build(), input });
  const options = { publicInputs: new Set<number>(), zk: false, tag: new Uint8Array(5) };
  const prover = new Prover(machine, model);
  const { proof, outputs } = prover.prove([input], options);
  const honest = { key, outputs: { y: outputs[0]! }, tag: options.tag };

  it('a tag of another type is refused: texts of one length would be the same bytes', () => {
    expect(verify(proof, honest)).toMatchObject({ ok: true });
    for (const tag of ['login', [0, 0, 0, 0, 0], new Float64Array(5), null, 5]) {
      expect(verify(proof, { ...honest, tag: tag as never })).toMatchObject({ ok: false, check: 'E_DTYPE' });
    }
    expect(() => prover.prove([input], { ...options, tag: 'login' as never })).toThrow('the tag is not a Uint8Array');
  });

  it.each([
    ['E_FILE', undefined, honest],
    ['E_FILE', {}, honest],
    ['E_FILE', proof, { ...honest, key: null }],
    ['E_INPUT', proof, { ...honest, outputs: null }],
    ['E_INPUT', proof, { ...honest, inputs: null }],
    ['E_INPUT', proof, { ...honest, inputs: 5 }],
    ['E_DTYPE', proof, { ...honest, inputs: { x: new Array(2) } }],
    ['E_DTYPE', proof, { ...honest, outputs: { y: null } }],
    ['E_NAN', proof, { ...honest, outputs: { y: Float64Array.of(3, Number.NaN) } }],
  ] as const)('is %s, and not a fault of the verifier (%#)', (check, bytes, statement) => {
    expect(verify(bytes as never, statement as never)).toMatchObject({ ok: false, check });
  });
});
