/**
 * Operators that move cells and change none: y[j] = x[map(j)].
 */
import { alias, type Call, emit, type Result, type Rule, step, steps } from '../rule.ts';
import { broadcast, equalShapes, intTensor, type Shape, sizeOf } from '../tensor.ts';

/** A reshape to `shape`, or nothing where the shape is that already. */
function reshapeTo(call: Call, shape: Shape): Result {
  if (equalShapes(shape, call.shape(0))) return alias(call);
  if (sizeOf(shape) !== sizeOf(call.shape(0)))
    call.fail('E_SHAPE', `[${call.shape(0)}] does not reshape to [${shape}]`);
  return emit(call, { shape }, [{ shape, type: call.type(0) }], { op: 'Reshape', inputs: [call.input(0)] });
}

/** 0 keeps an axis (unless allowzero), -1 is what is left. */
const reshape: Rule = (call) => {
  const wanted = call.intsAt(1, 'the sizes') ?? call.fail('E_ONNX_GRAPH', 'input 1 is missing');
  const keeps = !call.flag('allowzero', false);
  const from = call.shape(0);
  const shape = wanted.map((d, a) => (d === 0 && keeps ? (from[a] ?? 0) : d));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = sizeOf(from) / sizeOf(shape.toSpliced(open, 1));
  if (shape.some((d) => !Number.isInteger(d) || d < 0)) {
    call.fail('E_SHAPE', `[${from}] does not reshape to [${wanted}]`);
  }
  return reshapeTo(call, shape);
};

/** To a matrix: axes before `axis`, axes from it on. */
const flatten: Rule = (call) => {
  const rank = call.rank(0);
  const given = call.int('axis', 1);
  const axis = given === rank ? rank : call.axis(given, rank);
  return reshapeTo(call, [sizeOf(call.shape(0).slice(0, axis)), sizeOf(call.shape(0).slice(axis))]);
};

/** Axes are an attribute before opset 13, then input 1. */
const squeeze: Rule = (call) => {
  const shape = call.shape(0);
  const given = call.intsAt(1, 'the axes') ?? call.ints('axes');
  const axes = given === undefined ? [...shape.keys()].filter((a) => shape[a] === 1) : call.axes(given, shape.length);
  if (axes.some((a) => shape[a] !== 1)) call.fail('E_SHAPE', `axes [${axes}] of [${shape}] are not all of size 1`);
  if (axes.length === 0) return alias(call);
  const rest = shape.filter((_, a) => !axes.includes(a));
  return emit(call, { axes }, [{ shape: rest, type: call.type(0) }], { inputs: [call.input(0)] });
};

const unsqueeze: Rule = (call) => {
  const given = call.intsAt(1, 'the axes') ?? call.ints('axes') ?? call.fail('E_ONNX_GRAPH', 'the axes are missing');
  const rank = call.rank(0) + given.length;
  const axes = call.axes(given, rank);
  if (axes.length === 0) return alias(call);
  const rest = call.shape(0).values();
  const shape = Array.from({ length: rank }, (_, a) => (axes.includes(a) ? 1 : rest.next().value!));
  return emit(call, { axes }, [{ shape, type: call.type(0) }], { inputs: [call.input(0)] });
};

/** Axis a of y is axis perm[a] of x. */
const transpose: Rule = (call) => {
  const rank = call.rank(0);
  const perm = call.ints('perm') ?? [...call.shape(0).keys()].reverse();
  if (perm.length !== rank || call.axes(perm, rank).length !== rank) {
    call.fail('E_SHAPE', `perm [${perm}] does not fit [${call.shape(0)}]`);
  }
  if (perm.every((p, a) => p === a)) return alias(call);
  return emit(call, { perm }, [{ shape: perm.map((p) => call.shape(0)[p]!), type: call.type(0) }]);
};

const expand: Rule = (call) => {
  const wanted = call.intsAt(1, 'the sizes') ?? call.fail('E_ONNX_GRAPH', 'input 1 is missing');
  const shape = broadcast(call.shape(0), wanted);
  if (shape === undefined) return call.fail('E_SHAPE', `[${call.shape(0)}] does not expand to [${wanted}]`);
  if (equalShapes(shape, call.shape(0))) return alias(call);
  return emit(call, { shape }, [{ shape, type: call.type(0) }], { inputs: [call.input(0)] });
};

const tile: Rule = (call) => {
  const repeats = call.intsAt(1, 'the repeats') ?? call.fail('E_ONNX_GRAPH', 'input 1 is missing');
  if (repeats.length !== call.rank(0)) call.fail('E_SHAPE', `repeats [${repeats}] do not fit [${call.shape(0)}]`);
  if (repeats.every((r) => r === 1)) return alias(call);
  const shape = call.shape(0).map((d, a) => d * repeats[a]!);
  return emit(call, { repeats }, [{ shape, type: call.type(0) }], { inputs: [call.input(0)] });
};

