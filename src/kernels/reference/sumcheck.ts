/**
 * Sumcheck rounds over products of multilinear tables: t(X) = t[x] + X dt, dt = t[half + x] - t[x], summed over x <
 * half.
 */
import { Ext } from '../../field/ext.ts';
import type { RawKernels } from '../kernels.ts';
import { loadExt, type Memory, storeScalars } from './memory.ts';

type SumcheckKernels = Pick<RawKernels, 'productRound' | 'tripleRound'>;

export function sumcheckKernels(m: Memory): SumcheckKernels {
  /** [t(0), dt] of the table at ptr. */
  const line = (ptr: number, half: number, x: number): [Ext, Ext] => {
    const t = loadExt(m, ptr, x);
    return [t, loadExt(m, ptr, half + x).sub(t)];
  };
  return {
    productRound(a, b, half, from, to, out) {
      let atZero = Ext.ZERO;
      let leading = Ext.ZERO;
      for (let x = from; x < to; x++) {
        const [a0, da] = line(a, half, x);
        const [b0, db] = line(b, half, x);
        atZero = atZero.add(a0.mul(b0));
        leading = leading.add(da.mul(db));
      }
      storeScalars(m, out, [atZero, leading]);
    },

    tripleRound(e, a, b, half, from, to, out) {
      let atZero = Ext.ZERO;
      let atMinusOne = Ext.ZERO;
      let leading = Ext.ZERO;
      for (let x = from; x < to; x++) {
        const [e0, de] = line(e, half, x);
        const [a0, da] = line(a, half, x);
        const [b0, db] = line(b, half, x);
        atZero = atZero.add(e0.mul(a0).mul(b0));
        atMinusOne = atMinusOne.add(e0.sub(de).mul(a0.sub(da)).mul(b0.sub(db)));
        leading = leading.add(de.mul(da).mul(db));
      }
      storeScalars(m, out, [atZero, atMinusOne, leading]);
    },
  };
}
