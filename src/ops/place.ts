/**
 * Operators that take cells along axes or place them there:  y[.., j, ..] = x[.., map(j), ..], or a fill where map(j) is outside.
 * Each is one view, an affine map an axis. A concatenation is the sum of its parts, each placed among zeros.
 */
import type { AxisMap, TensorId, Term } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import { numberOf, numbersOf } from './attributes.ts';
import { arrangeInOrder, commonFactors, factorsOf, layoutOf, type Value } from './layout.ts';
import type { Lowering, Part } from './lowering.ts';
import { type Operator, ownScale } from './operator.ts';
import { magnitude, scaleInto, signedRange } from './scheme.ts';
import { constantTensor } from './sum.ts';

export const slice: Operator = {
  ops: ['Slice'],
  meaning: 'every step-th cell of each axis from its start',
  takes: 'narrow',
  lower: lowerSlice,
  demand: ownScale,
};

export const split: Operator = {
  ops: ['Split'],
  meaning: 'consecutive parts of an axis',
  takes: 'narrow',
  lower: lowerSplit,
  demand: ownScale,
};

export const gather: Operator = {
  ops: ['Gather'],
  meaning: 'cells of an axis by a list of constant indices',
  takes: 'narrow',
  lower: lowerGather,
  demand: ownScale,
};

export const pad: Operator = {
  ops: ['Pad'],
  meaning: 'the tensor among round(value 2^f), or its own edge or reflected cells',
  takes: 'narrow',
  lower: lowerPad,
  demand: ownScale,
};

export const concat: Operator = {
  ops: ['Concat'],
  meaning: 'the parts at the finest of their scales, one after the other',
  takes: (node, ctx) => (isJoinedRaw(node, ctx) ? 'parts' : 'narrow'),
  lower: lowerConcat,
  demand: (node, ctx, name) => (ctx.demandOn(node.outputs[0]!) === undefined ? undefined : ctx.scaleOf(name)),
};

/** Where cell j of an axis of the result comes from; `cell` drops the axis. */
type Taken =
  | { readonly kind: 'affine'; readonly stride: number; readonly offset: number; readonly size: number }
  | { readonly kind: 'listed'; readonly indices: readonly number[] }
  | { readonly kind: 'cell'; readonly index: number };

/** A view with one map an ONNX axis; axes without an entry stay whole. */
function take(
  ctx: Lowering,
  name: string,
  value: Value,
  taken: ReadonlyMap<number, Taken>,
  fill: number,
): { tensor: TensorId; factors: number[][] } {
  const from = factorsOf(value.layout).map((list, axis) => (taken.has(axis) ? [product(list)] : list));
  const factors = from.map((list, axis) => sizesTaken(taken.get(axis), list));
  const source = arrangeInOrder(ctx.builder, `${name}.input`, value, from);
  let at = 0;
  let to = 0;
  const maps = from.flatMap((list, axis) =>
    list.map((): AxisMap => {
      const map = mapOf(taken.get(axis), at++, to);
      to += map.kind === 'index' ? map.to.length : 1;
      return map;
    }),
  );
  return { tensor: ctx.builder.view(name, source, factors.flat(), maps, fill), factors };
}

function sizesTaken(taken: Taken | undefined, whole: number[]): number[] {
  if (taken === undefined) return whole;
  if (taken.kind === 'cell') return [];
  return [taken.kind === 'affine' ? taken.size : taken.indices.length];
}

function mapOf(taken: Taken | undefined, from: number, to: number): AxisMap {
  if (taken === undefined) return { kind: 'keep', from, to };
  if (taken.kind === 'affine') return { kind: 'affine', from, to, stride: taken.stride, offset: taken.offset };
  if (taken.kind === 'cell') return { kind: 'index', from: [from], to: [], map: Int32Array.of(taken.index) };
  return { kind: 'index', from: [from], to: [to], map: Int32Array.from(taken.indices) };
}

function product(list: readonly number[]): number {
  return list.reduce((n, s) => n * s, 1);
}

// ---- Slice, Split, Gather ----------------------------------------------------------------------------------------------

