import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, fromInt, HALF, inv, inversePowerOfTwo, mul, neg, P, pow, sub, toInt } from '../../src/field/m31.ts';

const p = BigInt(P);
const edge = fc.constantFrom(0, 1, 2, HALF, P - 2, P - 1, 0xffff, 0x10000, 0x7fff0000);
const element = fc.oneof(fc.integer({ min: 0, max: P - 1 }), edge);

describe('F = Z/p agrees with integers modulo p', () => {
  it('in sums, differences, products', () => {
    fc.assert(
      fc.property(element, element, (a, b) => {
        expect(BigInt(add(a, b))).toBe((BigInt(a) + BigInt(b)) % p);
        expect(BigInt(sub(a, b))).toBe((p + BigInt(a) - BigInt(b)) % p);
        expect(BigInt(mul(a, b))).toBe((BigInt(a) * BigInt(b)) % p);
        expect(add(a, neg(a))).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  it('in inverses and powers', () => {
    fc.assert(
      fc.property(element, fc.nat(1000), (a, e) => {
        expect(mul(a, inv(a))).toBe(a === 0 ? 0 : 1);
        expect(pow(a, e + 1)).toBe(mul(pow(a, e), a));
      }),
    );
    expect(pow(7, P - 1)).toBe(1);
    expect(mul(HALF, 2)).toBe(1);
  });

  it('in powers of 1/2', () => {
    for (let s = 0; s < 70; s++) expect(mul(inversePowerOfTwo(s), pow(2, s))).toBe(1);
  });

  it('in signed integers', () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 30) + 1, max: 2 ** 30 - 1 }), (v) => {
        expect(toInt(fromInt(v))).toBe(v);
        expect(fromInt(v - P)).toBe(fromInt(v));
      }),
    );
    expect(Object.is(fromInt(-0), 0)).toBe(true);
    expect(fromInt(2 ** 53 - 1)).toBe(Number((2n ** 53n - 1n) % p));
    expect(fromInt(-(2 ** 53) + 1)).toBe(Number(((1n - 2n ** 53n) % p) + p));
  });
});
