/**
 * Convolution over any number of spatial axes, in groups, along each axis
 *
 *   acc[n, g, o, y] = sum_(c, k) W[g, o, c, k] x[n, g, c, stride y + dilation k - pad] + b[g, o],
 *
 * one contraction with a window an axis. Nothing is rounded here: the sum stays wide.
 */
import type { Window } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import type { Value } from './layout.ts';
import { arrangeInOrder, factorsOf, plainFactors, regroup } from './layout.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { addBias } from './sum.ts';
import { chooseWeights } from './weights.ts';

export const conv: Operator = {
  ops: ['Conv'],
  meaning:
    "exact sum of integer products over the window, plus the bias at the sum's scale; windows leave out what is outside",
  lower,
  demand: (node, ctx) => ctx.scaleOf(node.inputs[0]!),
};

/** A spatial axis: its label in the contraction's operand B, in the weights and in the result. */
interface Spatial {
  readonly b: string | Window | undefined;
  readonly kernel: string | undefined;
  readonly out: string | undefined;
}

function lower(node: Node, ctx: Lowering): void {
  const [input, weightName, biasName] = node.inputs;
  const w = ctx.constant(weightName);
  if (w === undefined) throw dynamicWeights(node);
  const x = ctx.narrow(input!);
  const group = numberOf(node, 'group');
  const [outputs, perGroup, ...kernel] = w.shape as [number, number, ...number[]];
  const bias = ctx.constant(biasName);

  const channels = splitChannels(x, group, perGroup);
  const spatial = kernel.map((_, a) => spatialAxis(node, ctx, a));
  const sizes = ctx.shape(input!).slice(2);
  // an axis of size 1 still needs its cell where a window slides over it
  const places = sizes.map((size, a) => (spatial[a]!.b === undefined ? [] : [size]));
  const batch = factorsOf(x.layout)[0]!;
  const b = arrangeInOrder(ctx.builder, `${node.name}.input`, x, [batch, channels.flat(), ...places]);

  const g = group > 1 ? [group] : [];
  const o = outputs / group > 1 ? [outputs / group] : [];
  const c = channels[1]!;
  const kernels = kernel.filter((_, a) => spatial[a]!.kernel !== undefined);
  const shape = [...g, ...o, ...c, ...kernels];
  const kept = shape.map((_, i) => i < g.length + o.length);
  const real = { values: w.data, shape, kept, bias: bias?.data };
  const weights = chooseWeights(node.name, real, { range: ctx.range(x), scale: x.scale }, ctx, node.outputs[0]!);
  const scale = weights.scale + x.scale;

  const label = (prefix: string, list: readonly unknown[]): string[] => list.map((_, i) => `${prefix}${i}`);
  const G = label('g', g);
  const O = label('o', o);
  const C = label('c', c);
  const N = label('n', batch);
  const defined = <T>(list: readonly (T | undefined)[]): T[] => list.filter((v) => v !== undefined);
  const outShape = ctx.shape(node.outputs[0]!);
  const factors = [
    batch,
    [...g, ...o],
    ...outShape.slice(2).map((size, a) => (spatial[a]!.out === undefined ? [] : [size])),
  ];
  const acc = ctx.builder.contract(
    `${node.name}.acc`,
    ctx.builder.weight(weightName!, shape, weights.values),
    b,
    [...G, ...O, ...C, ...defined(spatial.map((s) => s.kernel))],
    [...N, ...G, ...C, ...defined(spatial.map((s) => s.b))],
    [...N, ...G, ...O, ...defined(spatial.map((s) => s.out))],
    Object.fromEntries(spatial.flatMap((s, a) => (s.out === undefined ? [] : [[s.out, outShape[2 + a]!]]))),
  );
  const sum = addBias(ctx, node.name, acc, bias, scale, factors, 1);
  let next = 0;
  ctx.setTensor(
    node,
    sum,
    scale,
    factors.map((list) => list.map(() => next++)),
  );
}

/** Factors of the channel axis: the group, and the atoms inside a group. */
function splitChannels(x: Value, group: number, perGroup: number): [number[], number[]] {
  const [channels] = factorsOf(regroup([x.layout[1]!], [[group], [perGroup]]) ?? []);
  const inner = regroup([x.layout[1]!], [[group], [perGroup]]);
  const g = group > 1 ? [group] : [];
  if (channels === undefined || inner === undefined) return [g, plainFactors([perGroup])[0]!];
  return [g, factorsOf(inner)[1]!];
}

/** How axis a of the window enters the contraction: not at all, as a plain axis, summed whole, or as a window. */
function spatialAxis(node: Node, ctx: Lowering, a: number): Spatial {
  const size = ctx.shape(node.inputs[0]!)[2 + a]!;
  const out = ctx.shape(node.outputs[0]!)[2 + a]!;
  const kernel = numbersOf(node, 'kernel_shape')[a]!;
  const [stride, dilation] = [numbersOf(node, 'strides')[a]!, numbersOf(node, 'dilations')[a]!];
  const pad = numbersOf(node, 'pads')[a]!;
  if (kernel === 1 && out === size && pad === 0 && stride === 1) {
    return size === 1
      ? { b: undefined, kernel: undefined, out: undefined }
      : { b: `y${a}`, kernel: undefined, out: `y${a}` };
  }
  if (kernel === size && out === 1 && pad === 0 && dilation === 1)
    return { b: `k${a}`, kernel: `k${a}`, out: undefined };
  return { b: { out: `y${a}`, kernel: `k${a}`, stride, dilation, pad }, kernel: `k${a}`, out: `y${a}` };
}

function dynamicWeights(node: Node): TesseraError {
  return new TesseraError('E_UNSUPPORTED_OP', 'the weights of a convolution are computed by the model', {
    where: node.name,
    hint: 'Only convolutions with constant weights are supported.',
  });
}
