import { beforeAll, describe, expect, test } from 'vitest';
import { encode } from '../../src/field/circle.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { compare, random } from './support.ts';

let reference: Machine;
let wasm: Machine;
beforeAll(async () => {
  reference = createReferenceMachine();
  wasm = await createWasmMachine();
});

type Call = Parameters<typeof compare>[3];
const same = (seed: number, call: Call) => compare(reference, wasm, seed, call);

/** The tasks of a range: all at once, and cut at multiples of 8. */
const cuts = (n: number): [number, number][][] =>
  n <= 8
    ? [[[0, n]]]
    : [
        [[0, n]],
        [
          [0, 8],
          [8, n],
        ],
      ];

const POWERS = [1, 2, 4, 8, 16, 64];
const ANY = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 33, 100];

describe('extension vectors', () => {
  test.each([...POWERS, 3, 6, 20, 33])('foldExt, half %i', (half) => {
    for (const cut of cuts(half)) {
      same(half, (raw, b) => {
        const src = b.vector(2 * half);
        const r = b.scalar();
        const dst = b.outVector(half);
        for (const [from, to] of cut) raw.foldExt(src, half, from, to, ...r, dst);
        raw.foldExt(b.expectVector(src, half), half, 0, half, ...r, src);
        return 0;
      });
    }
  });

  test.each([0, 1, 2, 3, 4, 7])('eqTable, %i variables', (n) => {
    same(n + 1, (raw, b) => {
      const coords = b.scalars(n);
      raw.eqTable(coords, n, ...b.scalar(), b.outVector(2 ** n));
      return 0;
    });
  });

  test.each(ANY)('dotExt, axpyExt, zeroExt, splitExt, length %i', (n) => {
    for (const cut of cuts(n)) {
      same(n, (raw, b) => {
        const [x, y] = [b.vector(n), b.vector(n)];
        for (const [from, to] of cut) raw.dotExt(x, y, from, to, b.outWords(4));
        const k = b.scalar();
        for (const [from, to] of cut) raw.axpyExt(b.expectVector(x, n), y, from, to, ...k);
        raw.zeroExt(b.outVector(n + 8), n);
        for (const [from, to] of cut) raw.fillExt(b.outVector(n + 8), from, to, ...b.scalar());
        raw.splitExt(y, n, b.outWords(4 * (n + 3)), 4 * (n + 3));
        raw.addPlanes(b.expectVector(y, n), n, b.words(4 * (n + 3)), 4 * (n + 3));
        return 0;
      });
    }
  });

  test.each([
    [1, 1],
    [3, 5],
    [4, 16],
    [7, 10],
    [9, 33],
  ])('dotRowsExt, foldRowsExt, moveExt: %i x %i', (rows, columns) => {
    for (const stride of [columns, columns + 3]) {
      same(rows, (raw, b) => {
        const x = b.vector(rows * stride);
        const [dotted, folded] = [b.outVector(rows), b.outVector(columns)];
        for (const cut of cuts(rows)) {
          const w = b.vector(columns);
          for (const [from, to] of cut) raw.dotRowsExt(x, stride, columns, w, from, to, dotted);
        }
        for (const cut of cuts(columns)) {
          const w = b.vector(rows);
          for (const [from, to] of cut) raw.foldRowsExt(x, 0, stride, rows, w, from, to, folded);
        }
        raw.foldRowsExt(x, 3, stride, rows - 1, b.vector(rows), 0, columns - 1, b.outVector(columns));
        raw.moveExt(x, 0, b.outVector(columns + 4), 4, 1, 0, 0, 1, 0, 0, columns, 1, 1);
        raw.moveExt(x, 1, b.outVector(3 * rows), 2, 1, 0, 0, 1, 0, 0, rows - 1, stride, 3);
        raw.moveExt(x, 0, b.outVector(16 * rows), 1, 2, 1, 8 * rows, rows - 1, stride, 4, 1, 1, 1);
        return 0;
      });
    }
  });

  test.each([
    [1, 1],
    [3, 5],
    [2, 8],
    [4, 4],
    [7, 6],
  ])('outerExt %i x %i', (na, nb) => {
    same(na, (raw, b) => {
      raw.outerExt(b.vector(na), na, b.vector(nb), nb, b.outVector(na * nb));
      return 0;
    });
  });
});

