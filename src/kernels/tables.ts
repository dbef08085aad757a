/**
 * The prover's members of a sumcheck: products of two or three tables of E, bound from the most significant variable. A round gives
 * the coefficients c0, c2, .., cd of its polynomial; c1 follows from the claim (field/rounds.ts).
 */
import type { Ext } from '../field/ext.ts';
import { HALF } from '../field/m31.ts';
import type { Machine } from './kernels.ts';
import { foldVector, readExt, sumRanges } from './vectors.ts';

/** sum_x a(x) b(x). */
export class ProductInstance {
  readonly variables: number;
  readonly #machine: Machine;
  readonly #a: number;
  readonly #b: number;
  #length: number;

  /** a, b: E vectors of 2^variables times `width`, overwritten; the sum is also over the `width` neighbours. */
  constructor(machine: Machine, a: number, b: number, variables: number, width = 1) {
    this.variables = variables;
    this.#machine = machine;
    this.#a = a;
    this.#b = b;
    this.#length = width * 2 ** variables;
  }

  round(): readonly Ext[] {
    const half = this.#length / 2;
    return sumRanges(this.#machine, 'productRound', half, 2, (from, to, out) => [
      this.#a,
      this.#b,
      half,
      from,
      to,
      out,
    ]);
  }

  bind(r: Ext): void {
    this.#length /= 2;
    foldVector(this.#machine, this.#a, this.#length, r);
    foldVector(this.#machine, this.#b, this.#length, r);
  }

  /** a and b at the point, once every variable is bound. */
  values(): readonly Ext[] {
    return [readExt(this.#machine, this.#a, 0), readExt(this.#machine, this.#b, 0)];
  }

  /** sum_x a(x) b(x) over the entries that are left. */
  sum(): Ext {
    return sumRanges(this.#machine, 'dotExt', this.#length, 1, (from, to, out) => [
      this.#a,
      this.#b,
      from,
      to,
      out,
    ])[0]!;
  }
}

/** s(0), s(-1) and the leading coefficient of a round's cubic, sum_x e(x) a(x) b(x), for tables of 2 half entries. */
export function tripleSums(m: Machine, tables: readonly [number, number, number], half: number): readonly Ext[] {
  return sumRanges(m, 'tripleRound', half, 3, (from, to, out) => [...tables, half, from, to, out]);
}

/** c0, c2, c3 of the cubic: s(1) = claim - s(0), and s(1) + s(-1) = 2 c0 + 2 c2. */
export function tripleCoefficients(claim: Ext, sums: readonly Ext[]): readonly Ext[] {
  const [zero, minusOne, c3] = sums as [Ext, Ext, Ext];
  const c2 = claim.sub(zero).add(minusOne).mulBase(HALF).sub(zero);
  return [zero, c2, c3];
}

/** sum_x e(x) a(x) b(x). */
export class TripleInstance {
  readonly variables: number;
  readonly #machine: Machine;
  readonly #tables: readonly [number, number, number];
  #length: number;

  /** Tables: E vectors of 2^variables, overwritten; a and b may be one. */
  constructor(machine: Machine, tables: readonly [number, number, number], variables: number) {
    this.variables = variables;
    this.#machine = machine;
    this.#tables = tables;
    this.#length = 2 ** variables;
  }

  round(claim: Ext): readonly Ext[] {
    return tripleCoefficients(claim, tripleSums(this.#machine, this.#tables, this.#length / 2));
  }

  bind(r: Ext): void {
    this.#length /= 2;
    for (const t of new Set(this.#tables)) foldVector(this.#machine, t, this.#length, r);
  }

  /** e, a and b at the point, once every variable is bound. */
  values(): readonly Ext[] {
    return this.#tables.map((t) => readExt(this.#machine, t, 0));
  }
}
