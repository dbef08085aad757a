/**
 * Convolution over any number of spatial axes, in groups, along each axis
 *
 *   acc[n, g, o, y] = sum_(c, k) W[g, o, c, k] x[n, g, c, stride y + dilation k - pad] + b[g, o],
 *
 * one contraction with a window an axis. Nothing is rounded here: the sum stays wide.
 */
import type { IntArray, TensorId, Window } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import type { Factors, Value } from './layout.ts';
import { arrangeInOrder, factorsOf, plainFactors, regroup } from './layout.ts';
import type { Lowering, Part } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { addBias } from './sum.ts';
import { chooseTogether } from './weights.ts';

export const conv: Operator = {
  ops: ['Conv'],
  meaning: "exact sum of integer products over the window, plus the bias at the sum's scale",
  takes: 'parts',
  lower,
  demand: ownScale,
};

/** A spatial axis. A factor list is [size], or empty where the tensor has no such axis. */
interface Spatial {
  /** Axis of x: a window, a summed or a kept label. */
  readonly x: string | Window | undefined;
  readonly kernel: string | undefined;
  readonly out: string | undefined;
  readonly places: readonly number[];
  readonly taps: readonly number[];
  readonly cells: readonly number[];
}

/** Factors by role: x is (batch, group inner, cells), W (group, outputs, inner, taps), the sum (batch, group outputs, places). */
interface Axes {
  readonly batch: readonly number[];
  readonly group: readonly number[];
  readonly outputs: readonly number[];
  readonly inner: readonly number[];
  readonly spatial: readonly Spatial[];
}

function lower(node: Node, ctx: Lowering): void {
  const [input, weightName, biasName] = node.inputs as [string, string, string?];
  const w = ctx.constant(weightName);
  if (w === undefined) throw computedWeights(node);
  const bias = ctx.constant(biasName);
  const parts = ctx.parts(input);
  const [{ value: x }] = parts as [Part];
  const axes = axesOf(node, ctx, x, w);
  const shape = weightShape(axes);
  const kept = shape.map((_, i) => i < axes.group.length + axes.outputs.length);
  const summands = parts.map(({ value, factors }) => ({
    values: timesFactors(node, w, factors),
    range: ctx.range(value),
  }));
  const weights = chooseTogether(node, ctx, { shape, kept, bias: bias?.data }, summands, x.scale);
  const sums = parts.map(({ value }, i) =>
    contract(node, ctx, value, axes, weights.values[i]!, i === 0 ? '' : `.part${i}`),
  );
  const terms = sums.map((tensor) => ({ tensor, coefficient: 1 }));
  const acc = sums.length === 1 ? sums[0]! : ctx.builder.linear(`${node.name}.parts`, terms);
  const scale = weights.scale + x.scale;
  const factors = [axes.batch, [...axes.group, ...axes.outputs], ...axes.spatial.map((s) => s.places)];
  ctx.setTensor(node, addBias(ctx, node.name, acc, bias, scale, factors, 1), scale, factors);
}

/** W with every input channel times its factor: W (a x) = (W a) x. */
function timesFactors(
  node: Node,
  { shape, data }: Constant,
  factors: ArrayLike<number> | undefined,
): ArrayLike<number> {
  if (factors === undefined) return data;
  const [outputs, perGroup] = shape as [number, number];
  const taps = data.length / (outputs * perGroup);
  const perGroupOutputs = outputs / numberOf(node, 'group');
  return Float64Array.from(data, (v, i) => {
    const output = Math.floor(i / (perGroup * taps));
    const channel = Math.floor(output / perGroupOutputs) * perGroup + (Math.floor(i / taps) % perGroup);
    return v * factors[channel]!;
  });
}

function contract(node: Node, ctx: Lowering, x: Value, axes: Axes, weights: IntArray, suffix: string): TensorId {
  const { batch, group, outputs, inner, spatial } = axes;
  const cells: Factors = [batch, [...group, ...inner], ...spatial.map((s) => s.cells)];
  const operand = arrangeInOrder(ctx.builder, `${node.name}.input${suffix}`, x, cells);
  const weight = ctx.builder.weight(`${node.inputs[1]!}${suffix}`, weightShape(axes), weights);
  const [n, g, o, c] = [labels('n', batch), labels('g', group), labels('o', outputs), labels('c', inner)];
  const present = <T>(list: readonly (T | undefined)[]): T[] => list.filter((v) => v !== undefined);
  return ctx.builder.contract(
    `${node.name}.acc${suffix}`,
    weight,
    operand,
    [...g, ...o, ...c, ...present(spatial.map((s) => s.kernel))],
    [...n, ...g, ...c, ...present(spatial.map((s) => s.x))],
    [...n, ...g, ...o, ...present(spatial.map((s) => s.out))],
    Object.fromEntries(spatial.flatMap((s) => (s.out === undefined ? [] : [[s.out, s.places[0]!]]))),
  );
}

function weightShape({ group, outputs, inner, spatial }: Axes): number[] {
  return [...group, ...outputs, ...inner, ...spatial.flatMap((s) => s.taps)];
}

function labels(prefix: string, factors: readonly number[]): string[] {
  return factors.map((_, i) => `${prefix}${i}`);
}

function axesOf(node: Node, ctx: Lowering, x: Value, w: Constant): Axes {
  const group = numberOf(node, 'group');
  const perGroup = w.shape[1]!;
  const split = regroup([x.layout[1]!], [[group], [perGroup]]);
  const inner = split === undefined ? plainFactors([perGroup]) : factorsOf(split).slice(1);
  return {
    batch: factorsOf(x.layout)[0]!,
    group: plainFactors([group])[0]!,
    outputs: plainFactors([w.shape[0]! / group])[0]!,
    inner: inner[0]!,
    spatial: w.shape.slice(2).map((_, a) => spatialAxis(node, ctx, a)),
  };
}

/** How axis a enters the contraction: not at all, kept as it is, summed whole, or as a window. */
function spatialAxis(node: Node, ctx: Lowering, a: number): Spatial {
  const cells = ctx.shape(node.inputs[0]!)[2 + a]!;
  const places = ctx.shape(node.outputs[0]!)[2 + a]!;
  const [taps, stride, dilation, pad] = ['kernel_shape', 'strides', 'dilations', 'pads'].map(
    (name) => numbersOf(node, name)[a]!,
  ) as [number, number, number, number];
  const [y, k] = [`y${a}`, `k${a}`];
  const sizes = { cells: [cells], taps: [taps], places: [places] };
  if (taps === 1 && places === cells && pad === 0 && (stride === 1 || cells === 1)) {
    if (cells === 1) return { x: undefined, kernel: undefined, out: undefined, cells: [], taps: [], places: [] };
    return { ...sizes, x: y, kernel: undefined, out: y, taps: [] };
  }
  if (taps === cells && places === 1 && pad === 0 && dilation === 1) {
    return { ...sizes, x: k, kernel: k, out: undefined, places: [] };
  }
  return { ...sizes, x: { out: y, kernel: k, stride, dilation, pad }, kernel: k, out: y };
}

function computedWeights(node: Node): TesseraError {
  return new TesseraError('E_UNSUPPORTED_OP', 'the weights of a convolution are computed by the model', {
    where: node.name,
    hint: 'Only convolutions with constant weights are supported.',
  });
}
