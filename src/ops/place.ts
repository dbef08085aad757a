/**
 * Operators that take cells along axes or place them there:  y[.., j, ..] = x[.., map(j), ..], or a fill where map(j) is outside.
 * Each is one view, an affine map an axis. A concatenation is the sum of its parts, each placed among zeros.
 */
import type { AxisMap, TensorId, Term } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import { arrangeInOrder, commonFactors, factorsOf, type Value } from './layout.ts';
import type { Lowering } from './lowering.ts';
import type { Operator } from './operator.ts';
import { constantTensor } from './sum.ts';

export const slice: Operator = {
  ops: ['Slice', 'Split', 'Gather'],
  meaning: 'cells taken by a fixed map of their indices',
  lower: lowerSlice,
  demand: (node, ctx) => ctx.scaleOf(node.inputs[0]!),
};

export const pad: Operator = {
  ops: ['Pad'],
  meaning: 'the tensor among round(value 2^f), or its own edge or reflected cells',
  lower: lowerPad,
  demand: (node, ctx) => ctx.scaleOf(node.inputs[0]!),
};

export const concat: Operator = {
  ops: ['Concat'],
  meaning: 'the parts at the finest of their scales, one after the other',
  lower: lowerConcat,
  demand: (node, ctx) => (ctx.demandOn(node.outputs[0]!) === undefined ? undefined : ctx.scaleOf(node.inputs[0]!)),
};

/** Where cell j of an axis of the result comes from. */
type Taken =
  | { readonly kind: 'affine'; readonly stride: number; readonly offset: number; readonly size: number }
  | { readonly kind: 'listed'; readonly indices: readonly number[] };

function sizeOfTaken(taken: Taken): number {
  return taken.kind === 'affine' ? taken.size : taken.indices.length;
}

/** A view with one map an ONNX axis; axes without an entry stay whole. */
function take(
  ctx: Lowering,
  name: string,
  value: Value,
  taken: ReadonlyMap<number, Taken>,
  fill: number,
): { tensor: TensorId; factors: number[][] } {
  const from = factorsOf(value.layout).map((list, axis) => (taken.has(axis) ? [product(list)] : list));
  const factors = from.map((list, axis) => (taken.has(axis) ? [sizeOfTaken(taken.get(axis)!)] : list));
  const source = arrangeInOrder(ctx.builder, `${name}.input`, value, from);
  let next = 0;
  const maps = factors.flatMap((list, axis) =>
    list.map((): AxisMap => {
      const at = next++;
      const t = taken.get(axis);
      if (t === undefined) return { kind: 'keep', from: at, to: at };
      if (t.kind === 'affine') return { kind: 'affine', from: at, to: at, stride: t.stride, offset: t.offset };
      return { kind: 'index', from: [at], to: [at], map: Int32Array.from(t.indices) };
    }),
  );
  return { tensor: ctx.builder.view(name, source, factors.flat(), maps, fill), factors };
}

function product(list: readonly number[]): number {
  return list.reduce((n, s) => n * s, 1);
}

function numbered(factors: readonly (readonly number[])[]): number[][] {
  let next = 0;
  return factors.map((list) => list.map(() => next++));
}

// ---- Slice, Split, Gather ----------------------------------------------------------------------------------------------

function lowerSlice(node: Node, ctx: Lowering): void {
  const x = ctx.narrow(node.inputs[0]!);
  if (node.op === 'Split') return lowerSplit(node, ctx, x);
  const taken = node.op === 'Gather' ? gathered(node, ctx) : sliced(node, ctx);
  const { tensor, factors } = take(ctx, node.name, x, taken, 0);
  const axes = numbered(factors);
  if (node.op === 'Gather') {
    const axis = numberOf(node, 'axis');
    const rank = ctx.shape(node.outputs[0]!).length - ctx.shape(node.inputs[0]!).length + 1;
    if (rank > 1) throw manyIndices(node);
    if (rank === 0) axes.splice(axis, 1);
  }
  ctx.setTensor(node, tensor, x.scale, axes);
}

function sliced(node: Node, ctx: Lowering): Map<number, Taken> {
  const [from, to] = [ctx.shape(node.inputs[0]!), ctx.shape(node.outputs[0]!)];
  const [starts, steps] = [numbersOf(node, 'starts'), numbersOf(node, 'steps')];
  const taken = new Map<number, Taken>();
  from.forEach((size, axis) => {
    const [offset, stride, count] = [starts[axis]!, steps[axis]!, to[axis]!];
    if (stride > 0 && !(stride === 1 && count === size)) {
      taken.set(axis, { kind: 'affine', stride, offset, size: count });
    } else if (stride < 0) {
      taken.set(axis, { kind: 'listed', indices: Array.from({ length: count }, (_, j) => offset + stride * j) });
    }
  });
  return taken;
}

function gathered(node: Node, ctx: Lowering): Map<number, Taken> {
  if (ctx.constant(node.inputs[1]) !== undefined || node.inputs.length === 1) {
    return new Map([[numberOf(node, 'axis'), { kind: 'listed', indices: numbersOf(node, 'indices') }]]);
  }
  throw new TesseraError('E_UNSUPPORTED_OP', 'the indices of Gather are computed by the model', {
    where: node.name,
    hint: 'Only constant indices are supported.',
  });
}

