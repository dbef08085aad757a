/**
 * The tables of a sumcheck in the fraction tree. A round's kernel folds them by the last challenge while it sums over what comes of it.
 *
 * Tables that there is no room for are made again in each of the first rounds, a window at a time: entries [from, from + w) of a table
 * that j challenges have folded are made of its 2^j stretches [from + h size, from + w + h size). What the last such round folds is kept.
 */
import type { Ext } from '../field/ext.ts';
import { extBytes, type KernelName, type Machine } from '../kernels/kernels.ts';
import { foldVector, readExts, sumRanges, uploadScalars } from '../kernels/vectors.ts';

/** Entries of a window, at least 64 (2026-11-25: 2^12 to 2^16 are alike). */
const WINDOW = 1 << 14;

/** What tables may take, bytes, and the entries of a window where that is not enough. */
export interface Space {
  readonly bytes: number;
  readonly window?: number;
}

/** Entries from .. to of tables, which lie from `at` on in what is made of them. */
export interface EntryStretch {
  readonly from: number;
  readonly to: number;
  readonly at: number;
}

/** Where tables come from, as often as they are asked for. */
export interface TableSource {
  /** Entries that are not empty: the first ones. */
  readonly length: number;
  /** An empty entry of every table. */
  readonly empty: readonly Ext[];
  /**
   * Writes stretches of all tables, which lie one behind the other with `room` entries each, and empty entries behind the last stretch.
   * `isFirst`: as the first round's kernel takes them.
   */
  write(stretches: readonly EntryStretch[], room: number, dst: number, isFirst: boolean): void;
}

/** The kernel of the first round, and of every other one: it folds first. */
export interface RoundKernels {
  readonly first: KernelName;
  readonly next: KernelName;
}

/** The arguments of a kernel behind tables and challenge, for entries from `first` on. */
export type RoundArguments = (first: number) => readonly number[];

export class RoundTables {
  readonly #machine: Machine;
  readonly #empty: readonly Ext[];
  /** Where the tables are; none where they are not stored yet. */
  #pointers: readonly number[] | undefined;
  /** Where they will be. */
  readonly #kept: readonly number[];
  readonly #source: TableSource | undefined;
  /** Rounds before tables are stored. */
  readonly #streamed: number;
  /** Entries that are made at once; kernels are given the first one of them. */
  readonly window: number;
  readonly #challenges: Ext[] = [];
  /** Entries of each table after the folds so far, and how many are not beyond the last lookup; before the last fold: #unfolded. */
  #size: number;
  #length: number;
  #unfolded: number;

