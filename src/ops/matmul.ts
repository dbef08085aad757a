/**
 * Matrix products. Over any batch axes, with a common or a broadcast size,
 *
 *   acc[.., m, n] = sum_k A[.., m, k] B[.., k, n] (+ c[n]),
 *
 * one contraction. An axis that is made of several circuit axes (a flattened image) is contracted over all of them, and the constant
 * operand is re-indexed to match, so flattening is free. Sums stay wide.
 */
import type { TensorId } from '../circuit/types.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import type { Factors, Value } from './layout.ts';
import { arrange, commonFactors, factorsOf, plainFactors } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { addBias } from './sum.ts';
import { chooseWeights } from './weights.ts';

export const matmul: Operator = {
  ops: ['Gemm', 'MatMul'],
  meaning: 'exact sum of integer products; two computed operands are first narrowed so that the sum fits 30 bits',
  takes: 'narrow',
  lower,
  demand: ownScale,
};

/** An operand or the product as a stack of matrices: batch axes, rows, columns. */
interface Stack {
  readonly factors: Factors;
  /** One label a factor, flat. */
  readonly labels: readonly string[];
}

interface Product {
  readonly a: Stack;
  readonly b: Stack;
  readonly out: Stack;
  /** Terms of each sum. */
  readonly terms: number;
}

interface Operand {
  readonly tensor: TensorId;
  readonly labels: readonly string[];
}

function lower(node: Node, ctx: Lowering): void {
  const [a, b] = node.inputs as [string, string];
  const product = productOf(ctx, a, b);
  const [left, right] = [ctx.constant(a), ctx.constant(b)];
  if (left !== undefined) byConstant(node, ctx, product, { name: a, constant: left, stack: product.a }, b, product.b);
  else if (right !== undefined)
    byConstant(node, ctx, product, { name: b, constant: right, stack: product.b }, a, product.a);
  else byComputed(node, ctx, product);
}

function byConstant(
  node: Node,
  ctx: Lowering,
  product: Product,
  w: { readonly name: string; readonly constant: Constant; readonly stack: Stack },
  nameX: string,
  stackX: Stack,
): void {
  const x = ctx.narrow(nameX);
  const shape = w.stack.factors.flat();
  const kept = w.stack.labels.map((label) => product.out.labels.includes(label));
  const real = { values: w.constant.data, shape, kept, bias: ctx.constant(node.inputs[2])?.data };
  const weights = chooseWeights(node, ctx, real, { range: ctx.range(x), scale: x.scale });
  const weight = { tensor: ctx.builder.weight(w.name, shape, weights.values), labels: w.stack.labels };
  contract(node, ctx, product, weight, operandOf(ctx, node, x, stackX), weights.scale + x.scale);
}

function byComputed(node: Node, ctx: Lowering, product: Product): void {
  const [nameA, nameB] = node.inputs as [string, string];
  const bits = Math.min(ctx.scheme.bits, Math.floor((29 - Math.ceil(Math.log2(product.terms))) / 2));
  const [a, b] = [ctx.narrowTo(nameA, bits), ctx.narrowTo(nameB, bits)];
  const [left, right] = [operandOf(ctx, node, a, product.a), operandOf(ctx, node, b, product.b)];
  contract(node, ctx, product, left, right, a.scale + b.scale);
}

/** Output 0 = the contraction plus the bias; the axis of an operand that is a vector is dropped. */
function contract(node: Node, ctx: Lowering, { out }: Product, x: Operand, y: Operand, scale: number): void {
  const acc = ctx.builder.contract(`${node.name}.acc`, x.tensor, y.tensor, x.labels, y.labels, out.labels);
  const last = out.factors.length - 1;
  const sum = addBias(ctx, node.name, acc, ctx.constant(node.inputs[2]), scale, out.factors, last);
  const [isRow, isColumn] = node.inputs.map((name) => ctx.shape(name).length === 1);
  const kept = out.factors.filter((_, axis) => !(isRow && axis === last - 1) && !(isColumn && axis === last));
  ctx.setTensor(node, sum, scale, kept);
}

function operandOf(ctx: Lowering, node: Node, value: Value, { factors, labels }: Stack): Operand {
  const isLeft = labels.some((label) => label.startsWith('m')) || labels.every((label) => !label.startsWith('n'));
  const layout = isLeft ? asRows(value.layout, factors.length) : asColumns(value.layout, factors.length);
  const { tensor, axes } = arrange(ctx.builder, `${node.name}.${isLeft ? 'a' : 'b'}`, { ...value, layout }, factors);
  const byAxis: string[] = [];
  axes.flat().forEach((axis, i) => {
    byAxis[axis] = labels[i]!;
  });
  return { tensor, labels: byAxis };
}

// ---- axes --------------------------------------------------------------------------------------------------------------

/** Factors and labels of both operands, alike where they share an axis. */
function productOf(ctx: Lowering, nameA: string, nameB: string): Product {
  const rank = Math.max(ctx.shape(nameA).length, ctx.shape(nameB).length, 2);
  const a = asRows(factorsOfInput(ctx, nameA), rank);
  const b = asColumns(factorsOfInput(ctx, nameB), rank);
  // a constant is cut as the computed operand is
  const shared = (x: Factors, y: Factors): Factors =>
    ctx.constant(nameA) === undefined ? commonFactors(x, y) : commonFactors(y, x);
  const batch = shared(a.slice(0, -2), b.slice(0, -2));
  const own = (x: Factors): Factors => batch.map((list, i) => (x[i]!.length === 0 ? [] : list));
  const [k] = shared([a[rank - 1]!], [b[rank - 2]!]) as [number[]];
  const [m, n] = [a[rank - 2]!, b[rank - 1]!];
  return {
    a: stackOf([...own(a), m, k], 'm', 'k'),
    b: stackOf([...own(b), k, n], 'k', 'n'),
    out: stackOf([...batch, m, n], 'm', 'n'),
    terms: k.reduce((count, s) => count * s, 1),
  };
}

function factorsOfInput(ctx: Lowering, name: string): Factors {
  const constant = ctx.constant(name);
  return constant === undefined ? factorsOf(ctx.value(name).layout) : plainFactors(constant.shape);
}

/** A vector is one row. */
function asRows<T>(axes: readonly (readonly T[])[], rank: number): (readonly T[])[] {
  return [...Array.from({ length: rank - axes.length }, () => []), ...axes];
}

/** A vector is one column. */
function asColumns<T>(axes: readonly (readonly T[])[], rank: number): (readonly T[])[] {
  return asRows(axes.length === 1 ? [...axes, []] : axes, rank);
}

function stackOf(factors: Factors, row: string, column: string): Stack {
  const names = factors.map((_, axis) => ['', column, row][factors.length - axis] ?? `b${axis}`);
  return { factors, labels: factors.flatMap((list, axis) => list.map((_, i) => `${names[axis]}.${i}`)) };
}