function manyIndices(node: Node): TesseraError {
  return new TesseraError('E_UNSUPPORTED_ATTRIBUTE', 'the indices of Gather have more than one axis', {
    where: node.name,
    hint: 'Gather with a list of indices and reshape the result.',
  });
}

function lowerSplit(node: Node, ctx: Lowering, x: Value): void {
  const axis = numberOf(node, 'axis');
  let offset = 0;
  numbersOf(node, 'split').forEach((size, i) => {
    const output = node.outputs[i]!;
    const { tensor, factors } = take(ctx, output, x, new Map([[axis, { kind: 'affine', stride: 1, offset, size }]]), 0);
    ctx.set(output, ctx.valueOf(tensor, x.scale, numbered(factors)));
    offset += size;
  });
}

// ---- Pad ---------------------------------------------------------------------------------------------------------------

function lowerPad(node: Node, ctx: Lowering): void {
  const x = ctx.narrow(node.inputs[0]!);
  const shape = ctx.shape(node.inputs[0]!);
  const pads = numbersOf(node, 'pads');
  const mode = node.attributes.get('mode');
  const taken = new Map<number, Taken>();
  shape.forEach((size, axis) => {
    const [before, after] = [pads[axis]!, pads[axis + shape.length]!];
    if (before + after === 0) return;
    const total = before + size + after;
    if (mode === 'constant') taken.set(axis, { kind: 'affine', stride: 1, offset: -before, size: total });
    else
      taken.set(axis, {
        kind: 'listed',
        indices: Array.from({ length: total }, (_, j) => inside(node, j - before, size)),
      });
  });
  const fill = mode === 'constant' ? Math.floor(numberOf(node, 'value') * 2 ** x.scale + 0.5) : 0;
  const { tensor, factors } = take(ctx, node.name, x, taken, fill);
  ctx.setTensor(node, tensor, x.scale, numbered(factors));
}

/** Index of the cell that pads position i of an axis. */
function inside(node: Node, i: number, size: number): number {
  const mode = node.attributes.get('mode');
  if (mode === 'edge') return Math.min(Math.max(i, 0), size - 1);
  if (mode === 'wrap') return ((i % size) + size) % size;
  const period = Math.max(1, 2 * (size - 1));
  const j = ((i % period) + period) % period;
  return Math.min(j, period - j);
}

// ---- Concat ------------------------------------------------------------------------------------------------------------

function lowerConcat(node: Node, ctx: Lowering): void {
  const axis = numberOf(node, 'axis');
  const isOutput = ctx.demandOn(node.outputs[0]!) === undefined;
  const parts = node.inputs.map((name) => {
    if (ctx.constant(name) !== undefined) return undefined;
    return isOutput ? ctx.value(name) : ctx.narrow(name);
  });
  const values = parts.filter((v) => v !== undefined);
  const scale = Math.max(...values.map((v) => v.scale));
  const total = ctx.shape(node.outputs[0]!)[axis]!;
  const factors = values
    .map((v) => factorsOf(v.layout).map((list, a) => (a === axis ? [] : list)))
    .reduce((f, g) => commonFactors(f, g));
  const own = (size: number): number[][] => factors.map((list, a) => (a === axis ? [size] : list));
  const terms: Term[] = [];
  let offset = 0;
  node.inputs.forEach((name, i) => {
    const size = ctx.shape(name)[axis]!;
    const value = parts[i];
    const tensor =
      value === undefined
        ? constantPart(ctx, name, scale, own(size))
        : arrangeInOrder(ctx.builder, `${node.name}.input${i}`, value, own(size));
    if (tensor !== undefined) {
      const coefficient = 2 ** (scale - (value?.scale ?? scale));
      terms.push({
        tensor: placeAlong(ctx, `${node.name}.part${i}`, tensor, own(size), axis, offset, total),
        coefficient,
      });
    }
    offset += size;
  });
  const [only] = terms;
  const isAlone = terms.length === 1 && only!.coefficient === 1;
  const sum = isAlone ? only!.tensor : ctx.builder.linear(node.name, terms);
  ctx.setTensor(node, sum, scale, numbered(own(total)));
}

/** A constant part; nothing where it is zero everywhere. */
function constantPart(ctx: Lowering, name: string, scale: number, factors: number[][]): TensorId | undefined {
  const constant = ctx.constant(name)!;
  if (constant.data.every((v) => v === 0)) return undefined;
  return constantTensor(ctx, name, constant, scale, factors);
}

/** The tensor at `offset` of an axis of `total` cells, zeros elsewhere. */
function placeAlong(
  ctx: Lowering,
  name: string,
  tensor: TensorId,
  factors: number[][],
  axis: number,
  offset: number,
  total: number,
): TensorId {
  const at = factors.slice(0, axis).flat().length;
  const from = factors.flat();
  const maps = from.map(
    (_, a): AxisMap =>
      a === at ? { kind: 'affine', from: a, to: a, stride: 1, offset: -offset } : { kind: 'keep', from: a, to: a },
  );
  return ctx.builder.view(name, tensor, from.with(at, total), maps);
}
