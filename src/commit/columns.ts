/** Committing to columns of integers: upload, pack, encode, hash; in zero knowledge with random coefficients, and with the mask's rows. */
import type { Machine } from '../kernels/kernels.ts';
import { type Parameters, tailOf } from '../soundness/parameters.ts';
import { isSalted } from './codewords.ts';
import { commitRows, type Keep, type MatrixCommitment } from './matrix.ts';
import { type PackedSource, packMatrix } from './pack.ts';
import type { Packing } from './packing.ts';
import { fillElements, randomElements, USE } from './secret.ts';

/** Base rows of a mask: one uniform vector over E. */
export const MASK_ROWS = 4;

export interface ColumnCommitment {
  readonly commitment: MatrixCommitment;
  /** Message rows, contiguous base words; those of the mask, where there is one, are the last. */
  readonly messages: number;
  /** Random coefficients of the rows, T words each, contiguous; 0 where the matrix hides nothing. */
  readonly tails: number;
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

/** How a commitment hides: behind the randomness of this secret; the mask of its class may be in it. */
export interface HidingColumns {
  readonly secret: Uint8Array;
  readonly mask: 'with mask' | 'no mask';
}

export interface CommitOptions {
  /** Without it, anybody who has the columns gets the same root, whatever the tail of the parameters. */
  readonly hiding?: HidingColumns | undefined;
  /** Default: codewords. */
  readonly keep?: Keep;
  /** For tests that lie: it sees the message words before they are encoded. */
  readonly tamper?: ((machine: Machine, words: number, count: number) => void) | undefined;
}

/** `columns` in the packing's order. */
export function commitColumns(
  m: Machine,
  packing: Packing,
  columns: readonly PackedSource[],
  parameters: Parameters,
  twiddles: number,
  { hiding, keep = 'codewords', tamper }: CommitOptions = {},
): ColumnCommitment {
  const { rowBits, rateBits } = parameters;
  const extra = hiding?.mask === 'with mask' ? MASK_ROWS : 0;
  const messages = packMatrix(m, packing, columns, extra);
  tamper?.(m, messages, packing.rows * 2 ** rowBits);
  const count = packing.rows + extra;
  const rows = Array.from({ length: count }, (_, i) => messages + 4 * i * 2 ** rowBits);
  if (hiding === undefined) {
    const commitment = commitRows(m, rows, rowBits, rowBits + rateBits, twiddles, undefined, keep);
    return { commitment, messages, tails: 0 };
  }
  const { secret } = hiding;
  fillElements(m, secret, USE.mask, messages + 4 * packing.rows * 2 ** rowBits, extra * 2 ** rowBits);
  const tail = tailOf(parameters);
  const tails = randomElements(m, secret, USE.tails, count * tail);
  const salts = isSalted(packing.rows) ? secret : undefined;
  const random = { tails: rows.map((_, i) => tails + 4 * i * tail), tail, salts };
  return { commitment: commitRows(m, rows, rowBits, rowBits + rateBits, twiddles, random, keep), messages, tails };
}
