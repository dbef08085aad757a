import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ext } from '../../src/field/ext.ts';
import {
  bitsFor,
  boxAt,
  eqAt,
  eqIndex,
  eqTable,
  evaluateTensor,
  lessThan,
  prefixMoments,
  samePoint,
  splitPoint,
  variables,
} from '../../src/field/mle.ts';
import { element, pointOf } from '../support/elements.ts';

const sum = (list: readonly Ext[]) => list.reduce((a, b) => a.add(b), Ext.ZERO);
const bits = (v: number, n: number) => Array.from({ length: n }, (_, i) => Ext.of((v >> (n - 1 - i)) & 1));

describe('eq', () => {
  it('is 1 at the index and 0 at the others', () => {
    for (let i = 0; i < 8; i++) {
      expect(eqTable(bits(i, 3))).toEqual(Array.from({ length: 8 }, (_, j) => Ext.of(i === j ? 1 : 0)));
    }
  });

  it('as a table, at a point, at an index are one function; it adds up to 1', () => {
    fc.assert(
      fc.property(pointOf(4), fc.nat(15), element, (r, i, scale) => {
        expect(eqTable(r)[i]).toEqual(eqIndex(r, i));
        expect(eqAt(r, bits(i, 4))).toEqual(eqIndex(r, i));
        expect(eqTable(r, scale)[i]).toEqual(eqIndex(r, i).mul(scale));
        expect(sum(eqTable(r))).toEqual(Ext.ONE);
      }),
    );
    expect(eqTable([])).toEqual([Ext.ONE]);
  });
});

describe('prefixes', () => {
  it('lessThan and prefixMoments are the sums that they stand for', () => {
    fc.assert(
      fc.property(
        fc.nat(6).chain((n) => fc.tuple(pointOf(n), fc.nat(2 ** n))),
        ([r, size]) => {
          const eq = eqTable(r).slice(0, size);
          const { zeroth, first } = prefixMoments(size, r);
          expect(zeroth).toEqual(sum(eq));
          expect(first).toEqual(sum(eq.map((e, i) => e.mul(Ext.of(i)))));
          expect(lessThan(size, r)).toEqual(zeroth);
        },
      ),
      { numRuns: 300 },
    );
  });
});

it('a long axis is evaluated as rows of itself', () => {
  for (const size of [2049, 3000, 4096]) {
    const values = Array.from({ length: size }, (_, i) => ((i * i) % 1001) - 500);
    const n = bitsFor(size);
    const r = Array.from({ length: n }, (_, i) => new Ext(i + 2, 3 * i, 5, 7 + i));
    const eq = eqTable(r);
    expect(evaluateTensor(values, [size], r)).toEqual(sum(values.map((v, i) => eq[i]!.mul(Ext.of(v)))));
  }
});

const shape = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 });

describe('tensors', () => {
  it('have ceil(log2 size) bits an axis', () => {
    expect([1, 2, 3, 4, 5, 8, 9].map(bitsFor)).toEqual([0, 1, 2, 2, 3, 3, 4]);
    expect(variables([3, 1, 5])).toBe(5);
  });

  it('are evaluated as sums over their cells, zero outside the box', () => {
    const tensor = shape.chain((s) => {
      const cells = s.reduce((n, size) => n * size, 1);
      const values = fc.array(fc.integer({ min: -(2 ** 30), max: 2 ** 30 }), { minLength: cells, maxLength: cells });
      return fc.tuple(fc.constant(s), values, pointOf(variables(s)));
    });
    fc.assert(
      fc.property(tensor, ([s, values, r]) => {
        const axes = splitPoint(s, r);
        const weight = (flat: number): Ext => {
          let rest = flat;
          let e = Ext.ONE;
          for (let a = s.length - 1; a >= 0; a--) {
            e = e.mul(eqIndex(axes[a]!, rest % s[a]!));
            rest = Math.floor(rest / s[a]!);
          }
          return e;
        };
        expect(evaluateTensor(values, s, r)).toEqual(sum(values.map((v, i) => weight(i).mul(Ext.of(v)))));
        expect(boxAt(s, r)).toEqual(sum(values.map((_, i) => weight(i))));
      }),
      { numRuns: 200 },
    );
  });

  it('points are compared by value', () => {
    const r = [Ext.of(3), new Ext(1, 2, 3, 4)];
    expect(samePoint(r, [Ext.of(3), new Ext(1, 2, 3, 4)])).toBe(true);
    expect(samePoint(r, r.slice(1))).toBe(false);
    expect(samePoint(r, [Ext.of(3), new Ext(1, 2, 3, 5)])).toBe(false);
  });
});
