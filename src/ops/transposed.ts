/**
 * Transposed convolution: along each spatial axis x[i] W[k] adds to y[stride i + dilation k - pad].
 *
 *   taps do not overlap (stride = kernel, no pads):  y[n, g, o, i, k] = sum_c W[g, c, o, k] x[n, g, c, i], one contraction without a
 *     window; (i, k) are the digits of y's axis
 *   else a convolution of z, x with zeros put between its cells, by the taps in reverse:
 *     y[j] = sum_k W[K - 1 - k] z[j + dilation k],   z[stride i + dilation (K - 1) - pad] = x[i]
 *
 * Nothing is rounded: the sum stays wide.
 */
import type { AxisMap, TensorId } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import { arrangeInOrder, type Factors, factorsOf, plainFactors, regroup, type Value } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { addBias } from './sum.ts';
import { chooseWeights } from './weights.ts';

export const convTranspose: Operator = {
  ops: ['ConvTranspose'],
  meaning: "exact sum of integer products over the cells that reach a place, plus the bias at the sum's scale",
  takes: 'narrow',
  lower,
  demand: ownScale,
};

interface Spatial {
  readonly cells: number;
  readonly places: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
}

/** Sizes of the axes by role; factor lists, empty for size 1. */
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
  if (w === undefined) {
    throw new TesseraError('E_UNSUPPORTED_OP', 'the weights of a convolution are computed by the model', {
      where: node.name,
      hint: 'Only convolutions with constant weights are supported.',
    });
  }
  const x = ctx.narrow(input);
  const axes = axesOf(node, ctx, x, w);
  const isApart = axes.spatial.every(
    (s) => s.stride === s.taps && s.pad === 0 && s.dilation === 1 && s.places === s.cells * s.taps,
  );
  const values = byOutput(w, numberOf(node, 'group'), isApart);
  const shape = weightShape(axes);
  const outer = axes.group.length + axes.outputs.length;
  // a place takes each tap of its own where taps do not overlap: then the taps are outputs too
  const kept = shape.map((_, i) => i < outer || (isApart && i >= outer + axes.inner.length));
  const bias = ctx.constant(biasName);
  const real = { values, shape, kept, bias: bias?.data };
  const weights = chooseWeights(node, ctx, real, { range: ctx.range(x), scale: x.scale });
  const weight = ctx.builder.weight(weightName, shape, weights.values);
  const { acc, factors } = isApart
    ? contractApart(node, ctx, x, axes, weight)
    : contractAmongZeros(node, ctx, x, axes, weight);
  const scale = weights.scale + x.scale;
  ctx.setTensor(node, addBias(ctx, node.name, acc, bias, scale, factors, 1), scale, factors);
}

function axesOf(node: Node, ctx: Lowering, x: Value, w: Constant): Axes {
  const group = numberOf(node, 'group');
  const split = regroup([x.layout[1]!], plainFactors([group, w.shape[0]! / group]));
  const inner = split === undefined ? plainFactors([w.shape[0]! / group]) : factorsOf(split).slice(1);
  const [strides, dilations, pads] = ['strides', 'dilations', 'pads'].map((name) => numbersOf(node, name));
  const [cells, places] = [ctx.shape(node.inputs[0]!).slice(2), ctx.shape(node.outputs[0]!).slice(2)];
  return {
    batch: factorsOf(x.layout)[0]!,
    group: plainFactors([group])[0]!,
    outputs: plainFactors([w.shape[1]!])[0]!,
    inner: inner[0]!,
    spatial: w.shape.slice(2).map((taps, a) => {
      const [stride, dilation, pad] = [strides![a]!, dilations![a]!, pads![a]!];
      return { cells: cells[a]!, places: places[a]!, taps, stride, dilation, pad };
    }),
  };
}

function weightShape({ group, outputs, inner, spatial }: Axes): number[] {
  return [...group, ...outputs, ...inner, ...spatial.map((s) => s.taps)];
}

