import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { checkCircuit } from '../../src/circuit/check.ts';
import { checkRanges } from '../../src/circuit/ranges.ts';
import type { Circuit, Range, Tensor, TensorId } from '../../src/circuit/types.ts';

const P = 2 ** 31 - 1;
const one = (tensor: TensorId, coefficient = 1) => ({ tensor, coefficient });

/** y = clamp(q), q = (acc + 2^(shift-1) - r) 2^-shift, acc = factor x + offset an input of a wide range, q looked up in [a, b]. */
function requantised(acc: Range, shift: number, q: Range): Circuit {
  const b = new CircuitBuilder('requantised');
  const x = b.input({ name: 'acc', shape: [4], range: acc, scale: 0 });
  const r = b.witness('r', [4], { lo: 0, hi: 2 ** shift - 1 }, { kind: 'bits', of: x, from: 0, count: shift });
  b.rangeCheck(r, shift);
  const quotient = b.linear('q', [one(x), one(r, -1)], { constant: 2 ** (shift - 1), shift });
  b.lookup(b.functionTable('clip', q.lo, { lo: -8, hi: 7, rows: q.hi - q.lo + 1 }), [quotient]);
  return b.build().circuit;
}

/** The same circuit with q's declared range as `requantise` declares it, and a lookup tuple. */
function checked(acc: Range, shift: number, q: Range): () => void {
  const circuit = requantised(acc, shift, q);
  const tensors = circuit.tensors.map((t): Tensor => (t.name === 'q' ? { ...t, range: q } : t));
  return () => checkRanges({ ...circuit, tensors });
}

describe('requantisation', () => {
  const wraps = expect.objectContaining({
    code: 'E_RANGE',
    where: 'q',
    message: expect.stringContaining('the modulus'),
  });

  it('is refused for s = 11, a = -2^19, acc = 2^30 - 1: the bound from above alone would pass', () => {
    const acc = { lo: 0, hi: 2 ** 30 - 1 };
    expect(checked(acc, 11, { lo: -(2 ** 19), hi: 2 ** 19 - 1 })).toThrow(wraps);
    expect(checked(acc, 11, { lo: -(2 ** 19) + 1, hi: 2 ** 19 - 1 })).not.toThrow();
  });

  it('is refused exactly where u + 2^(s-1) - a 2^s reaches p', () => {
    const [shift, a] = [10, -(2 ** 20)];
    const last = P - 1 + a * 2 ** shift - 2 ** (shift - 1);
    expect(last).toBeLessThan(2 ** 30 - 1);
    expect(checked({ lo: 0, hi: last }, shift, { lo: a, hi: 9 })).not.toThrow();
    expect(checked({ lo: 0, hi: last + 1 }, shift, { lo: a, hi: 9 })).toThrow(wraps);
  });

  it('is refused exactly where (b + 1) 2^s - 1 - (l + 2^(s-1)) reaches p', () => {
    const [shift, b] = [10, 2 ** 20];
    const first = (b + 1) * 2 ** shift - 1 - 2 ** (shift - 1) - (P - 1);
    expect(first).toBeGreaterThan(1 - 2 ** 30);
    expect(checked({ lo: first, hi: 0 }, shift, { lo: -9, hi: b })).not.toThrow();
    expect(checked({ lo: first - 1, hi: 0 }, shift, { lo: -9, hi: b })).toThrow(wraps);
  });

  it('needs a lookup of its quotient', () => {
    const { lookups, ...circuit } = requantised({ lo: -99, hi: 99 }, 4, { lo: -8, hi: 7 });
    const q = circuit.tensors.findIndex((t) => t.name === 'q');
    const without = { ...circuit, lookups: lookups.filter((l) => !l.tensors.includes(q)) };
    expect(() => checkRanges(without)).toThrow(expect.objectContaining({ where: 'q' }));
  });
});

