/**
 * Comparisons: the bit T(a - b) by a table of T(d) = [d = 0], [d < 0], .. over every difference of the two ranges, at the coarser of the
 * two scales. Truth is the integer 1, at scale 0; turning it into a number changes nothing.
 */
import type { TensorId, Term } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import type { Value } from './layout.ts';
import { arrangeInOrder, commonFactors, factorsOf, withRank } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { alignedShape, broadcast, constantTensor } from './sum.ts';

const TESTS: Readonly<Record<string, (difference: number) => boolean>> = {
  Equal: (d) => d === 0,
  Less: (d) => d < 0,
  LessOrEqual: (d) => d <= 0,
  Greater: (d) => d > 0,
  GreaterOrEqual: (d) => d >= 0,
};

export const compare: Operator = {
  ops: Object.keys(TESTS),
  meaning: '1 where the integers compare so at the coarser of their scales, else 0',
  takes: 'narrow',
  lower: lowerCompare,
  demand: ownScale,
};

export const not: Operator = {
  ops: ['Not'],
  meaning: '1 - q',
  takes: 'narrow',
  lower: (node, ctx) => {
    const x = ctx.value(node.inputs[0]!);
    const tensor = ctx.builder.linear(node.name, [{ tensor: x.tensor, coefficient: -1 }], { constant: 1 });
    ctx.set(node.outputs[0]!, { ...x, tensor });
  },
  demand: ownScale,
};

export const cast: Operator = {
  ops: ['Cast'],
  meaning: 'the same integers, where the values are integers (truth is 0 or 1)',
  takes: 'narrow',
  lower: lowerCast,
  demand: ownScale,
};

function lowerCast(node: Node, ctx: Lowering): void {
  const x = ctx.value(node.inputs[0]!);
  const { lo, hi } = ctx.range(x);
  const isTruth = x.scale === 0 && lo >= 0 && hi <= 1;
  if (x.scale > 0 || (node.attributes.get('to') === 'bool' && !isTruth)) {
    throw new TesseraError('E_UNSUPPORTED_OP', 'a cast that rounds is not supported', {
      where: node.name,
      hint: 'Only casts of truth values and integers are supported.',
    });
  }
  ctx.set(node.outputs[0]!, x);
}

/** Rows of a table of differences at most. */
const MOST_ROWS = 2 ** 16;

function lowerCompare(node: Node, ctx: Lowering): void {
  const { builder } = ctx;
  const rank = ctx.shape(node.outputs[0]!).length;
  const [a, b] = operands(node, ctx, rank);
  const factors = commonFactors(a.factors, b.factors);
  const terms: Term[] = [
    { tensor: a.place(factors), coefficient: 1 },
    { tensor: b.place(factors), coefficient: -1 },
  ];
  const difference = builder.linear(`${node.name}.difference`, terms);
  const { lo, hi } = builder.rangeOf(difference);
  if (hi - lo >= MOST_ROWS) {
    const hint = 'Compile with fewer bits.';
    throw new TesseraError('E_QUANTIZE', `differences lie in ${lo} .. ${hi}`, { where: node.name, hint });
  }
  const test = TESTS[node.op]!;
  const rows = Int32Array.from({ length: hi - lo + 1 }, (_, i) => Number(test(lo + i)));
  const table = builder.functionTable(node.op.toLowerCase(), lo, rows);
  const { y } = builder.requantise(node.name, difference, 0, table);
  ctx.setTensor(node, y, 0, factors);
}

/** An operand at the common scale: its axes, and the tensor with the axes of the result. */
interface Operand {
  readonly factors: readonly (readonly number[])[];
  readonly place: (factors: readonly (readonly number[])[]) => TensorId;
}

function operands(node: Node, ctx: Lowering, rank: number): [Operand, Operand] {
  const values = node.inputs.map((name) => {
    return ctx.constant(name) === undefined ? withRank(ctx.narrowTo(name, ctx.scheme.bits), rank) : undefined;
  });
  const scale = Math.min(...values.filter((v) => v !== undefined).map((v) => v.scale));
  const [a, b] = node.inputs.map((name, i) => {
    const value = values[i];
    return value === undefined ? constantOperand(ctx, name, scale, rank) : computedOperand(ctx, name, value, scale);
  });
  return [a!, b!];
}

function constantOperand(ctx: Lowering, name: string, scale: number, rank: number): Operand {
  const constant = ctx.constant(name)!;
  const shape = alignedShape(constant.shape, rank);
  return {
    factors: shape.map((size) => (size === 1 ? [] : [size])),
    place: (factors) => constantTensor(ctx, name, { ...constant, shape }, scale, factors),
  };
}

function computedOperand(ctx: Lowering, name: string, value: Value, scale: number): Operand {
  const isNegative = ctx.range(value).lo < 0;
  const table = isNegative ? ctx.saturationTable() : ctx.reluTable();
  const x = value.scale === scale ? value : ctx.requantise(`${name} at 2^-${scale}`, value, scale, table, scale);
  return {
    factors: factorsOf(x.layout),
    place: (factors) => {
      const own = factorsOf(x.layout).map((list, axis) => (list.length === 0 ? [] : factors[axis]!));
      return broadcast(ctx, name, arrangeInOrder(ctx.builder, name, x, own), own, factors);
    },
  };
}