function lowerSlice(node: Node, ctx: Lowering): void {
  const x = ctx.narrow(node.inputs[0]!);
  const { tensor, factors } = take(ctx, node.name, x, sliced(node, ctx), 0);
  ctx.setTensor(node, tensor, x.scale, factors);
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

/** Indices in a list keep the axis, a lone index drops it. */
function lowerGather(node: Node, ctx: Lowering): void {
  if (node.inputs.length > 1) throw unsupported(node, 'the indices of Gather are computed by the model');
  const rank = ctx.shape(node.outputs[0]!).length - ctx.shape(node.inputs[0]!).length + 1;
  if (rank > 1) throw unsupported(node, 'the indices of Gather have more than one axis');
  const x = ctx.narrow(node.inputs[0]!);
  const axis = numberOf(node, 'axis');
  const indices = numbersOf(node, 'indices');
  const taken: Taken = rank === 0 ? { kind: 'cell', index: indices[0]! } : { kind: 'listed', indices };
  const { tensor, factors } = take(ctx, node.name, x, new Map([[axis, taken]]), 0);
  const kept = factors.filter((_, a) => rank === 1 || a !== axis);
  ctx.setTensor(node, tensor, x.scale, kept);
}

function unsupported(node: Node, sentence: string): TesseraError {
  const hint = 'Only a list of constant indices is supported.';
  return new TesseraError('E_UNSUPPORTED_OP', sentence, { where: node.name, hint });
}

function lowerSplit(node: Node, ctx: Lowering): void {
  const x = ctx.narrow(node.inputs[0]!);
  const axis = numberOf(node, 'axis');
  let offset = 0;
  numbersOf(node, 'split').forEach((size, i) => {
    const part: Taken = { kind: 'affine', stride: 1, offset, size };
    const { tensor, factors } = take(ctx, node.outputs[i]!, x, new Map([[axis, part]]), 0);
    ctx.setTensor(node, tensor, x.scale, factors, i);
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
  ctx.setTensor(node, tensor, x.scale, factors);
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

/**
 * Channels side by side, each part at its own scale: where weights read them they take the scales too, as factors a channel, and no
 * part has to be rounded again for a finer neighbour.
 */
function isJoinedRaw(node: Node, ctx: Lowering): boolean {
  return numberOf(node, 'axis') === 1 && ctx.isReadInParts(node.outputs[0]!);
}

/** What an input adds; undefined: a constant. Several narrow parts where it is read raw. */
function partsOf(node: Node, ctx: Lowering, name: string, isRaw: boolean): readonly Part[] | undefined {
  if (ctx.constant(name) !== undefined) return undefined;
  if (isRaw) return ctx.parts(name);
  const isOutput = ctx.demandOn(node.outputs[0]!) === undefined;
  return [{ value: isOutput ? ctx.value(name) : ctx.narrow(name), factors: undefined }];
}

function lowerConcat(node: Node, ctx: Lowering): void {
  const axis = numberOf(node, 'axis');
  const isRaw = isJoinedRaw(node, ctx);
  const inputs = node.inputs.map((name) => partsOf(node, ctx, name, isRaw));
  const values = inputs.flatMap((parts) => parts?.map((part) => part.value) ?? []);
  const scale = Math.max(...values.map((v) => v.scale));
  const factors = values
    .map((v) => factorsOf(v.layout).map((list, a) => (a === axis ? [] : list)))
    .reduce((f, g) => commonFactors(f, g));
  const output = node.outputs[0]!;
  const whole = factors.map((list, a) => (a === axis ? [ctx.shape(output)[axis]!] : list));
  const count = Math.max(...inputs.map((parts) => parts?.length ?? 1));
  const joined = Array.from({ length: count }, (_, k) => join(node, ctx, { inputs, k, axis, isRaw, scale, factors }));
  if (!isRaw) {
    ctx.setTensor(node, joined[0]!.tensor, scale, whole);
    return;
  }
  const layout = layoutOf(whole);
  ctx.setParts(
    output,
    joined.map(({ tensor, byChannel }) => ({ value: { tensor, scale, layout }, factors: byChannel })),
  );
}

interface Joint {
  readonly inputs: readonly (readonly Part[] | undefined)[];
  /** Which part of every input. */
  readonly k: number;
  readonly axis: number;
  readonly isRaw: boolean;
  readonly scale: number;
  readonly factors: readonly (readonly number[])[];
}

/** Part k of every input in its place, zeros where an input has no such part; raw, with the factors that bring it to the scale. */
function join(node: Node, ctx: Lowering, joint: Joint): { tensor: TensorId; byChannel: number[] } {
  const { inputs, k, axis, isRaw, scale, factors } = joint;
  const own = (size: number): number[][] => factors.map((list, a) => (a === axis ? [size] : [...list]));
  const total = ctx.shape(node.outputs[0]!)[axis]!;
  const terms: Term[] = [];
  const byChannel: number[] = [];
  let offset = 0;
  node.inputs.forEach((name, i) => {
    const size = ctx.shape(name)[axis]!;
    const part = inputs[i]?.[k];
    const from = part?.value.scale ?? (isRaw ? Math.min(scale, constantScale(ctx, name)) : scale);
    const lift = 2 ** (scale - from);
    for (let c = 0; c < size; c++) byChannel.push((part?.factors?.[c] ?? 1) * lift);
    const isConstant = inputs[i] === undefined && k === 0;
    const tensor = cellsOfPart(node, ctx, i, { part, isConstant }, from, own(size));
    if (tensor !== undefined) {
      const placed = placeAlong(ctx, `${node.name}.part${i}.${k}`, tensor, own(size), axis, offset, total);
      terms.push({ tensor: placed, coefficient: isRaw ? 1 : lift });
    }
    offset += size;
  });
  const [only] = terms;
  const isAlone = terms.length === 1 && only!.coefficient === 1;
  return { tensor: isAlone ? only!.tensor : ctx.builder.linear(`${node.name}.${k}`, terms), byChannel };
}

/** A part of input i with its axes in order; nothing where there are zeros alone. */
function cellsOfPart(
  node: Node,
  ctx: Lowering,
  i: number,
  { part, isConstant }: { readonly part: Part | undefined; readonly isConstant: boolean },
  scale: number,
  factors: number[][],
): TensorId | undefined {
  const name = node.inputs[i]!;
  if (part !== undefined) return arrangeInOrder(ctx.builder, `${node.name}.input${i}`, part.value, factors);
  return isConstant ? constantPart(ctx, name, scale, factors) : undefined;
}

/** Scale at which a constant is as wide as an activation. */
function constantScale(ctx: Lowering, name: string): number {
  const largest = magnitude(ctx.constant(name)?.data ?? []);
  return scaleInto({ min: -largest, max: largest }, signedRange(ctx.scheme.bits));
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
