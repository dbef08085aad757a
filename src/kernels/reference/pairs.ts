/**
 * The sumcheck over the leaves of the fraction tree: sum_x eq(x) (A B - p0 p1), with the quads of p0 and p1 as patterns.
 */
import { Ext } from '../../field/ext.ts';
import type { RawKernels } from '../kernels.ts';
import { loadExt, loadScalar, type Memory, storeExt, storeScalars } from './memory.ts';

type PairKernels = Pick<RawKernels, 'pairFirst' | 'pairNext' | 'pairPatterns' | 'patternProducts' | 'patternFold'>;

/** Bytes of a pattern, and of one of its quads. */
const PATTERN = 128;
const QUAD = 64;

export function pairKernels(m: Memory): PairKernels {
  const entry = (t: number, i: number, length: number, empty: Ext): Ext => (i < length ? loadExt(m, t, i) : empty);

  const pairFirst: RawKernels['pairFirst'] = (
    a,
    b,
    half,
    length,
    empty,
    ids,
    products,
    eqLo,
    loBits,
    eqHi,
    from,
    to,
    out,
  ) => {
    const outside = loadScalar(m, empty);
    let atZero = Ext.ZERO;
    let leading = Ext.ZERO;
    for (let x = from; x < to; x++) {
      const eq = loadExt(m, eqHi, x >>> loBits).mul(loadExt(m, eqLo, x & (2 ** loBits - 1)));
      const product = products + PATTERN * m.u32[ids / 4 + (x >>> 2)]!;
      const [a0, b0] = [loadExt(m, a, x), loadExt(m, b, x)];
      const da = entry(a, half + x, length, outside).sub(a0);
      const db = entry(b, half + x, length, outside).sub(b0);
      atZero = atZero.add(eq.mul(a0.mul(b0).sub(loadExt(m, product, x % 4))));
      leading = leading.add(eq.mul(da.mul(db).sub(loadExt(m, product + QUAD, x % 4))));
    }
    storeScalars(m, out, [atZero, leading]);
  };

  /** f of the two patterns of pair i, element by element: index 0 .. 7, p0 then p1. */
  const fold = (patterns: number, pairs: number, i: number): ((r: Ext, k: number) => Ext) => {
    const [lo, hi] = [m.u32[pairs / 4 + 2 * i]!, m.u32[pairs / 4 + 2 * i + 1]!];
    return (r, k) => {
      const low = loadExt(m, patterns + PATTERN * lo, k);
      return low.add(r.mul(loadExt(m, patterns + PATTERN * hi, k).sub(low)));
    };
  };

  return {
    pairFirst,

    pairNext(a, b, quarter, length, r, empty, ids, products, eqLo, loBits, eqHi, from, to, out) {
      const challenge = loadScalar(m, r);
      const outside = loadScalar(m, empty);
      for (const t of [a, b]) {
        for (let x = from; x < to; x++) {
          for (const i of [x, quarter + x]) {
            if (i >= length) continue;
            const low = loadExt(m, t, i);
            storeExt(m, t, i, low.add(challenge.mul(entry(t, 2 * quarter + i, length, outside).sub(low))));
          }
        }
      }
      const left = Math.min(length, 2 * quarter);
      pairFirst(a, b, quarter, left, empty, ids, products, eqLo, loBits, eqHi, from, to, out);
    },

    pairPatterns(ids, half, length, _slots, slotBits, pairs, dst) {
      const numbers = new Map<string, number>([['0,0', 0]]);
      m.u32.fill(0, pairs / 4, pairs / 4 + 2);
      for (let x = 0; x < Math.min(half, length); x++) {
        const lo = m.u32[ids / 4 + x]!;
        const hi = half + x < length ? m.u32[ids / 4 + half + x]! : 0;
        const key = `${lo},${hi}`;
        if (!numbers.has(key)) {
          if (numbers.size >= 2 ** (slotBits - 1)) return -1;
          m.u32.set([lo, hi], pairs / 4 + 2 * numbers.size);
          numbers.set(key, numbers.size);
        }
        m.u32[dst / 4 + x] = numbers.get(key)!;
      }
      return numbers.size;
    },

    patternProducts(patterns, pairs, from, to, constant, dst) {
      for (let i = from; i < to; i++) {
        const at = fold(patterns, pairs, i);
        const difference = (k: number): Ext => at(Ext.ONE, k).sub(at(Ext.ZERO, k));
        for (let k = 0; k < 4; k++) {
          const product = at(Ext.ZERO, k).mul(at(Ext.ZERO, 4 + k));
          storeExt(m, dst + PATTERN * i, k, product.add(loadScalar(m, constant)));
          storeExt(m, dst + PATTERN * i, 4 + k, difference(k).mul(difference(4 + k)));
        }
      }
    },

    patternFold(patterns, pairs, from, to, r, dst) {
      for (let i = from; i < to; i++) {
        const at = fold(patterns, pairs, i);
        for (let k = 0; k < 8; k++) storeExt(m, dst + PATTERN * i, k, at(loadScalar(m, r), k));
      }
    },
  };
}
