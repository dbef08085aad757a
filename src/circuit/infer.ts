/**
 * The interval of a tensor that follows from its definition and from the intervals of the tensors it names.
 */
import type { ContractShapes } from './contract.ts';
import { contractRange, dropsTerms, labelsOf, weightedRange } from './contract.ts';
import { addRange, joinRange, multiplyRange, rangeOfValues, scaleRange } from './interval.ts';
import type { AxisMap, Contract, IntArray, Range, TableColumn, Tensor, TensorId, Term, View } from './types.ts';

/** The integers that weights hold, where they are known. */
export type Weights = ReadonlyMap<TensorId, IntArray>;

/** constant + sum coefficient * tensor, before the division by 2^shift. */
export function sumRange(tensors: readonly Tensor[], terms: readonly Term[], constant: number): Range {
  return terms.reduce<Range>((sum, t) => addRange(sum, scaleRange(tensors[t.tensor]!.range, t.coefficient)), {
    lo: constant,
    hi: constant,
  });
}

/** The integers q with 2^shift q inside the interval. */
export function shiftRange(sum: Range, shift: number): Range {
  return { lo: Math.ceil(sum.lo / 2 ** shift), hi: Math.floor(sum.hi / 2 ** shift) };
}

export function productRange(tensors: readonly Tensor[], a: TensorId, b: TensorId): Range {
  const x = tensors[a]!.range;
  const square = multiplyRange(x, tensors[b]!.range);
  return a === b && x.lo <= 0 && x.hi >= 0 ? { lo: 0, hi: square.hi } : square;
}

/** By the true sums of a known operand, else by intervals. */
export function rangeOfContract(
  tensors: readonly Tensor[],
  def: Contract,
  out: readonly number[],
  weights: Weights,
  where: string,
): Range {
  const a = tensors[def.a]!;
  const b = tensors[def.b]!;
  const shapes: ContractShapes = { a: a.shape, b: b.shape, out };
  const labels = labelsOf(def, shapes, where);
  const isKept = (label: unknown): boolean => def.out.includes(label as string);
  const left = weights.get(def.a);
  if (left !== undefined) {
    const other = dropsTerms(labels, b.shape) ? joinRange(b.range, { lo: 0, hi: 0 }) : b.range;
    return weightedRange(left, a.shape, def.aAxes.map(isKept), other);
  }
  const right = weights.get(def.b);
  if (right !== undefined && labels.windows.length === 0) {
    return weightedRange(right, b.shape, def.bAxes.map(isKept), a.range);
  }
  return contractRange(labels, b.shape, a.range, b.range);
}

/** The source's interval, with the fill where some cell may have no source. */
export function viewRange(source: Tensor, shape: readonly number[], view: View): Range {
  const isFilled = view.maps.some((map) => mapFills(map, source.shape, shape));
  return isFilled ? joinRange(source.range, { lo: view.fill, hi: view.fill }) : source.range;
}

/** True where some index of a map has no source. */
function mapFills(map: AxisMap, from: readonly number[], to: readonly number[]): boolean {
  if (map.kind === 'index') return map.map?.includes(-1) ?? false;
  if (map.kind !== 'affine') return false;
  const last = map.stride * (to[map.to]! - 1) + map.offset;
  return Math.min(map.offset, last) < 0 || Math.max(map.offset, last) >= from[map.from]!;
}

/** Least and greatest value of a table column. */
export function columnRange(column: TableColumn, rows: number): Range {
  if (column.kind === 'values') return rangeOfValues(column.values);
  const at = (row: number): number => Math.min(Math.max(column.start + row, column.lo), column.hi);
  return { lo: at(0), hi: at(rows - 1) };
}