/** ONNX's W (group inner, outputs, taps) as (group, outputs, inner, taps), the taps in reverse unless they stay apart. */
function byOutput({ shape, data }: Constant, group: number, isApart: boolean): Float64Array {
  const [rows, outputs] = shape as [number, number];
  const inner = rows / group;
  const taps = data.length / (rows * outputs);
  const out = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      const to = ((Math.floor(r / inner) * outputs + o) * inner + (r % inner)) * taps;
      const from = (r * outputs + o) * taps;
      for (let k = 0; k < taps; k++) out[to + (isApart ? k : taps - 1 - k)] = data[from + k]!;
    }
  }
  return out;
}

interface Sum {
  readonly acc: TensorId;
  readonly factors: Factors;
}

function labels(prefix: string, factors: readonly number[]): string[] {
  return factors.map((_, i) => `${prefix}${i}`);
}

function contractApart(node: Node, ctx: Lowering, x: Value, axes: Axes, weight: TensorId): Sum {
  const { batch, group, outputs, inner, spatial } = axes;
  const cells = plainFactors(spatial.map((s) => s.cells));
  const operand = arrangeInOrder(ctx.builder, `${node.name}.input`, x, [batch, [...group, ...inner], ...cells]);
  const [n, g, o, c] = [labels('n', batch), labels('g', group), labels('o', outputs), labels('c', inner)];
  const [y, k] = [
    cells.map((list, a) => list.map(() => `y${a}`)),
    labels(
      'k',
      spatial.map((s) => s.taps),
    ),
  ];
  const acc = ctx.builder.contract(
    `${node.name}.acc`,
    weight,
    operand,
    [...g, ...o, ...c, ...k],
    [...n, ...g, ...c, ...y.flat()],
    [...n, ...g, ...o, ...spatial.flatMap((_, a) => [...y[a]!, k[a]!])],
  );
  const factors = spatial.map(({ taps }, a) => [...cells[a]!, taps]);
  return { acc, factors: [batch, [...group, ...outputs], ...factors] };
}

function contractAmongZeros(node: Node, ctx: Lowering, x: Value, axes: Axes, weight: TensorId): Sum {
  const { batch, group, outputs, inner, spatial } = axes;
  const z = amongZeros(node, ctx, x, axes);
  const [n, g, o, c] = [labels('n', batch), labels('g', group), labels('o', outputs), labels('c', inner)];
  const windows = spatial.map(({ dilation }, a) => ({ out: `y${a}`, kernel: `k${a}`, stride: 1, dilation, pad: 0 }));
  const acc = ctx.builder.contract(
    `${node.name}.acc`,
    weight,
    z,
    [...g, ...o, ...c, ...windows.map((w) => w.kernel)],
    [...n, ...g, ...c, ...windows],
    [...n, ...g, ...o, ...windows.map((w) => w.out)],
  );
  return { acc, factors: [batch, [...group, ...outputs], ...spatial.map((s) => [s.places])] };
}

/** z of the head comment, exactly as long as the windows reach. */
function amongZeros(node: Node, ctx: Lowering, x: Value, { batch, group, inner, spatial }: Axes): TensorId {
  const outer = [...batch, ...group, ...inner];
  const whole: Factors = [batch, [...group, ...inner], ...spatial.map((s) => [s.cells])];
  const source = arrangeInOrder(ctx.builder, `${node.name}.input`, x, whole);
  const maps = outer.map((_, a): AxisMap => ({ kind: 'keep', from: a, to: a }));
  const sizes = spatial.map(({ cells, places, taps, stride, dilation, pad }, a) => {
    const reach = dilation * (taps - 1);
    const map = new Int32Array(places + reach).fill(-1);
    for (let i = 0; i < cells; i++) {
      const j = stride * i + reach - pad;
      if (j >= 0 && j < map.length) map[j] = i;
    }
    maps.push({ kind: 'index', from: [outer.length + a], to: [outer.length + a], map });
    return map.length;
  });
  return ctx.builder.view(`${node.name}.spread`, source, [...outer, ...sizes], maps);
}
