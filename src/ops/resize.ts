/**
 * Resampling, axis by axis. By neighbours a view, y[j] = x[map(j)]; by interpolation a contraction with two taps a place,
 *
 *   acc[j] = sum_i M[j, i] x[i],   M[j, i] 2^-t the linear weights rounded, every row of M with sum 2^t exactly,
 *
 * so that a constant stays what it is. Enlarging by two is exact: its weights are quarters, t = 2. Nothing is rounded after.
 */
import type { TensorId } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numbersOf } from './attributes.ts';
import { arrangeInOrder, factorsOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { SUM_LIMIT } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';

export const resize: Operator = {
  ops: ['Resize'],
  meaning:
    'nearest: cells by a fixed map; linear: exact sum of two cells an axis with weights of t bits that add up to 2^t',
  takes: 'narrow',
  lower,
  demand: ownScale,
};

/** One axis that changes: how positions of the result lie among the source's. */
interface Axis {
  readonly axis: number;
  readonly from: number;
  readonly to: number;
  /** Position of every place, in cells of the source. */
  readonly at: readonly number[];
}

function lower(node: Node, ctx: Lowering): void {
  const x = ctx.narrow(node.inputs[0]!);
  const axes = axesOf(node, ctx);
  const factors = factorsOf(x.layout).map((list, a) =>
    axes.some(({ axis }) => axis === a) ? [ctx.shape(node.inputs[0]!)[a]!] : list,
  );
  let value: Resampled = {
    tensor: arrangeInOrder(ctx.builder, `${node.name}.input`, x, factors),
    factors,
    scale: x.scale,
  };
  const isNearest = node.attributes.get('mode') === 'nearest';
  axes.forEach((axis, i) => {
    value = isNearest ? byNeighbour(node, ctx, value, axis) : byWeights(node, ctx, value, axis, axes.length - i);
  });
  ctx.setTensor(node, value.tensor, value.scale, value.factors);
}

interface Resampled {
  readonly tensor: TensorId;
  readonly factors: readonly (readonly number[])[];
  readonly scale: number;
}

// ---- positions -----------------------------------------------------------------------------------------------------------

function axesOf(node: Node, ctx: Lowering): Axis[] {
  const [from, to] = [ctx.shape(node.inputs[0]!), ctx.shape(node.outputs[0]!)];
  const scales = numbersOf(node, 'scales');
  const mode = node.attributes.get('coordinate_transformation_mode') as string;
  return from.flatMap((size, axis) => {
    if (size === to[axis] && scales[axis] === 1) return [];
    const at = Array.from({ length: to[axis]! }, (_, j) => position(mode, j, scales[axis]!, size, to[axis]!));
    return [{ axis, from: size, to: to[axis]!, at }];
  });
}

/** In single precision, as ONNX Runtime computes it: a neighbour may hang on the last bit. */
function position(mode: string, j: number, scale: number, from: number, to: number): number {
  const f = Math.fround;
  const s = f(scale);
  const half = f(f((j + 0.5) / s) - 0.5);
  switch (mode) {
    case 'align_corners':
      return to === 1 ? 0 : f(f(j * (from - 1)) / f(to - 1));
    case 'asymmetric':
      return f(j / s);
    case 'pytorch_half_pixel':
      return to > 1 ? half : 0;
    case 'half_pixel_symmetric':
      return f(f((from / 2) * (1 - f(to / f(s * from)))) + half);
    default:
      return half;
  }
}

// ---- neighbours ----------------------------------------------------------------------------------------------------------

const ROUNDINGS: Readonly<Record<string, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
};

function byNeighbour(node: Node, ctx: Lowering, { tensor, factors, scale }: Resampled, axis: Axis): Resampled {
  const round = ROUNDINGS[node.attributes.get('nearest_mode') as string]!;
  const map = Int32Array.from(axis.at, (x) => Math.min(Math.max(round(x), 0), axis.from - 1));
  const at = factors.slice(0, axis.axis).flat().length;
  const shape = ctx.builder.shapeOf(tensor).with(at, axis.to);
  const maps = shape.map((_, a) =>
    a === at ? ({ kind: 'index', from: [a], to: [a], map } as const) : ({ kind: 'keep', from: a, to: a } as const),
  );
  const view = ctx.builder.view(`${node.name}.axis${axis.axis}`, tensor, shape, maps);
  return { tensor: view, factors: factors.with(axis.axis, [axis.to]), scale };
}

// ---- interpolation -------------------------------------------------------------------------------------------------------

/** Bits of an interpolation's weights where they are no multiples of a larger power of two. */
const MOST_BITS = 12;

function byWeights(
  node: Node,
  ctx: Lowering,
  { tensor, factors, scale }: Resampled,
  axis: Axis,
  left: number,
): Resampled {
  const { builder } = ctx;
  const { lo, hi } = builder.rangeOf(tensor);
  const room = Math.floor(Math.log2((SUM_LIMIT - 1) / Math.max(-lo, hi, 1)) / left);
  const t = Math.min(bitsOf(axis), room);
  const weight = builder.weight(`${node.name}.weights${axis.axis}`, [axis.to, axis.from], weightsOf(axis, t));
  const shape = builder.shapeOf(tensor);
  const at = factors.slice(0, axis.axis).flat().length;
  const labels = shape.map((_, a) => (a === at ? 'k' : `n${a}`));
  const acc = builder.contract(
    `${node.name}.axis${axis.axis}`,
    weight,
    tensor,
    ['m', 'k'],
    labels,
    labels.map((label) => (label === 'k' ? 'm' : label)),
  );
  return { tensor: acc, factors: factors.with(axis.axis, [axis.to]), scale: scale + t };
}

/** The first of two neighbouring cells of a place, and the second's share. Beyond the ends the last cell counts. */
function shareOf(x: number, size: number): { first: number; second: number; share: number } {
  const inside = Math.min(Math.max(x, 0), size - 1);
  const first = Math.min(Math.floor(inside), size - 1);
  return { first, second: Math.min(first + 1, size - 1), share: inside - first };
}

/** The fewest bits that hold every share exactly, or MOST_BITS. */
function bitsOf({ at, from }: Axis): number {
  const shares = at.map((x) => shareOf(x, from).share);
  const exact = Array.from({ length: MOST_BITS }, (_, t) => t).find((t) =>
    shares.every((share) => Number.isInteger(share * 2 ** t)),
  );
  return exact ?? MOST_BITS;
}

/** M, (to, from) row-major. */
function weightsOf({ at, from, to }: Axis, t: number): Int16Array {
  const weights = new Int16Array(to * from);
  at.forEach((x, j) => {
    const { first, second, share } = shareOf(x, from);
    const w = Math.floor(share * 2 ** t + 0.5);
    weights[j * from + first]! += 2 ** t - w;
    weights[j * from + second]! += w;
  });
  return weights;
}
