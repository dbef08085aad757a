/**
 * What looks along an axis of n cells, with h the one-hot of the largest (advice: h in {0, 1}, sum h = 1).
 *
 *   ArgMax    keys n x_j + (n - 1 - j) are distinct; key of h minus key_j >= 0 for all j: the largest x, the lowest index among equals
 *   Softmax   m = sum h x, m - x_j >= 0;  e_j = EXP[m - x_j];  S = sum e;  y_j = floor((2^(k+1) e_j + S) / (2 S)):
 *             rem_j = 2^(k+1) e_j + S - 2 S y_j with 0 <= rem_j < 2 S: round(2^k e_j / S), half up
 *
 * Both are functions: nothing is left to the prover's choice.
 */
import type { AxisMap, TensorId, Term } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf } from './attributes.ts';
import { arrangeInOrder, factorsOf, type Value } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';

export const argMax: Operator = {
  ops: ['ArgMax'],
  meaning: 'the index of the largest integer, the lowest among equals',
  takes: 'narrow',
  lower: lowerArgMax,
  demand: ownScale,
};

export const softmax: Operator = {
  ops: ['Softmax'],
  meaning: 'round(2^k e_j / sum e), e_j = round(2^k exp((x_j - max x) 2^-f))',
  takes: 'narrow',
  lower: lowerSoftmax,
  demand: ownScale,
};

/** Cells of the looked-along axis come last: rows x n. */
interface Rows {
  readonly name: string;
  readonly x: TensorId;
  readonly shape: readonly number[];
  readonly n: number;
}

function rowsOf(node: Node, ctx: Lowering, axis: number): { rows: Rows; value: Value; factors: number[][] } {
  const value = ctx.narrowTo(node.inputs[0]!, ctx.scheme.bits);
  const n = ctx.shape(node.inputs[0]!)[axis]!;
  const last = value.layout[axis]!;
  const layout = [...value.layout.filter((_, a) => a !== axis), last];
  const factors = [...factorsOf(layout).slice(0, -1), [n]];
  const x = arrangeInOrder(ctx.builder, `${node.name}.x`, { ...value, layout }, factors);
  return { rows: { name: node.name, x, shape: factors.flat(), n }, value, factors };
}

function term(tensor: TensorId, coefficient: number): Term {
  return { tensor, coefficient };
}

/** The one-hot of the largest cell of `of`, with sum 1 in every row. */
function oneHot(ctx: Lowering, { name, shape }: Rows, of: TensorId): TensorId {
  const { builder } = ctx;
  const h = builder.witness(`${name}.onehot`, shape, { lo: 0, hi: 1 }, { kind: 'argmax', of });
  builder.rangeCheck(h, 1);
  const sum = sumRow(ctx, `${name}.chosen`, h, shape);
  builder.zero(builder.linear(`${name}.one`, [term(sum, 1)], { constant: -1 }));
  return h;
}

function sumRow(ctx: Lowering, name: string, x: TensorId, shape: readonly number[]): TensorId {
  const ones = ctx.builder.constant(`${name}.ones`, shape.slice(-1), 1);
  const labels = shape.map((_, a) => `${a}`);
  return ctx.builder.contract(name, ones, x, labels.slice(-1), labels, labels.slice(0, -1));
}

/** sum_j a_j x_j in every row; a has all axes, or the last alone. */
function dotRow(ctx: Lowering, name: string, a: TensorId, x: TensorId, shape: readonly number[]): TensorId {
  const labels = shape.map((_, i) => `${i}`);
  const own = labels.slice(-ctx.builder.shapeOf(a).length);
  return ctx.builder.contract(name, a, x, own, labels, labels.slice(0, -1));
}

/** A number a row, or a number a column, in every cell. */
function spread(
  ctx: Lowering,
  name: string,
  x: TensorId,
  shape: readonly number[],
  one: 'a row' | 'a column',
): TensorId {
  const last = shape.length - 1;
  const maps = shape.map((_, a): AxisMap => {
    const isKept = one === 'a row' ? a < last : a === last;
    return isKept ? { kind: 'keep', from: one === 'a row' ? a : 0, to: a } : { kind: 'broadcast', to: a };
  });
  return ctx.builder.view(name, x, shape, maps);
}

