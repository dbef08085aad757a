/**
 * PRelu with one slope a channel: with p = relu(q), looked up like any Relu,
 *
 *   acc = 2^t p + A_c (q - p) at scale f + t,   A_c = round(a_c 2^t),
 *
 * a sum that stays wide: the product with the slopes is a contraction with a diagonal. One slope for all is a table like LeakyRelu's.
 */
import type { Term } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import { arrangeInOrder, factorsOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { scaleInto, signedRange, unsignedRange } from './scheme.ts';
import { alignedShape } from './sum.ts';
import { finestScale, valuesTable } from './tables.ts';
import { chooseWeights } from './weights.ts';

export const prelu: Operator = {
  ops: ['PRelu'],
  meaning: 'q, or round(a 2^t) q 2^-t below zero',
  takes: 'wide',
  lower: (node, ctx) => {
    const slope = ctx.constant(node.inputs[1]);
    if (slope === undefined) {
      const hint = 'Only constant slopes are supported.';
      throw new TesseraError('E_UNSUPPORTED_OP', 'the slope of PRelu is computed by the model', {
        where: node.name,
        hint,
      });
    }
    if (slope.data.length === 1) lowerOne(node, ctx, slope.data[0]!);
    else lowerMany(node, ctx, slope);
  },
  demand: (node, ctx) =>
    ctx.constant(node.inputs[1])?.data.length === 1 ? scaleOfOne(node, ctx) : scaleOfMany(node, ctx),
};

function scaleOfOne(node: Node, ctx: Lowering): number | undefined {
  return finestScale(ctx, node, signedRange(ctx.scheme.bits), ctx.scheme.bits - 1);
}

function lowerOne(node: Node, ctx: Lowering, slope: number): void {
  const { bits } = ctx.scheme;
  const output = node.outputs[0]!;
  const scale = scaleOfOne(node, ctx) ?? 0;
  const table = valuesTable(ctx, `leaky ${slope}`, bits - 1, signedRange(bits), (q) => (q < 0 ? slope * q : q));
  ctx.set(output, ctx.requantise(output, ctx.value(node.inputs[0]!), scale, table, scale));
}

/** The positive part fits the Relu table's values, the whole argument half of its reach. */
function scaleOfMany(node: Node, ctx: Lowering): number | undefined {
  const real = ctx.realOf(node.inputs[0]!);
  if (real === undefined) return undefined;
  const half = ctx.reach(ctx.scheme.bits) / 2;
  const positive = scaleInto({ min: 0, max: Math.max(real.max, 0) }, unsignedRange(ctx.scheme.bits));
  return Math.min(positive, scaleInto(real, { lo: -half, hi: half }));
}

function lowerMany(node: Node, ctx: Lowering, slope: Constant): void {
  const { builder } = ctx;
  const x = ctx.value(node.inputs[0]!);
  const factors = factorsOf(x.layout);
  const tensor = arrangeInOrder(builder, `${node.name}.x`, x, factors);
  const scale = scaleOfMany(node, ctx) ?? x.scale;
  const acc = ctx.shiftTo(node.name, { ...x, tensor }, scale);
  const { q, y: p } = builder.requantise(`${node.name}.positive`, acc.tensor, acc.shift, ctx.reluTable());
  const rest = builder.linear(
    `${node.name}.rest`,
    [q, p].map((t, i): Term => ({ tensor: t, coefficient: 1 - 2 * i })),
  );

  const shape = alignedShape(slope.shape, factors.length);
  const own = factors.map((list, axis) => (shape[axis] === 1 ? [] : list));
  const real = { values: slope.data, shape: own.flat(), kept: own.flat().map(() => true), bias: undefined };
  const range = builder.rangeOf(rest);
  const weights = chooseWeights(node, ctx, real, { range, scale });
  const slopes = builder.weight(node.inputs[1]!, own.flat(), weights.values);
  const labels = factors.map((list, axis) => list.map((_, i) => `${axis}.${i}`));
  const kept = labels.flatMap((list, axis) => (own[axis]!.length === 0 ? [] : list));
  const scaled = builder.contract(`${node.name}.slope`, slopes, rest, kept, labels.flat(), labels.flat());
  const t = Math.max(0, weights.scale);
  const sum = builder.linear(node.name, [
    { tensor: p, coefficient: 2 ** t },
    { tensor: scaled, coefficient: 2 ** (t - weights.scale) },
  ]);
  ctx.setTensor(node, sum, scale + t, factors);
}
