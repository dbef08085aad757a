/**
 * Weighted sums: constants as weight columns, and the bias.
 *
 *   acc = contract(W, x) + b,   b one integer a channel at the scale of acc, broadcast over the other axes
 */
import type { AxisMap, TensorId } from '../circuit/types.ts';
import type { Constant } from '../onnx/graph.ts';
import type { Factors } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { quantise } from './scheme.ts';

/**
 * A committed constant as a tensor of the given factors (ONNX order of the result): round(c 2^scale), numpy-broadcast where the
 * constant has size 1 or lacks the axis.
 */
export function constantTensor(
  ctx: Lowering,
  name: string,
  constant: Constant,
  scale: number,
  factors: Factors,
): TensorId {
  const own = alignedShape(constant.shape, factors.length).map((size, axis) => (size === 1 ? [] : factors[axis]!));
  const values = quantise(constant.data, scale, name);
  const weight = ctx.builder.weight(name, own.flat(), values);
  return broadcast(ctx, name, weight, own, factors);
}

/** A row-major tensor of the factors `own`, repeated along the axes of `factors` that it lacks. */
export function broadcast(ctx: Lowering, name: string, tensor: TensorId, own: Factors, factors: Factors): TensorId {
  const maps: AxisMap[] = [];
  let from = 0;
  let to = 0;
  factors.forEach((list, axis) => {
    const isOwn = own[axis]!.length === list.length;
    for (let i = 0; i < list.length; i++, to++)
      maps.push(isOwn ? { kind: 'keep', from: from++, to } : { kind: 'broadcast', to });
  });
  return from === to ? tensor : ctx.builder.view(`${name}.broadcast`, tensor, factors.flat(), maps);
}

/** A shape with leading ones up to a rank. */
export function alignedShape(shape: readonly number[], rank: number): number[] {
  return [...new Array<number>(rank - shape.length).fill(1), ...shape];
}

/** acc + b along one axis of a row-major tensor with the given factors; the tensor itself without bias. */
export function addBias(
  ctx: Lowering,
  name: string,
  acc: TensorId,
  bias: Constant | undefined,
  scale: number,
  factors: Factors,
  axis: number,
): TensorId {
  if (bias === undefined || (bias.data.every((v) => v === 0) && !ctx.hides(bias))) return acc;
  const shape = factors.map((_, a) => (a === axis ? bias.data.length : 1));
  const tensor = constantTensor(ctx, `${name}.bias`, { ...bias, shape }, scale, factors);
  const terms = [acc, tensor].map((t) => ({ tensor: t, coefficient: 1 }));
  return ctx.builder.linear(`${name}.sum`, terms);
}
