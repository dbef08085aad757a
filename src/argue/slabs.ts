/**
 * The prover's members of the batch evaluation sumcheck: <S, W_S> for one slab of committed base-field cells.
 *
 * A claim on a piece is one on its slab, at the piece's offset bits before the piece's own coordinates: W_S = sum_j g_j eq(r_j). With the
 * slab as 2^hi rows of 2^lo cells, two passes over the cells do:
 *   first hi rounds   on the pairs (T_j, g_j eq(r_j,hi)), T_j[i] = <row_i, eq(r_j,lo)>, all claims j together
 *   last lo rounds    on F = sum_i eq(z, i) row_i with sum_j g_j eq(r_j,hi; z) eq(r_j,lo), z the challenges so far
 * A row shared by many small pieces is held densely instead, S and W_S as tables of E.
 */
import type { Slab } from '../commit/packing.ts';
import { BASIS, Ext } from '../field/ext.ts';
import { eqAt, type Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { ProductInstance } from '../kernels/tables.ts';
import { allocExt, eqVector, forRanges, readExts, readScalars, writeExts } from '../kernels/vectors.ts';
import type { SlabClaim, SlabMember } from './opening.ts';
import type { Instance } from './sumcheck.ts';
import type { Space } from './windows.ts';

/** `cells`: the slab's base words, 2^bits of them. `space`: its part of what there is. */
export function slabMember(
  m: Machine,
  slab: Slab,
  cells: number,
  claims: readonly SlabClaim[],
  space: Space,
): SlabMember {
  if (claims.length === 0) {
    const end = (point: Point) => evaluateCells(m, cells, point);
    return { claim: Ext.ZERO, instance: new ZeroInstance(slab.bits), end };
  }
  const isCheaper = denseCost(slab.bits, claims) < foldedCost(slab.bits, claims);
  if (isCheaper && 2 * extBytes(2 ** slab.bits) <= space.bytes) return denseMember(m, slab.bits, cells, claims);
  const whole = claims.map((c) => ({ weight: c.weight, point: [...offsetPoint(slab.bits, c), ...c.point] }));
  return new FoldedInstance(m, slab.bits, cells, whole).member();
}

/** Nanoseconds, from npm run bench:kernels of 2026-11-22: 5 + 5 a cell and claim for its table, 22 a cell for all rounds. */
function denseCost(bits: number, claims: readonly SlabClaim[]): number {
  return 22 * 2 ** bits + claims.reduce((n, c) => n + 10 * 2 ** c.point.length, 0);
}

/** 1.1 a cell and claim, 1.2 a cell for the second pass, 4000 a claim and round for calls. */
function foldedCost(bits: number, claims: readonly SlabClaim[]): number {
  return (1.1 * claims.length + 1.2) * 2 ** bits + 4000 * claims.length * Math.floor(bits / 2);
}

/** The bits of a piece's offset as coordinates. */
function offsetPoint(bits: number, { offset, point }: SlabClaim): Ext[] {
  return Array.from({ length: bits - point.length }, (_, i) =>
    Math.floor(offset / 2 ** (bits - 1 - i)) % 2 === 1 ? Ext.ONE : Ext.ZERO,
  );
}

/** S at a point: two folds. */
function evaluateCells(m: Machine, cells: number, point: Point): Ext {
  const mark = m.mark();
  const high = Math.floor(point.length / 2);
  const low = point.length - high;
  const rows = dotRows(m, cells, 2 ** high, 2 ** low, eqVector(m, point.slice(high)));
  const out = m.alloc(16);
  m.raw.dotExt(rows, eqVector(m, point.slice(0, high)), 0, 2 ** high, out);
  const [value] = readScalars(m, out, 1);
  m.release(mark);
  return value!;
}

/** A vector over E, four base rows of 2^m words at `cells`, as an extension at a point of m coordinates. */
export function evaluatePlanes(m: Machine, cells: number, point: Point): Ext {
  const mark = m.mark();
  const coordinates = readExts(m, dotRows(m, cells, 4, 2 ** point.length, eqVector(m, point)), 4);
  m.release(mark);
  return coordinates.reduce((sum, e, i) => sum.add(e.mul(BASIS[i]!)), Ext.ZERO);
}

/** A slab that no claim reads. */
class ZeroInstance implements Instance {
  readonly variables: number;

  constructor(variables: number) {
    this.variables = variables;
  }

  round(): readonly Ext[] {
    return [Ext.ZERO, Ext.ZERO];
  }

  bind(): void {}
}

function denseMember(m: Machine, bits: number, cells: number, claims: readonly SlabClaim[]): SlabMember {
  const count = 2 ** bits;
  const table = allocExt(m, count);
  const weights = allocExt(m, count);
  m.raw.zeroExt(table, count);
  m.raw.zeroExt(weights, count);
  const one = eqVector(m, []);
  forRanges(m, 'foldRowsI32', count, 4096, (from, to) => [cells, count, 1, one, from, to, table]);
  for (const c of claims) addEq(m, weights, c);
  const out = m.alloc(16);
  m.raw.dotExt(table, weights, 0, count, out);
  const [claim] = readScalars(m, out, 1);
  const instance = new ProductInstance(m, table, weights, bits);
  return { claim: claim!, instance, end: () => instance.values()[0]! };
}

/** weights[offset + x] += weight eq(point, x). */
function addEq(m: Machine, weights: number, c: SlabClaim): void {
  const mark = m.mark();
  const count = 2 ** c.point.length;
  const eq = eqVector(m, c.point, c.weight);
  if (count >= 4) m.raw.axpyExt(weights + 16 * c.offset, eq, 0, count, 1, 0, 0, 0);
  else {
    const quad = weights + 64 * Math.floor(c.offset / 4);
    const present = readExts(m, quad, 4);
    const added = readExts(m, eq, count);
    const first = c.offset % 4;
    writeExts(
      m,
      quad,
      present.map((e, i) => (i >= first && i < first + count ? e.add(added[i - first]!) : e)),
    );
  }
  m.release(mark);
}

/** A claim on a whole slab. */
type WholeClaim = Omit<SlabClaim, 'offset'>;

class FoldedInstance implements Instance {
  readonly variables: number;
  readonly #machine: Machine;
  readonly #cells: number;
  readonly #claims: readonly WholeClaim[];
  readonly #high: number;
  /** The pairs of all claims, entry by entry: one call of a kernel a round instead of one a claim. */
  readonly #first: ProductInstance;
  #second: ProductInstance | undefined;
  readonly #point: Ext[] = [];

  constructor(m: Machine, bits: number, cells: number, claims: readonly WholeClaim[]) {
    this.variables = bits;
    this.#machine = m;
    this.#cells = cells;
    this.#claims = claims;
    this.#high = Math.floor(bits / 2);
    const low = bits - this.#high;
    const entries = claims.length * 2 ** this.#high;
    const tables = [allocExt(m, entries), allocExt(m, entries)] as const;
    const place = (vector: number, table: number, j: number) => {
      m.raw.moveExt(vector, 0, table, j, 1, 0, 0, 1, 0, 0, 2 ** this.#high, 1, claims.length);
    };
    claims.forEach((c, j) => {
      const mark = m.mark();
      place(dotRows(m, cells, 2 ** this.#high, 2 ** low, eqVector(m, c.point.slice(this.#high))), tables[0], j);
      place(eqVector(m, c.point.slice(0, this.#high), c.weight), tables[1], j);
      m.release(mark);
    });
    this.#first = new ProductInstance(m, ...tables, this.#high, claims.length);
  }

  member(): SlabMember {
    return { claim: this.#first.sum(), instance: this, end: () => this.#second!.values()[0]! };
  }

  round(): readonly Ext[] {
    return (this.#second ?? this.#first).round();
  }

  bind(r: Ext): void {
    this.#point.push(r);
    if (this.#second !== undefined) {
      this.#second.bind(r);
      return;
    }
    this.#first.bind(r);
    if (this.#point.length === this.#high) this.#second = this.#secondPass();
  }

  #secondPass(): ProductInstance {
    const m = this.#machine;
    const lowBits = this.variables - this.#high;
    const low = 2 ** lowBits;
    const folded = allocExt(m, low);
    const weights = allocExt(m, low);
    m.raw.zeroExt(folded, low);
    m.raw.zeroExt(weights, low);
    const z = eqVector(m, this.#point);
    const rows = 2 ** this.#high;
    const grain = Math.max(8, Math.floor((1 << 15) / rows));
    forRanges(m, 'foldRowsI32', low, grain, (from, to) => [this.#cells, low, rows, z, from, to, folded]);
    for (const c of this.#claims) {
      const weight = c.weight.mul(eqAt(c.point.slice(0, this.#high), this.#point));
      addEq(m, weights, { weight, point: c.point.slice(this.#high), offset: 0 });
    }
    return new ProductInstance(m, folded, weights, lowBits);
  }
}

function dotRows(m: Machine, cells: number, rows: number, length: number, w: number): number {
  const dst = allocExt(m, rows);
  const grain = Math.max(8, Math.floor((1 << 15) / length));
  forRanges(m, 'dotRowsI32', rows, grain, (from, to) => [cells, length, length, w, from, to, dst]);
  return dst;
}
