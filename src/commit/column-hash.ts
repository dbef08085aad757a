/**
 * BLAKE3 of columns whose words come a few rows at a time. A column of more than 256 words is a tree over chunks of as many: chaining values
 * of subtrees wait until their right neighbour is there, as in the BLAKE3 paper, section 5.1.2.
 */
import type { Machine } from '../kernels/kernels.ts';
import { forRanges } from '../kernels/vectors.ts';

/** Words of a chunk. */
const CHUNK = 256;

/** Columns of a task. */
const GRAIN = 128;

export class ColumnHash {
  readonly #machine: Machine;
  readonly #total: number;
  readonly #columns: number;
  /** 32 bytes a column each: subtrees that wait, the largest first, and the present chunk. */
  readonly #values: number[];
  /** Subtrees that wait. */
  #depth = 0;

  /** Columns of `total` words; their digests are at `dst` in the end. */
  constructor(m: Machine, total: number, columns: number, dst: number) {
    this.#machine = m;
    this.#total = total;
    this.#columns = columns;
    const chunks = Math.max(1, Math.ceil(total / CHUNK));
    const waiting = Math.ceil(Math.log2(chunks));
    this.#values = [dst, ...Array.from({ length: waiting }, () => m.alloc(32 * columns))];
  }

  /** Words first .. first + count of every column, row-major; all of them in order, none across a multiple of 256. */
  absorb(words: number, first: number, count: number): void {
    const [total, columns] = [this.#total, this.#columns];
    const dst = this.#values[this.#depth]!;
    forRanges(this.#machine, 'hashColumns', columns, GRAIN, (from, to) => {
      return [words, count, columns, from, to, dst, first, total];
    });
    const end = first + count;
    if (end === total) while (this.#depth > 0) this.#join(this.#depth === 1);
    else if (end % CHUNK === 0) {
      for (let done = end / CHUNK; done % 2 === 0; done /= 2) this.#join(false);
      this.#depth++;
    }
  }

  /** The last subtree becomes the right half of the one that waits for it. */
  #join(isRoot: boolean): void {
    const [left, right] = [this.#values[this.#depth - 1]!, this.#values[this.#depth]!];
    forRanges(this.#machine, 'joinColumns', this.#columns, GRAIN, (from, to) => {
      return [left, right, isRoot ? 1 : 0, from, to, left];
    });
    this.#depth--;
  }
}
