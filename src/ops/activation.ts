/**
 * Piecewise linear functions of one variable: y = T(q), the requantisation of the argument and the function in one table,
 *
 *   q = round(acc 2^-s) at scale f,   T(q) = clamp(q, lo, hi) at the same scale f,
 *
 * so that all layers share a table whatever their scales are.
 */
import type { Range } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf } from './attributes.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { scaleInto, signedRange, unsignedRange } from './scheme.ts';
import { applyAtScale, finestScale } from './tables.ts';

export const relu: Operator = {
  ops: ['Relu'],
  meaning: 'max(q, 0), saturated at the top of the activation range',
  takes: 'wide',
  lower: (node, ctx) => applyAtScale(ctx, node, reluScale(node, ctx), () => ctx.reluTable()),
  demand: reluScale,
};

export const clip: Operator = {
  ops: ['Clip'],
  meaning: 'clamp(q, round(min 2^f), round(max 2^f)), saturated to the activation range',
  takes: 'wide',
  lower: lowerClip,
  demand: clipScale,
};

function reluScale(node: Node, ctx: Lowering): number | undefined {
  const { bits } = ctx.scheme;
  return finestScale(ctx, node, unsignedRange(bits), bits);
}

/** Values of a Clip, and the width of its table: one bit less where the values have a sign. */
function clipRange(node: Node, ctx: Lowering): { range: Range; bits: number } {
  const { bits } = ctx.scheme;
  const isUnsigned = Math.min(numberOf(node, 'min'), numberOf(node, 'max')) >= 0;
  return isUnsigned ? { range: unsignedRange(bits), bits } : { range: signedRange(bits), bits: bits - 1 };
}

/** A bound that is reached, or nearly, fixes the scale, so that clips to the same bounds share a table. */
function clipScale(node: Node, ctx: Lowering): number | undefined {
  const { range, bits } = clipRange(node, ctx);
  const free = finestScale(ctx, node, range, bits);
  const [min, max] = [numberOf(node, 'min'), numberOf(node, 'max')];
  if (!Number.isFinite(max) || free === undefined) return free;
  const bounded = scaleInto({ min: Number.isFinite(min) ? Math.min(min, max) : 0, max }, range);
  return bounded >= free - 2 ? Math.min(bounded, free) : free;
}

function lowerClip(node: Node, ctx: Lowering): void {
  const { range, bits } = clipRange(node, ctx);
  applyAtScale(ctx, node, clipScale(node, ctx), (scale) => {
    const bound = (name: string): number =>
      Math.min(Math.max(Math.floor(numberOf(node, name) * 2 ** scale + 0.5), range.lo), range.hi);
    // ONNX: where min is above max, every cell is max
    return ctx.clampTable('clip', { lo: Math.min(bound('min'), bound('max')), hi: bound('max') }, bits);
  });
}