/** Where lazy values and carries are largest. */
test.each([0, 1, 0x7ffffffe])('extension kernels, every coordinate %i or p - 1', (low) => {
  same(1, (raw, b) => {
    const n = 16;
    const mixed = () => {
      const ptr = b.vector(2 * n);
      b.machine.u32(ptr, 8 * n).forEach((v, i, view) => {
        view[i] = v & 16 ? low : 0x7ffffffe;
      });
      return ptr;
    };
    const [x, y, z, u] = [mixed(), mixed(), mixed(), mixed()];
    const top = [0x7ffffffe, low, 0x7ffffffe, low] as const;
    raw.dotExt(x, y, 0, n, b.outWords(4));
    raw.outerExt(x, n, y, n, b.outVector(n * n));
    raw.foldExt(x, n, 0, n, ...top, b.outVector(n));
    raw.fractionUp(x, y, n, 0, n, b.outVector(n), b.outVector(n), n / 2);
    raw.tripleRound(x, y, z, n, 0, n, b.outWords(12));
    const scalars = b.words(8);
    b.machine.u32(scalars, 8).set([...top, ...top]);
    const [ids, products] = [b.words(n / 4), b.vector(8)];
    b.machine.u32(ids, n / 4).fill(0);
    raw.pairNext(x, y, n / 2, 2 * n, scalars, scalars + 16, ids, products, u, 2, z, 0, n / 2, b.outWords(8));
    raw.fractionNext(x, y, z, u, n / 2, 2 * n, scalars, scalars + 16, x, 2, y, 0, n / 2, b.outWords(8));
    return 0;
  });
});

describe('sumcheck rounds', () => {
  test.each([...POWERS, 3, 6, 20, 33])('productRound, tripleRound, half %i', (half) => {
    for (const cut of cuts(half)) {
      same(half, (raw, b) => {
        const [e, x, y] = [b.vector(2 * half), b.vector(2 * half), b.vector(2 * half)];
        for (const [from, to] of cut) {
          raw.productRound(x, y, half, from, to, b.outWords(8));
          raw.tripleRound(e, x, y, half, from, to, b.outWords(12));
        }
        return 0;
      });
    }
  });
});

describe('integers times extension', () => {
  const shapes = [
    [1, 1],
    [2, 3],
    [3, 8],
    [5, 9],
    [9, 33],
    [17, 100],
    [257, 40],
    [2, 1100],
  ];
  test.each(shapes)('%i x %i', (rows, columns) => {
    for (const bits of [8, 12, 14, 15, 16]) {
      same(rows + bits, (raw, b) => rowsBothWays(raw, b, rows, columns, 2, bits));
    }
    for (const bits of [8, 12, 15, 16, 31, 32]) {
      same(rows + bits, (raw, b) => rowsBothWays(raw, b, rows, columns, 4, bits));
    }
  });

  const rowsBothWays: (...args: [...Parameters<Call>, number, number, number, number]) => number = (
    raw,
    b,
    rows,
    columns,
    kind,
    bits,
  ) => {
    const stride = columns + 3;
    const x = b.integers(rows * stride, kind, bits);
    const [dotRows, foldRows] = kind === 2 ? [raw.dotRowsI16, raw.foldRowsI16] : [raw.dotRowsI32, raw.foldRowsI32];
    const [w, v] = [b.vector(columns), b.vector(rows)];
    const [dotted, folded] = [b.outVector(rows), b.outVector(columns)];
    for (const cut of cuts(rows)) for (const [from, to] of cut) dotRows(x, stride, columns, w, from, to, dotted);
    for (const cut of cuts(columns)) for (const [from, to] of cut) foldRows(x, stride, rows, v, from, to, folded);
    return 0;
  };

  test('field elements of small integers, and one among them that is not small', () => {
    for (const [rows, columns] of shapes as [number, number][]) {
      for (const odd of [undefined, 0x8000, -0x8000, 2 ** 30 - 1]) {
        same(rows, (raw, b) => {
          const x = b.words(rows * columns);
          b.machine.u32(x, rows * columns).forEach((v, i, view) => {
            const small = (v % 0xffff) - 0x7fff;
            view[i] = (small + 0x7fffffff) % 0x7fffffff;
          });
          if (odd !== undefined) b.machine.u32(x, rows * columns)[rows * columns - 1] = (odd + 0x7fffffff) % 0x7fffffff;
          raw.dotRowsI32(x, columns, columns, b.vector(columns), 0, rows, b.outVector(rows));
          raw.foldRowsI32(x, columns, rows, b.vector(rows), 0, columns, b.outVector(columns));
          return 0;
        });
      }
    }
  });

  test('the extremes of 16 bits everywhere', () => {
    for (const value of [-32768, 32767, -32767]) {
      same(1, (raw, b) => {
        const x = b.integers(40 * 40, 2, 16);
        b.machine.i16(x, 1600).fill(value);
        const w = b.vector(40);
        raw.dotRowsI16(x, 40, 40, w, 0, 40, b.outVector(40));
        raw.foldRowsI16(x, 40, 40, w, 0, 40, b.outVector(40));
        return 0;
      });
    }
  });
});

