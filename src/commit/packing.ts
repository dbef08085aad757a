/**
 * How columns become matrix rows (docs/spec/30-commitment.md). Each axis is cut into powers of two, largest first (28 = 16 + 8 + 4); the
 * products of these cuts are pieces. Pieces are laid out by size, largest first, so each is aligned. A slab is one piece of at least
 * a row, or one row shared by smaller pieces; cells of a shared row that no piece covers are read by no claim.
 *
 * A claim t(r) = v on a column is a weighted sum of claims on its pieces:
 *   t(r) = sum_P coef_P P(r_P),  coef_P = prod_axes eq(leading coordinates, leading bits of P),  r_P = the last coordinates of every axis
 */
import { Ext } from '../field/ext.ts';
import { eqIndex, type Point, splitPoint } from '../field/mle.ts';

/** A run of 2^bits cells of one axis, from `start`. */
export interface Cut {
  readonly start: number;
  readonly bits: number;
}

export interface Piece {
  /** Index into the columns that were packed. */
  readonly column: number;
  readonly cuts: readonly Cut[];
  /** First cell within the slab. */
  readonly offset: number;
  readonly bits: number;
}

export interface Slab {
  /** First row in the matrix; 2^(bits - m) rows. */
  readonly row: number;
  readonly bits: number;
  readonly pieces: readonly Piece[];
}

export interface Packing {
  readonly shapes: readonly (readonly number[])[];
  readonly rowBits: number;
  readonly slabs: readonly Slab[];
  readonly rows: number;
  /** Cells of all pieces. */
  readonly cells: number;
}

export function packColumns(shapes: readonly (readonly number[])[], rowBits: number): Packing {
  const pieces = shapes.flatMap((shape, column) =>
    cutShape(shape).map((cuts) => ({ column, cuts, bits: cuts.reduce((n, c) => n + c.bits, 0) })),
  );
  pieces.sort((a, b) => b.bits - a.bits);
  const slabs: { row: number; bits: number; pieces: Piece[] }[] = [];
  let cells = 0;
  for (const p of pieces) {
    const row = Math.floor(cells / 2 ** rowBits);
    const last = slabs.at(-1);
    if (p.bits >= rowBits) slabs.push({ row, bits: p.bits, pieces: [{ ...p, offset: 0 }] });
    else if (last !== undefined && last.row === row && last.bits === rowBits) {
      last.pieces.push({ ...p, offset: cells - row * 2 ** rowBits });
    } else slabs.push({ row, bits: rowBits, pieces: [{ ...p, offset: cells - row * 2 ** rowBits }] });
    cells += 2 ** p.bits;
  }
  return { shapes, rowBits, slabs, rows: Math.ceil(cells / 2 ** rowBits), cells };
}

/** All combinations of the axes' cuts, row-major. */
function cutShape(shape: readonly number[]): Cut[][] {
  return shape.reduce<Cut[][]>((all, size) => all.flatMap((cuts) => cutAxis(size).map((c) => [...cuts, c])), [[]]);
}

/** The binary digits of a size, largest first. */
export function cutAxis(size: number): Cut[] {
  const cuts: Cut[] = [];
  let start = 0;
  for (let bits = Math.floor(Math.log2(size)); bits >= 0; bits--) {
    if (Math.floor(size / 2 ** bits) % 2 === 0) continue;
    cuts.push({ start, bits });
    start += 2 ** bits;
  }
  return cuts;
}

/** coef_P and r_P of a column's claim at r, for its pieces. */
export function pieceClaims(
  shape: readonly number[],
  r: Point,
): (piece: Piece) => { readonly coefficient: Ext; readonly point: Point } {
  const axes = splitPoint(shape, r).map((point, a) => {
    const cuts = cutAxis(shape[a]!).map(({ start, bits }) => {
      const leading = point.length - bits;
      return [start, eqIndex(point.slice(0, leading), start / 2 ** bits)] as const;
    });
    return { point, eqOf: new Map(cuts) };
  });
  return ({ cuts }) => {
    let coefficient = Ext.ONE;
    const within: Ext[] = [];
    axes.forEach(({ point, eqOf }, a) => {
      const { start, bits } = cuts[a]!;
      const leading = point.length - bits;
      if (leading > 0) coefficient = coefficient.mul(eqOf.get(start)!);
      for (let i = leading; i < point.length; i++) within.push(point[i]!);
    });
    return { coefficient, point: within };
  };
}
