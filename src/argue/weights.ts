/**
 * Public weight vectors of windows and views: how much each source cell counts in a claim about the tensor that reads it.
 * O(cells of the axes concerned), the same for both parties.
 *
 *   window   S(x) = sum_(o < outSize, k < kernelSize) eq(r_o, o) eq(r_k, k) [x = stride o + dilation k - pad]
 *   view     S(i) = sum_(j : map(j) = i) eq(r_j, j)
 */
import type { AxisMap, Window } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { eqTable, type Point } from '../field/mle.ts';

/** S over the source axis for kernel weights `kernel` (a unit vector picks one tap). */
export function windowWeights(
  window: Window,
  outSize: number,
  outEq: readonly Ext[],
  kernel: readonly Ext[],
  inSize: number,
): Ext[] {
  const s: Ext[] = new Array(inSize).fill(Ext.ZERO);
  kernel.forEach((weight, k) => {
    if (weight.isZero()) return;
    const unit = weight.equals(Ext.ONE);
    for (let o = 0; o < outSize; o++) {
      const x = window.stride * o + window.dilation * k - window.pad;
      if (x >= 0 && x < inSize) s[x] = s[x]!.add(unit ? outEq[o]! : outEq[o]!.mul(weight));
    }
  });
  return s;
}

/** The source index of each index of a map's `to` axes (sizes given flat), or -1. */
function sourceIndex(map: AxisMap & { kind: 'affine' | 'index' }, j: number, fromSize: number): number {
  if (map.kind === 'index') return map.map === null ? j : map.map[j]!;
  const i = map.stride * j + map.offset;
  return i >= 0 && i < fromSize ? i : -1;
}

/** S over the flat `from` axes: eq(r_j, j) of every j that map takes to i. */
export function viewWeights(
  map: AxisMap & { kind: 'affine' | 'index' },
  toSizes: readonly number[],
  toPoints: readonly Point[],
  fromSize: number,
): Ext[] {
  let eq: Ext[] = [Ext.ONE];
  toSizes.forEach((size, a) => {
    const axis = eqTable(toPoints[a]!);
    // most maps have one axis
    eq = a === 0 ? axis.slice(0, size) : productOf(eq, axis, size);
  });
  const weights: Ext[] = new Array(fromSize).fill(Ext.ZERO);
  for (let j = 0; j < eq.length; j++) {
    const i = sourceIndex(map, j, fromSize);
    if (i < 0) continue;
    // an index that is read once takes the factor as it is
    const before = weights[i]!;
    weights[i] = before === Ext.ZERO ? eq[j]! : before.add(eq[j]!);
  }
  return weights;
}

/** a[i] b[j] for all i and j < size, row-major. */
function productOf(a: readonly Ext[], b: readonly Ext[], size: number): Ext[] {
  const out: Ext[] = [];
  for (const x of a) for (let j = 0; j < size; j++) out.push(x.mul(b[j]!));
  return out;
}

/** How much of the `to` axes has a source, all of S: sum_(j : map(j) >= 0) eq(r_j, j). */
export function coveredBy(weights: readonly Ext[]): Ext {
  return weights.reduce((sum, w) => sum.add(w), Ext.ZERO);
}

/** sum_i weights[i] eq(rho, i) over row-major axes of the given sizes. */
export function evaluateWeights(weights: readonly Ext[], sizes: readonly number[], points: readonly Point[]): Ext {
  let layer = weights;
  for (let a = sizes.length - 1; a >= 0; a--) {
    const eq = eqTable(points[a]!);
    const size = sizes[a]!;
    const next: Ext[] = [];
    for (let i = 0; i < layer.length; i += size) {
      let s = Ext.ZERO;
      for (let j = 0; j < size; j++) {
        const w = layer[i + j]!;
        if (!w.isZero()) s = s.add(w.mul(eq[j]!));
      }
      next.push(s);
    }
    layer = next;
  }
  return layer[0]!;
}
