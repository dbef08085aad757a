/**
 * Tables of a sumcheck that there is no room for. In each of the first rounds they are made again, a window at a time: entries [from, from + w)
 * of a table that j challenges have folded are made of its 2^j stretches [from + h size, from + w + h size), size = what is left of it. The
 * last such round keeps what it has folded.
 */
import { ROUND_BYTES } from '../circuit/cost.ts';
import type { Ext } from '../field/ext.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { foldVector } from '../kernels/vectors.ts';

/** Entries of a window, and of what it is folded from: with more rounds, windows are narrower. */
const WINDOW = 1 << 14;
const UNFOLDED = 1 << 17;
const NARROWEST = 1 << 6;

/** What tables may take, bytes, and the entries of a window where that is not enough. */
export interface Space {
  readonly bytes: number;
  readonly window?: number;
}

/** What tables may take of a machine's memory: all but what rounds need besides, or an eighth. */
export function spaceOf(m: Machine): Space {
  return { bytes: m.limitBytes - m.mark() - Math.min(ROUND_BYTES, m.limitBytes / 8) };
}

/** Entries from .. to of tables, which lie from `at` on in what is made of them. */
export interface Stretch {
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
  write(stretches: readonly Stretch[], room: number, dst: number, isFirst: boolean): void;
}

export class Windows {
  /** Rounds before tables are kept; 0 where there is room for them. */
  readonly rounds: number;
  /** Entries of a window. */
  readonly width: number;
  readonly source: TableSource;
  readonly variables: number;
  /** Where tables are once `rounds` challenges have folded them. */
  readonly kept: readonly number[];
  readonly #machine: Machine;

  /** Of tables of 2^variables entries; kept are at most so many bytes where that can be. */
  constructor(m: Machine, source: TableSource, variables: number, { bytes, window = WINDOW }: Space) {
    this.#machine = m;
    this.source = source;
    this.variables = variables;
    const { length, empty } = source;
    const entries = (rounds: number): number => Math.min(length, 2 ** (variables - rounds));
    let rounds = 0;
    while (empty.length * extBytes(entries(rounds)) > bytes && 2 ** (variables - rounds - 2) >= NARROWEST) rounds++;
    this.rounds = rounds;
    this.width = Math.min(window, Math.max(NARROWEST, UNFOLDED / 2 ** (rounds + 1)));
    const at = m.alloc(empty.length * extBytes(entries(rounds)));
    this.kept = tablesAt(at, empty.length, entries(rounds));
    if (rounds === 0) source.write([{ from: 0, to: length, at: 0 }], length, at, true);
  }

  /**
   * The sums of a round over all windows. `use` is given tables whose entries 0 .. width, and as many behind them, are those from `from` on
   * and half of what is left further on: folded by all challenges but the last `open` ones, by which it folds them.
   */
  sums(
    challenges: readonly Ext[],
    open: 0 | 1,
    use: (tables: readonly number[], from: number, width: number) => readonly Ext[],
  ): readonly Ext[] {
    const m = this.#machine;
    const half = 2 ** (this.variables - challenges.length - 1);
    const width = Math.min(half, this.width);
    let sums: readonly Ext[] | undefined;
    for (let from = 0; from < Math.min(half, this.source.length); from += width) {
      const mark = m.mark();
      const tables = this.#make(challenges, open, from, half, width);
      const part = use(tables, from, width);
      sums = sums === undefined ? part : sums.map((sum, i) => sum.add(part[i]!));
      if (challenges.length === this.rounds) this.#keep(tables, from, half, width);
      m.release(mark);
    }
    return sums!;
  }

  #make(challenges: readonly Ext[], open: number, from: number, half: number, width: number): number[] {
    const m = this.#machine;
    const { source } = this;
    const room = width * 2 ** (challenges.length + 1);
    const stretches: Stretch[] = [];
    for (let at = 0, first = from; at < room && first < source.length; at += width, first += half) {
      stretches.push({ from: first, to: Math.min(first + width, source.length), at });
    }
    const dst = m.alloc(source.empty.length * extBytes(room));
    source.write(stretches, room, dst, challenges.length === 0);
    const tables = tablesAt(dst, source.empty.length, room);
    for (const ptr of tables) {
      for (let j = 0; j < challenges.length - open; j++) foldVector(m, ptr, room / 2 ** (j + 1), challenges[j]!);
    }
    return tables;
  }

  /** Takes over the first 2 width entries, which lie at `from` and half of the table further on. */
  #keep(tables: readonly number[], from: number, half: number, width: number): void {
    const m = this.#machine;
    const length = Math.min(this.source.length, 2 * half);
    this.kept.forEach((dst, t) => {
      for (const [at, first] of [
        [0, from],
        [width, from + half],
      ] as const) {
        const count = Math.min(width, length - first);
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
  stretches: readonly Stretch[],
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
export function tablesAt(at: number, count: number, length: number): number[] {
  return Array.from({ length: count }, (_, t) => at + t * extBytes(length));
}
