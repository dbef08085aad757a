import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Ext, powers } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import { half, nextClaim } from '../../src/field/rounds.ts';
import { element } from '../support/elements.ts';

const i = new Ext(0, 1, 0, 0);
const u = new Ext(0, 0, 1, 0);

/** x^(p^k), by squaring; p^k has 31 k bits, all computed from its binary digits. */
function power(x: Ext, e: bigint): Ext {
  let r = Ext.ONE;
  let b = x;
  for (let n = e; n > 0n; n >>= 1n) {
    if (n & 1n) r = r.mul(b);
    b = b.mul(b);
  }
  return r;
}

describe('E = QM31', () => {
  it('has i^2 = -1 and u^2 = 2 + i', () => {
    expect(i.mul(i)).toEqual(Ext.of(-1));
    expect(u.mul(u)).toEqual(new Ext(2, 1, 0, 0));
  });

  it('is a commutative ring', () => {
    fc.assert(
      fc.property(element, element, element, (x, y, z) => {
        expect(x.mul(y)).toEqual(y.mul(x));
        expect(x.mul(y).mul(z)).toEqual(x.mul(y.mul(z)));
        expect(x.mul(y.add(z))).toEqual(x.mul(y).add(x.mul(z)));
        expect(x.add(y).sub(y)).toEqual(x);
        expect(x.add(x.neg())).toEqual(Ext.ZERO);
        expect(x.mul(Ext.ONE)).toEqual(x);
        expect(x.scale(y)).toEqual(x.mul(y));
        expect(
          x
            .mul(y)
            .coordinates()
            .every((c) => c >= 0 && c < P),
        ).toBe(true);
      }),
    );
  });

  it('multiplies the largest and the smallest coordinates exactly', () => {
    const edges = [0, 1, 2, 0xffff, 0x10000, 0x3fffffff, 0x40000000, P - 0x10000, P - 2, P - 1];
    const exact = (x: number, y: number) => BigInt(x) * BigInt(y);
    const mod = (v: bigint) => Number(((v % BigInt(P)) + BigInt(P)) % BigInt(P));
    for (const v of edges) {
      for (const w of edges) {
        const vary = (k: number) => [0, 1, 2, 3].map((n) => ((k >> n) & 1 ? w : v)) as [number, number, number, number];
        for (let k = 0; k < 16; k++) {
          const [a, b, c, d] = vary(k);
          const [e, f, g, h] = vary(15 - k);
          const re = exact(c, g) - exact(d, h);
          const im = exact(c, h) + exact(d, g);
          expect(new Ext(a, b, c, d).mul(new Ext(e, f, g, h)).coordinates()).toEqual([
            mod(exact(a, e) - exact(b, f) + 2n * re - im),
            mod(exact(a, f) + exact(b, e) + re + 2n * im),
            mod(exact(a, g) - exact(b, h) + exact(c, e) - exact(d, f)),
            mod(exact(a, h) + exact(b, g) + exact(c, f) + exact(d, e)),
          ]);
        }
      }
    }
  });

  it('has an inverse of everything but zero', () => {
    fc.assert(
      fc.property(element, (x) => {
        expect(x.mul(x.inv())).toEqual(x.isZero() ? Ext.ZERO : Ext.ONE);
      }),
    );
  });

  it('is a field of p^4 elements: Frobenius has order 4 and fixes F alone', () => {
    const p = BigInt(P);
    const x = new Ext(3, 1, 4, 1);
    expect(power(x, p ** 4n)).toEqual(x);
    expect(power(x, p ** 2n)).not.toEqual(x);
    expect(power(Ext.of(12345), p)).toEqual(Ext.of(12345));
    expect(power(i, p)).toEqual(i.neg());
    // 2 + i is no square in CM31
    expect(power(new Ext(2, 1, 0, 0), (p ** 2n - 1n) / 2n)).toEqual(Ext.of(-1));
  });

  it('multiplies by base elements and lists powers', () => {
    fc.assert(
      fc.property(element, fc.nat(P - 1), (x, k) => {
        expect(x.mulBase(k)).toEqual(x.mul(new Ext(k, 0, 0, 0)));
        expect(powers(x, 4)).toEqual([Ext.ONE, x, x.mul(x), x.mul(x).mul(x)]);
      }),
    );
    expect(powers(u, 0)).toEqual([]);
  });
});

describe('messages of a sumcheck', () => {
  it('give s(r) without the linear coefficient', () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 3, maxLength: 4 }), element, (c, r) => {
        const at = (x: Ext) => c.reduceRight((sum, k) => sum.mul(x).add(k), Ext.ZERO);
        const claim = at(Ext.ZERO).add(at(Ext.ONE));
        expect(nextClaim(claim, [c[0]!, ...c.slice(2)], r)).toEqual(at(r));
      }),
    );
  });

  it('halve k times', () => {
    for (let k = 0; k < 40; k++) expect(half(k).mul(power(Ext.of(2), BigInt(k)))).toEqual(Ext.ONE);
  });
});
