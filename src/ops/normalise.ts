/**
 * InstanceNormalization: every row (n, c) of m cells to mean 0 and variance 1, then times gamma_c, plus beta_c. With x at scale f,
 *
 *   mu0 = round(sum x / m),   c = x - mu0,   V = round(16 sum c^2 / m) + round(16 eps 2^2f)          (the mean's own rounding adds < 1/4 to c^2)
 *   sigma = floor(sqrt(V)),   sigma^2 <= V <= sigma^2 + 2 sigma                                      in quarters of a unit of x
 *   R = T(sigma) = min(round(2^21 / (sigma + 1/2)), 2^14 - 1),   G = round(R Gamma 2^-s)
 *   y = G (4 x - round(4 sum x / m)) + B
 *
 * an exact function of x: every advice is pinned by its own relation. The sums of squares are added up in stretches that fit 30 bits and
 * rounded between; all but c^2 is a number a row or a stretch, so the cost a cell is that of its stretch's limbs.
 */
import type { CircuitBuilder } from '../circuit/builder.ts';
import type { AxisMap, TensorId } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf } from './attributes.ts';
import { arrangeInOrder, type Factors, factorsOf, layoutOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { bitsOf, checkBits, roundShift, roundTimes } from './rounding.ts';
import { magnitude, quantise } from './scheme.ts';
import { addBias } from './sum.ts';

export const instanceNormalization: Operator = {
  ops: ['InstanceNormalization'],
  meaning:
    'G (x - mean) + B a channel, G = round(gamma / floor(sqrt(16 variance))) by a table; mean and variance rounded once',
  takes: 'narrow',
  lower,
  demand: ownScale,
};

/** x is at most this wide: its squares about a mean then fit 24 bits, 64 of them 30. */
const MOST_BITS = 12;
/** Sums of tensors stay below this. */
const LIMIT = 2 ** 30;
/** R = 2^K / sigma: of 11 bits where the deviation is a sixth of the range. */
const K = 21;
const MOST_R = 2 ** 14 - 1;

/** Axes of rows and of cells in a row, as factors of a circuit tensor whose axes are in this order. */
interface Rows {
  readonly name: string;
  readonly outer: readonly number[];
  readonly inner: readonly number[];
}

function lower(node: Node, ctx: Lowering): void {
  const { builder } = ctx;
  const { bits } = ctx.scheme;
  const x = ctx.narrowTo(node.inputs[0]!, Math.min(bits, MOST_BITS));
  const factors = factorsOf(x.layout);
  const [batch, channels, ...spatial] = factors as [number[], number[], ...number[][]];
  const rows: Rows = { name: node.name, outer: [...batch, ...channels], inner: spatial.flat() };
  const cells = arrangeInOrder(builder, `${node.name}.x`, x, factors);
  const m = rows.inner.reduce((n, s) => n * s, 1);
  const { lo, hi } = builder.rangeOf(cells);
  if (m * Math.max(-lo, hi) >= LIMIT) {
    const hint = 'Compile with fewer bits, or a smaller input.';
    throw new TesseraError('E_QUANTIZE', `a sum of ${m} cells does not fit 30 bits`, { where: node.name, hint });
  }
  const sum = sumInner(ctx, `${node.name}.sum`, cells, rows, rows.inner.length);
  const centred = minusMean(
    ctx,
    `${node.name}.centred`,
    cells,
    roundTimes(ctx.builder, `${node.name}.mean`, sum, 1 / m),
    rows,
    1,
  );
  const variance = varianceOf(ctx, rows, centred, m, 16 * numberOf(node, 'epsilon') * 4 ** x.scale);
  const gain = gainOf(node, ctx, rows, inverseRoot(builder, node.name, variance), batch, channels);
  const mean = roundTimes(ctx.builder, `${node.name}.mean4`, sum, 4 / m);
  const quarters = minusMean(ctx, `${node.name}.quarters`, cells, mean, rows, 4);
  const [outer, all] = [labelsOf(rows).outer, labelsOf(rows).all];
  const acc = builder.contract(`${node.name}.acc`, gain.tensor, quarters, outer, all, all);
  // R is 2^K over quarters of units 2^-f, and quarters of units are what it multiplies
  const scale = K + gain.scale;
  const beta = ctx.constant(node.inputs[2]);
  ctx.setTensor(node, addBias(ctx, node.name, acc, beta, scale, factors, 1), scale, factors);
}

function labelsOf({ outer, inner }: Rows): { outer: string[]; inner: string[]; all: string[] } {
  const [o, i] = [outer.map((_, a) => `n${a}`), inner.map((_, a) => `k${a}`)];
  return { outer: o, inner: i, all: [...o, ...i] };
}

/** The sum over the last `count` axes of the rows. */
function sumInner(ctx: Lowering, name: string, t: TensorId, { outer, inner }: Rows, count: number): TensorId {
  const shape = [...outer, ...inner];
  const labels = shape.map((_, a) => `${a}`);
  const first = shape.length - count;
  const ones = ctx.builder.constant(`${name}.ones`, shape.slice(first), 1);
  return ctx.builder.contract(name, ones, t, labels.slice(first), labels, labels.slice(0, first));
}

/** factor x - mean, the mean of a row in every cell of it. */
function minusMean(
  ctx: Lowering,
  name: string,
  x: TensorId,
  mean: TensorId,
  { outer, inner }: Rows,
  factor: number,
): TensorId {
  const maps = [...outer, ...inner].map((_, a): AxisMap => {
    return a < outer.length ? { kind: 'keep', from: a, to: a } : { kind: 'broadcast', to: a };
  });
  const spread = ctx.builder.view(`${name}.mean`, mean, [...outer, ...inner], maps);
  return ctx.builder.linear(name, [
    { tensor: x, coefficient: factor },
    { tensor: spread, coefficient: -1 },
  ]);
}

/** Cells of a stretch: the innermost axes, the last of them cut where it must be. */
function stretch(inner: readonly number[], most: number): { axes: number[]; count: number } {
  let [cells, first] = [1, inner.length];
  while (first > 0 && cells * inner[first - 1]! <= most) cells *= inner[--first]!;
  if (first === 0) return { axes: [...inner], count: inner.length };
  const size = inner[first - 1]!;
  const part = Array.from({ length: Math.floor(most / cells) }, (_, i) => i + 1).findLast((d) => size % d === 0)!;
  const cut = part === 1 ? [size] : [size / part, part];
  const axes = [...inner.slice(0, first - 1), ...cut, ...inner.slice(first)];
  return { axes, count: inner.length - first + (part === 1 ? 0 : 1) };
}

/** V of the head comment. */
function varianceOf(ctx: Lowering, rows: Rows, centred: TensorId, m: number, epsilon: number): TensorId {
  const { builder } = ctx;
  const { name, outer } = rows;
  const { lo, hi } = builder.rangeOf(centred);
  const { axes, count } = stretch(rows.inner, Math.floor((LIMIT - 1) / Math.max(-lo, hi) ** 2));
  const whole: Factors = [[...outer, ...rows.inner]];
  const cut: Rows = { name, outer, inner: axes };
  const value = { tensor: centred, layout: layoutOf(whole), scale: 0 };
  const c = arrangeInOrder(builder, `${name}.stretches`, value, [[...outer, ...axes]]);
  const part = sumInner(ctx, `${name}.squares`, builder.product(`${name}.square`, c, c), cut, count);
  const places: Rows = { name, outer, inner: axes.slice(0, axes.length - count) };
  const stretches = places.inner.reduce((n, s) => n * s, 1);
  const shift = Math.max(0, bitsOf(builder.rangeOf(part).hi) + Math.ceil(Math.log2(stretches)) - 29);
  const rounded = roundShift(ctx.builder, `${name}.stretch`, part, shift);
  const total =
    stretches === 1
      ? dropInner(ctx, rounded, places)
      : sumInner(ctx, `${name}.total`, rounded, places, places.inner.length);
  const scaled = roundTimes(ctx.builder, `${name}.variance`, total, (16 * 2 ** shift) / m);
  return builder.linear(`${name}.V`, [{ tensor: scaled, coefficient: 1 }], { constant: Math.floor(epsilon + 0.5) });
}

/** Axes of one cell each are left out. */
function dropInner(ctx: Lowering, t: TensorId, { name, outer, inner }: Rows): TensorId {
  if (inner.length === 0) return t;
  const layout = layoutOf([[...outer, ...inner]]);
  return arrangeInOrder(ctx.builder, `${name}.row`, { tensor: t, layout, scale: 0 }, [outer]);
}

/** R, from sigma = floor(sqrt(V)). */
export function inverseRoot(builder: CircuitBuilder, name: string, variance: TensorId): TensorId {
  const shape = builder.shapeOf(variance);
  const most = Math.floor(Math.sqrt(builder.rangeOf(variance).hi));
  const root = builder.witness(`${name}.sigma`, shape, { lo: 0, hi: most }, { kind: 'root', of: variance });
  const square = builder.product(`${name}.sigma2`, root, root);
  const over = builder.linear(`${name}.over`, [
    { tensor: variance, coefficient: 1 },
    { tensor: square, coefficient: -1 },
  ]);
  const under = builder.linear(`${name}.under`, [
    { tensor: root, coefficient: 2 },
    { tensor: over, coefficient: -1 },
  ]);
  const bits = bitsOf(2 * most);
  checkBits(builder, `${name}.over`, over, bits);
  checkBits(builder, `${name}.under`, under, bits);
  const values = Int32Array.from({ length: most + 1 }, (_, s) =>
    Math.min(Math.floor(2 ** K / (s + 0.5) + 0.5), MOST_R),
  );
  return builder.requantise(`${name}.R`, root, 0, builder.functionTable('2^21 / sigma', 0, values)).y;
}

/** G = round(R Gamma 2^-s) of 15 bits, one a row, and the scale that Gamma gives it. */
function gainOf(
  node: Node,
  ctx: Lowering,
  { name }: Rows,
  r: TensorId,
  batch: readonly number[],
  channels: readonly number[],
): { tensor: TensorId; scale: number } {
  const gamma = ctx.constant(node.inputs[1]);
  if (gamma === undefined || (node.inputs[2] !== undefined && ctx.constant(node.inputs[2]) === undefined)) {
    throw new TesseraError('E_UNSUPPORTED_OP', 'the scale or bias of InstanceNormalization is computed by the model', {
      where: node.name,
      hint: 'Only constant scales and biases are supported.',
    });
  }
  const largest = Math.max(magnitude(gamma.data), 2 ** -20);
  const scale = Math.floor(Math.log2(MOST_R / largest));
  const weight = ctx.builder.weight(`${name}.gamma`, channels, quantise(gamma.data, scale, name));
  const c = channels.map((_, a) => `c${a}`);
  const n = batch.map((_, a) => `n${a}`);
  const product = ctx.builder.contract(`${name}.R gamma`, weight, r, c, [...n, ...c], [...n, ...c]);
  const shift = bitsOf(MOST_R);
  return { tensor: roundShift(ctx.builder, `${name}.G`, product, shift), scale: scale - shift };
}