  private constructor(
    m: Machine,
    tables: { pointers: readonly number[] } | { source: TableSource; streamed: number; window: number },
    variables: number,
    length: number,
    empty: readonly Ext[],
  ) {
    this.#machine = m;
    this.#empty = empty;
    this.#pointers = 'pointers' in tables ? tables.pointers : undefined;
    this.#source = 'source' in tables ? tables.source : undefined;
    this.#streamed = 'source' in tables ? tables.streamed : 0;
    this.window = 'source' in tables ? tables.window : WINDOW;
    this.#size = 2 ** variables;
    this.#length = length;
    this.#unfolded = length;
    const kept = Math.min(length, 2 ** (variables - this.#streamed));
    this.#kept = this.#streamed === 0 ? [] : tablesAt(m.alloc(empty.length * extBytes(kept)), empty.length, kept);
  }

  /** Tables in memory, of whose 2^variables entries `length` are stored; overwritten. */
  static stored(
    m: Machine,
    pointers: readonly number[],
    variables: number,
    length: number,
    empty: readonly Ext[],
  ): RoundTables {
    return new RoundTables(m, { pointers }, variables, length, empty);
  }

  /** Tables that take at most so many bytes where that can be, windows not counted. */
  static from(m: Machine, source: TableSource, variables: number, { bytes, window = WINDOW }: Space): RoundTables {
    const { length, empty } = source;
    const stored = (rounds: number) => empty.length * extBytes(Math.min(length, 2 ** (variables - rounds)));
    let streamed = 0;
    while (stored(streamed) > bytes && 2 ** (variables - streamed - 2) >= window) streamed++;
    if (streamed > 0) return new RoundTables(m, { source, streamed, window }, variables, length, empty);
    const dst = m.alloc(empty.length * extBytes(length));
    source.write([{ from: 0, to: length, at: 0 }], length, dst, true);
    return RoundTables.stored(m, tablesAt(dst, empty.length, length), variables, length, empty);
  }

  /** Entries of each table, all challenges bound. */
  get size(): number {
    return this.#size;
  }

  /** How many of them are stored, or would be. */
  get length(): number {
    return this.#length;
  }

  bind(r: Ext): void {
    this.#challenges.push(r);
    this.#unfolded = this.#length;
    this.#size /= 2;
    this.#length = Math.min(this.#length, this.#size);
  }

  /** A round's two sums. */
  sums(kernels: RoundKernels, args: RoundArguments): readonly Ext[] {
    const m = this.#machine;
    if (this.#pointers === undefined) return this.#streamedSums(this.#source!, kernels, args);
    const mark = m.mark();
    const half = this.#size / 2;
    const head = [...this.#pointers, half, this.#unfolded];
    const sums = this.#roundSums(kernels, head, args(0), Math.min(half, this.#unfolded));
    m.release(mark);
    return sums;
  }

  /** All entries of each table, once they are few. */
  entries(): Ext[][] {
    const r = this.#challenges.at(-1);
    return this.#pointers!.map((ptr, t) => {
      const stored = readExts(this.#machine, ptr, this.#unfolded);
      const entry = (i: number): Ext => stored[i] ?? this.#empty[t]!;
      return Array.from({ length: this.#size }, (_, x) => {
        return r === undefined ? entry(x) : entry(x).add(r.mul(entry(this.#size + x).sub(entry(x))));
      });
    });
  }

  #roundSums(
    { first, next }: RoundKernels,
    head: readonly number[],
    tail: readonly number[],
    count: number,
  ): readonly Ext[] {
    const r = this.#challenges.at(-1);
    const kernel = r === undefined ? first : next;
    const challenge = r === undefined ? [] : [uploadScalars(this.#machine, [r])];
    return sumRanges(this.#machine, kernel, count, 2, (from, to, out) => {
      return [...head, ...challenge, ...tail, from, to, out];
    });
  }

  #streamedSums(source: TableSource, kernels: RoundKernels, args: RoundArguments): readonly Ext[] {
    const m = this.#machine;
    const rounds = this.#challenges.length;
    const isLast = rounds === this.#streamed;
    const half = this.#size / 2;
    const window = Math.min(half, this.window);
    let sums: readonly Ext[] | undefined;
    for (let from = 0; from < Math.min(half, source.length); from += window) {
      const mark = m.mark();
      const tables = this.#make(source, from, window);
      const length = rounds === 0 ? 2 * window : 4 * window;
      const part = this.#roundSums(kernels, [...tables, window, length], args(from), window);
      sums = sums === undefined ? part : sums.map((sum, i) => sum.add(part[i]!));
      if (isLast) this.#keep(tables, from, window);
      m.release(mark);
    }
    if (isLast) this.#pointers = this.#kept;
    return sums!;
  }

  /** Tables whose entries 0 .. window are those from `from` on once all challenges are bound; bound are all but the last one. */
  #make(source: TableSource, from: number, window: number): number[] {
    const m = this.#machine;
    const rounds = this.#challenges.length;
    const half = this.#size / 2;
    const room = window * 2 ** (rounds + 1);
    const stretches: EntryStretch[] = [];
    for (let at = 0, first = from; at < room && first < source.length; at += window, first += half) {
      stretches.push({ from: first, to: Math.min(first + window, source.length), at });
    }
    const dst = m.alloc(this.#empty.length * extBytes(room));
    source.write(stretches, room, dst, rounds === 0);
    const tables = tablesAt(dst, this.#empty.length, room);
    tables.forEach((ptr) => {
      for (let j = 0; j < rounds - 1; j++) foldVector(m, ptr, room / 2 ** (j + 1), this.#challenges[j]!);
    });
    return tables;
  }

  /** Takes over the first 2 window entries, which lie at `from` and half of the table further on. */
  #keep(tables: readonly number[], from: number, window: number): void {
    const m = this.#machine;
    this.#kept.forEach((dst, t) => {
      for (const [at, first] of [
        [0, from],
        [window, from + this.#size / 2],
      ] as const) {
        const count = Math.min(window, this.#length - first);
        if (count <= 0) continue;
        const words = extBytes(count) / 4;
        m.u32(dst + extBytes(first), words).set(m.u32(tables[t]! + extBytes(at), words));
      }
    });
  }
}

/** Writes empty entries behind the last stretch. */
export function fillEmpty(
  m: Machine,
  stretches: readonly EntryStretch[],
  room: number,
  dst: number,
  empty: readonly Ext[],
): void {
  const { from, to, at } = stretches.at(-1)!;
  if (at + to - from === room) return;
  tablesAt(dst, empty.length, room).forEach((ptr, t) => {
    m.raw.fillExt(ptr, at + to - from, room, ...empty[t]!.coordinates());
  });
}

/** Where `count` tables of `length` entries are that lie one behind the other. */
function tablesAt(at: number, count: number, length: number): number[] {
  return Array.from({ length: count }, (_, t) => at + t * extBytes(length));
}
