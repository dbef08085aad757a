/**
 * One layer's sumcheck in the fraction tree, over four tables p0, p1, q0, q1. p1 is replaced by p1 + lambda q1, so that the summand is
 * p0 q1 + p1 q0. A round's sums are found while the tables are folded by the challenge before it.
 */
import type { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { eqVector, foldVector, readExt, readExts, sumRanges, uploadExts, uploadScalars } from '../kernels/vectors.ts';
import type { Layer } from './leaves.ts';

/** Entries of tables that are not worth a plan of their own. */
export const SMALL = 64;

/** eq of a round's other coordinates as a product of two tables, which together stay short. */
export interface EqTables {
  readonly low: number;
  readonly lowBits: number;
  readonly high: number;
}

export function eqTables(m: Machine, rest: Point): EqTables {
  const lowBits = Math.min(rest.length, Math.max(3, Math.ceil(rest.length / 2)));
  const low = eqVector(m, rest.slice(rest.length - lowBits));
  return { low, lowBits, high: eqVector(m, rest.slice(0, rest.length - lowBits)) };
}

export class LayerState {
  readonly #machine: Machine;
  readonly #mark: number;
  readonly #tables: readonly [number, number, number, number];
  readonly #lambda: Ext;
  readonly #point: Point;
  #round = 0;
  /** Entries of each table that are not folded yet, and how many of them are stored; the rest are empty fractions. */
  #size: number;
  #length: number;
  #challenge: Ext | undefined;

  /** Tables of 2^(coordinates) entries, of which `length` are stored; overwritten. `mark` is released with the state. */
  constructor(
    m: Machine,
    mark: number,
    tables: readonly [number, number, number, number],
    length: number,
    point: Point,
    lambda: Ext,
  ) {
    this.#machine = m;
    this.#mark = mark;
    this.#tables = tables;
    this.#lambda = lambda;
    this.#point = point;
    this.#size = 2 ** point.length;
    this.#length = length;
  }

  /** The sumcheck over a layer's nodes in pairs. */
  static of(m: Machine, layer: Layer, point: Point, lambda: Ext): LayerState {
    const mark = m.mark();
    const tables = [...halves(m, layer.p, layer.half), ...halves(m, layer.q, layer.half)] as const;
    return new LayerState(m, mark, tables, layer.half, point, lambda);
  }

  round(total: Ext): Ext[] {
    const m = this.#machine;
    const mark = m.mark();
    const w = this.#point[this.#round]!;
    const { low, lowBits, high } = eqTables(m, this.#point.slice(this.#round + 1));
    const lambda = uploadScalars(m, [this.#lambda]);
    const r = this.#challenge === undefined ? undefined : uploadScalars(m, [this.#challenge]);
    const before = this.#length;
    if (r !== undefined) this.#fold();
    const half = this.#size / 2;
    const [sum, c] =
      r === undefined
        ? sumRanges(m, 'fractionFirst', Math.min(half, before), 2, (from, to, out) => {
            return [...this.#tables, half, before, lambda, low, lowBits, high, from, to, out];
          })
        : sumRanges(m, 'fractionNext', Math.min(half, before), 2, (from, to, out) => {
            return [...this.#tables, half, before, r, lambda, low, lowBits, high, from, to, out];
          });
    m.release(mark);
    // the kernels leave lambda off every summand, and eq adds up to 1; T = t0 + w d, w being a challenge, zero with probability 2^-124
    return [total.sub(sum!.add(this.#lambda)).mul(w.inv()), c!];
  }

  bind(x: Ext): void {
    this.#challenge = x;
    this.#round += 1;
  }

  values(): Ext[] {
    const m = this.#machine;
    if (this.#challenge !== undefined) {
      for (const t of this.#tables) foldVector(m, t, this.#size / 2, this.#challenge);
    }
    const [p0, p1, q0, q1] = this.#tables.map((t) => readExt(m, t, 0)) as [Ext, Ext, Ext, Ext];
    return [p0, p1.sub(this.#lambda.mul(q1)), q0, q1];
  }

  release(): void {
    this.#machine.release(this.#mark);
  }

  #fold(): void {
    this.#size /= 2;
    this.#length = Math.min(this.#length, this.#size);
  }
}

/** The two halves of a split layer's vector, each `half` entries; copied where they share a quad. */
function halves(m: Machine, ptr: number, half: number): [number, number] {
  if (half >= 4) return [ptr, ptr + extBytes(half)];
  const all = readExts(m, ptr, 2 * half);
  return [uploadExts(m, all.slice(0, half)), uploadExts(m, all.slice(half))];
}
