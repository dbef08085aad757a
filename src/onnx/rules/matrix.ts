/**
 * Matrix products: MatMul with numpy's batch axes, and Gemm = alpha A' B' + beta C, reduced to A B + c.
 */

import type { RawNode } from '../read.ts';
import { type Call, emit, type Result, type Rule, step, steps } from '../rule.ts';
import { broadcast, mapped, pick, sizeOf, stridesOf } from '../tensor.ts';

/** (..., M, K) (..., K, N) = (..., M, N); a vector is a row on the left, a column on the right, and its axis is dropped. */
const matMul: Rule = (call) => {
  const a = call.rank(0) === 1 ? [1, ...call.shape(0)] : call.shape(0);
  const b = call.rank(1) === 1 ? [...call.shape(1), 1] : call.shape(1);
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2));
  if (a.length < 2 || b.length < 2 || a.at(-1) !== b.at(-2) || batch === undefined) {
    call.fail('E_SHAPE', `[${call.shape(0)}] times [${call.shape(1)}] is no matrix product`);
  }
  const rows = call.rank(0) === 1 ? [] : [a.at(-2)!];
  const columns = call.rank(1) === 1 ? [] : [b.at(-1)!];
  return emit(call, {}, [{ shape: [...batch!, ...rows, ...columns], type: call.type(0) }]);
};

/** Normal form: transA = transB = 0, alpha = beta = 1, C a constant row (N) or absent. */
const gemm: Rule = (call) => {
  const transA = call.flag('transA', false);
  const transB = call.flag('transB', false);
  const alpha = call.float('alpha', 1);
  const beta = call.float('beta', 1);
  if (call.rank(0) !== 2 || call.rank(1) !== 2) call.fail('E_SHAPE', 'Gemm multiplies matrices only');
  if (transA) return transposeFirst(call);
  if (transB || alpha !== 1) return moveIntoB(call, transB, alpha);
  const [m, k] = call.shape(0);
  const n = call.shape(1)[1]!;
  if (k !== call.shape(1)[0]) call.fail('E_SHAPE', `[${m},${k}] times [${call.shape(1)}] is no matrix product`);
  if (!call.has(2) || beta === 0) {
    return emit(call, {}, [{ shape: [m!, n], type: call.type(0) }], { inputs: call.node.inputs.slice(0, 2) });
  }
  if (isRow(call, n) && beta === 1 && call.rank(2) === 1 && call.shape(2)[0] === n) {
    return emit(call, {}, [{ shape: [m!, n], type: call.type(0) }]);
  }
  return isRow(call, n) ? constantRow(call, n, beta) : addAfter(call, beta);
};

/** The same node with other inputs and attributes. */
function again(call: Call, inputs: readonly string[], change: Readonly<Record<string, number>>): RawNode {
  return { ...call.node, inputs, attributes: new Map([...call.node.attributes, ...Object.entries(change)]) };
}

function transposeFirst(call: Call): Result {
  const turned = call.intermediate('A');
  return steps([
    step(call, 'Transpose', [call.input(0)], turned, { perm: [1, 0] }),
    again(call, [turned, ...call.node.inputs.slice(1)], { transA: 0 }),
  ]);
}

/** A constant B takes the transposition and alpha; else nodes do. */
function moveIntoB(call: Call, transB: boolean, alpha: number): Result {
  const rest = call.node.inputs.slice(2);
  const done = { transB: 0, alpha: 1 };
  const b = call.constant(1);
  if (b !== undefined) {
    const [rows, columns] = stridesOf(b.shape);
    const shape = transB ? b.shape.toReversed() : b.shape;
    const turned = transB ? pick(b.data, shape, [columns!, rows!]) : b.data;
    const data = alpha === 1 ? turned : mapped(turned, (v) => alpha * v);
    const name = call.addConstant('B', { type: call.type(1), value: { ...b, shape, data } });
    return steps([again(call, [call.input(0), name, ...rest], done)]);
  }
  if (transB) {
    const turned = call.intermediate('B');
    return steps([
      step(call, 'Transpose', [call.input(1)], turned, { perm: [1, 0] }),
      again(call, [call.input(0), turned, ...rest], { transB: 0 }),
    ]);
  }
  const scaled = call.intermediate('A');
  return steps([
    step(call, 'Mul', [call.input(0), scalar(call, alpha)], scaled),
    again(call, [scaled, call.input(1), ...rest], done),
  ]);
}

/** Whether C is a constant that is the same in every row. */
function isRow(call: Call, n: number): boolean {
  const c = call.constant(2);
  if (c === undefined) return false;
  const size = sizeOf(c.shape);
  return size === 1 || (size === n && c.shape.at(-1) === n);
}

function constantRow(call: Call, n: number, beta: number): Result {
  const c = call.constant(2)!;
  const data = Float64Array.from({ length: n }, (_, j) => beta * c.data[c.data.length === 1 ? 0 : j]!);
  const row = call.addConstant('C', { type: call.type(2), value: { ...c, shape: [n], data } });
  return steps([again(call, [call.input(0), call.input(1), row], { beta: 1 })]);
}

function addAfter(call: Call, beta: number): Result {
  const product = call.intermediate('product');
  const multiply: RawNode = { ...again(call, call.node.inputs.slice(0, 2), {}), outputs: [product] };
  const output = call.node.outputs[0]!;
  if (beta === 1) return steps([multiply, step(call, 'Add', [product, call.input(2)], output)]);
  const scaled = call.intermediate('C');
  return steps([
    multiply,
    step(call, 'Mul', [call.input(2), scalar(call, beta)], scaled),
    step(call, 'Add', [product, scaled], output),
  ]);
}

function scalar(call: Call, value: number): string {
  const data = Float64Array.of(value);
  return call.addConstant('scalar', { type: call.type(0), value: { shape: [], dtype: 'float', data } });
}

export const matrixRules: Readonly<Record<string, Rule>> = { Gemm: gemm, MatMul: matMul };
