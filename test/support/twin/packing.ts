/**
 * Columns cut into pieces and laid into rows of 2^m cells (docs/spec/30-commitment.md, sections 3 and 4):
 *   t(r) = sum_P coef_P P(r_P),   coef_P = prod_axes eq(leading coordinates, leading bits of the piece's start)
 */
import type { TensorId } from '../../../src/circuit/types.ts';
import { bits, corner, type E, eq, mul, type Point, product, splitPoint } from './field.ts';

/** Cells [start, start + 2^bits) of one axis. */
interface Cut {
  readonly start: number;
  readonly bits: number;
}

export interface Piece {
  readonly tensor: TensorId;
  readonly cuts: readonly Cut[];
  /** log2 of its cells. */
  readonly bits: number;
}

/** One piece of at least 2^m cells, or one row with all smaller pieces in it; `variables` = n_S. */
export interface Slab {
  readonly variables: number;
  readonly pieces: { readonly piece: Piece; readonly offset: number }[];
}

/** 28 = 16 + 8 + 4 */
function cutAxis(size: number): Cut[] {
  const cuts: Cut[] = [];
  for (let b = bits(size), start = 0; b >= 0; b--) {
    if (start + 2 ** b > size) continue;
    cuts.push({ start, bits: b });
    start += 2 ** b;
  }
  return cuts;
}

function piecesOf(tensor: TensorId, shape: readonly number[]): Piece[] {
  let products: Cut[][] = [[]];
  for (const size of shape) products = products.flatMap((cuts) => cutAxis(size).map((cut) => [...cuts, cut]));
  return products.map((cuts) => ({ tensor, cuts, bits: cuts.reduce((b, cut) => b + cut.bits, 0) }));
}

export function slabsOf(columns: readonly (readonly [TensorId, readonly number[]])[], m: number): Slab[] {
  const pieces = columns.flatMap(([tensor, shape]) => piecesOf(tensor, shape)).sort((a, b) => b.bits - a.bits);
  const slabs: Slab[] = [];
  let filled = 0; // cells of the last, shared row
  for (const piece of pieces) {
    if (piece.bits >= m) {
      slabs.push({ variables: piece.bits, pieces: [{ piece, offset: 0 }] });
      continue;
    }
    if (filled === 0) slabs.push({ variables: m, pieces: [] });
    slabs.at(-1)!.pieces.push({ piece, offset: filled });
    filled = (filled + 2 ** piece.bits) % 2 ** m;
  }
  return slabs;
}

/** W(x) of the claim t(r) in a slab: sum over t's pieces there of coef_P eq(leading bits, offset / 2^b) eq(r_P, last b bits of x). */
export function slabWeight(slab: Slab, tensor: TensorId, shape: readonly number[], r: Point, x: Point): E[] {
  const axes = splitPoint(shape, r);
  return slab.pieces.flatMap(({ piece, offset }) => {
    if (piece.tensor !== tensor) return [];
    const leading = piece.cuts.map((cut, a) => axes[a]!.slice(0, axes[a]!.length - cut.bits));
    const inside = leading.flatMap((high, a) => axes[a]!.slice(high.length));
    const coefficient = product(
      piece.cuts.map((cut, a) => eq(leading[a]!, corner(cut.start / 2 ** cut.bits, leading[a]!.length))),
    );
    const high = x.slice(0, x.length - piece.bits);
    const place = eq(high, corner(offset / 2 ** piece.bits, high.length));
    return [mul(mul(coefficient, place), eq(inside, x.slice(high.length)))];
  });
}
