/**
 * Moves and reductions on constants: y[j] = x[map(j)], and y[j] = sum or product over the reduced axes.
 */
import type { Constant, Node } from '../graph.ts';
import { broadcastStrides, pick, sizeOf, stridesOf, walk } from '../tensor.ts';
import type { Evaluator } from './evaluator.ts';

function ints(node: Node, name: string): readonly number[] {
  return node.attributes.get(name) as readonly number[];
}

function int(node: Node, name: string): number {
  return node.attributes.get(name) as number;
}

const sameData: Evaluator = (_, [x]) => [x!.data];

const transpose: Evaluator = (node, [x], [y]) => {
  const strides = stridesOf(x!.shape);
  return [
    pick(
      x!.data,
      y!.shape,
      ints(node, 'perm').map((p) => strides[p]!),
    ),
  ];
};

const expand: Evaluator = (_, [x], [y]) => [pick(x!.data, y!.shape, broadcastStrides(x!.shape, y!.shape))];

const slice: Evaluator = (node, [x], [y]) => {
  const strides = stridesOf(x!.shape);
  const offset = ints(node, 'starts').reduce((n, s, a) => n + s * strides[a]!, 0);
  return [
    pick(
      x!.data,
      y!.shape,
      ints(node, 'steps').map((s, a) => s * strides[a]!),
      offset,
    ),
  ];
};

const split: Evaluator = (node, [x], outputs) => {
  const strides = stridesOf(x!.shape);
  const axis = int(node, 'axis');
  let start = 0;
  return outputs.map((y) => {
    const offset = start * strides[axis]!;
    start += y.shape[axis]!;
    return pick(x!.data, y.shape, strides, offset);
  });
};

const concat: Evaluator = (node, inputs, [y]) => {
  const axis = int(node, 'axis');
  const strides = stridesOf(y!.shape);
  const single = inputs.every((x) => x.data instanceof Float32Array);
  const out = single ? new Float32Array(sizeOf(y!.shape)) : new Float64Array(sizeOf(y!.shape));
  let start = 0;
  for (const x of inputs) {
    walk(x.shape, [strides], [start * strides[axis]!], (i, at) => {
      out[at[0]!] = x.data[i]!;
    });
    start += x.shape[axis]!;
  }
  return [out];
};

/** Seen as (before, axis, after): y[b, j, a] = x[b, indices[j], a]. */
const gather: Evaluator = (node, [x]) => {
  const axis = int(node, 'axis');
  const indices = ints(node, 'indices');
  const [before, size, after] = around(x!, axis);
  const length = before * indices.length * after;
  const out = x!.data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length);
  for (let b = 0, to = 0; b < before; b++) {
    for (const j of indices) {
      out.set(x!.data.subarray((b * size + j) * after, (b * size + j + 1) * after), to);
      to += after;
    }
  }
  return [out];
};

function around(x: Constant, axis: number): [number, number, number] {
  return [sizeOf(x.shape.slice(0, axis)), x.shape[axis]!, sizeOf(x.shape.slice(axis + 1))];
}

const tile: Evaluator = (_, [x], [y]) => {
  const out = new Float64Array(sizeOf(y!.shape));
  const from = stridesOf(x!.shape);
  const to = stridesOf(y!.shape);
  for (let i = 0; i < out.length; i++) {
    let at = 0;
    for (let a = 0; a < from.length; a++) at += (Math.floor(i / to[a]!) % x!.shape[a]!) * from[a]!;
    out[i] = x!.data[at]!;
  }
  return [out];
};

/** Folds the reduced axes with `f` from `start`; `end` gets the result and the number of terms. */
function reduce(
  f: (sum: number, v: number) => number,
  start: number,
  end = (v: number, _count: number) => v,
): Evaluator {
  return (node, [x], [y]) => {
    const axes = ints(node, 'axes');
    const kept = x!.shape.map((d, a) => (axes.includes(a) ? 1 : d));
    const out = new Float64Array(sizeOf(y!.shape)).fill(start);
    walk(x!.shape, [broadcastStrides(kept, x!.shape)], [0], (i, at) => {
      out[at[0]!] = f(out[at[0]!]!, x!.data[i]!);
    });
    const count = x!.data.length / Math.max(1, out.length);
    return [out.map((v) => end(v, count))];
  };
}

export const layout: Readonly<Record<string, Evaluator>> = {
  Concat: concat,
  Expand: expand,
  Gather: gather,
  ReduceMax: reduce(Math.max, -Infinity),
  ReduceMean: reduce(
    (s, v) => s + v,
    0,
    (s, count) => s / count,
  ),
  ReduceMin: reduce(Math.min, Infinity),
  ReduceProd: reduce((s, v) => s * v, 1),
  ReduceSum: reduce((s, v) => s + v, 0),
  Reshape: sameData,
  Slice: slice,
  Split: split,
  Squeeze: sameData,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: sameData,
};