/** Parts without elements are left out; a part that is constant and everywhere one number is a Pad of the rest. */
const concat: Rule = (call) => {
  const rank = call.rank(0);
  const axis = call.axis(call.int('axis'), rank);
  const parts = [...call.node.inputs.keys()].filter((i) => sizeOf(call.shape(i)) > 0 || call.node.inputs.length === 1);
  const first = call.shape(parts[0] ?? 0);
  const fits = (shape: Shape) => shape.length === rank && shape.every((d, a) => a === axis || d === first[a]);
  const odd = parts.find((i) => !fits(call.shape(i)));
  if (odd !== undefined) call.fail('E_SHAPE', `[${call.shape(odd)}] and [${first}] do not join along axis ${axis}`);
  if (parts.length === 1) return { kind: 'alias', value: call.input(parts[0]!) };
  const shape = first.with(
    axis,
    parts.reduce((n, i) => n + call.shape(i)[axis]!, 0),
  );
  return (
    concatAsPad(call, parts, axis, shape) ??
    emit(call, { axis }, [{ shape, type: call.type(0) }], { inputs: parts.map((i) => call.input(i)) })
  );
};

/** The Pad that a Concat of one computed part with zeros is, if it is. Other numbers stay values, which may be private. */
function concatAsPad(call: Call, parts: readonly number[], axis: number, shape: Shape): Result | undefined {
  const computed = parts.filter((i) => call.constant(i) === undefined);
  const isZero = (i: number) => call.constant(i)!.data.every((v) => v === 0);
  if (computed.length !== 1 || !parts.every((i) => i === computed[0] || isZero(i))) return undefined;
  for (const i of parts) call.parameter(i);
  const sum = (before: readonly number[]) => before.reduce((n, i) => n + call.shape(i)[axis]!, 0);
  const at = parts.indexOf(computed[0]!);
  const pads = new Array<number>(2 * shape.length).fill(0);
  pads[axis] = sum(parts.slice(0, at));
  pads[axis + shape.length] = sum(parts.slice(at + 1));
  const info = { shape, type: call.type(computed[0]!) };
  return emit(call, { mode: 'constant', pads, value: 0 }, [info], { op: 'Pad', inputs: [call.input(computed[0]!)] });
}

/** Sizes are an attribute before opset 13, then input 1; without them the parts are equal, the last may be smaller. */
const split: Rule = (call) => {
  const axis = call.axis(call.int('axis', 0), call.rank(0));
  const count = call.node.outputs.length;
  const declared = call.int('num_outputs', count);
  const size = call.shape(0)[axis]!;
  const part = Math.ceil(size / count);
  const even = Array.from({ length: count }, (_, i) => (i < count - 1 ? part : size - part * (count - 1)));
  const sizes = call.intsAt(1, 'the sizes') ?? call.ints('split') ?? even;
  const sum = sizes.reduce((n, d) => n + d, 0);
  if (sizes.length !== count || declared !== count || sum !== size || sizes.some((d) => d < 0)) {
    call.fail('E_SHAPE', `sizes [${sizes}] do not split axis ${axis} of [${call.shape(0)}] in ${count}`);
  }
  if (count === 1) return alias(call);
  const outputs = sizes.map((d) => ({ shape: call.shape(0).with(axis, d), type: call.type(0) }));
  return emit(call, { axis, split: sizes }, outputs, { inputs: [call.input(0)] });
};

/** y[j] = x[starts + steps j], one start and step an axis. Parameters are attributes before opset 10, then inputs. */
const slice: Rule = (call) => {
  const shape = call.shape(0);
  const missing = () => call.fail('E_ONNX_GRAPH', 'starts or ends are missing');
  const starts = call.intsAt(1, 'the starts') ?? call.ints('starts') ?? missing();
  const ends = call.intsAt(2, 'the ends') ?? call.ints('ends') ?? missing();
  const given = call.intsAt(3, 'the axes') ?? call.ints('axes') ?? [...starts.keys()];
  const strides = call.intsAt(4, 'the steps') ?? starts.map(() => 1);
  if (![ends, given, strides].every((l) => l.length === starts.length) || strides.includes(0)) {
    call.fail('E_SHAPE', 'starts, ends, axes and steps do not belong together');
  }
  call.axes(given, shape.length);
  const from = shape.map(() => 0);
  const by = shape.map(() => 1);
  const out = [...shape];
  given.forEach((value, i) => {
    const a = call.axis(value, shape.length);
    by[a] = strides[i]!;
    [from[a], out[a]] = sliceAxis(shape[a]!, starts[i]!, ends[i]!, by[a]!);
  });
  if (equalShapes(out, shape) && by.every((s) => s === 1)) return alias(call);
  return emit(call, { starts: from, steps: by }, [{ shape: out, type: call.type(0) }], { inputs: [call.input(0)] });
};

