/**
 * Kernels of the fraction tree against their definition: layers, leaves from integers, rounds that end where the last block does.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { type Bench, compare } from './support.ts';

let reference: Machine;
let wasm: Machine;
beforeAll(async () => {
  reference = createReferenceMachine();
  wasm = await createWasmMachine();
});

type Call = Parameters<typeof compare>[3];
const same = (seed: number, call: Call) => compare(reference, wasm, seed, call);

const POWERS = [1, 2, 4, 8, 16, 64];

/** [from, to) in tasks: all at once, and cut at a multiple of 8. */
const cuts = (n: number): [number, number][][] => {
  const cut = 8 * Math.ceil(n / 16);
  const whole: [number, number][] = [[0, n]];
  return n <= 8
    ? [whole]
    : [
        whole,
        [
          [0, cut],
          [cut, n],
        ],
      ];
};

/** How many of 2 half entries are stored: all, and where that is a multiple of 4, fewer. */
const lengths = (half: number) =>
  [...new Set([2 * half, half + 4, half, half - 4, 4])].filter((n) => isLength(n, half));
const isLength = (n: number, half: number) => n === 2 * half || (n > 0 && n < 2 * half && half >= 4);

const rounds = POWERS.flatMap((half) =>
  [0, 1, 2, 3, 5].filter((lo) => 2 ** lo <= half).flatMap((lo) => lengths(half).map((n) => [half, n, lo] as const)),
);

describe('layers', () => {
  test.each(POWERS)('fractionUp, %i parents', (half) => {
    for (const cut of cuts(half)) {
      for (const dstHalf of half < 4 ? [Math.ceil(half / 2)] : [half / 2, half / 2 + 4]) {
        same(half, (raw, b) => {
          const [p, q] = [b.vector(2 * half), b.vector(2 * half)];
          const [pDst, qDst] = [b.outVector(2 * dstHalf), b.outVector(2 * dstHalf)];
          for (const [from, to] of cut) raw.fractionUp(p, q, half, from, to, pDst, qDst, dstHalf);
          return 0;
        });
      }
    }
  });

  test.each(rounds)('fractionFirst, half %i, %i stored, 2^%i low entries', (half, length, lo) => {
    for (const cut of cuts(Math.min(half, length))) {
      same(half + lo, (raw, b) => {
        const t = tables(b, length);
        const lambda = b.scalars(1);
        const [eqLo, eqHi] = [b.vector(2 ** lo), b.vector(half / 2 ** lo)];
        for (const [from, to] of cut) {
          raw.fractionFirst(...t, half, length, lambda, eqLo, lo, eqHi, from, to, b.outWords(8));
        }
        for (const v of t) b.expectVector(v, length);
        return 0;
      });
    }
  });

  test.each(rounds)('fractionNext, half %i, %i stored, 2^%i low entries', (half, rest, lo) => {
    for (const length of rest === 2 * half ? [4 * half, ...lengths(2 * half)] : [rest]) {
      for (const cut of cuts(Math.min(half, length))) {
        same(half + lo, (raw, b) => {
          const t = tables(b, length);
          const [r, lambda] = [b.scalars(1), b.scalars(1)];
          const [eqLo, eqHi] = [b.vector(2 ** lo), b.vector(half / 2 ** lo)];
          for (const [from, to] of cut) {
            raw.fractionNext(...t, half, length, r, lambda, eqLo, lo, eqHi, from, to, b.outWords(8));
          }
          for (const v of t) b.expectVector(v, Math.min(length, 2 * half));
          return 0;
        });
      }
    }
  });

  test.each([
    [16, 32],
    [16, 20],
    [64, 128],
  ])('empty fractions among the entries, half %i, %i stored', (half, length) => {
    for (let seed = 1; seed < 6; seed++) {
      same(seed, (raw, b) => {
        const lambda = b.scalars(1);
        const [eqLo, eqHi] = [b.vector(4), b.vector(half / 4)];
        const first = holed(b, length, [0, 0, 0, 0]);
        const [p, q] = [holed(b, 2 * half, [0, 0, 0, 0]), b.outVector(half)];
        raw.fractionUp(p[0], p[2], half, 0, half, b.outVector(half), q, half / 2);
        raw.fractionFirst(...first, half, length, lambda, eqLo, 2, eqHi, 0, Math.min(half, length), b.outWords(8));
        for (const v of first) b.expectVector(v, length);
        const next = holed(b, length, [...b.machine.u32(lambda, 4)]);
        const r = b.scalars(1);
        raw.fractionNext(...next, half / 2, length, r, lambda, eqLo, 2, eqHi, 0, half / 2, b.outWords(8));
        for (const v of next) b.expectVector(v, Math.min(half, length));
        return 0;
      });
    }
  });

  /** Tables of which about half of the quads are empty fractions, p1 being given for these. */
  const holed = (b: Bench, n: number, p1: readonly number[]) => {
    const t = tables(b, n);
    for (let quad = 0; quad < n / 4; quad++) {
      if (b.next() % 2 === 0) continue;
      const empty = [[0, 0, 0, 0], p1, [1, 0, 0, 0], [1, 0, 0, 0]];
      t.forEach((ptr, k) => {
        const words = b.machine.u32(ptr + 64 * quad, 16);
        for (let c = 0; c < 4; c++) words.fill(empty[k]![c]!, 4 * c, 4 * c + 4);
      });
    }
    return t;
  };

  const tables = (b: Bench, n: number) => [b.vector(n), b.vector(n), b.vector(n), b.vector(n)] as const;
});

