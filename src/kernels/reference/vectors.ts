/**
 * Extension vectors: folding a variable, eq tables, inner and outer products.
 */
import { Ext } from '../../field/ext.ts';
import { eqTable } from '../../field/mle.ts';
import type { RawKernels } from '../kernels.ts';
import { loadExt, loadScalar, type Memory, storeExt, storeScalars } from './memory.ts';

type VectorKernels = Pick<
  RawKernels,
  | 'foldExt'
  | 'eqTable'
  | 'dotExt'
  | 'axpyExt'
  | 'outerExt'
  | 'zeroExt'
  | 'fillExt'
  | 'splitExt'
  | 'addPlanes'
  | 'moveExt'
  | 'dotRowsExt'
  | 'foldRowsExt'
>;

export function vectorKernels(m: Memory): VectorKernels {
  return {
    foldExt(src, half, from, to, r0, r1, r2, r3, dst) {
      const r = new Ext(r0, r1, r2, r3);
      for (let i = from; i < to; i++) {
        const low = loadExt(m, src, i);
        storeExt(m, dst, i, low.add(r.mul(loadExt(m, src, half + i).sub(low))));
      }
    },

    eqTable(coords, n, s0, s1, s2, s3, dst) {
      const r = Array.from({ length: n }, (_, i) => loadScalar(m, coords, i));
      for (const [i, x] of eqTable(r, new Ext(s0, s1, s2, s3)).entries()) storeExt(m, dst, i, x);
    },

    dotExt(a, b, from, to, out) {
      let sum = Ext.ZERO;
      for (let i = from; i < to; i++) sum = sum.add(loadExt(m, a, i).mul(loadExt(m, b, i)));
      storeScalars(m, out, [sum]);
    },

    axpyExt(dst, src, from, to, k0, k1, k2, k3) {
      const k = new Ext(k0, k1, k2, k3);
      for (let i = from; i < to; i++) storeExt(m, dst, i, loadExt(m, dst, i).add(k.mul(loadExt(m, src, i))));
    },

    outerExt(a, na, b, nb, dst) {
      for (let i = 0; i < na; i++) {
        const x = loadExt(m, a, i);
        for (let j = 0; j < nb; j++) storeExt(m, dst, i * nb + j, x.mul(loadExt(m, b, j)));
      }
    },

    zeroExt(dst, count) {
      for (let i = 0; i < count; i++) storeExt(m, dst, i, Ext.ZERO);
    },

    fillExt(dst, from, to, k0, k1, k2, k3) {
      for (let i = from; i < to; i++) storeExt(m, dst, i, new Ext(k0, k1, k2, k3));
    },

    addPlanes(dst, count, src, planeBytes) {
      for (let i = 0; i < count; i++) {
        const [a, b, c, d] = [0, 1, 2, 3].map((k) => m.u32[(src + k * planeBytes) / 4 + i]!);
        storeExt(m, dst, i, loadExt(m, dst, i).add(new Ext(a!, b!, c!, d!)));
      }
    },

    moveExt(src, from, dst, to, planes, fromPlane, toPlane, rows, fromRow, toRow, count, fromStep, toStep) {
      for (let a = 0; a < planes; a++) {
        for (let b = 0; b < rows; b++) {
          for (let i = 0; i < count; i++) {
            const x = loadExt(m, src, from + a * fromPlane + b * fromRow + i * fromStep);
            storeExt(m, dst, to + a * toPlane + b * toRow + i * toStep, x);
          }
        }
      }
    },

    dotRowsExt(x, stride, len, w, from, to, dst) {
      for (let row = from; row < to; row++) {
        let sum = Ext.ZERO;
        for (let j = 0; j < len; j++) sum = sum.add(loadExt(m, x, row * stride + j).mul(loadExt(m, w, j)));
        storeExt(m, dst, row, sum);
      }
    },

    foldRowsExt(x, skip, stride, rows, w, from, to, dst) {
      for (let j = from; j < to; j++) {
        let sum = loadExt(m, dst, j);
        for (let row = 0; row < rows; row++)
          sum = sum.add(loadExt(m, x, skip + row * stride + j).mul(loadExt(m, w, row)));
        storeExt(m, dst, j, sum);
      }
    },

    splitExt(src, count, dst, planeBytes) {
      for (let i = 0; i < count; i++) {
        const coordinates = loadExt(m, src, i).coordinates();
        coordinates.forEach((v, c) => {
          m.u32[(dst + c * planeBytes) / 4 + i] = v;
        });
      }
    },
  };
}
