/**
 * Sums of two tensors at a common scale f = max(f_a, f_b):  2^(f - f_a) a +- 2^(f - f_b) b, exact and virtual. A residual thereby
 * joins the sum of its convolution, and one requantisation with the activation follows. Constants are rounded to f.
 */
import type { Term } from '../circuit/types.ts';
import type { Constant, Node } from '../onnx/graph.ts';
import type { Factors, Value } from './layout.ts';
import { arrangeInOrder, commonFactors, factorsOf, withRank } from './layout.ts';
import type { Lowering } from './lowering.ts';
import { SUM_LIMIT } from './lowering.ts';
import { type Operator, readersScale } from './operator.ts';
import { magnitude, scaleInto, signedRange } from './scheme.ts';
import { alignedShape, broadcast, constantTensor } from './sum.ts';

export const add: Operator = {
  ops: ['Add', 'Sub'],
  meaning: 'exact sum or difference at the finer of the two scales',
  takes: 'wide',
  lower,
  demand: readersScale,
};

function lower(node: Node, ctx: Lowering): void {
  const sign = node.op === 'Sub' ? -1 : 1;
  const [a, b] = node.inputs as [string, string];
  if (ctx.constant(b) !== undefined) addConstant(node, ctx, a, b, 1, sign);
  else if (ctx.constant(a) !== undefined) addConstant(node, ctx, b, a, sign, 1);
  else addComputed(node, ctx, sign);
}

function addComputed(node: Node, ctx: Lowering, sign: number): void {
  const rank = ctx.shape(node.outputs[0]!).length;
  const [a, b] = operands(node, ctx).map((value) => withRank(value, rank)) as [Value, Value];
  const scale = Math.max(a.scale, b.scale);
  const factors = commonFactors(factorsOf(a.layout), factorsOf(b.layout));
  const term = (name: string, value: Value, signOf: number): Term => {
    const own = factorsOf(value.layout).map((list, axis) => (list.length === 0 ? [] : factors[axis]!));
    const tensor = arrangeInOrder(ctx.builder, `${node.name}.${name}`, value, own);
    const coefficient = signOf * 2 ** (scale - value.scale);
    return { tensor: broadcast(ctx, `${node.name}.${name}`, tensor, own, factors), coefficient };
  };
  setSum(node, ctx, [term('a', a, 1), term('b', b, sign)], scale, factors, 0);
}

/** Both operands as they are where their sum at a common scale fits, else narrow; and narrow where that exists anyway. */
function operands(node: Node, ctx: Lowering): [Value, Value] {
  const [a, b] = node.inputs as [string, string];
  const asRead = (name: string): Value => (ctx.isNarrowed(name) ? ctx.narrow(name) : ctx.value(name));
  const wide: [Value, Value] = [asRead(a), asRead(b)];
  const reach = (v: Value, scale: number): number => {
    const { lo, hi } = ctx.range(v);
    return Math.max(-lo, hi) * 2 ** (scale - v.scale);
  };
  const scale = Math.max(wide[0].scale, wide[1].scale);
  return reach(wide[0], scale) + reach(wide[1], scale) < 2 * SUM_LIMIT ? wide : [ctx.narrow(a), ctx.narrow(b)];
}

/**
 * signX x + signC c. A narrow x stays narrow where c loses nothing that its readers want: nothing is left to requantise. Else x is
 * lifted to the scale that the readers' shift leaves, where c needs a finer one than x has.
 */
function addConstant(node: Node, ctx: Lowering, nameX: string, nameC: string, signX: number, signC: number): void {
  const c = ctx.constant(nameC)!;
  const rank = ctx.shape(node.outputs[0]!).length;
  const x = withRank(ctx.value(nameX), rank);
  const scale = staysNarrow(ctx, node, x, c)
    ? x.scale
    : Math.max(x.scale, constantScale(ctx, node, x, magnitude(c.data)));
  const shape = alignedShape(c.shape, rank);
  const own = factorsOf(x.layout);
  const factors = own.map((list, axis) => (list.length > 0 || shape[axis] === 1 ? list : [shape[axis]!]));
  const arranged = arrangeInOrder(ctx.builder, `${node.name}.x`, x, own);
  const tensor = broadcast(ctx, `${node.name}.x`, arranged, own, factors);
  const terms: Term[] = [{ tensor, coefficient: signX * 2 ** (scale - x.scale) }];
  if (c.data.length > 1) {
    terms.push({ tensor: constantTensor(ctx, nameC, { ...c, shape }, scale, factors), coefficient: signC });
  }
  const constant = c.data.length > 1 ? 0 : signC * Math.floor(c.data[0]! * 2 ** scale + 0.5);
  setSum(node, ctx, terms, scale, factors, constant);
}

/** Bits that rounding c to the scale of x may lose of what the readers want: x itself was rounded there. */
const LOST_BITS = 2;

/** Whether x + c fits 16 bits at the scale of x, and that scale is fine enough for c. */
function staysNarrow(ctx: Lowering, node: Node, x: Value, c: Constant): boolean {
  const demand = ctx.demandOn(node.outputs[0]!);
  if (demand === undefined || !ctx.isNarrowed(node.outputs[0]!)) return false;
  const { lo, hi } = ctx.range(x);
  const isExact = () => !ctx.hides(c) && c.data.every((v) => Number.isInteger(v * 2 ** x.scale));
  const isFine = x.scale >= demand - LOST_BITS || isExact();
  return isFine && Math.max(-lo, hi) + magnitude(c.data) * 2 ** x.scale < 2 ** 15 - 1;
}

/** The readers' scale (of what calibration does not know: that of the whole range) + shift where x and c at that scale stay below 2^29. */
function constantScale(ctx: Lowering, node: Node, x: Value, largest: number): number {
  const { lo, hi } = ctx.range(x);
  const { bits, shift } = ctx.scheme;
  const reach = Math.max(-lo, hi) * 2 ** -x.scale + largest;
  const room = Math.floor(Math.log2((SUM_LIMIT - 1) / Math.max(reach, 2 ** -40)));
  const unknown = scaleInto({ min: -reach, max: reach }, signedRange(bits)) + shift;
  return Math.min(ctx.sumScale(node.outputs[0]!) ?? unknown, room);
}

function setSum(
  node: Node,
  ctx: Lowering,
  terms: readonly Term[],
  scale: number,
  factors: Factors,
  constant: number,
): void {
  ctx.setTensor(node, ctx.builder.linear(node.name, terms, { constant }), scale, factors);
}
