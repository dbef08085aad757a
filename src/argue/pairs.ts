/**
 * The sumcheck over the leaves of the fraction tree, with two tables A = p0 + lambda q0 and B = p1 + lambda q1:
 *
 *   T = sum_x eq(x) (A B - p0 p1)(x) / lambda
 *
 * p0 and p1 are patterns (leaves.ts): quads that occur many times, whose products are found once each. When few entries are left, the
 * sumcheck goes on with the four tables of any other layer.
 */
import { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import type { Machine } from '../kernels/kernels.ts';
import { forRanges, readExt, uploadExts, uploadScalars } from '../kernels/vectors.ts';
import { type Leaves, PATTERN_BYTES, type Patterns } from './leaves.ts';
import { RoundTables } from './round-tables.ts';
import { emptyEntry, eqTables, LayerState, SMALL } from './tables.ts';
import { fillEmpty, type Space, type Stretch, type TableSource } from './windows.ts';

/** Patterns of one task. */
const GRAIN = 256;

const KERNELS = { first: 'pairFirst', next: 'pairNext' } as const;

export class PairState {
  readonly #machine: Machine;
  readonly #mark: number;
  readonly #point: Point;
  readonly #lambda: Ext;
  readonly #tables: RoundTables;
  #round = 0;
  #patterns: Patterns;
  /** Room for the next ids. */
  #spareIds: number;
  #pairs: { readonly at: number; readonly count: number } | undefined;
  /** Rooms for patterns, the present ones and the next, in turn. */
  #rooms: { readonly at: number; readonly count: number }[] = [];
  #challenge: Ext | undefined;
  #rest: LayerState | undefined;

  constructor(leaves: Leaves, point: Point, lambda: Ext, space: Space) {
    const m = leaves.machine;
    this.#machine = m;
    this.#mark = m.mark();
    this.#point = point;
    this.#lambda = lambda;
    this.#patterns = leaves.patterns();
    this.#spareIds = m.alloc(leaves.count / 2);
    const bytes = space.bytes - (m.mark() - this.#mark);
    this.#tables = RoundTables.of(m, factorSource(leaves, lambda), point.length, { ...space, bytes });
  }

  round(total: Ext): Ext[] {
    if (this.#rest !== undefined) return this.#rest.round(total);
    const m = this.#machine;
    if (this.#challenge !== undefined) this.#foldPatterns(this.#challenge);
    this.#pairPatterns();
    const mark = m.mark();
    const products = this.#products();
    const eq = eqTables(m, this.#point.slice(this.#round + 1), this.#tables.window);
    const lambda = uploadScalars(m, [this.#lambda]);
    const { ids } = this.#patterns;
    const sums = this.#tables.sums(KERNELS, (from) => [lambda, ids + from, products, ...eq.from(from)]);
    m.release(mark);
    // products hold lambda^2, which A B - p0 p1 is where nothing is stored; lambda and w are challenges, zero with probability 2^-124
    const inverse = this.#lambda.inv();
    const atZero = sums[0]!.mul(inverse).add(this.#lambda);
    return [total.sub(atZero).mul(this.#point[this.#round]!.inv()), sums[1]!.mul(inverse)];
  }

  bind(x: Ext): void {
    if (this.#rest !== undefined) {
      this.#rest.bind(x);
      return;
    }
    this.#challenge = x;
    this.#tables.bind(x);
    this.#round += 1;
    if (this.#tables.size <= SMALL) this.#rest = this.#finish(x);
  }

  values(): Ext[] {
    return this.#rest!.values();
  }

  release(): void {
    this.#machine.release(this.#mark);
  }

  /** Finds which pairs of patterns the next fold brings together: ids are then the numbers of pairs. */
  #pairPatterns(): void {
    const m = this.#machine;
    const { ids, patterns, count } = this.#patterns;
    const [half, length] = [this.#tables.size / 8, this.#tables.length / 4];
    // most pairs are of one pattern with each other, or each of the unlike ones with one of the others
    for (let slotBits = Math.ceil(Math.log2(4 * count)); ; slotBits++) {
      const pairs = m.alloc(8 * 2 ** (slotBits - 1));
      const mark = m.mark();
      const found = m.raw.pairPatterns(ids, half, length, m.alloc(12 * 2 ** slotBits), slotBits, pairs, this.#spareIds);
      m.release(mark);
      if (found < 0) {
        m.release(pairs);
        continue;
      }
      this.#pairs = { at: pairs, count: found };
      this.#patterns = { ids: this.#spareIds, patterns, count };
      this.#spareIds = ids;
      return;
    }
  }

  /** p0 p1 + lambda^2 and dp0 dp1 of every pair. */
  #products(): number {
    const m = this.#machine;
    const { at, count } = this.#pairs!;
    const dst = m.alloc(PATTERN_BYTES * count);
    const constant = uploadScalars(m, [this.#lambda.mul(this.#lambda)]);
    const { patterns } = this.#patterns;
    forRanges(m, 'patternProducts', count, GRAIN, (from, to) => [patterns, at, from, to, constant, dst]);
    return dst;
  }

  /** Room for patterns that are not the present ones; pairs and patterns become fewer, so two rooms are mostly enough. */
  #room(count: number): number {
    const free = this.#rooms.find((room) => room.at !== this.#patterns.patterns && room.count >= count);
    if (free !== undefined) return free.at;
    const at = this.#machine.alloc(PATTERN_BYTES * count);
    this.#rooms.push({ at, count });
    return at;
  }

  /** The pairs become the patterns. */
  #foldPatterns(r: Ext): void {
    const m = this.#machine;
    const { at, count } = this.#pairs!;
    const { ids, patterns } = this.#patterns;
    const dst = this.#room(count);
    const challenge = uploadScalars(m, [r]);
    forRanges(m, 'patternFold', count, GRAIN, (from, to) => [patterns, at, from, to, challenge, dst]);
    this.#patterns = { ids, patterns: dst, count };
  }

  /** Folds what is left to the tables of a layer: q = (A - p0) / lambda. */
  #finish(r: Ext): LayerState {
    const m = this.#machine;
    this.#foldPatterns(r);
    const { size, length } = this.#tables;
    const { ids, patterns } = this.#patterns;
    const numbers = [...m.u32(ids, length / 4)];
    const numerators = (side: number) =>
      Array.from({ length: size }, (_, x) => {
        const pattern = numbers[x >> 2];
        return pattern === undefined ? Ext.ZERO : readExt(m, patterns + PATTERN_BYTES * pattern + 64 * side, x % 4);
      });
    const inverse = this.#lambda.inv();
    const [p0, p1] = [numerators(0), numerators(1)];
    const [a, b] = this.#tables.entries() as [Ext[], Ext[]];
    const denominators = (factor: readonly Ext[], p: readonly Ext[]) => factor.map((e, x) => e.sub(p[x]!).mul(inverse));
    const pointers = [p0, p1, denominators(a, p0), denominators(b, p1)].map((t) => uploadExts(m, t));
    const rest = this.#point.slice(this.#round);
    const tables = new RoundTables(m, pointers, rest.length, size, emptyEntry(this.#lambda));
    return new LayerState(m, m.mark(), tables, rest, this.#lambda);
  }
}

/** A and B of the leaves. */
function factorSource(leaves: Leaves, lambda: Ext): TableSource {
  const twice = ({ from, to, at }: Stretch): Stretch => ({ from: 2 * from, to: 2 * to, at: 2 * at });
  return {
    length: leaves.count / 2,
    empty: [lambda, lambda],
    write(stretches, room, dst) {
      leaves.factors(lambda, stretches.map(twice), dst, room);
      fillEmpty(leaves.machine, stretches, room, dst, [lambda, lambda]);
    },
  };
}
