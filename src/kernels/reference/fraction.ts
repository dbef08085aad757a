/**
 * The fraction tree of logUp-GKR: p/q = p0/q0 + p1/q1, that is p = p0 q1 + p1 q0 and q = q0 q1 (protocol.md section 9).
 * A layer is stored split: the nodes 2i first, then the nodes 2i + 1.
 */
import { Ext } from '../../field/ext.ts';
import type { RawKernels } from '../kernels.ts';
import { loadExt, loadInt, loadScalar, type Memory, storeExt, storeScalars } from './memory.ts';

type FractionKernels = Pick<
  RawKernels,
  'fractionUp' | 'fractionRound' | 'fractionFoldRound' | 'leafRows' | 'fillLeaves'
>;

/** Where node i of a layer of 2 half nodes is stored. */
function splitPosition(i: number, half: number): number {
  return (i % 2) * half + Math.floor(i / 2);
}

export function fractionKernels(m: Memory): FractionKernels {
  /** t[i] <- t[i] + r (t[span + i] - t[i]) */
  const fold = (t: number, span: number, i: number, r: Ext): void => {
    const low = loadExt(m, t, i);
    storeExt(m, t, i, low.add(r.mul(loadExt(m, t, span + i).sub(low))));
  };

  const fractionRound: RawKernels['fractionRound'] = (p0, p1, q0, q1, half, eqLo, loBits, eqHi, from, to, out) => {
    let atZero = Ext.ZERO;
    let leading = Ext.ZERO;
    for (let x = from; x < to; x++) {
      const eq = loadExt(m, eqHi, x >>> loBits).mul(loadExt(m, eqLo, x & (2 ** loBits - 1)));
      const t = [p0, p1, q0, q1].map((v) => loadExt(m, v, x));
      const d = [p0, p1, q0, q1].map((v, i) => loadExt(m, v, half + x).sub(t[i]!));
      atZero = atZero.add(eq.mul(t[0]!.mul(t[3]!).add(t[1]!.mul(t[2]!))));
      leading = leading.add(eq.mul(d[0]!.mul(d[3]!).add(d[1]!.mul(d[2]!))));
    }
    storeScalars(m, out, [atZero, leading]);
  };

  return {
    fractionRound,

    fractionUp(p, q, half, from, to, pDst, qDst) {
      for (let x = from; x < to; x++) {
        const [p0, p1] = [loadExt(m, p, x), loadExt(m, p, half + x)];
        const [q0, q1] = [loadExt(m, q, x), loadExt(m, q, half + x)];
        const i = splitPosition(x, half / 2);
        storeExt(m, pDst, i, p0.mul(q1).add(p1.mul(q0)));
        storeExt(m, qDst, i, q0.mul(q1));
      }
    },

    fractionFoldRound(p0, p1, q0, q1, quarter, r0, r1, r2, r3, eqLo, loBits, eqHi, from, to, out) {
      const r = new Ext(r0, r1, r2, r3);
      for (const t of [p0, p1, q0, q1]) {
        for (let x = from; x < to; x++) {
          fold(t, 2 * quarter, x, r);
          fold(t, 2 * quarter, quarter + x, r);
        }
      }
      fractionRound(p0, p1, q0, q1, quarter, eqLo, loBits, eqHi, from, to, out);
    },

    leafRows(x0, x0Kind, x1, x1Kind, counts, rows, rowLen, paddedLen, leafIndex, half, c, beta, p, q) {
      const constant = loadScalar(m, c);
      const scale = loadScalar(m, beta);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < rowLen; i++) {
          const cell = row * rowLen + i;
          const position = splitPosition(leafIndex + row * paddedLen + i, half);
          let denominator = constant;
          if (x0Kind !== 0) denominator = denominator.sub(Ext.of(loadInt(m, x0, x0Kind, cell)));
          if (x1Kind !== 0) denominator = denominator.sub(scale.mul(Ext.of(loadInt(m, x1, x1Kind, cell))));
          storeExt(m, p, position, counts === 0 ? Ext.ONE : Ext.of(-loadInt(m, counts, 4, cell)));
          storeExt(m, q, position, denominator);
        }
      }
    },

    fillLeaves(p, q, from, to) {
      for (let i = from; i < to; i++) {
        storeExt(m, p, i, Ext.ZERO);
        storeExt(m, q, i, Ext.ONE);
      }
    },
  };
}
