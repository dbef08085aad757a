/**
 * One layer's sumcheck in the fraction tree, over four tables p0, p1, q0, q1. p1 is replaced by p1 + lambda q1, so that the summand is
 * p0 q1 + p1 q0. A round's sums are found while the tables are folded by the challenge before it.
 */
import { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { eqVector, forRanges, readExts, uploadExts, uploadScalars } from '../kernels/vectors.ts';
import type { Layer, Leaves } from './leaves.ts';
import { RoundTables } from './round-tables.ts';
import { fillEmpty, type Space, type Stretch, type TableSource } from './windows.ts';

/** Entries of tables that are not worth a plan of their own. */
export const SMALL = 64;

const KERNELS = { first: 'fractionFirst', next: 'fractionNext' } as const;

/** eq of a round's other coordinates as a product of two tables, which together stay short. */
export interface EqTables {
  /** Low table, its variables, high table, as kernels take them for entries from `first` on: 0, or a multiple of a window. */
  from(first: number): readonly [number, number, number];
}

export function eqTables(m: Machine, rest: Point, window: number): EqTables {
  // a window is at least four blocks of the high table: whole quads of it
  const lowBits = Math.min(rest.length, Math.max(3, Math.min(Math.log2(window) - 2, Math.ceil(rest.length / 2))));
  const low = eqVector(m, rest.slice(rest.length - lowBits));
  const high = eqVector(m, rest.slice(0, rest.length - lowBits));
  return { from: (first) => [low, lowBits, high + extBytes(first / 2 ** lowBits)] };
}

export class LayerState {
  readonly #machine: Machine;
  readonly #mark: number;
  readonly #tables: RoundTables;
  readonly #lambda: Ext;
  readonly #point: Point;
  #round = 0;

  /** Tables of 2^(coordinates) entries, the second one with lambda q1. `mark` is released with the state. */
  constructor(m: Machine, mark: number, tables: RoundTables, point: Point, lambda: Ext) {
    this.#machine = m;
    this.#mark = mark;
    this.#tables = tables;
    this.#lambda = lambda;
    this.#point = point;
  }

  /** The sumcheck over a layer's nodes in pairs. */
  static of(m: Machine, layer: Layer, point: Point, lambda: Ext): LayerState {
    const mark = m.mark();
    const pointers = [...halves(m, layer.p, layer.half), ...halves(m, layer.q, layer.half)];
    const tables = new RoundTables(m, pointers, point.length, layer.half, emptyEntry(lambda));
    return new LayerState(m, mark, tables, point, lambda);
  }

  /** The same for a layer that is not stored, `height` > 0 levels above the leaves. */
  static above(leaves: Leaves, height: number, point: Point, lambda: Ext, space: Space): LayerState {
    const m = leaves.machine;
    const mark = m.mark();
    const source = layerSource(leaves, height, lambda);
    return new LayerState(m, mark, RoundTables.of(m, source, point.length, space), point, lambda);
  }

  round(total: Ext): Ext[] {
    const m = this.#machine;
    const mark = m.mark();
    const w = this.#point[this.#round]!;
    const eq = eqTables(m, this.#point.slice(this.#round + 1), this.#tables.window);
    const lambda = uploadScalars(m, [this.#lambda]);
    const [sum, c] = this.#tables.sums(KERNELS, (from) => [lambda, ...eq.from(from)]);
    m.release(mark);
    // the kernels leave lambda off every summand, and eq adds up to 1; T = t0 + w d, w being a challenge, zero with probability 2^-124
    return [total.sub(sum!.add(this.#lambda)).mul(w.inv()), c!];
  }

  bind(x: Ext): void {
    this.#tables.bind(x);
    this.#round += 1;
  }

  values(): Ext[] {
    const [p0, p1, q0, q1] = this.#tables.entries().map((t) => t[0]!) as [Ext, Ext, Ext, Ext];
    return [p0, p1.sub(this.#lambda.mul(q1)), q0, q1];
  }

  release(): void {
    this.#machine.release(this.#mark);
  }
}

/** An empty entry of p0, p1 + lambda q1, q0, q1. */
export function emptyEntry(lambda: Ext): Ext[] {
  return [Ext.ZERO, lambda, Ext.ONE, Ext.ONE];
}

/** p0, p1, q0, q1 of the layer `height` levels above the leaves; p1 + lambda q1 where it is not the first round's kernel that adds them. */
function layerSource(leaves: Leaves, height: number, lambda: Ext): TableSource {
  const m = leaves.machine;
  const leavesOf = (stretches: readonly Stretch[]): Stretch[] => {
    const scale = 2 ** (height + 1);
    return stretches.map(({ from, to, at }) => ({ from: scale * from, to: scale * to, at: scale * at }));
  };
  return {
    length: leaves.count / 2 ** (height + 1),
    empty: emptyEntry(lambda),
    write(stretches, room, dst, isFirst) {
      leaves.nodes(height, leavesOf(stretches), { p: dst, q: dst + extBytes(2 * room), half: room });
      fillEmpty(m, stretches, room, dst, [Ext.ZERO, Ext.ZERO, Ext.ONE, Ext.ONE]);
      if (isFirst) return;
      const [p1, q1] = [dst + extBytes(room), dst + 3 * extBytes(room)];
      forRanges(m, 'axpyExt', room, 1024, (from, to) => [p1, q1, from, to, ...lambda.coordinates()]);
    },
  };
}

/** The two halves of a split layer's vector, each `half` entries; copied where they share a quad. */
function halves(m: Machine, ptr: number, half: number): [number, number] {
  if (half >= 4) return [ptr, ptr + extBytes(half)];
  const all = readExts(m, ptr, 2 * half);
  return [uploadExts(m, all.slice(0, half)), uploadExts(m, all.slice(half))];
}
