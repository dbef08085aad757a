/**
 * Small integers times extension elements, the two passes over a matrix X of integers (protocol.md section 10):
 * X w over its columns (dotRows) and w^T X over its rows (foldRows).
 */
import { Ext } from '../../field/ext.ts';
import type { RawKernels } from '../kernels.ts';
import { loadExt, loadInt, type Memory, storeExt } from './memory.ts';

type MixedKernels = Pick<RawKernels, 'dotRowsI16' | 'dotRowsI32' | 'foldRowsI16' | 'foldRowsI32'>;

export function mixedKernels(m: Memory): MixedKernels {
  const term = (w: number, j: number, x: number, kind: number, cell: number): Ext =>
    loadExt(m, w, j).mulBase(Ext.of(loadInt(m, x, kind, cell)).a);

  const dotRows =
    (kind: number): RawKernels['dotRowsI16'] =>
    (x, stride, len, w, from, to, dst) => {
      for (let row = from; row < to; row++) {
        let sum = Ext.ZERO;
        for (let j = 0; j < len; j++) sum = sum.add(term(w, j, x, kind, row * stride + j));
        storeExt(m, dst, row, sum);
      }
    };

  const foldRows =
    (kind: number): RawKernels['foldRowsI16'] =>
    (x, stride, rows, w, from, to, dst) => {
      for (let j = from; j < to; j++) {
        let sum = loadExt(m, dst, j);
        for (let row = 0; row < rows; row++) sum = sum.add(term(w, row, x, kind, row * stride + j));
        storeExt(m, dst, j, sum);
      }
    };

  return { dotRowsI16: dotRows(2), dotRowsI32: dotRows(4), foldRowsI16: foldRows(2), foldRowsI32: foldRows(4) };
}
