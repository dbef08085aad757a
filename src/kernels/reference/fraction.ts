/**
 * The fraction tree of logUp-GKR: p/q = p0/q0 + p1/q1, that is p = p0 q1 + p1 q0 and q = q0 q1 (protocol.md section 9).
 * A layer is stored split: the nodes 2i first, then the nodes 2i + 1.
 */
import { Ext } from '../../field/ext.ts';
import type { RawKernels } from '../kernels.ts';
import { loadExt, loadScalar, type Memory, splitPosition, storeExt, storeScalars } from './memory.ts';

type FractionKernels = Pick<RawKernels, 'fractionUp' | 'fractionFirst' | 'fractionNext'>;

/** p0, p1, q0, q1: pointers. */
type Tables = readonly [number, number, number, number];

export function fractionKernels(m: Memory): FractionKernels {
  /** The four entries at i: p1 stands for p1 + lambda q1. */
  const entry = (tables: Tables, i: number, length: number, lambda: Ext): Ext[] =>
    i < length ? tables.map((t) => loadExt(m, t, i)) : [Ext.ZERO, lambda, Ext.ONE, Ext.ONE];

  const sums = (
    tables: Tables,
    [half, length, from, to]: readonly [number, number, number, number],
    lambda: Ext,
    eq: (x: number) => Ext,
    out: number,
  ): void => {
    let atZero = Ext.ZERO;
    let leading = Ext.ZERO;
    for (let x = from; x < to; x++) {
      const [p0, p1, q0, q1] = entry(tables, x, length, lambda) as [Ext, Ext, Ext, Ext];
      const high = entry(tables, half + x, length, lambda) as [Ext, Ext, Ext, Ext];
      const [dp0, dp1, dq0, dq1] = [high[0].sub(p0), high[1].sub(p1), high[2].sub(q0), high[3].sub(q1)];
      atZero = atZero.add(eq(x).mul(p0.mul(q1).add(p1.mul(q0)).sub(lambda)));
      leading = leading.add(eq(x).mul(dp0.mul(dq1).add(dp1.mul(dq0))));
    }
    storeScalars(m, out, [atZero, leading]);
  };

  const eqAt = (lo: number, loBits: number, hi: number) => (x: number) =>
    loadExt(m, hi, x >>> loBits).mul(loadExt(m, lo, x & (2 ** loBits - 1)));

  return {
    fractionUp(p, q, half, from, to, pDst, qDst, dstHalf) {
      for (let x = from; x < to; x++) {
        const [p0, p1] = [loadExt(m, p, x), loadExt(m, p, half + x)];
        const [q0, q1] = [loadExt(m, q, x), loadExt(m, q, half + x)];
        const i = splitPosition(x, dstHalf);
        storeExt(m, pDst, i, p0.mul(q1).add(p1.mul(q0)));
        storeExt(m, qDst, i, q0.mul(q1));
      }
    },

    fractionFirst(p0, p1, q0, q1, half, length, lambda, eqLo, loBits, eqHi, from, to, out) {
      const scale = loadScalar(m, lambda);
      for (let x = from; x < to; x++) {
        for (const i of [x, half + x]) {
          if (i < length) storeExt(m, p1, i, loadExt(m, p1, i).add(scale.mul(loadExt(m, q1, i))));
        }
      }
      sums([p0, p1, q0, q1], [half, length, from, to], scale, eqAt(eqLo, loBits, eqHi), out);
    },

    fractionNext(p0, p1, q0, q1, quarter, length, r, lambda, eqLo, loBits, eqHi, from, to, out) {
      const tables = [p0, p1, q0, q1] as const;
      const scale = loadScalar(m, lambda);
      const challenge = loadScalar(m, r);
      for (let x = from; x < to; x++) {
        for (const i of [x, quarter + x]) {
          if (i >= length) continue;
          const low = entry(tables, i, length, scale);
          const high = entry(tables, 2 * quarter + i, length, scale);
          for (const [k, t] of tables.entries()) {
            storeExt(m, t, i, low[k]!.add(challenge.mul(high[k]!.sub(low[k]!))));
          }
        }
      }
      const left = Math.min(length, 2 * quarter);
      sums(tables, [quarter, left, from, to], scale, eqAt(eqLo, loBits, eqHi), out);
    },
  };
}