describe('declared ranges', () => {
  const declare = (circuit: Circuit, name: string, range: Range): Circuit => ({
    ...circuit,
    tensors: circuit.tensors.map((t) => (t.name === name ? { ...t, range } : t)),
  });

  it('follow from lookups, limbs, sums, products, views and true weights, to the last integer', () => {
    const b = new CircuitBuilder('all');
    const x = b.input({ name: 'x', shape: [2, 3], range: { lo: -7, hi: 12 }, scale: 0 });
    const wide = b.input({ name: 'wide', shape: [2], range: { lo: -70_000, hi: 80_000 }, scale: 0 });
    const w = b.weight('w', [2, 3], Int16Array.of(1, -2, 3, 0, 10, -10));
    const sum = b.linear('sum', [one(x, -3), one(x)], { constant: 4 });
    const acc = b.contract('acc', w, x, ['o', 'i'], ['t', 'i'], ['t', 'o']);
    const product = b.product('product', x, sum);
    const shifted = b.view(
      'shifted',
      product,
      [2, 5],
      [
        { kind: 'keep', from: 0, to: 0 },
        { kind: 'affine', from: 1, to: 1, stride: 1, offset: -1 },
      ],
      99_999,
    );
    const wider = b.linear('wider', [one(wide, 2)]);
    const { circuit, weights } = b.build();
    const reads = [sum, acc, product, shifted, wider];
    const read: Circuit = { ...circuit, zeros: [...circuit.zeros, ...reads] };
    checkCircuit(read);
    checkRanges(read, weights);

    expect(b.rangeOf(sum)).toEqual({ lo: 4 - 36 - 7, hi: 4 + 21 + 12 });
    expect(b.rangeOf(acc)).toEqual({ lo: -190, hi: 190 });
    expect(b.rangeOf(shifted)).toEqual({ lo: -39 * 12, hi: 99_999 });
    for (const name of ['x', 'wide', 'w', 'sum', 'acc', 'product', 'shifted', 'wider']) {
      const { lo, hi } = circuit.tensors.find((t) => t.name === name)!.range;
      const refusal = expect.objectContaining({ code: 'E_RANGE', where: name });
      expect(() => checkRanges(declare(read, name, { lo: lo + 1, hi }), weights)).toThrow(refusal);
      expect(() => checkRanges(declare(read, name, { lo, hi: hi - 1 }), weights)).toThrow(refusal);
    }
  });

  it('of contractions of weights are taken on trust where the weights are not given', () => {
    const b = new CircuitBuilder('trust');
    const x = b.input({ name: 'x', shape: [3], range: { lo: -7, hi: 12 }, scale: 0 });
    const w = b.weight('w', [3], Int16Array.of(1, -2, 3));
    b.zero(b.contract('acc', w, x, ['i'], ['i'], []));
    const { circuit, weights } = b.build();
    const narrow = declare(circuit, 'acc', { lo: 0, hi: 0 });
    expect(() => checkRanges(narrow)).not.toThrow();
    expect(() => checkRanges(narrow, weights)).toThrow(expect.objectContaining({ code: 'E_RANGE', where: 'acc' }));
  });

  it('stay below 2^30 for what is read, and below p for a zero', () => {
    const b = new CircuitBuilder('large');
    const x = b.input({ name: 'x', shape: [1], range: { lo: 0, hi: 2 ** 15 - 1 }, scale: 0 });
    const large = (constant: number) => b.linear('large', [one(x, 2 ** 15)], { constant });
    const most = 2 ** 30 - 2 ** 15;
    b.product('fits', large(2 ** 15 - 1), b.constant('one', [1], 1));
    const tooWide = expect.objectContaining({ code: 'E_RANGE', where: 'large' });
    expect(() => b.product('reads', large(2 ** 15), x)).toThrow(tooWide);
    b.zero(large(P - 1 - most));
    checkRanges({ ...b.build().circuit });
    expect(() => large(P - most)).toThrow(tooWide);
    expect(() => b.product('reads', x, b.constant('c', [1], 2 ** 30))).toThrow(expect.objectContaining({ where: 'c' }));

    const { circuit } = b.build();
    const zero = circuit.zeros[circuit.zeros.length - 1]!;
    const read = { ...circuit, lookups: [...circuit.lookups, { table: 0, tensors: [zero] }] };
    expect(() => checkRanges(read)).toThrow(tooWide);
  });

  it('of columns are at least what their lookups allow', () => {
    const b = new CircuitBuilder('pins');
    const x = b.input({ name: 'x', shape: [1], range: { lo: 0, hi: 100 }, scale: 0 });
    const y = b.witness('y', [1], { lo: 0, hi: 100 }, { kind: 'bits', of: x, from: 0, count: 7 });
    b.rangeCheck(y, 7);
    const refusal = expect.objectContaining({ code: 'E_RANGE', where: 'y' });
    expect(() => checkRanges(b.build().circuit)).toThrow(refusal);
    b.pin(y);
    checkRanges(b.build().circuit);
  });
});

it('never holds -0, which the encoding does not have', () => {
  const b = new CircuitBuilder('zeros');
  const x = b.input({ name: 'x', shape: [1], range: { lo: 0, hi: 2 ** 17 - 1 }, scale: 0 });
  b.linear('negative', [one(x, -1)]);
  b.linear('half', [one(x, -1)], { constant: 2 ** 17 - 1, shift: 18 });
  for (const { range, def } of b.build().circuit.tensors) {
    const numbers = [range.lo, range.hi, def.kind === 'linear' ? def.constant : 0];
    expect(numbers.some((v) => Object.is(v, -0))).toBe(false);
  }
});

it('keeps weights in 16 bits where they fit', () => {
  const b = new CircuitBuilder('weights');
  const narrow = b.weight('narrow', [2], Int32Array.of(-32768, 32767));
  const wide = b.weight('wide', [2], Int32Array.of(-32768, 32768));
  const { weights } = b.build();
  expect(weights.get(narrow)).toEqual(Int16Array.of(-32768, 32767));
  expect(weights.get(wide)).toEqual(Int32Array.of(-32768, 32768));
});
