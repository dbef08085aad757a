/**
 * The sumcheck of a product of two tensors, v(r) = sum_x eq(r, x) a(x) b(x), prover's side. Its tables are as long as the tensors, so that they
 * are made a window at a time where there is no room for them. A square has two tables instead of three.
 */
import { cellsOf, type TensorId } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { eqIndex, type Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { TripleInstance, tripleCoefficients, tripleSums } from '../kernels/tables.ts';
import { uploadScalars } from '../kernels/vectors.ts';
import type { Hand } from './hand.ts';
import { type Space, type TableSource, Windows } from './windows.ts';

export class TensorProduct {
  readonly variables: number;
  readonly #machine: Machine;
  readonly #windows: Windows;
  readonly #of: (tables: readonly number[]) => [number, number, number];
  readonly #challenges: Ext[] = [];
  #rest: TripleInstance | undefined;

  /** a and b have no padding: their cells are as many as their points. */
  constructor(hand: Hand, [a, b]: readonly [TensorId, TensorId], r: Point, space: Space) {
    this.variables = r.length;
    this.#machine = hand.machine;
    this.#of = ([e, x, y]) => [e!, x!, y ?? x!];
    this.#windows = new Windows(hand.machine, productSource(hand, a === b ? [a] : [a, b], r), r.length, space);
    if (this.#windows.rounds === 0) this.#store();
  }

  round(claim: Ext): readonly Ext[] {
    if (this.#rest !== undefined) return this.#rest.round(claim);
    const m = this.#machine;
    const sums = this.#windows.sums(this.#challenges, 0, (tables, _, width) => tripleSums(m, this.#of(tables), width));
    return tripleCoefficients(claim, sums);
  }

  bind(x: Ext): void {
    if (this.#rest !== undefined) {
      this.#rest.bind(x);
      return;
    }
    if (this.#challenges.length === this.#windows.rounds) {
      this.#store();
      this.#rest!.bind(x);
    }
    this.#challenges.push(x);
  }

  values(): readonly Ext[] {
    return this.#rest!.values();
  }

  #store(): void {
    const left = this.variables - this.#windows.rounds;
    this.#rest = new TripleInstance(this.#machine, this.#of(this.#windows.kept), left);
  }
}

/** Whether every axis is a power of two long. */
export function isDense(shape: readonly number[], variables: number): boolean {
  return cellsOf(shape) === 2 ** variables;
}

/** eq(r, .) and the tensors. */
function productSource(hand: Hand, tensors: readonly TensorId[], r: Point): TableSource {
  const m = hand.machine;
  return {
    length: 2 ** r.length,
    empty: [Ext.ZERO, ...tensors.map(() => Ext.ZERO)],
    write(stretches, room, dst) {
      for (const { from, to, at } of stretches) {
        const place = dst + extBytes(at);
        // a stretch is a power of two long, and begins at a multiple of it
        const low = Math.log2(to - from);
        const scale = eqIndex(r.slice(0, r.length - low), from / (to - from));
        const coordinates = uploadScalars(m, r.slice(r.length - low));
        m.raw.eqTable(coordinates, low, ...scale.coordinates(), place);
        for (const [i, t] of tensors.entries()) hand.write(t, from, to, place + (i + 1) * extBytes(room));
      }
    },
  };
}