function bitsFor(largest: number): number {
  return Math.ceil(Math.log2(largest + 1));
}

// ---- ArgMax ------------------------------------------------------------------------------------------------------------

function lowerArgMax(node: Node, ctx: Lowering): void {
  const { builder } = ctx;
  const { rows } = rowsOf(node, ctx, numberOf(node, 'axis'));
  const { name, x, shape, n } = rows;
  const isLast = numberOf(node, 'select_last_index') === 1;
  const ranks = Int32Array.from({ length: n }, (_, j) => (isLast ? j : n - 1 - j));
  const rank = builder.weight(`${name}.rank`, [n], ranks);
  const key = builder.linear(`${name}.key`, [
    term(x, n),
    term(spread(ctx, `${name}.ranks`, rank, shape, 'a column'), 1),
  ]);
  const h = oneHot(ctx, rows, key);
  const best = builder.linear(`${name}.best`, [
    term(dotRow(ctx, `${name}.max`, h, x, shape), n),
    term(dotRow(ctx, `${name}.bestRank`, rank, h, shape), 1),
  ]);
  const gap = builder.linear(`${name}.gap`, [
    term(spread(ctx, `${name}.bests`, best, shape, 'a row'), 1),
    term(key, -1),
  ]);
  const { lo, hi } = builder.rangeOf(x);
  builder.rangeCheck(gap, bitsFor(n * (hi - lo) + n - 1));
  ctx.setChoice(node, { tensor: h, size: n });
}

// ---- Softmax -----------------------------------------------------------------------------------------------------------

function lowerSoftmax(node: Node, ctx: Lowering): void {
  const { builder } = ctx;
  const { rows, value, factors } = rowsOf(node, ctx, ctx.shape(node.inputs[0]!).length - 1);
  const { name, x, shape, n } = rows;
  // 2 S y < 2^30 with S <= n 2^k and y <= 2^k
  const k = Math.min(12, Math.floor((28 - Math.log2(n)) / 2));
  const { lo, hi } = builder.rangeOf(x);
  const max = dotRow(ctx, `${name}.max`, oneHot(ctx, rows, x), x, shape);
  const below = builder.linear(`${name}.below`, [
    term(spread(ctx, `${name}.maxes`, max, shape, 'a row'), 1),
    term(x, -1),
  ]);
  const exp = Int32Array.from({ length: hi - lo + 1 }, (_, d) =>
    Math.floor(2 ** k * Math.exp(-d * 2 ** -value.scale) + 0.5),
  );
  const table = builder.functionTable(`exp 2^-${value.scale} to 2^-${k}`, 0, exp);
  const e = builder.requantise(`${name}.exp`, below, 0, table).y;
  const sum = spread(ctx, `${name}.sums`, sumRow(ctx, `${name}.sum`, e, shape), shape, 'a row');
  const y = quotient(ctx, name, shape, e, sum, n, k);
  ctx.setTensor(node, y, k, factors);
}

/** y = floor((2^(k+1) e + S) / (2 S)), by its remainder. */
function quotient(
  ctx: Lowering,
  name: string,
  shape: readonly number[],
  e: TensorId,
  sum: TensorId,
  n: number,
  k: number,
): TensorId {
  const { builder } = ctx;
  const numerator = builder.linear(`${name}.numerator`, [term(e, 2 ** (k + 1)), term(sum, 1)]);
  const denominator = builder.linear(`${name}.denominator`, [term(sum, 2)]);
  const y = builder.witness(name, shape, { lo: 0, hi: 2 ** k }, { kind: 'quotient', numerator, denominator });
  builder.pin(y);
  const product = builder.product(`${name}.product`, y, denominator);
  const rest = builder.linear(`${name}.rest`, [term(numerator, 1), term(product, -1)]);
  const gap = builder.linear(`${name}.gap`, [term(denominator, 1), term(rest, -1)], { constant: -1 });
  const bits = bitsFor(2 * n * 2 ** k);
  builder.rangeCheck(rest, bits);
  builder.rangeCheck(gap, bits);
  return y;
}
