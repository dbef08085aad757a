/**
 * Relu with a slope below zero. One slope for all cells is a table, T(q) = q or round(a q). With one slope a channel and p = relu(q),
 * looked up like any Relu,
 *
 *   acc = 2^t p + A_c (q - p) at scale f + t,   A_c = round(a_c 2^t),
 *
 * a sum that stays wide: the product with the slopes is a contraction with a diagonal. Convolutions read p and q - p instead, and their
 * weights take the slopes: W (p + a (q - p)) = W p + (W a) (q - p), with nothing to round. q is a column then: else the sums of all
 * layers would hang on one another.
 */
import type { Term } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import { numberOf } from './attributes.ts';
import { arrangeInOrder, factorsOf, layoutOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { scaleInto, signedRange, unsignedRange } from './scheme.ts';
import { alignedShape } from './sum.ts';
import { applyAtScale, finestScale, valuesTable } from './tables.ts';
import { chooseWeights } from './weights.ts';

export const leakyRelu: Operator = {
  ops: ['LeakyRelu', 'PRelu'],
  meaning:
    'q, or round(a q) below zero, saturated; with slopes a channel the exact q or round(a 2^t) q 2^-t, not yet rounded',
  takes: 'wide',
  lower: (node, ctx) => {
    const slopes = slopesOf(node, ctx);
    if (slopes.data.length === 1) lowerOne(node, ctx, slopes.data[0]!);
    else lowerMany(node, ctx, slopes);
  },
  demand: (node, ctx) => (slopesOf(node, ctx).data.length === 1 ? scaleOfOne(node, ctx) : scaleOfMany(node, ctx)),
};

function slopesOf(node: Node, ctx: Lowering): Constant {
  if (node.op === 'LeakyRelu') {
    return { shape: [], dtype: 'float', data: Float64Array.of(numberOf(node, 'alpha')), origins: [] };
  }
  const slopes = ctx.constant(node.inputs[1]);
  if (slopes !== undefined) return slopes;
  throw new TesseraError('E_UNSUPPORTED_OP', 'the slope of PRelu is computed by the model', {
    where: node.name,
    hint: 'Only constant slopes are supported.',
  });
}

// ---- one slope ---------------------------------------------------------------------------------------------------------

function scaleOfOne(node: Node, ctx: Lowering): number | undefined {
  return finestScale(ctx, node, signedRange(ctx.scheme.bits), ctx.scheme.bits - 1);
}

function lowerOne(node: Node, ctx: Lowering, slope: number): void {
  const { bits } = ctx.scheme;
  applyAtScale(ctx, node, scaleOfOne(node, ctx), () =>
    valuesTable(ctx, `leaky ${slope}`, bits - 1, signedRange(bits), (q) => (q < 0 ? slope * q : q)),
  );
}

// ---- a slope a channel -------------------------------------------------------------------------------------------------

/** One slope a channel, where they vary along axis 1 alone. */
function slopesByChannel({ shape, data }: Constant, of: readonly number[]): Float64Array | undefined {
  const aligned = alignedShape(shape, of.length);
  if (of.length < 2 || aligned.some((size, axis) => size !== 1 && axis !== 1)) return undefined;
  return Float64Array.from({ length: of[1]! }, (_, c) => data[data.length === 1 ? 0 : c]!);
}

/** The positive part fits the Relu table's values, the whole argument half of its reach. */
function scaleOfMany(node: Node, ctx: Lowering): number | undefined {
  const real = ctx.realOf(node.inputs[0]!);
  if (real === undefined) return undefined;
  const half = ctx.reach(ctx.scheme.bits) / 2;
  const positive = scaleInto({ min: 0, max: Math.max(real.max, 0) }, unsignedRange(ctx.scheme.bits));
  return Math.min(positive, scaleInto(real, { lo: -half, hi: half }));
}

function lowerMany(node: Node, ctx: Lowering, slopes: Constant): void {
  const { builder } = ctx;
  const output = node.outputs[0]!;
  const x = ctx.value(node.inputs[0]!);
  const factors = factorsOf(x.layout);
  const tensor = arrangeInOrder(builder, `${node.name}.x`, x, factors);
  const scale = ctx.coarserScale(node.inputs[0]!, x, scaleOfMany(node, ctx));
  const acc = ctx.shiftTo(node.name, { ...x, tensor }, scale);
  const channels = slopesByChannel(slopes, ctx.shape(output));
  // the readers' weights would take the slopes, and may be seen by others than these
  const inParts = channels !== undefined && !ctx.hides(slopes) && ctx.isReadInParts(output);
  const requantise = inParts ? builder.requantiseApart.bind(builder) : builder.requantise.bind(builder);
  const { q, y: p } = requantise(`${node.name}.positive`, acc.tensor, acc.shift, ctx.reluTable());
  const rest = builder.linear(`${node.name}.rest`, [
    { tensor: q, coefficient: 1 },
    { tensor: p, coefficient: -1 },
  ]);
  if (inParts) {
    const layout = layoutOf(factors);
    ctx.setParts(output, [
      { value: { tensor: p, scale, layout }, factors: undefined },
      { value: { tensor: rest, scale, layout }, factors: channels },
    ]);
    return;
  }

  const shape = alignedShape(slopes.shape, factors.length);
  const own = factors.map((list, axis) => (shape[axis] === 1 ? [] : list));
  const real = { values: slopes.data, shape: own.flat(), kept: own.flat().map(() => true), bias: undefined };
  const weights = chooseWeights(node, ctx, real, { range: builder.rangeOf(rest), scale });
  const weight = builder.weight(node.inputs[1]!, own.flat(), weights.values);
  const labels = factors.map((list, axis) => list.map((_, i) => `${axis}.${i}`));
  const kept = labels.flatMap((list, axis) => (own[axis]!.length === 0 ? [] : list));
  const sloped = builder.contract(`${node.name}.sloped`, weight, rest, kept, labels.flat(), labels.flat());
  const t = Math.max(0, weights.scale);
  const terms: Term[] = [
    { tensor: p, coefficient: 2 ** t },
    { tensor: sloped, coefficient: 2 ** (t - weights.scale) },
  ];
  ctx.setTensor(node, builder.linear(node.name, terms), scale + t, factors);
}