/** [start, count] of Python's slice start:end:step of an axis. */
function sliceAxis(size: number, start: number, end: number, stride: number): [number, number] {
  const [low, high] = stride > 0 ? [0, size] : [-1, size - 1];
  const clamp = (v: number) => Math.min(high, Math.max(low, v < 0 ? v + size : v));
  const first = clamp(start);
  return [Math.max(0, Math.min(first, size - 1)), Math.max(0, Math.ceil((clamp(end) - first) / stride))];
}

/** Pads are an attribute before opset 11, then input 1. Negative pads cut, by a Slice before. */
const pad: Rule = (call) => {
  const rank = call.rank(0);
  const mode = call.text('mode', 'constant');
  const given = call.intsAt(1, 'the pads') ?? call.ints('pads') ?? call.fail('E_ONNX_GRAPH', 'the pads are missing');
  const value = call.has(2) ? call.numbersAt(2, 'the padding')![0]! : call.float('value', 0);
  const some = call.intsAt(3, 'the axes') ?? [...call.shape(0).keys()];
  if (given.length !== 2 * some.length) call.fail('E_SHAPE', `pads [${given}] do not fit [${call.shape(0)}]`);
  const pads = new Array<number>(2 * rank).fill(0);
  some.forEach((axis, i) => {
    pads[call.axis(axis, rank)] = given[i]!;
    pads[call.axis(axis, rank) + rank] = given[i + some.length]!;
  });
  if (pads.every((p) => p === 0)) return alias(call);
  if (pads.some((p) => p < 0)) return cutThenPad(call, pads);
  const shape = call.shape(0).map((d, a) => d + pads[a]! + pads[a + rank]!);
  return emit(call, { mode, pads, value }, [{ shape, type: call.type(0) }], { inputs: [call.input(0)] });
};

function cutThenPad(call: Call, pads: readonly number[]): Result {
  const rank = call.rank(0);
  const shape = call.shape(0);
  const ints = (suffix: string, values: readonly number[]) =>
    call.addConstant(suffix, intTensor([values.length], values));
  const starts = shape.map((_, a) => Math.max(0, -pads[a]!));
  const ends = shape.map((d, a) => Math.max(0, d - Math.max(0, -pads[a + rank]!)));
  const rest = ints(
    'pads',
    pads.map((p) => Math.max(0, p)),
  );
  const cut = call.intermediate('cut');
  return steps([
    step(call, 'Slice', [call.input(0), ints('starts', starts), ints('ends', ends)], cut),
    { ...call.node, inputs: [cut, rest, call.node.inputs[2] ?? ''], attributes: call.node.attributes },
  ]);
}

/** Known indices become an attribute, flat and counted from 0; their shape takes the place of the axis. */
const gather: Rule = (call) => {
  const shape = call.shape(0);
  const axis = call.axis(call.int('axis', 0), shape.length);
  const out = [...shape.slice(0, axis), ...call.shape(1), ...shape.slice(axis + 1)];
  const constant = call.parameter(1);
  if (constant === undefined) return emit(call, { axis }, [{ shape: out, type: call.type(0) }]);
  const size = shape[axis]!;
  const indices = Array.from(constant.data, (v) => (v < 0 ? v + size : v));
  const bad = indices.find((v) => !(v >= 0 && v < size));
  if (bad !== undefined) call.fail('E_SHAPE', `index ${bad} is outside axis ${axis} of [${shape}]`);
  return emit(call, { axis, indices }, [{ shape: out, type: call.type(0) }], { inputs: [call.input(0)] });
};

/** Channels to blocks of blocksize x blocksize cells; mode DCR or CRD says which part of the channel is the cell. */
const depthToSpace: Rule = (call) => {
  const block = call.int('blocksize');
  const [n, c, h, w] = call.shape(0);
  if (call.rank(0) !== 4 || c! % block ** 2 !== 0) call.fail('E_SHAPE', `[${call.shape(0)}] has no blocks of ${block}`);
  const shape = [n!, c! / block ** 2, h! * block, w! * block];
  return emit(call, { blocksize: block, mode: call.text('mode', 'DCR') }, [{ shape, type: call.type(0) }]);
};

const spaceToDepth: Rule = (call) => {
  const block = call.int('blocksize');
  const [n, c, h, w] = call.shape(0);
  if (call.rank(0) !== 4 || h! % block !== 0 || w! % block !== 0) {
    call.fail('E_SHAPE', `[${call.shape(0)}] has no blocks of ${block}`);
  }
  const shape = [n!, c! * block ** 2, h! / block, w! / block];
  return emit(call, { blocksize: block }, [{ shape, type: call.type(0) }]);
};

export const layoutRules: Readonly<Record<string, Rule>> = {
  Concat: concat,
  DepthToSpace: depthToSpace,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  Pad: pad,
  Reshape: reshape,
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
