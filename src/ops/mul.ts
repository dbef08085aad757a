/**
 * Products cell by cell.
 *   computed a b      exact, scale f_a + f_b; a per-channel gate (C, 1, 1) is a contraction with a diagonal, no copy of it is made
 *   constant scalar   a power of two only changes the scale; else M = round(c 2^t) at scale f + t
 *   constant tensor   integer weights along its own axes, a contraction with a diagonal
 * Nothing is rounded but the constant.
 */
import type { TensorId, Term } from '../circuit/types.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import type { Factors, Value } from './layout.ts';
import { arrangeInOrder, commonFactors, factorsOf, withRank } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { alignedShape } from './sum.ts';
import { chooseTogether, chooseWeights } from './weights.ts';

export const mul: Operator = {
  ops: ['Mul', 'Neg'],
  meaning: 'exact product at the sum of the two scales',
  takes: (node, ctx) => (channelsOf(node, ctx) === undefined ? 'narrow' : 'parts'),
  lower,
  demand: ownScale,
};

/** Numbers of a constant operand that varies along axis 1 alone. */
function channelsOf(node: Node, ctx: Lowering): Constant | undefined {
  const constant = ctx.constant(node.inputs[1]);
  if (constant === undefined || constant.data.length === 1) return undefined;
  const rank = ctx.shape(node.outputs[0]!).length;
  const isChannels = alignedShape(constant.shape, rank).every((size, axis) => size === 1 || axis === 1);
  return isChannels ? constant : undefined;
}

function lower(node: Node, ctx: Lowering): void {
  const [a, b] = node.inputs as [string, string?];
  const isFirst = ctx.constant(a) !== undefined;
  const constant = b === undefined ? MINUS_ONE : ctx.constant(isFirst ? a : b);
  const x = isFirst ? b! : a;
  if (constant === undefined) multiply(node, ctx);
  else if (constant.data.length === 1) scaleBy(node, ctx, constant.data[0]!, x);
  else multiplyConstant(node, ctx, x, constant);
}

const MINUS_ONE: Constant = { shape: [], dtype: 'float', data: Float32Array.of(-1), origins: [] };

/** Label of every atom of a product's axes, by ONNX axis. */
function labelsOf(factors: Factors): string[][] {
  return factors.map((list, axis) => list.map((_, i) => `${axis}.${i}`));
}

// ---- two computed operands ---------------------------------------------------------------------------------------------

function multiply(node: Node, ctx: Lowering): void {
  const [nameA, nameB] = node.inputs as [string, string];
  const rank = ctx.shape(node.outputs[0]!).length;
  const bits = Math.min(ctx.scheme.bits, 14);
  const [x, y] = [withRank(ctx.narrowTo(nameA, bits), rank), withRank(ctx.narrowTo(nameB, bits), rank)];
  const factors = commonFactors(factorsOf(x.layout), factorsOf(y.layout));
  const own = (v: Value): number[][] => v.layout.map((atoms, axis) => (atoms.length === 0 ? [] : factors[axis]!));
  const operand = (v: Value, side: string): TensorId => arrangeInOrder(ctx.builder, `${node.name}.${side}`, v, own(v));
  const [a, b] = [operand(x, 'a'), operand(y, 'b')];
  const tensor = diagonal(ctx, `${node.name}.acc`, { tensor: a, own: own(x) }, { tensor: b, own: own(y) }, factors);
  ctx.setTensor(node, tensor, x.scale + y.scale, factors);
}

interface Factor {
  readonly tensor: TensorId;
  /** Factors of the axes it has; none where it is repeated. */
  readonly own: Factors;
}

/** a b with every axis kept: axes of both are the diagonal, axes of one pass. */
function diagonal(ctx: Lowering, name: string, a: Factor, b: Factor, factors: Factors): TensorId {
  const all = labelsOf(factors);
  const isWhole = (f: Factor): boolean => f.own.flat().length === factors.flat().length;
  if (isWhole(a) && isWhole(b)) return ctx.builder.product(name, a.tensor, b.tensor);
  const labels = (f: Factor): string[] => all.flatMap((list, axis) => (f.own[axis]!.length === 0 ? [] : list));
  return ctx.builder.contract(name, a.tensor, b.tensor, labels(a), labels(b), all.flat());
}

// ---- constants ---------------------------------------------------------------------------------------------------------

/** c x for one number c. */
function scaleBy(node: Node, ctx: Lowering, c: number, name: string): void {
  const output = node.outputs[0]!;
  const wide = ctx.value(name);
  const power = Math.log2(Math.abs(c));
  if (c !== 0 && Number.isInteger(power)) {
    const negative = [{ tensor: wide.tensor, coefficient: -1 }];
    const tensor = c > 0 ? wide.tensor : ctx.builder.linear(node.name, negative);
    ctx.set(output, { ...wide, tensor, scale: wide.scale - power });
    return;
  }
  const x = ctx.narrow(name);
  const real = { values: [c], shape: [], kept: [], bias: undefined };
  const { values, scale } = chooseWeights(node, ctx, real, { range: ctx.range(x), scale: x.scale });
  const tensor = ctx.builder.linear(node.name, [{ tensor: x.tensor, coefficient: values[0]! }]);
  ctx.set(output, { ...x, tensor, scale: x.scale + scale });
}

function multiplyConstant(node: Node, ctx: Lowering, name: string, constant: Constant): void {
  const rank = ctx.shape(node.outputs[0]!).length;
  const parts =
    channelsOf(node, ctx) === undefined ? [{ value: ctx.narrow(name), factors: undefined }] : ctx.parts(name);
  const operands = parts.map(({ value, factors }) => {
    const values = factors === undefined ? constant.data : Float64Array.from(constant.data, (v, c) => v * factors[c]!);
    return { x: withRank(value, rank), values, range: ctx.range(value) };
  });
  const { x } = operands[0]!;
  const shape = alignedShape(constant.shape, rank);
  const ownX = factorsOf(x.layout);
  const factors = ownX.map((list, axis) => (list.length > 0 || shape[axis] === 1 ? list : [shape[axis]!]));
  const ownC = factors.map((list, axis) => (shape[axis] === 1 ? [] : list));
  const axes = { shape: ownC.flat(), kept: ownC.flat().map(() => true), bias: undefined };
  const { values, scale } = chooseTogether(node, ctx, axes, operands, x.scale);
  const terms = operands.map((operand, i): Term => {
    const suffix = i === 0 ? '' : `.part${i}`;
    const weight = ctx.builder.weight(`${node.name}.factor${suffix}`, ownC.flat(), values[i]!);
    const tensor = arrangeInOrder(ctx.builder, `${node.name}.x${suffix}`, operand.x, ownX);
    const [c, v] = [
      { tensor: weight, own: ownC },
      { tensor, own: ownX },
    ];
    return { tensor: diagonal(ctx, `${node.name}.acc${suffix}`, c, v, factors), coefficient: 1 };
  });
  const sum = terms.length === 1 ? terms[0]!.tensor : ctx.builder.linear(`${node.name}.parts`, terms);
  ctx.setTensor(node, sum, x.scale + scale, factors);
}
