/**
 * Committing to a matrix: every row is encoded over D_n (codewords.ts), leaf j of the Merkle tree is the hash of column j
 * (docs/spec/30-commitment.md). A matrix over E is a matrix over F with four rows for each of its own.
 */
import type { Machine } from '../kernels/kernels.ts';
import { forRanges } from '../kernels/vectors.ts';
import { NODE_BYTES } from '../soundness/parameters.ts';
import { Codewords, type Hiding } from './codewords.ts';
import { ColumnHash } from './column-hash.ts';
import { siblingPositions } from './merkle.ts';

export interface MatrixCommitment {
  /** Base rows of codewords, and of the salt where the matrix hides. */
  readonly words: number;
  readonly domainBits: number;
  /** The cells of columns, one column after the other, salts included. */
  readonly columns: (positions: readonly number[]) => Uint32Array;
  /** Digests of each level, leaves first; 32 bytes each, of which a node is the first 28. */
  readonly levels: readonly number[];
  readonly root: Uint8Array;
}

/** Whether codewords stay in memory, or are made again when columns are opened. */
export type Keep = 'codewords' | 'digests';

/** Twiddle factors for domains up to 2^n. */
export function prepareTwiddles(m: Machine, domainBits: number): number {
  const twiddles = m.alloc(4 * 2 ** domainBits);
  m.raw.twiddles(domainBits, twiddles);
  return twiddles;
}

/** `rows`: pointers to base vectors of 2^messageBits. They, tails and twiddles stay where they are while columns may be opened. */
export function commitRows(
  m: Machine,
  rows: readonly number[],
  messageBits: number,
  domainBits: number,
  twiddles: number,
  hiding?: Hiding,
  keep: Keep = 'codewords',
): MatrixCommitment {
  const length = 2 ** domainBits;
  const source = new Codewords(m, rows, messageBits, domainBits, twiddles, hiding);
  const { words } = source;
  const stored = keep === 'codewords' ? m.alloc(4 * words * length) : undefined;
  const leaves = m.alloc(32 * length);
  const mark = m.mark();
  const hash = new ColumnHash(m, words, length, leaves);
  source.forGroups(stored, (codewords, first, count) => hash.absorb(codewords, first, count));
  m.release(mark);
  const levels = [leaves];
  for (let count = length / 2; count >= 1; count /= 2) {
    const child = levels.at(-1)!;
    const nodes = m.alloc(32 * count);
    forRanges(m, 'hashParents', count, 512, (from, to) => [child, from, to, nodes]);
    levels.push(nodes);
  }
  const columns = (positions: readonly number[]) => source.columns(stored, positions);
  return { words, domainBits, columns, levels, root: m.u8(levels.at(-1)!, 32).slice() };
}

/** Columns at ascending positions, salts included, then the multiproof's siblings. */
export function openColumns(m: Machine, matrix: MatrixCommitment, positions: readonly number[]): Uint8Array {
  const { words, domainBits, columns, levels } = matrix;
  const siblings = siblingPositions(positions, domainBits);
  const count = siblings.reduce((n, level) => n + level.length, 0);
  const out = new Uint8Array(4 * words * positions.length + NODE_BYTES * count);
  new Uint32Array(out.buffer, 0, words * positions.length).set(columns(positions));
  let at = 4 * words * positions.length;
  siblings.forEach((level, k) => {
    for (const s of level) {
      out.set(m.u8(levels[k]! + 32 * s, NODE_BYTES), at);
      at += NODE_BYTES;
    }
  });
  return out;
}
