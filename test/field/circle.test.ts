import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  basisFactors,
  circleMul,
  circlePow,
  domainPoint,
  double,
  encode,
  GENERATOR,
  reverseBits,
  root,
} from '../../src/field/circle.ts';
import { add, mul, neg, P } from '../../src/field/m31.ts';

const domain = (n: number) => Array.from({ length: 2 ** n }, (_, j) => domainPoint(n, j));

/** sum_b c_b prod_j pi_j(x)^(b_j): the definition of a code point. */
function naive(c: readonly number[], x: number): number {
  const factors = basisFactors(x, Math.log2(c.length));
  return c.reduce((sum, v, b) => {
    return add(
      sum,
      factors.reduce((product, pi, j) => ((b >> j) & 1 ? mul(product, pi) : product), v),
    );
  }, 0);
}

const message = (m: number) => fc.array(fc.nat(P - 1), { minLength: 2 ** m, maxLength: 2 ** m });

describe('the circle group', () => {
  it('has a generator of order 2^31', () => {
    const half = circlePow(GENERATOR, 2 ** 30);
    expect(half).toEqual({ x: P - 1, y: 0 });
    expect(circleMul(half, half)).toEqual({ x: 1, y: 0 });
    expect(add(mul(GENERATOR.x, GENERATOR.x), mul(GENERATOR.y, GENERATOR.y))).toBe(1);
  });

  it('has roots Q_n of order 2^(n+2)', () => {
    for (const n of [1, 5, 29]) {
      expect(circlePow(root(n), 2 ** (n + 1))).toEqual({ x: P - 1, y: 0 });
    }
  });
});

describe('the domains D_n', () => {
  it.each([1, 2, 3, 6, 9])(
    'D_%i has 2^n points without 0, is closed under negation, and doubles onto the next',
    (n) => {
      const points = domain(n);
      const set = new Set(points);
      expect(set.size).toBe(2 ** n);
      expect(set.has(0)).toBe(false);
      points.forEach((x, j) => {
        expect(points[j ^ 1]).toBe(neg(x));
        if (n > 1) expect(double(x)).toBe(domainPoint(n - 1, j >> 1));
      });
    },
  );

  it('are disjoint', () => {
    const all = [1, 2, 3, 4, 5, 6, 7].flatMap(domain);
    expect(new Set(all).size).toBe(all.length);
  });

  it('reverse bits', () => {
    fc.assert(fc.property(fc.nat(2 ** 20 - 1), (v) => reverseBits(reverseBits(v, 20), 20) === v));
    expect(reverseBits(0b0011, 4)).toBe(0b1100);
  });
});

describe('the code', () => {
  it.each([
    [0, 3],
    [2, 2],
    [3, 5],
    [4, 6],
  ])('of 2^%i coefficients on D_%i is the naive evaluation', (m, n) => {
    fc.assert(
      fc.property(message(m), (c) => {
        expect(encode(c, n)).toEqual(domain(n).map((x) => naive(c, x)));
      }),
      { numRuns: 20 },
    );
  });

  it('is linear', () => {
    fc.assert(
      fc.property(message(3), message(3), fc.nat(P - 1), (a, b, k) => {
        const sum = encode(
          a.map((v, i) => add(v, mul(k, b[i]!))),
          5,
        );
        const [ea, eb] = [encode(a, 5), encode(b, 5)];
        expect(sum).toEqual(ea.map((v, j) => add(v, mul(k, eb[j]!))));
      }),
    );
  });

  it('has fewer than 2^m zeros in a word: it is Reed-Solomon', () => {
    fc.assert(
      fc.property(message(3), (c) => {
        const zeros = encode(c, 5).filter((v) => v === 0).length;
        expect(zeros).toBeLessThan(c.every((v) => v === 0) ? 33 : 8);
      }),
    );
  });

  it('refuses more coefficients than points', () => {
    expect(() => encode([0, 1], 0)).toThrow(RangeError);
  });
});
