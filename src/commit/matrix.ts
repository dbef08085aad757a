/**
 * Committing to a matrix: every row is encoded over D_n, leaf j of the Merkle tree is the hash of column j (docs/spec/30-commitment.md).
 * A matrix over E is a matrix over F with four rows for each of its own.
 *
 * A hiding matrix has T random coefficients behind each row's message, on the basis elements 2^m .. 2^m + T - 1, which are pi_m times the first
 * T: pi_m has no zero on D_n, so any T distinct columns are independent and uniform. A salt goes into every leaf's hash, because a column
 * that nobody opened can be guessed where a row is known.
 */
import type { Machine } from '../kernels/kernels.ts';
import { forRanges } from '../kernels/vectors.ts';
import { siblingPositions } from './merkle.ts';
import { fillWords, USE } from './secret.ts';

/** Words of a leaf's salt, behind the column's cells. */
export const SALT_WORDS = 8;

export interface MatrixCommitment {
  /** Base rows of codewords, and of the salt where the matrix hides. */
  readonly words: number;
  readonly domainBits: number;
  /** Codewords and salts, words x 2^n, row-major. */
  readonly codewords: number;
  /** Digests of each level, leaves first; 32 bytes a node. */
  readonly levels: readonly number[];
  readonly root: Uint8Array;
}

/** What makes a matrix hide: random coefficients of every row, and the secret that salts come from. */
export interface Hiding {
  /** A pointer for each row. */
  readonly tails: readonly number[];
  /** T words each, at most 2^messageBits. */
  readonly tail: number;
  readonly secret: Uint8Array;
}

/** Twiddle factors for domains up to 2^n. */
export function prepareTwiddles(m: Machine, domainBits: number): number {
  const twiddles = m.alloc(4 * 2 ** domainBits);
  m.raw.twiddles(domainBits, twiddles);
  return twiddles;
}

/** `rows`: pointers to base vectors of 2^messageBits. */
export function commitRows(
  m: Machine,
  rows: readonly number[],
  messageBits: number,
  domainBits: number,
  twiddles: number,
  hiding?: Hiding,
): MatrixCommitment {
  const length = 2 ** domainBits;
  const words = rows.length + (hiding === undefined ? 0 : SALT_WORDS);
  const codewords = m.alloc(4 * words * length);
  const codeword = (row: number) => codewords + 4 * length * row;
  const joined = hiding !== undefined && hiding.tail > 0;
  if (joined) {
    m.fork(
      'joinRow',
      rows.map((row, i) => [row, messageBits, hiding.tails[i]!, hiding.tail, codeword(i)]),
    );
  }
  m.fork(
    'encodeRow',
    rows.map((row, i) =>
      joined
        ? [codeword(i), messageBits + 1, codeword(i), domainBits, twiddles]
        : [row, messageBits, codeword(i), domainBits, twiddles],
    ),
  );
  if (hiding !== undefined) fillWords(m, hiding.secret, USE.salts, codeword(rows.length), SALT_WORDS * length);
  const leaves = m.alloc(32 * length);
  forRanges(m, 'hashColumns', length, 128, (from, to) => [codewords, words, length, from, to, leaves]);
  const levels = [leaves];
  for (let count = length / 2; count >= 1; count /= 2) {
    const child = levels.at(-1)!;
    const nodes = m.alloc(32 * count);
    forRanges(m, 'hashParents', count, 512, (from, to) => [child, from, to, nodes]);
    levels.push(nodes);
  }
  const root = m.u8(levels.at(-1)!, 32).slice();
  return { words, domainBits, codewords, levels, root };
}

/** Columns at ascending positions, salts included, then the multiproof's siblings. */
export function openColumns(m: Machine, matrix: MatrixCommitment, positions: readonly number[]): Uint8Array {
  const { words, domainBits, codewords, levels } = matrix;
  const siblings = siblingPositions(positions, domainBits);
  const count = siblings.reduce((n, level) => n + level.length, 0);
  const out = new Uint8Array(4 * words * positions.length + 32 * count);
  const columns = new Uint32Array(out.buffer, 0, words * positions.length);
  const cells = m.u32(codewords, words * 2 ** domainBits);
  positions.forEach((p, i) => {
    for (let row = 0; row < words; row++) columns[i * words + row] = cells[row * 2 ** domainBits + p]!;
  });
  let at = 4 * words * positions.length;
  siblings.forEach((level, k) => {
    for (const s of level) {
      out.set(m.u8(levels[k]! + 32 * s, 32), at);
      at += 32;
    }
  });
  return out;
}
