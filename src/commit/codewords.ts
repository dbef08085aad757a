/**
 * The codewords of a matrix over D_n, made as often as they are needed, a few rows at a time.
 *
 * A hiding matrix has T random coefficients behind each row's message, on the basis elements 2^m .. 2^m + T - 1, which are pi_m times the first
 * T: pi_m has no zero on D_n, so any T distinct columns are independent and uniform. Where such rows are few, a salt goes into every leaf's
 * hash, because a column that nobody opened could be guessed.
 */
import { GROUP_ROWS } from '../circuit/cost.ts';
import type { Machine } from '../kernels/kernels.ts';
import { fillWords, USE } from './secret.ts';

/** Words of a leaf's salt, behind the column's cells. */
export const SALT_WORDS = 8;

/**
 * Whether leaves are salted: of 8 rows and more, a column that is not opened has 248 bits that nothing determines, T being larger than the number
 * of opened columns. Without salts a commitment of 11 rows takes 2.2 ms for 3.2 (2^14 columns, one thread, 2026-11-25). `rows`: the mask's not counted.
 */
export function isSalted(rows: number): boolean {
  return rows < 8;
}

/** What makes a matrix hide: random coefficients of every row, and the secret that salts come from, where there are such. */
export interface Hiding {
  /** A pointer for each row. */
  readonly tails: readonly number[];
  /** T words each, at most 2^messageBits. */
  readonly tail: number;
  readonly salts: Uint8Array | undefined;
}

export class Codewords {
  /** Base rows, and those of the salt. */
  readonly words: number;
  readonly #machine: Machine;
  readonly #rows: readonly number[];
  readonly #messageBits: number;
  readonly #domainBits: number;
  readonly #twiddles: number;
  readonly #hiding: Hiding | undefined;

  constructor(
    m: Machine,
    rows: readonly number[],
    messageBits: number,
    domainBits: number,
    twiddles: number,
    hiding: Hiding | undefined,
  ) {
    this.words = rows.length + (hiding?.salts === undefined ? 0 : SALT_WORDS);
    this.#machine = m;
    this.#rows = rows;
    this.#messageBits = messageBits;
    this.#domainBits = domainBits;
    this.#twiddles = twiddles;
    this.#hiding = hiding;
  }

  /** Calls `use` for words first .. first + count, each 2^n, row-major; they are at `dst` + their place, or where they are not to stay. */
  forGroups(dst: number | undefined, use: (codewords: number, first: number, count: number) => void): void {
    const m = this.#machine;
    const mark = m.mark();
    const length = 2 ** this.#domainBits;
    // salts are written at once: there are none where rows are many
    const group = this.#hiding?.salts === undefined ? GROUP_ROWS : this.words;
    const room = dst ?? m.alloc(4 * Math.min(group, this.words) * length);
    for (let first = 0; first === 0 || first < this.words; first += group) {
      const count = Math.min(group, this.words - first);
      const at = dst === undefined ? room : dst + 4 * length * first;
      this.#write(first, Math.min(first + count, this.#rows.length), at);
      use(at, first, count);
    }
    m.release(mark);
  }

  /** The cells of columns, one column after the other; `stored`: where all codewords are, if they are. */
  columns(stored: number | undefined, positions: readonly number[]): Uint32Array {
    const length = 2 ** this.#domainBits;
    const cells = new Uint32Array(this.words * positions.length);
    const read = (codewords: number, first: number, count: number): void => {
      const words = this.#machine.u32(codewords, count * length);
      positions.forEach((p, i) => {
        for (let row = 0; row < count; row++) cells[i * this.words + first + row] = words[row * length + p]!;
      });
    };
    if (stored === undefined) this.forGroups(undefined, read);
    else read(stored, 0, this.words);
    return cells;
  }

  /** Writes the codewords of rows from .. to, and behind the last row the salts. */
  #write(from: number, to: number, dst: number): void {
    const m = this.#machine;
    const [bits, domainBits] = [this.#messageBits, this.#domainBits];
    const rows = Array.from({ length: to - from }, (_, i) => ({
      message: this.#rows[from + i]!,
      tail: this.#hiding?.tails[from + i] ?? 0,
      codeword: dst + 4 * i * 2 ** domainBits,
    }));
    const tail = this.#hiding?.tail ?? 0;
    if (tail > 0) {
      m.fork(
        'joinRow',
        rows.map((row) => [row.message, bits, row.tail, tail, row.codeword]),
      );
    }
    m.fork(
      'encodeRow',
      rows.map(({ message, codeword }) => {
        const [source, sourceBits] = tail > 0 ? [codeword, bits + 1] : [message, bits];
        return [source, sourceBits, codeword, domainBits, this.#twiddles];
      }),
    );
    const salts = this.#hiding?.salts;
    if (salts === undefined || to < this.#rows.length) return;
    fillWords(m, salts, USE.salts, dst + 4 * (to - from) * 2 ** domainBits, SALT_WORDS * 2 ** domainBits);
  }
}
