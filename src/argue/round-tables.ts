/** The tables of a sumcheck in the fraction tree. A round's kernel folds them by the last challenge while it sums over what comes of it. */
import type { Ext } from '../field/ext.ts';
import type { KernelName, Machine } from '../kernels/kernels.ts';
import { readExts, sumRanges, uploadScalars } from '../kernels/vectors.ts';
import { type Space, type TableSource, Windows } from './windows.ts';

/** The kernel of the first round, and of every other one: it folds first. */
export interface RoundKernels {
  readonly first: KernelName;
  readonly next: KernelName;
}

/** The arguments of a kernel behind tables and challenge, for entries from `first` on. */
export type RoundArguments = (first: number) => readonly number[];

export class RoundTables {
  readonly #machine: Machine;
  readonly #pointers: readonly number[];
  readonly #empty: readonly Ext[];
  /** What makes the tables of the first rounds, where they are not stored. */
  readonly #windows: Windows | undefined;
  readonly #challenges: Ext[] = [];
  /** Entries of each table after the folds so far, and how many of them are stored; before the last fold: #unfolded. */
  #size: number;
  #length: number;
  #unfolded: number;

  /** Tables in memory, of whose 2^variables entries `length` are stored, the others being `empty`; overwritten. */
  constructor(
    m: Machine,
    pointers: readonly number[],
    variables: number,
    length: number,
    empty: readonly Ext[],
    windows?: Windows,
  ) {
    this.#machine = m;
    this.#pointers = pointers;
    this.#empty = empty;
    this.#windows = windows;
    this.#size = 2 ** variables;
    this.#length = length;
    this.#unfolded = length;
  }

  /** Tables that are stored where they have space, and else as soon as they have. */
  static of(m: Machine, source: TableSource, variables: number, space: Space): RoundTables {
    const windows = new Windows(m, source, variables, space);
    return new RoundTables(m, windows.kept, variables, source.length, source.empty, windows);
  }

  /** Entries of each table, all challenges bound. */
  get size(): number {
    return this.#size;
  }

  /** How many of them are stored, or would be. */
  get length(): number {
    return this.#length;
  }

  /** Entries of which kernels are given the first one; all where that is always 0. */
  get window(): number {
    return this.#windows?.width ?? 2 ** 30;
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
    const rounds = this.#challenges.length;
    const mark = m.mark();
    const r = this.#challenges.at(-1);
    const [kernel, challenge] =
      r === undefined ? ([kernels.first, []] as const) : ([kernels.next, [uploadScalars(m, [r])]] as const);
    const sum = (tables: readonly number[], half: number, stored: number, first: number) =>
      sumRanges(m, kernel, Math.min(half, stored), 2, (from, to, out) => {
        return [...tables, half, stored, ...challenge, ...args(first), from, to, out];
      });
    const isStored = this.#windows === undefined || this.#windows.rounds === 0 || rounds > this.#windows.rounds;
    const sums = isStored
      ? sum(this.#pointers, this.#size / 2, this.#unfolded, 0)
      : this.#windows!.sums(this.#challenges, r === undefined ? 0 : 1, (tables, from, width) => {
          return sum(tables, width, r === undefined ? 2 * width : 4 * width, from);
        });
    m.release(mark);
    return sums;
  }

  /** All entries of each table, once they are few. */
  entries(): Ext[][] {
    const r = this.#challenges.at(-1);
    return this.#pointers.map((ptr, t) => {
      const stored = readExts(this.#machine, ptr, this.#unfolded);
      const entry = (i: number): Ext => stored[i] ?? this.#empty[t]!;
      return Array.from({ length: this.#size }, (_, x) => {
        return r === undefined ? entry(x) : entry(x).add(r.mul(entry(this.#size + x).sub(entry(x))));
      });
    });
  }
}