describe('code', () => {
  test.each([3, 4, 5, 6, 7, 9, 10])('twiddles and encodeRow onto 2^%i points', (n) => {
    same(n, (raw, b) => {
      const tw = b.words(2 ** n);
      raw.twiddles(n, tw);
      b.expectWords(tw + 4, 2 ** n - 1);
      for (let m = 0; m <= n; m++) raw.encodeRow(b.expectWords(b.words(2 ** m), 2 ** m), m, b.outWords(2 ** n), n, tw);
      return 0;
    });
  });

  test('joinRow', () => {
    same(7, (raw, b) => {
      raw.joinRow(b.words(16), 4, b.words(6), 6, b.outWords(32));
    });
  });

  test('expandSecret, whole and from the middle, as words and as elements', () => {
    for (const canonical of [0, 1]) {
      same(11 + canonical, (raw, b) => {
        raw.expandSecret(b.words(8), 5, canonical, 0, 11, b.outWords(88));
      });
      same(13 + canonical, (raw, b) => {
        raw.expandSecret(b.words(8), 6, canonical, 3, 9, b.outWords(72));
      });
    }
  });

  test.each([3, 4, 5, 6, 7, 9, 10])('adjointRow from 2^%i points', (n) => {
    const tw = { reference: 0, wasm: wasm.alloc(4 * 2 ** n) };
    wasm.raw.twiddles(n, tw.wasm);
    for (let m = 0; m <= n; m++) {
      same(n + m, (raw, b) => {
        const src = b.words(2 ** n);
        const words = b.machine.u32(src, 2 ** n);
        if (n > 6) words.set(words.map((v, i) => (i % 9 === 0 ? v : 0)));
        raw.adjointRow(src, n, b.outWords(2 ** m), m, raw === wasm.raw ? tw.wasm : tw.reference);
        return 0;
      });
    }
  });

  test('encodeRow is the code of field/circle.ts', () => {
    const n = 8;
    const next = random(5);
    for (const m of [0, 1, 3, 6, 7, 8]) {
      const mark = wasm.mark();
      const [tw, src, dst] = [wasm.alloc(4 * 2 ** n), wasm.alloc(4 * 2 ** m), wasm.alloc(4 * 2 ** n)];
      wasm.raw.twiddles(n, tw);
      const row = Array.from({ length: 2 ** m }, () => next() % 0x7fffffff);
      wasm.u32(src, 2 ** m).set(row);
      wasm.raw.encodeRow(src, m, dst, n, tw);
      expect(Array.from(wasm.u32(dst, 2 ** n))).toEqual(encode(row, n));
      wasm.release(mark);
    }
  });
});

describe('hashes', () => {
  test.each([
    [1, 0, 1],
    [15, 0, 15],
    [16, 0, 17],
    [1, 16, 17],
    [32, 32, 96],
    [256, 0, 256],
    [240, 16, 256],
    [256, 0, 257],
    [1, 256, 257],
    [16, 1024, 1100],
  ])('hashColumns, %i rows from %i on of %i', (rows, first, total) => {
    same(total, (raw, b) => {
      const stride = 24;
      raw.hashColumns(b.words(rows * stride), rows, stride, 0, 24, b.outWords(8 * 24), first, total);
      return 0;
    });
  });

  test('hashColumns and joinColumns of ranges and of fewer than four columns', () => {
    for (const [from, to] of [
      [0, 1],
      [0, 2],
      [4, 8],
      [8, 20],
    ] as const) {
      same(to, (raw, b) => {
        const digests = b.outWords(8 * 24);
        raw.hashColumns(b.words(200 * 20), 200, 20, from, to, digests, 32, 300);
        raw.joinColumns(digests, b.words(8 * 24), to % 8 === 0 ? 1 : 0, from, to, digests);
        return 0;
      });
    }
  });

  test('hashParents', () => {
    for (const n of [1, 2, 3, 4, 8, 13]) {
      same(n, (raw, b) => {
        raw.hashParents(b.words(16 * n), 0, n, b.outWords(8 * n));
        return 0;
      });
    }
  });

  test('grind finds the least nonce', () => {
    for (const [lo, hi, count, bits] of [
      [0, 0, 200, 5],
      [0xfffffffe, 7, 100, 3],
      [1, 1, 3, 20],
      [5, 0, 1, 0],
      [0, 0, 50, 32],
    ] as const) {
      same(lo + bits, (raw, b) => raw.grind(b.words(8), lo, hi, count, bits));
    }
  });
});
