/**
 * Products cell by cell.
 *   computed a b      exact, scale f_a + f_b; a per-channel gate (C, 1, 1) is a contraction with a diagonal, no copy of it is made
 *   constant scalar   a power of two only changes the scale; else M = round(c 2^t) at scale f + t
 *   constant tensor   integer weights along its own axes, a contraction with a diagonal
 * Nothing is rounded but the constant.
 */
import type { TensorId } from '../circuit/types.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import type { Factors, Value } from './layout.ts';
import { arrangeInOrder, commonFactors, factorsOf } from './layout.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { alignedShape } from './sum.ts';
import { chooseWeights } from './weights.ts';

export const mul: Operator = {
  ops: ['Mul', 'Neg'],
  meaning: 'exact product at the sum of the two scales',
  lower: (node, ctx) => {
    if (node.op === 'Neg') return scaleBy(node, ctx, -1);
    const [a, b] = node.inputs as [string, string];
    const constant = ctx.constant(b) ?? ctx.constant(a);
    if (constant === undefined) return multiply(node, ctx);
    if (constant.data.length === 1) return scaleBy(node, ctx, constant.data[0]!, ctx.constant(b) === undefined ? b : a);
    multiplyConstant(node, ctx, ctx.constant(b) === undefined ? b : a, constant);
  },
  demand: (node, ctx) => ctx.scaleOf(node.inputs[0]!),
};

/** Label of every atom of a product's axes, by ONNX axis. */
function labelsOf(factors: Factors): string[][] {
  return factors.map((list, axis) => list.map((_, i) => `${axis}.${i}`));
}

/** Factors of a value in a product of a given rank, and the layout with leading axes of size 1. */
function ranked(value: Value, rank: number): Value {
  return { ...value, layout: [...alignedShape([], rank - value.layout.length).map(() => []), ...value.layout] };
}

function numbered(factors: Factors): number[][] {
  let next = 0;
  return factors.map((list) => list.map(() => next++));
}

// ---- two computed operands ---------------------------------------------------------------------------------------------

function multiply(node: Node, ctx: Lowering): void {
  const [nameA, nameB] = node.inputs as [string, string];
  const rank = ctx.shape(node.outputs[0]!).length;
  const bits = Math.min(ctx.scheme.bits, 14);
  const [x, y] = [ranked(ctx.narrowTo(nameA, bits), rank), ranked(ctx.narrowTo(nameB, bits), rank)];
  const factors = commonFactors(factorsOf(x.layout), factorsOf(y.layout));
  const own = (v: Value): number[][] => v.layout.map((atoms, axis) => (atoms.length === 0 ? [] : factors[axis]!));
  const operand = (v: Value, side: string): TensorId => arrangeInOrder(ctx.builder, `${node.name}.${side}`, v, own(v));
  const [a, b] = [operand(x, 'a'), operand(y, 'b')];
  const isSame = own(x).flat().length === factors.flat().length && own(y).flat().length === factors.flat().length;
  const tensor = isSame
    ? ctx.builder.product(`${node.name}.acc`, a, b)
    : diagonal(ctx, `${node.name}.acc`, { tensor: a, own: own(x) }, { tensor: b, own: own(y) }, factors);
  ctx.setTensor(node, tensor, x.scale + y.scale, numbered(factors));
}

interface Factor {
  readonly tensor: TensorId;
  /** Factors of the axes it has; none where it is repeated. */
  readonly own: Factors;
}

/** a b with every axis kept: axes of both are the diagonal, axes of one pass. */
function diagonal(ctx: Lowering, name: string, a: Factor, b: Factor, factors: Factors): TensorId {
  const all = labelsOf(factors);
  const labels = (f: Factor): string[] => all.flatMap((list, axis) => (f.own[axis]!.length === 0 ? [] : list));
  return ctx.builder.contract(name, a.tensor, b.tensor, labels(a), labels(b), all.flat());
}

// ---- constants ---------------------------------------------------------------------------------------------------------

/** c x for one number c. */
function scaleBy(node: Node, ctx: Lowering, c: number, name: string = node.inputs[0]!): void {
  const wide = ctx.value(name);
  const power = Math.log2(Math.abs(c));
  if (c !== 0 && Number.isInteger(power)) {
    const x = { ...wide, scale: wide.scale - power };
    if (c > 0) return ctx.set(node.outputs[0]!, x);
    const tensor = ctx.builder.linear(node.name, [{ tensor: x.tensor, coefficient: -1 }]);
    return ctx.set(node.outputs[0]!, { ...x, tensor });
  }
  const x = ctx.narrow(name);
  const real = { values: [c], shape: [], kept: [], bias: undefined };
  const { values, scale } = chooseWeights(
    node.name,
    real,
    { range: ctx.range(x), scale: x.scale },
    ctx,
    node.outputs[0]!,
  );
  const tensor = ctx.builder.linear(node.name, [{ tensor: x.tensor, coefficient: values[0]! }]);
  ctx.set(node.outputs[0]!, { ...x, tensor, scale: x.scale + scale });
}

function multiplyConstant(node: Node, ctx: Lowering, name: string, constant: Constant): void {
  const rank = ctx.shape(node.outputs[0]!).length;
  const x = ranked(ctx.narrow(name), rank);
  const shape = alignedShape(constant.shape, rank);
  const ownX = factorsOf(x.layout);
  const factors = ownX.map((list, axis) => (list.length > 0 || shape[axis] === 1 ? list : [shape[axis]!]));
  const ownC = factors.map((list, axis) => (shape[axis] === 1 ? [] : list));
  const real = { values: constant.data, shape: ownC.flat(), kept: ownC.flat().map(() => true), bias: undefined };
  const { values, scale } = chooseWeights(
    node.name,
    real,
    { range: ctx.range(x), scale: x.scale },
    ctx,
    node.outputs[0]!,
  );
  const weight = ctx.builder.weight(`${node.name}.factor`, ownC.flat(), values);
  const operand = arrangeInOrder(ctx.builder, `${node.name}.x`, x, ownX);
  const tensor = diagonal(
    ctx,
    `${node.name}.acc`,
    { tensor: weight, own: ownC },
    { tensor: operand, own: ownX },
    factors,
  );
  ctx.setTensor(node, tensor, x.scale + scale, numbered(factors));
}
