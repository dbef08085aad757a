/**
 * Operators that look along axes: reductions, ArgMax, Softmax.
 */
import { alias, type Call, emit, type Rule, step, steps } from '../rule.ts';
import { type Shape, sizeOf } from '../tensor.ts';

function reducedShape(shape: Shape, axes: readonly number[], keepdims: boolean): number[] {
  return keepdims ? shape.map((d, a) => (axes.includes(a) ? 1 : d)) : shape.filter((_, a) => !axes.includes(a));
}

/** Axes are an attribute until an opset (18, and 13 for ReduceSum), then input 1; none means all, or nothing to do. */
const reduce: Rule = (call) => {
  const rank = call.rank(0);
  const given = call.intsAt(1, 'the axes') ?? call.ints('axes') ?? [];
  const noop = call.flag('noop_with_empty_axes', false);
  const keepdims = call.flag('keepdims', true);
  if (given.length === 0 && noop) return alias(call);
  const axes = given.length === 0 ? [...call.shape(0).keys()] : call.axes(given, rank);
  const shape = reducedShape(call.shape(0), axes, keepdims);
  const attributes = { axes, keepdims: keepdims ? 1 : 0 };
  return emit(call, attributes, [{ shape, type: call.type(0) }], { inputs: [call.input(0)] });
};

const argMax: Rule = (call) => {
  const axis = call.axis(call.int('axis', 0), call.rank(0));
  const keepdims = call.flag('keepdims', true);
  const attributes = { axis, keepdims: keepdims ? 1 : 0, select_last_index: call.int('select_last_index', 0) };
  return emit(call, attributes, [{ shape: reducedShape(call.shape(0), [axis], keepdims), type: 'int64' }]);
};

/**
 * Normal form: along the last axis. Before opset 13 the axes from `axis` on are one, after it the axis stands alone.
 */
const softmax: Rule = (call) => {
  const rank = call.rank(0);
  const axis = call.axis(call.int('axis', call.opset < 13 ? 1 : -1), rank);
  if (axis === rank - 1 || rank === 0) return emit(call, {}, [call.info(0)]);
  return call.opset < 13 ? flattened(call, axis) : turned(call, axis);
};

function flattened(call: Call, axis: number) {
  const shape = call.shape(0);
  const two = call.intermediate('matrix');
  const done = call.intermediate('rows');
  const matrix = [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))];
  return steps([
    step(call, 'Flatten', [call.input(0)], two, { axis }),
    { ...step(call, call.node.op, [two], done, { axis: matrix.length - 1 }), name: call.node.name },
    step(call, 'Reshape', [done, shapeConstant(call, shape)], call.node.outputs[0]!),
  ]);
}

function turned(call: Call, axis: number) {
  const perm = [...call.shape(0).keys()];
  perm[axis] = perm.length - 1; // swaps two axes, so it is its own inverse
  perm[perm.length - 1] = axis;
  const before = call.intermediate('turned');
  const after = call.intermediate('rows');
  return steps([
    step(call, 'Transpose', [call.input(0)], before, { perm }),
    { ...step(call, call.node.op, [before], after, { axis: -1 }), name: call.node.name },
    step(call, 'Transpose', [after], call.node.outputs[0]!, { perm }),
  ]);
}

function shapeConstant(call: Call, shape: Shape): string {
  const data = Float64Array.from(shape);
  return call.addConstant('shape', { type: 'int64', value: { shape: [shape.length], dtype: 'int', data } });
}

const REDUCTIONS = 'L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare'.split(' ').map((name) => `Reduce${name}`);

export const reduceRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(REDUCTIONS.map((op) => [op, reduce])),
  ArgMax: argMax,
  ArgMin: argMax,
  LogSoftmax: softmax,
  Softmax: softmax,
};
