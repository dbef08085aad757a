/**
 * The larger or smaller of two tensors, and the largest or smallest along axes, by  max(a, b) = b + relu(a - b)  and
 * min(a, b) = a - relu(a - b).  An axis of n cells is halved again and again, the odd cell out against the range's end: about n looked-up
 * differences, log n of them in a row.
 */
import type { AxisMap, Range, TensorId } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import { arrangeInOrder, commonFactors, factorsOf, type Value, withRank } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { alignedShape, broadcast, constantTensor } from './sum.ts';

export const extremum: Operator = {
  ops: ['Max', 'Min'],
  meaning: 'the exact maximum or minimum at the coarser of the two scales',
  takes: 'narrow',
  lower: lowerTwo,
  demand: ownScale,
};

export const reduceExtremum: Operator = {
  ops: ['ReduceMax', 'ReduceMin'],
  meaning: 'the exact maximum or minimum along the axes',
  takes: 'narrow',
  lower: lowerReduce,
  demand: ownScale,
};

/** max(a, b), or min(a, b), cell by cell. */
function pick(ctx: Lowering, name: string, isMax: boolean, a: TensorId, b: TensorId): TensorId {
  const { builder } = ctx;
  const difference = builder.linear(`${name}.difference`, [
    { tensor: a, coefficient: 1 },
    { tensor: b, coefficient: -1 },
  ]);
  const [x, y] = [builder.rangeOf(a), builder.rangeOf(b)];
  const table = ctx.differenceTable({ lo: Math.min(x.lo, y.lo), hi: Math.max(x.hi, y.hi) });
  const gain = builder.requantise(`${name}.gain`, difference, 0, table).y;
  return builder.linear(name, [
    { tensor: isMax ? b : a, coefficient: 1 },
    { tensor: gain, coefficient: isMax ? 1 : -1 },
  ]);
}

// ---- two tensors ---------------------------------------------------------------------------------------------------------

function lowerTwo(node: Node, ctx: Lowering): void {
  const { bits } = ctx.scheme;
  const rank = ctx.shape(node.outputs[0]!).length;
  const values = node.inputs.map((name) => {
    return ctx.constant(name) === undefined ? withRank(ctx.narrowTo(name, bits), rank) : undefined;
  });
  const scale = Math.min(...values.filter((v) => v !== undefined).map((v) => v.scale));
  const own = node.inputs.map((name, i) => {
    const value = values[i];
    if (value !== undefined) return factorsOf(value.layout);
    return alignedShape(ctx.constant(name)!.shape, rank).map((size) => (size === 1 ? [] : [size]));
  });
  const factors = commonFactors(own[0]!, own[1]!);
  const [a, b] = node.inputs.map((name, i) => operand(ctx, name, values[i], scale, factors));
  ctx.setTensor(node, pick(ctx, node.name, node.op === 'Max', a!, b!), scale, factors);
}

/** An operand at the scale, with the axes of the result. */
function operand(
  ctx: Lowering,
  name: string,
  value: Value | undefined,
  scale: number,
  factors: readonly (readonly number[])[],
): TensorId {
  if (value === undefined) {
    const constant = ctx.constant(name)!;
    const shape = alignedShape(constant.shape, factors.length);
    return constantTensor(ctx, name, { ...constant, shape }, scale, factors);
  }
  const table = ctx.range(value).lo < 0 ? ctx.saturationTable() : ctx.reluTable();
  const x = value.scale === scale ? value : ctx.requantise(`${name} at 2^-${scale}`, value, scale, table, scale);
  const own = factorsOf(x.layout).map((list, axis) => (list.length === 0 ? [] : factors[axis]!));
  return broadcast(ctx, name, arrangeInOrder(ctx.builder, name, x, own), own, factors);
}

// ---- along axes ----------------------------------------------------------------------------------------------------------

function lowerReduce(node: Node, ctx: Lowering): void {
  const input = node.inputs[0]!;
  const x = ctx.narrowTo(input, ctx.scheme.bits);
  const axes = numbersOf(node, 'axes');
  const isMax = node.op === 'ReduceMax';
  const shape = ctx.shape(input);
  const from = factorsOf(x.layout).map((list, axis) =>
    axes.includes(axis) && list.length > 0 ? [shape[axis]!] : list,
  );
  let tensor = arrangeInOrder(ctx.builder, `${node.name}.x`, x, from);
  const factors = from.map((list) => [...list]);
  for (const axis of axes) {
    if (factors[axis]!.length === 0) continue;
    const at = factors.slice(0, axis).flat().length;
    tensor = halve(ctx, `${node.name}.${axis}`, isMax, tensor, at, ctx.range(x));
    factors[axis] = [];
  }
  const keeps = numberOf(node, 'keepdims') === 1;
  ctx.setTensor(
    node,
    tensor,
    x.scale,
    factors.filter((_, axis) => keeps || !axes.includes(axis)),
  );
}

/** The extremum along a circuit axis, which goes. */
function halve(ctx: Lowering, name: string, isMax: boolean, x: TensorId, at: number, range: Range): TensorId {
  const { builder } = ctx;
  let tensor = x;
  for (let size = builder.shapeOf(x)[at]!; size > 1; ) {
    const half = Math.ceil(size / 2);
    const shape = builder.shapeOf(tensor).with(at, half);
    const part = (offset: number): TensorId => {
      const maps = shape.map((_, a): AxisMap => {
        return a === at ? { kind: 'affine', from: a, to: a, stride: 1, offset } : { kind: 'keep', from: a, to: a };
      });
      return builder.view(`${name}.${size}.${offset}`, tensor, shape, maps, isMax ? range.lo : range.hi);
    };
    tensor = pick(ctx, `${name}.${half}`, isMax, part(0), part(half));
    size = half;
  }
  const shape = builder.shapeOf(tensor);
  const maps = shape.map((_, a): AxisMap => {
    if (a === at) return { kind: 'index', from: [a], to: [], map: null };
    return { kind: 'keep', from: a, to: a > at ? a - 1 : a };
  });
  return builder.view(`${name}.only`, tensor, shape.toSpliced(at, 1), maps);
}
