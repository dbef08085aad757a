/**
 * Means: the exact sum over the window times M, where M 2^-t is the nearest to 1 / count,
 *
 *   acc = M sum x   at scale f_x + t,   t = log2(count), M = 1 where count is a power of two.
 *
 * |M 2^-t count - 1| <= count 2^-(t+1) is the relative error of the mean; t is as large as the readers' shift and 2^29 allow. A window
 * that hangs over the edge divides by the cells inside, unless padding counts (then zeros are averaged in).
 */
import type { TensorId, Window } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import type { Factors } from './layout.ts';
import { arrangeInOrder, factorsOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { SUM_LIMIT } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { quantise } from './scheme.ts';

export const average: Operator = {
  ops: ['AveragePool', 'GlobalAveragePool', 'ReduceMean', 'ReduceSum'],
  meaning: "exact sum over the window times an integer M, M 2^-t being 1 / count rounded to the readers' precision",
  takes: 'narrow',
  lower: (node, ctx) =>
    node.op.startsWith('Reduce') || node.op.startsWith('Global') ? lowerReduce(node, ctx) : lowerPool(node, ctx),
  demand: ownScale,
};

/** Multiplier M and exponent t for 1 / count on a sum of the given magnitude at scale `from`. */
function reciprocal(ctx: Lowering, node: Node, count: number, reach: number, from: number): { m: number; t: number } {
  const exact = Math.log2(count);
  if (Number.isInteger(exact)) return { m: 1, t: exact };
  const room = Math.floor(Math.log2(((SUM_LIMIT - 1) / Math.max(reach, 1)) * count));
  const wanted = (ctx.sumScale(node.outputs[0]!) ?? Number.POSITIVE_INFINITY) - from;
  const t = Math.max(Math.min(wanted, room), Math.ceil(exact) + 1);
  return { m: Math.floor(2 ** t / count + 0.5), t };
}

/** Sum over whole axes. */
function lowerReduce(node: Node, ctx: Lowering): void {
  const input = node.inputs[0]!;
  const x = ctx.narrow(input);
  const shape = ctx.shape(input);
  const reduced = node.op.startsWith('Global') ? shape.map((_, a) => a).slice(2) : numbersOf(node, 'axes');
  const keeps = node.op.startsWith('Global') || numberOf(node, 'keepdims') === 1;
  const factors = factorsOf(x.layout);
  const tensor = arrangeInOrder(ctx.builder, `${node.name}.input`, x, factors);
  const labels = factors.map((list, axis) => list.map((_, i) => `${reduced.includes(axis) ? 'k' : 'n'}${axis}.${i}`));
  const summed = reduced.flatMap((axis) => labels[axis]!);
  const kept = labels.flat().filter((label) => !summed.includes(label));
  const ones = ctx.builder.constant(
    `${node.name}.ones`,
    reduced.flatMap((axis) => factors[axis]!),
    1,
  );
  const sum = ctx.builder.contract(`${node.name}.sum`, ones, tensor, summed, labels.flat(), kept);
  const count = node.op === 'ReduceSum' ? 1 : reduced.reduce((n, axis) => n * shape[axis]!, 1);
  const result = factors.map((list, axis) => (reduced.includes(axis) ? [] : list));
  setMean(
    node,
    ctx,
    sum,
    count,
    x.scale,
    result.filter((_, axis) => keeps || !reduced.includes(axis)),
  );
}

/** acc = M sum, and its value. */
function setMean(node: Node, ctx: Lowering, sum: TensorId, count: number, scale: number, factors: Factors): void {
  const { lo, hi } = ctx.builder.rangeOf(sum);
  const { m, t } = reciprocal(ctx, node, count, Math.max(-lo, hi), scale);
  const acc = m === 1 ? sum : ctx.builder.linear(`${node.name}.acc`, [{ tensor: sum, coefficient: m }]);
  ctx.setTensor(node, acc, scale + t, factors);
}

// ---- windows -----------------------------------------------------------------------------------------------------------

function lowerPool(node: Node, ctx: Lowering): void {
  const input = node.inputs[0]!;
  const x = ctx.narrow(input);
  const sizes = ctx.shape(input).slice(2);
  const places = ctx.shape(node.outputs[0]!).slice(2);
  const kernel = numbersOf(node, 'kernel_shape');
  const [batch, channels] = factorsOf(x.layout) as [number[], number[]];
  const tensor = arrangeInOrder(ctx.builder, `${node.name}.input`, x, [batch, channels, ...sizes.map((s) => [s])]);
  const outer = [...batch, ...channels].map((_, i) => `n${i}`);
  const windows = sizes.map((_, a) => windowOf(node, a));
  const ones = ctx.builder.constant(`${node.name}.ones`, kernel, 1);
  const sum = ctx.builder.contract(
    `${node.name}.sum`,
    ones,
    tensor,
    windows.map((w) => w.kernel),
    [...outer, ...windows],
    [...outer, ...windows.map((w) => w.out)],
    Object.fromEntries(places.map((size, a) => [`y${a}`, size])),
  );
  const factors = [batch, channels, ...places.map((size) => [size])];
  const counts = numberOf(node, 'count_include_pad') === 1 ? undefined : cellsInside(node, sizes, places);
  const whole = kernel.reduce((n, k) => n * k, 1);
  const isUniform = counts === undefined || counts.every((c) => c === counts[0]);
  if (isUniform) setMean(node, ctx, sum, counts?.[0] ?? whole, x.scale, factors);
  else setWeighted(node, ctx, sum, counts, places, outer, x.scale, factors);
}

function windowOf(node: Node, a: number): Window {
  const [stride, pad] = [numbersOf(node, 'strides')[a]!, numbersOf(node, 'pads')[a]!];
  return { out: `y${a}`, kernel: `k${a}`, stride, dilation: numbersOf(node, 'dilations')[a]!, pad };
}

/** Cells of each window that lie inside the tensor, row-major over the places. */
function cellsInside(node: Node, sizes: readonly number[], places: readonly number[]): number[] {
  const kernel = numbersOf(node, 'kernel_shape');
  return sizes.reduce<number[]>(
    (counts, size, a) => {
      const { stride, dilation, pad } = windowOf(node, a);
      const inside = Array.from({ length: places[a]! }, (_, o) => {
        const cells = Array.from({ length: kernel[a]! }, (_, k) => stride * o + dilation * k - pad);
        return cells.filter((i) => i >= 0 && i < size).length;
      });
      return counts.flatMap((c) => inside.map((i) => c * i));
    },
    [1],
  );
}

/** acc = M[place] sum: a diagonal contraction with one multiplier a place. */
function setWeighted(
  node: Node,
  ctx: Lowering,
  sum: TensorId,
  counts: readonly number[],
  places: readonly number[],
  outer: readonly string[],
  scale: number,
  factors: Factors,
): void {
  const { lo, hi } = ctx.builder.rangeOf(sum);
  const least = Math.min(...counts);
  const { t } = reciprocal(ctx, node, least + 0.5, Math.max(-lo, hi), scale);
  const values = quantise(
    counts.map((c) => 1 / c),
    t,
    node.name,
  );
  const y = places.map((_, a) => `y${a}`);
  const weight = ctx.builder.weight(`${node.name}.reciprocals`, places, values);
  const acc = ctx.builder.contract(`${node.name}.acc`, weight, sum, y, [...outer, ...y], [...outer, ...y]);
  ctx.setTensor(node, acc, scale + t, factors);
}
