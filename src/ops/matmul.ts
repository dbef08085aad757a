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
import type { Factors, Layout, Value } from './layout.ts';
import { arrange, commonFactors, factorsOf, plainFactors } from './layout.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { addBias } from './sum.ts';
import { chooseWeights } from './weights.ts';

export const matmul: Operator = {
  ops: ['Gemm', 'MatMul'],
  meaning: 'exact sum of integer products; two computed operands are first narrowed so that the sum fits 30 bits',
  lower,
  demand: (node, ctx) => ctx.scaleOf(node.inputs[0]!),
};

/** One factor list an axis of the product: batch axes, then m, k, n. */
interface Axes {
  readonly batchA: Factors;
  readonly batchB: Factors;
  readonly m: readonly number[];
  readonly k: readonly number[];
  readonly n: readonly number[];
}

interface Side {
  readonly tensor: TensorId;
  readonly labels: readonly string[];
}

function lower(node: Node, ctx: Lowering): void {
  const [nameA, nameB] = node.inputs as [string, string];
  const constantA = ctx.constant(nameA);
  const constantB = ctx.constant(nameB);
  const axes = axesOf(ctx, nameA, nameB);
  if (constantA !== undefined || constantB !== undefined) {
    const isLeft = constantA !== undefined;
    lowerByConstant(node, ctx, axes, isLeft, isLeft ? constantA : constantB!);
  } else lowerComputed(node, ctx, axes);
}

function lowerByConstant(node: Node, ctx: Lowering, axes: Axes, isLeft: boolean, w: Constant): void {
  const [nameW, nameX] = isLeft ? [node.inputs[0]!, node.inputs[1]!] : [node.inputs[1]!, node.inputs[0]!];
  const x = ctx.narrow(nameX);
  const bias = ctx.constant(node.inputs[2]);
  const factors = isLeft ? [...axes.batchA, axes.m, axes.k] : [...axes.batchB, axes.k, axes.n];
  const labels = isLeft ? labelsA(axes) : labelsB(axes);
  const kept = labels.map((label) => !label.startsWith('k'));
  const real = { values: w.data, shape: factors.flat(), kept, bias: bias?.data };
  const weights = chooseWeights(node.name, real, { range: ctx.range(x), scale: x.scale }, ctx, node.outputs[0]!);
  const weight = ctx.builder.weight(nameW, factors.flat(), weights.values);
  const other = sideOf(ctx, node, x, axes, !isLeft);
  contractSides(node, ctx, axes, { tensor: weight, labels }, other, weights.scale + x.scale, bias);
}

function lowerComputed(node: Node, ctx: Lowering, axes: Axes): void {
  const terms = axes.k.reduce((n, s) => n * s, 1);
  const bits = Math.min(ctx.scheme.bits, Math.floor((29 - Math.ceil(Math.log2(terms))) / 2));
  const [a, b] = [ctx.narrowTo(node.inputs[0]!, bits), ctx.narrowTo(node.inputs[1]!, bits)];
  const sides = [sideOf(ctx, node, a, axes, true), sideOf(ctx, node, b, axes, false)] as const;
  contractSides(node, ctx, axes, sides[0], sides[1], a.scale + b.scale, ctx.constant(node.inputs[2]));
}

function contractSides(
  node: Node,
  ctx: Lowering,
  axes: Axes,
  a: Side,
  b: Side,
  scale: number,
  bias: Constant | undefined,
): void {
  const batch = axes.batchA.map((list, i) => (list.length > 0 ? list : axes.batchB[i]!));
  const factors = [...batch, axes.m, axes.n];
  const out = [...labelsOf('b', batch), ...labelsOf('m', [axes.m]), ...labelsOf('n', [axes.n])];
  const acc = ctx.builder.contract(`${node.name}.acc`, a.tensor, b.tensor, a.labels, b.labels, out);
  const sum = addBias(ctx, node.name, acc, bias, scale, factors, factors.length - 1);
  let next = 0;
  const all = factors.map((list) => list.map(() => next++));
  const isDropped = [ctx.shape(node.inputs[0]!).length === 1, ctx.shape(node.inputs[1]!).length === 1];
  ctx.setTensor(
    node,
    sum,
    scale,
    all.filter((_, i) => !isDropped[i - batch.length]),
  );
}

// ---- axes ----------------------------------------------------------------------------------------------------------------

/** Factors of both operands, split alike where they share an axis. */
function axesOf(ctx: Lowering, nameA: string, nameB: string): Axes {
  const rank = Math.max(ctx.shape(nameA).length, ctx.shape(nameB).length, 2);
  const a = factorsOfOperand(ctx, nameA, rank, true);
  const b = factorsOfOperand(ctx, nameB, rank, false);
  const isKnown = [nameA, nameB].map((name) => ctx.constant(name) !== undefined);
  const shared = (x: Factors, y: Factors): number[][] => (isKnown[0] ? commonFactors(y, x) : commonFactors(x, y));
  const batch = shared(a.slice(0, -2), b.slice(0, -2));
  const own = (x: Factors): Factors => x.slice(0, -2).map((list, i) => (list.length === 0 ? [] : batch[i]!));
  const [k] = shared([a[rank - 1]!], [b[rank - 2]!]);
  return { batchA: own(a), batchB: own(b), m: a[rank - 2]!, k: k!, n: b[rank - 1]! };
}

/** Factors of an operand as a stack of matrices of the given rank; a vector is a row on the left, a column on the right. */
function factorsOfOperand(ctx: Lowering, name: string, rank: number, isLeft: boolean): number[][] {
  const constant = ctx.constant(name);
  const factors = constant === undefined ? factorsOf(ctx.value(name).layout) : plainFactors(constant.shape);
  return asMatrices(factors, rank, isLeft);
}

function asMatrices<T>(axes: readonly (readonly T[])[], rank: number, isLeft: boolean): T[][] {
  const matrix = axes.length > 1 ? axes : isLeft ? [[], ...axes] : [...axes, []];
  return [...new Array<readonly T[]>(rank - matrix.length).fill([]), ...matrix].map((list) => [...list]);
}

function sideOf(ctx: Lowering, node: Node, value: Value, axes: Axes, isLeft: boolean): Side {
  const factors = isLeft ? [...axes.batchA, axes.m, axes.k] : [...axes.batchB, axes.k, axes.n];
  const layout: Layout = asMatrices(value.layout, factors.length, isLeft);
  const at = arrange(ctx.builder, `${node.name}.${isLeft ? 'a' : 'b'}`, { ...value, layout }, factors);
  const names = isLeft ? labelsA(axes) : labelsB(axes);
  const labels: string[] = [];
  at.axes.flat().forEach((axis, i) => {
    labels[axis] = names[i]!;
  });
  return { tensor: at.tensor, labels };
}

function labelsA(axes: Axes): string[] {
  return [...labelsOf('b', axes.batchA), ...labelsOf('m', [axes.m]), ...labelsOf('k', [axes.k])];
}

function labelsB(axes: Axes): string[] {
  return [...labelsOf('b', axes.batchB), ...labelsOf('k', [axes.k]), ...labelsOf('n', [axes.n])];
}

function labelsOf(prefix: string, factors: Factors): string[] {
  return factors.flatMap((list, axis) => list.map((_, i) => `${prefix}${axis}.${i}`));
}