describe('leaves', () => {
  // outer, inner, row length, in as many leaves as their powers of two
  const shapes = [
    [1, 1, 64],
    [1, 1, 50],
    [3, 5, 8],
    [2, 7, 7],
    [5, 3, 13],
    [3, 6, 28],
    [6, 3, 3],
    [9, 3, 2],
    [16, 1, 4],
  ] as const;
  const kinds = [
    [2, 0],
    [4, 0],
    [2, 2],
    [4, 4],
    [2, 4],
  ] as const;

  test.each(shapes)('%i x %i x %i', (outer, inner, rowLen) => {
    for (const [k0, k1] of kinds) {
      for (const counted of [false, true]) {
        same(rowLen + k0, (raw, b) => {
          const bits = [outer, inner, rowLen].map((n) => Math.ceil(Math.log2(n)));
          const leaves = 16 * Math.ceil(2 ** (bits[0]! + bits[1]! + bits[2]!) / 16);
          // rows and planes further apart than they are long, as in a box
          const strides = [rowLen + 3, (rowLen + 3) * inner + 5] as const;
          const cells = outer * strides[1];
          const x0 = b.integers(cells, k0, k0 === 2 ? 16 : 32);
          const x1 = k1 === 0 ? 0 : b.integers(cells, k1, k1 === 2 ? 16 : 32);
          const m = counted ? b.integers(cells, 4, 32) : 0;
          const block = b.words(20);
          const place = [x0, k0, x1, k1, m, rowLen, bits[2]!, inner, bits[1]!, outer, counted ? 300 : 0, ...strides];
          b.machine.u32(block, 13).set(place);
          const [beta, lambda] = [b.scalars(1), b.scalars(1)];
          const half = leaves / 2 + 8;
          const [p, q] = [b.outVector(half), b.outVector(half)];
          raw.leafParents(block, 0, 16, beta, 8, half / 2, p, q);
          raw.leafParents(block, 16, leaves, beta, 8, half / 2, p, q);
          raw.leafGrandparents(block, 0, leaves, beta, 4, leaves / 4 + 8, b.outVector(leaves), b.outVector(leaves));
          raw.leafFactors(block, 0, leaves, beta, lambda, 16, half, b.outVector(2 * half));
          raw.leafPatterns(block, 0, leaves, b.outWords(leaves / 8));
          return 0;
        });
      }
    }
  });
});

describe('the sumcheck over the leaves', () => {
  const large = rounds.filter(([half, , lo]) => half >= 4 && lo >= 2);

  /** Ids below `count`, and the products of as many patterns. */
  const patterned = (b: Bench, quads: number, count: number) => {
    const ids = b.words(quads);
    b.machine.u32(ids, quads).forEach((v, i, view) => {
      view[i] = v % count;
    });
    return [ids, b.vector(8 * count)] as const;
  };

  test.each(large)('pairFirst, half %i, %i stored, 2^%i low entries', (half, length, lo) => {
    for (const cut of cuts(Math.min(half, length))) {
      same(half + lo, (raw, b) => {
        const [x, y, empty] = [b.vector(length), b.vector(length), b.scalars(1)];
        const [ids, products] = patterned(b, half / 4, 5);
        const [eqLo, eqHi] = [b.vector(2 ** lo), b.vector(half / 2 ** lo)];
        for (const [from, to] of cut) {
          raw.pairFirst(x, y, half, length, empty, ids, products, eqLo, lo, eqHi, from, to, b.outWords(8));
        }
        return 0;
      });
    }
  });

  test.each(large)('pairNext, half %i, %i stored, 2^%i low entries', (half, rest, lo) => {
    for (const length of rest === 2 * half ? [4 * half, ...lengths(2 * half)] : [rest]) {
      for (const cut of cuts(Math.min(half, length))) {
        same(half + lo, (raw, b) => {
          const [x, y, r, empty] = [b.vector(length), b.vector(length), b.scalars(1), b.scalars(1)];
          const [ids, products] = patterned(b, half / 4, 3);
          const [eqLo, eqHi] = [b.vector(2 ** lo), b.vector(half / 2 ** lo)];
          for (const [from, to] of cut) {
            raw.pairNext(x, y, half, length, r, empty, ids, products, eqLo, lo, eqHi, from, to, b.outWords(8));
          }
          for (const v of [x, y]) b.expectVector(v, Math.min(length, 2 * half));
          return 0;
        });
      }
    }
  });

  test.each([
    [8, 16, 3],
    [64, 128, 9],
    [64, 100, 40],
    [64, 40, 40],
  ])('pairPatterns, patternProducts, patternFold: half %i, %i ids of %i patterns', (half, length, count) => {
    same(half + length, (raw, b) => {
      const [ids] = patterned(b, length, count);
      const stored = Math.min(half, length);
      const [pairs, dst, slots] = [b.words(2 * half + 2), b.words(half), b.words(3 * 2 ** 9)];
      const found = raw.pairPatterns(ids, half, length, slots, 9, b.expectWords(pairs, 0), dst);
      b.expectWords(pairs, 2 * found);
      b.expectWords(dst, stored);
      const patterns = b.vector(8 * count);
      const [constant, r] = [b.scalars(1), b.scalars(1)];
      raw.patternProducts(patterns, pairs, 0, found, constant, b.outVector(8 * found));
      raw.patternFold(patterns, pairs, 0, found, r, b.outVector(8 * found));
      return found;
    });
  });

  test('too many pairs for the slots are told', () => {
    for (const slotBits of [3, 4, 5]) {
      same(slotBits, (raw, b) => {
        const ids = b.words(16);
        b.machine.u32(ids, 16).set(Array.from({ length: 16 }, (_, i) => i));
        const found = raw.pairPatterns(ids, 8, 16, b.words(96), slotBits, b.words(18), b.words(8));
        expect(found).toBe(slotBits < 5 ? -1 : 9);
        return found;
      });
    }
  });
});
