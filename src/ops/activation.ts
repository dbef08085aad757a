/**
 * Functions of one variable: y = T(q), one requantisation of the argument and its function in one table,
 *
 *   q = round(acc 2^-s) at scale f_q,   T(q) = clamp(round(f(q 2^-f_q) 2^f_y)).
 *
 * Piecewise linear functions keep their scale (f_y = f_q), so all layers share a table whatever their scales are.
 */
import type { Range, TableId } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf } from './attributes.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { type Interval, portOf, scaleInto, signedRange, unsignedRange } from './scheme.ts';
import { finestScale, valuesTable } from './tables.ts';

export const relu: Operator = {
  ops: ['Relu'],
  meaning: 'max(q, 0), saturated at the top of the activation range',
  takes: 'wide',
  lower: (node, ctx) => {
    const scale = reluScale(node, ctx) ?? 0;
    apply(node, ctx, scale, ctx.reluTable(), scale);
  },
  demand: reluScale,
};

export const clip: Operator = {
  ops: ['Clip'],
  meaning: 'clamp(q, round(min 2^f), round(max 2^f)), saturated to the activation range',
  takes: 'wide',
  lower: lowerClip,
  demand: clipScale,
};

export const leakyRelu: Operator = {
  ops: ['LeakyRelu'],
  meaning: 'q, or round(alpha q) below zero, saturated to the activation range',
  takes: 'wide',
  lower: lowerLeakyRelu,
  demand: leakyScale,
};

/** Functions by their values: f_q is common to all nodes of the op, so that they share a table. */
const FUNCTIONS: Readonly<Record<string, (node: Node) => (x: number) => number>> = {
  Sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  Tanh: () => Math.tanh,
  Exp: () => Math.exp,
  HardSigmoid: (node) => {
    const [alpha, beta] = [numberOf(node, 'alpha'), numberOf(node, 'beta')];
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  },
  HardSwish: () => (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
};

export const smooth: Operator = {
  ops: Object.keys(FUNCTIONS),
  meaning: 'round(f(q 2^-f_q) 2^f_y) by a table, saturated to the activation range',
  takes: 'wide',
  lower: lowerSmooth,
  demand: smoothScale,
};

/** Output 0 of the node = T(argument), requantised to `argumentScale`. */
function apply(node: Node, ctx: Lowering, argumentScale: number, table: TableId, scale: number): void {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  ctx.set(output, ctx.requantise(output, ctx.value(input), argumentScale, table, scale));
}

function reluScale(node: Node, ctx: Lowering): number | undefined {
  const { bits } = ctx.scheme;
  return finestScale(ctx, node, unsignedRange(bits), bits);
}

// ---- Clip --------------------------------------------------------------------------------------------------------------

function clipRange(node: Node, ctx: Lowering): Range {
  return numberOf(node, 'min') >= 0 ? unsignedRange(ctx.scheme.bits) : signedRange(ctx.scheme.bits);
}

/** Bounds that are reached fix the scale, so that clips to the same bounds share a table. */
function clipScale(node: Node, ctx: Lowering): number | undefined {
  const range = clipRange(node, ctx);
  const { bits } = ctx.scheme;
  const free = finestScale(ctx, node, range, range.lo < 0 ? bits - 1 : bits);
  const [min, max] = [numberOf(node, 'min'), numberOf(node, 'max')];
  if (!Number.isFinite(max) || free === undefined) return free;
  const bounded = scaleInto({ min: Number.isFinite(min) ? min : 0, max }, range);
  return bounded >= free - 2 ? Math.min(bounded, free) : free;
}

function lowerClip(node: Node, ctx: Lowering): void {
  const scale = clipScale(node, ctx) ?? ctx.value(node.inputs[0]!).scale;
  const range = clipRange(node, ctx);
  const round = (v: number): number => Math.floor(Math.min(Math.max(v * 2 ** scale, range.lo), range.hi) + 0.5);
  const lo = Math.max(range.lo, round(numberOf(node, 'min')));
  const hi = Math.max(lo, Math.min(range.hi, round(numberOf(node, 'max'))));
  const { bits } = ctx.scheme;
  apply(node, ctx, scale, ctx.clampTable('clip', { lo, hi }, range.lo < 0 ? bits - 1 : bits), scale);
}

// ---- LeakyRelu ---------------------------------------------------------------------------------------------------------

function leakyScale(node: Node, ctx: Lowering): number | undefined {
  const { bits } = ctx.scheme;
  return finestScale(ctx, node, signedRange(bits), bits - 1);
}

function lowerLeakyRelu(node: Node, ctx: Lowering): void {
  const alpha = numberOf(node, 'alpha');
  const scale = leakyScale(node, ctx) ?? 0;
  const { bits } = ctx.scheme;
  const table = valuesTable(ctx, `leaky ${alpha}`, bits - 1, signedRange(bits), (q) => (q < 0 ? alpha * q : q));
  apply(node, ctx, scale, table, scale);
}

// ---- by values ---------------------------------------------------------------------------------------------------------

/** The coarsest of the scales that the nodes of this op want. */
function smoothScale(node: Node, ctx: Lowering): number | undefined {
  const { bits } = ctx.scheme;
  const wanted = ctx.graph.nodes
    .filter((n) => n.op === node.op)
    .map((n) => ctx.realOf(n.inputs[0]!))
    .filter((real) => real !== undefined)
    .map((real) => scaleInto(real, signedRange(bits)));
  return wanted.length === 0 ? undefined : Math.min(...wanted);
}

function lowerSmooth(node: Node, ctx: Lowering): void {
  const { bits } = ctx.scheme;
  const f = FUNCTIONS[node.op]!(node);
  const from = smoothScale(node, ctx) ?? scaleInto(ctx.interval(node.inputs[0]!), signedRange(bits));
  const { range, scale } = portOf(resultRange(node, ctx, f), bits);
  const name = `${node.op.toLowerCase()} 2^-${from} to 2^-${scale}`;
  const table = valuesTable(ctx, name, bits - 1, range, (q) => f(q * 2 ** -from) * 2 ** scale);
  apply(node, ctx, from, table, scale);
}

/** Real results over the calibrated arguments of all nodes of the op (the functions here are monotone, or small inside). */
function resultRange(node: Node, ctx: Lowering, f: (x: number) => number): Interval {
  const intervals = ctx.graph.nodes
    .filter((n) => n.op === node.op)
    .map((n) => ctx.realOf(n.inputs[0]!))
    .filter((real) => real !== undefined);
  const all = intervals.length > 0 ? intervals : [ctx.interval(node.inputs[0]!)];
  const ends = all.flatMap(({ min, max }) => Array.from({ length: 65 }, (_, i) => f(min + ((max - min) * i) / 64)));
  return { min: Math.min(...ends), max: Math.max(...ends) };
}
