/**
 * Functions of one variable by their values: y = T(q), the requantisation of the argument and the function in one table,
 *
 *   q = round(acc 2^-s) at scale f_q,   T(q) = clamp(round(f(q 2^-f_q) 2^f_y)).
 *
 * f_q is the same for all nodes of an op, so that they share the table.
 */
import type { Node } from '../onnx/graph.ts';
import { numberOf } from './attributes.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { type Interval, portOf, scaleInto, signedRange } from './scheme.ts';
import { valuesTable } from './tables.ts';

/** Monotone, or with a dip that 64 steps show. */
const FUNCTIONS: Readonly<Record<string, (node: Node) => (x: number) => number>> = {
  Sigmoid: () => (x) => 1 / (1 + Math.exp(-x)),
  Tanh: () => Math.tanh,
  Exp: () => Math.exp,
  HardSigmoid: (node) => {
    const [alpha, beta] = [numberOf(node, 'alpha'), numberOf(node, 'beta')];
    return (x) => Math.min(Math.max(alpha * x + beta, 0), 1);
  },
  HardSwish: () => (x) => (x * Math.min(Math.max(x + 3, 0), 6)) / 6,
  Swish: (node) => (x) => x / (1 + Math.exp(-numberOf(node, 'alpha') * x)),
  Elu: (node) => (x) => (x < 0 ? numberOf(node, 'alpha') * Math.expm1(x) : x),
  Celu: (node) => (x) => (x < 0 ? numberOf(node, 'alpha') * Math.expm1(x / numberOf(node, 'alpha')) : x),
  Selu: (node) => (x) => numberOf(node, 'gamma') * (x < 0 ? numberOf(node, 'alpha') * Math.expm1(x) : x),
  Softplus: () => (x) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0),
  Softsign: () => (x) => x / (1 + Math.abs(x)),
};

const STEPS = 64;

export const smooth: Operator = {
  ops: Object.keys(FUNCTIONS),
  meaning: 'round(f(q 2^-f_q) 2^f_y) by a table, saturated to the activation range',
  takes: 'wide',
  lower,
  demand: argumentScale,
};

function lower(node: Node, ctx: Lowering): void {
  const [input, output] = [node.inputs[0]!, node.outputs[0]!];
  const { bits } = ctx.scheme;
  const value = ctx.value(input);
  const f = FUNCTIONS[node.op]!(node);
  const reals = argumentsOf(node, ctx);
  const intervals = reals.length > 0 ? reals : [ctx.interval(input)];
  const from = Math.min(...intervals.map((real) => scaleInto(real, signedRange(bits))), value.scale);
  const { range, scale } = portOf(resultOf(f, intervals), bits);
  const name = `${node.op.toLowerCase()} 2^-${from} to 2^-${scale}`;
  const table = valuesTable(ctx, name, bits - 1, range, (q) => f(q * 2 ** -from) * 2 ** scale);
  ctx.set(output, ctx.requantise(output, value, from, table, scale));
}

/** Calibrated arguments of all nodes of this op. */
function argumentsOf(node: Node, ctx: Lowering): Interval[] {
  const nodes = ctx.graph.nodes.filter((n) => n.op === node.op);
  return nodes.map((n) => ctx.realOf(n.inputs[0]!)).filter((real) => real !== undefined);
}

/** The coarsest of the scales that the nodes of this op want. */
function argumentScale(node: Node, ctx: Lowering): number | undefined {
  const wanted = argumentsOf(node, ctx).map((real) => scaleInto(real, signedRange(ctx.scheme.bits)));
  return wanted.length === 0 ? undefined : Math.min(...wanted);
}

function resultOf(f: (x: number) => number, intervals: readonly Interval[]): Interval {
  const results = intervals.flatMap(({ min, max }) =>
    Array.from({ length: STEPS + 1 }, (_, i) => f(min + ((max - min) * i) / STEPS)),
  );
  return { min: Math.min(...results), max: Math.max(...results) };
}
