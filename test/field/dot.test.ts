import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dot, dotPlanes, halvesOf, planesOf } from '../../src/field/dot.ts';
import { Ext } from '../../src/field/ext.ts';
import { fromInt, P, reduce } from '../../src/field/m31.ts';
import { element } from '../support/elements.ts';

const LARGEST = 2 ** 31 - 1;
const integer = fc.integer({ min: -LARGEST, max: LARGEST });
const mod = (v: bigint) => Number(((v % BigInt(P)) + BigInt(P)) % BigInt(P));

it('reduces every integer that doubles hold exactly', () => {
  const edge = 2 ** 53 - 2 ** 31;
  fc.assert(
    fc.property(fc.integer({ min: -edge, max: edge }), (v) => {
      expect(reduce(v)).toBe(fromInt(v));
    }),
  );
  for (let k = -4; k <= 4; k++) {
    for (const near of [0, P, -P, P * 2 ** 20, -P * 2 ** 20, edge - 8, 8 - edge]) {
      expect(Object.is(reduce(near + k), fromInt(near + k))).toBe(true);
    }
  }
});

it.each([0, 1, 31, 32, 33, 64, 257])('is the sum of %i products, at its limits too', (n) => {
  const check = (weights: number[], values: number[]) => {
    const sum = weights.reduce((s, w, i) => s + BigInt(w) * BigInt(values[i]!), 0n);
    expect(dot(halvesOf(weights), Float64Array.from([9, ...values]), 1)).toBe(mod(sum));
  };
  const weights = fc.array(fc.integer({ min: 0, max: P - 1 }), { minLength: n, maxLength: n });
  const values = fc.array(integer, { minLength: n, maxLength: n });
  fc.assert(fc.property(weights, values, check), { numRuns: 30 });
  for (const v of [LARGEST, -LARGEST]) check(new Array(n).fill(P - 1), new Array(n).fill(v));
});

it('takes vectors of E by their planes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: P - 1 }), element), { maxLength: 70 }), (pairs) => {
      const sum = pairs.reduce((s, [w, e]) => s.add(e.mulBase(w)), Ext.ZERO);
      expect(dotPlanes(halvesOf(pairs.map(([w]) => w)), planesOf(pairs.map(([, e]) => e)))).toEqual(sum);
    }),
  );
});
