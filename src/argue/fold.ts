/**
 * Folding axes of an integer tensor by extension weights: sum over the weighted axes of x[..] prod_a w_a[i_a], for all indices of the
 * others. The first fold meets small integers and is the dear one; what it leaves is short, and folded over E axis by axis.
 */
import type { Machine } from '../kernels/kernels.ts';
import { allocExt, forRanges, outerVectors } from '../kernels/vectors.ts';

/** Integer values in kernel memory: kind 2 is i16, 4 is i32. */
export interface IntValues {
  readonly kind: 2 | 4;
  readonly ptr: number;
}

/** Weights of one axis, an E vector. */
export interface AxisWeights {
  readonly ptr: number;
  readonly length: number;
}

interface Axis {
  readonly size: number;
  readonly weights: AxisWeights | null;
}

/** Neighbouring axes to fold together: `outer` cells before them, `inner` behind. */
interface Run {
  readonly from: number;
  readonly to: number;
  readonly outer: number;
  readonly inner: number;
}

/** Dense E vector over the axes without weights, in the tensor's order. `weights`: one an axis, null for axes to keep. */
export function foldAxes(
  m: Machine,
  values: IntValues,
  shape: readonly number[],
  weights: readonly (AxisWeights | null)[],
): number {
  let axes: Axis[] = shape.map((size, a) => ({ size, weights: weights[a]! }));
  // axes of one cell would part others that are neighbours; their weight is a factor, which is kept
  const ones = axes.filter((a) => a.size === 1 && a.weights !== null);
  axes = axes.filter((a) => a.size > 1);
  const first = lastRun(axes, true);
  const w = outerVectors(
    m,
    [...axes.slice(first.from, first.to), ...ones].map((a) => a.weights!),
  );
  let table = foldIntegers(m, values, first, w);
  axes.splice(first.from, first.to - first.from);
  while (axes.some((a) => a.weights !== null)) {
    const run = lastRun(axes, false);
    const factors = axes.slice(run.from, run.to).map((a) => a.weights!);
    table = foldElements(m, table, run, outerVectors(m, factors));
    axes.splice(run.from, run.to - run.from);
  }
  return table;
}

/** The last axes with weights that are neighbours; of the first fold only so many of them as are cheapest. None: an empty run at the end. */
function lastRun(axes: readonly Axis[], isFirst: boolean): Run {
  let to = axes.length;
  while (to > 0 && axes[to - 1]!.weights === null) to--;
  let from = to;
  while (from > 0 && axes[from - 1]!.weights !== null) from--;
  if (to === 0) return runOf(axes, 0, 0);
  return isFirst && to === axes.length ? cheapest(axes, from, to) : runOf(axes, from, to);
}

function runOf(axes: readonly Axis[], from: number, to: number): Run {
  const cells = (part: readonly Axis[]): number => part.reduce((n, a) => n * a.size, 1);
  return { from, to, outer: cells(axes.slice(0, from)), inner: cells(axes.slice(to)) };
}

/**
 * Of trailing axes from .. to, the last ones that are best folded first: a product of weights takes 4 ns an entry, a row of integers 40 ns
 * and 0.28 ns a cell, an element left over 4 ns (2026-11-25).
 */
function cheapest(axes: readonly Axis[], from: number, to: number): Run {
  let best: { run: Run; cost: number } | undefined;
  for (let start = to - 1; start >= from; start--) {
    const run = runOf(axes, start, to);
    const length = axes.slice(start, to).reduce((n, a) => n * a.size, 1);
    const product = start < to - 1 ? 4 * length : 0;
    const cost = run.outer * (40 + 0.28 * length + (start > from ? 4 : 0)) + product;
    if (best === undefined || cost < best.cost) best = { run, cost };
  }
  return best!.run;
}

function foldIntegers(m: Machine, x: IntValues, { outer, inner }: Run, w: AxisWeights): number {
  const dst = allocExt(m, outer * inner);
  const isSmall = x.kind === 2;
  if (inner === 1) {
    // one long row has no rows to share out, but is a fold of many rows of one cell: left to one thread (2026-11-22)
    const grain = Math.max(1, Math.floor((1 << 15) / w.length));
    const kernel = isSmall ? 'dotRowsI16' : 'dotRowsI32';
    forRanges(m, kernel, outer, grain, (from, to) => [x.ptr, w.length, w.length, w.ptr, from, to, dst]);
    return dst;
  }
  m.raw.zeroExt(dst, outer * inner);
  const kernel = isSmall ? 'foldRowsI16' : 'foldRowsI32';
  if (outer === 1) {
    const grain = Math.max(8, Math.floor((1 << 15) / w.length));
    forRanges(m, kernel, inner, grain, (from, to) => [x.ptr, inner, w.length, w.ptr, from, to, dst]);
    return dst;
  }
  const tasks = planes(outer, inner, w.length).map(([skip, from, to]) => {
    return [x.ptr + x.kind * skip, inner, w.length, w.ptr, from, to, dst];
  });
  m.fork(kernel, tasks);
  return dst;
}

function foldElements(m: Machine, x: number, { outer, inner }: Run, w: AxisWeights): number {
  const dst = allocExt(m, outer * inner);
  if (inner === 1) {
    const grain = Math.max(1, Math.floor((1 << 13) / w.length));
    forRanges(m, 'dotRowsExt', outer, grain, (from, to) => [x, w.length, w.length, w.ptr, from, to, dst]);
    return dst;
  }
  m.raw.zeroExt(dst, outer * inner);
  m.fork(
    'foldRowsExt',
    planes(outer, inner, w.length).map(([skip, from, to]) => [x, skip, inner, w.length, w.ptr, from, to, dst]),
  );
  return dst;
}

/** For every plane: what its cells' places are ahead of those of the result, in cells, and its range of the result. */
function planes(outer: number, inner: number, rows: number): [number, number, number][] {
  return Array.from({ length: outer }, (_, o) => [o * inner * (rows - 1), o * inner, (o + 1) * inner]);
}
