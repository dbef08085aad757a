/**
 * Committing to a matrix: every row is encoded over D_n, leaf j of the Merkle tree is the hash of column j (docs/spec/30-commitment.md).
 * A matrix over E is a matrix over F with four rows for each of its own.
 */
import type { Machine } from '../kernels/kernels.ts';
import { forRanges } from '../kernels/vectors.ts';
import { siblingPositions } from './merkle.ts';

export interface MatrixCommitment {
  /** Base rows. */
  readonly rows: number;
  readonly domainBits: number;
  /** Codewords, rows x 2^n words, row-major. */
  readonly codewords: number;
  /** Digests of each level, leaves first; 32 bytes a node. */
  readonly levels: readonly number[];
  readonly root: Uint8Array;
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
): MatrixCommitment {
  const length = 2 ** domainBits;
  const codewords = m.alloc(4 * rows.length * length);
  m.fork(
    'encodeRow',
    rows.map((row, i) => [row, messageBits, codewords + 4 * length * i, domainBits, twiddles]),
  );
  const leaves = m.alloc(32 * length);
  forRanges(m, 'hashColumns', length, 128, (from, to) => [codewords, rows.length, length, from, to, leaves]);
  const levels = [leaves];
  for (let count = length / 2; count >= 1; count /= 2) {
    const child = levels.at(-1)!;
    const nodes = m.alloc(32 * count);
    forRanges(m, 'hashParents', count, 512, (from, to) => [child, from, to, nodes]);
    levels.push(nodes);
  }
  const root = m.u8(levels.at(-1)!, 32).slice();
  return { rows: rows.length, domainBits, codewords, levels, root };
}

/** Columns at ascending positions, then the multiproof's siblings. */
export function openColumns(m: Machine, matrix: MatrixCommitment, positions: readonly number[]): Uint8Array {
  const { rows, domainBits, codewords, levels } = matrix;
  const siblings = siblingPositions(positions, domainBits);
  const count = siblings.reduce((n, level) => n + level.length, 0);
  const out = new Uint8Array(4 * rows * positions.length + 32 * count);
  const columns = new Uint32Array(out.buffer, 0, rows * positions.length);
  const words = m.u32(codewords, rows * 2 ** domainBits);
  positions.forEach((p, i) => {
    for (let row = 0; row < rows; row++) columns[i * rows + row] = words[row * 2 ** domainBits + p]!;
  });
  let at = 4 * rows * positions.length;
  siblings.forEach((level, k) => {
    for (const s of level) {
      out.set(m.u8(levels[k]! + 32 * s, 32), at);
      at += 32;
    }
  });
  return out;
}
