/** Committing to columns of integers: upload, pack, encode, hash. */
import type { Machine } from '../kernels/kernels.ts';
import type { Parameters } from '../soundness/parameters.ts';
import { commitRows, type MatrixCommitment } from './matrix.ts';
import { type PackedSource, packMatrix } from './pack.ts';
import type { Packing } from './packing.ts';

export interface ColumnCommitment {
  readonly commitment: MatrixCommitment;
  /** Message rows, contiguous base words. */
  readonly messages: number;
}

/** Integer values in kernel memory. */
export interface Uploaded extends PackedSource {
  readonly length: number;
}

export function uploadIntegers(m: Machine, values: Int16Array | Int32Array): Uploaded {
  const kind = values.BYTES_PER_ELEMENT as 2 | 4;
  const ptr = m.alloc(kind * values.length);
  if (kind === 2) m.i16(ptr, values.length).set(values);
  else m.i32(ptr, values.length).set(values);
  return { kind, ptr, length: values.length };
}

/** `columns` in the packing's order. `tamper` is for tests that lie: it sees the message words before they are encoded. */
export function commitColumns(
  m: Machine,
  packing: Packing,
  columns: readonly PackedSource[],
  { rowBits, rateBits }: Parameters,
  twiddles: number,
  tamper?: (machine: Machine, words: number, count: number) => void,
): ColumnCommitment {
  const messages = packMatrix(m, packing, columns);
  tamper?.(m, messages, packing.rows * 2 ** rowBits);
  const rows = Array.from({ length: packing.rows }, (_, i) => messages + 4 * i * 2 ** rowBits);
  return { commitment: commitRows(m, rows, rowBits, rowBits + rateBits, twiddles), messages };
}
