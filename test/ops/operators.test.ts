/**
 * Every operator on tiny random models against ONNX Runtime, within its stated error: half a unit of each rounding on the way.
 */
import { describe, expect, it } from 'vitest';
import { operatorsByOp } from '../../src/ops/index.ts';
import { float, floats, ints, type NodeDescription, node } from '../support/onnx-builder.ts';
import { deviation, randomFrom, randomWeights, tiny } from './harness.ts';

type Case = readonly [
  what: string,
  inputs: Readonly<Record<string, readonly number[]>>,
  nodes: readonly NodeDescription[],
  initializers: Parameters<typeof tiny>[0]['initializers'],
  tolerance: number,
];

const random = randomFrom(1);
const w = (...shape: number[]) => randomWeights(random, shape);
const image = { x: [1, 4, 9, 7] } as const;
const window = (kernel: readonly number[], more: Record<string, number | readonly number[]> = {}) => ({
  kernel_shape: kernel,
  ...more,
});

const cases: readonly Case[] = [
  [
    'Conv 3x3',
    image,
    [node('Conv', ['x', 'w', 'b'], ['y'], window([3, 3], { pads: [1, 1, 1, 1] }))],
    { w: w(5, 4, 3, 3), b: w(5) },
    0.01,
  ],
  [
    'Conv strided, dilated, lopsided pads',
    image,
    [node('Conv', ['x', 'w'], ['y'], window([3, 2], { strides: [2, 1], dilations: [1, 2], pads: [0, 2, 1, 1] }))],
    { w: w(6, 4, 3, 2) },
    0.01,
  ],
  ['Conv pointwise', image, [node('Conv', ['x', 'w'], ['y'], window([1, 1]))], { w: w(3, 4, 1, 1) }, 0.005],
  [
    'Conv pointwise with a stride',
    image,
    [node('Conv', ['x', 'w'], ['y'], window([1, 1], { strides: [2, 2] }))],
    { w: w(3, 4, 1, 1) },
    0.005,
  ],
  [
    'Conv in groups',
    image,
    [node('Conv', ['x', 'w', 'b'], ['y'], window([3, 3], { group: 2 }))],
    { w: w(6, 2, 3, 3), b: w(6) },
    0.01,
  ],
  [
    'Conv depthwise',
    image,
    [node('Conv', ['x', 'w'], ['y'], window([3, 3], { group: 4, pads: [1, 1, 1, 1] }))],
    { w: w(4, 1, 3, 3) },
    0.005,
  ],
  [
    'Conv depthwise, two outputs a channel, then pointwise',
    image,
    [
      node('Conv', ['x', 'w'], ['h'], window([3, 3], { group: 4 })),
      node('Relu', ['h'], ['r']),
      node('Conv', ['r', 'v'], ['y'], window([1, 1])),
    ],
    { w: w(8, 1, 3, 3), v: w(3, 8, 1, 1) },
    0.02,
  ],
  ['Conv over the whole image', image, [node('Conv', ['x', 'w'], ['y'], window([9, 7]))], { w: w(3, 4, 9, 7) }, 0.03],
  [
    'Conv 1-D',
    { x: [1, 3, 12] },
    [node('Conv', ['x', 'w', 'b'], ['y'], window([4], { strides: [2], pads: [1, 2] }))],
    { w: w(5, 3, 4), b: w(5) },
    0.005,
  ],
  [
    'Conv 3-D',
    { x: [1, 2, 4, 5, 3] },
    [node('Conv', ['x', 'w'], ['y'], window([2, 3, 2]))],
    { w: w(3, 2, 2, 3, 2) },
    0.01,
  ],
  [
    'Conv on a batch of 2',
    { x: [2, 3, 5, 5] },
    [
      node('Conv', ['x', 'w', 'b'], ['h'], window([3, 3])),
      node('Relu', ['h'], ['r']),
      node('Conv', ['r', 'v'], ['y'], window([2, 2])),
    ],
    { w: w(4, 3, 3, 3), b: w(4), v: w(2, 4, 2, 2) },
    0.05,
  ],
  [
    'Conv twice without activation',
    image,
    [
      node('Conv', ['x', 'w', 'b'], ['h'], window([3, 3], { group: 4, strides: [2, 1] })),
      node('Conv', ['h', 'v', 'c'], ['y'], window([1, 1], { strides: [1, 2] })),
    ],
    { w: w(4, 1, 3, 3), b: w(4), v: w(6, 4, 1, 1), c: w(6) },
    0.02,
  ],
  ['Gemm', { x: [3, 20] }, [node('Gemm', ['x', 'w', 'b'], ['y'], { transB: 1 })], { w: w(7, 20), b: w(7) }, 0.01],
  ['Flatten and Gemm', image, [node('Flatten', ['x'], ['f']), node('Gemm', ['f', 'w'], ['y'])], { w: w(252, 5) }, 0.05],
  ['MatMul by a constant on the right', { x: [2, 3, 8] }, [node('MatMul', ['x', 'w'], ['y'])], { w: w(8, 5) }, 0.01],
  ['MatMul by a constant on the left', { x: [2, 8, 3] }, [node('MatMul', ['w', 'x'], ['y'])], { w: w(5, 8) }, 0.01],
  ['MatMul by a stack of constants', { x: [2, 3, 8] }, [node('MatMul', ['x', 'w'], ['y'])], { w: w(2, 8, 5) }, 0.01],
  ['MatMul of two computed', { x: [2, 3, 8], z: [2, 8, 4] }, [node('MatMul', ['x', 'z'], ['y'])], {}, 0.02],
  [
    'MatMul of heads',
    { x: [1, 6, 8] },
    [
      node('Reshape', ['x', 's'], ['r']),
      node('Transpose', ['r'], ['q'], { perm: [0, 2, 1, 3] }),
      node('Transpose', ['r'], ['k'], { perm: [0, 2, 3, 1] }),
      node('MatMul', ['q', 'k'], ['a']),
      node('Relu', ['a'], ['y']),
    ],
    { s: ints([4], [1, 6, 2, 4]) },
    0.03,
  ],
  ['Add of two computed', { x: [2, 5], z: [2, 5] }, [node('Add', ['x', 'z'], ['y'])], {}, 0.002],
  [
    'Add of a residual, then Relu',
    image,
    [
      node('Conv', ['x', 'w'], ['h'], window([3, 3], { pads: [1, 1, 1, 1] })),
      node('Add', ['h', 'x'], ['s']),
      node('Relu', ['s'], ['y']),
    ],
    { w: w(4, 4, 3, 3) },
    0.01,
  ],
  ['Add with broadcasting', { x: [1, 4, 5], z: [4, 1] }, [node('Add', ['x', 'z'], ['y'])], {}, 0.002],
  ['Add of a constant a channel', image, [node('Add', ['x', 'c'], ['y'])], { c: w(4, 1, 1) }, 0.002],
  ['Add of one constant', image, [node('Add', ['x', 'c'], ['y'])], { c: floats([], [0.3]) }, 0.002],
  ['Sub', { x: [2, 5], z: [5] }, [node('Sub', ['x', 'z'], ['y'])], {}, 0.002],
  ['Sub from a constant', { x: [2, 5] }, [node('Sub', ['c', 'x'], ['y'])], { c: w(5) }, 0.002],
  ['Mul of two computed', { x: [2, 5], z: [2, 5] }, [node('Mul', ['x', 'z'], ['y'])], {}, 0.003],
  ['Mul by a gate a channel', { x: [1, 4, 3, 3], z: [1, 4, 1, 1] }, [node('Mul', ['x', 'z'], ['y'])], {}, 0.003],
  ['Mul by a constant', image, [node('Mul', ['x', 'c'], ['y'])], { c: floats([], [-0.37]) }, 0.002],
  ['Mul by a power of two', image, [node('Mul', ['x', 'c'], ['y'])], { c: floats([], [0.25]) }, 0.0002],
  ['Mul by a constant tensor', { x: [2, 5] }, [node('Mul', ['x', 'c'], ['y'])], { c: w(2, 5) }, 0.002],
  [
    'BatchNormalization alone',
    image,
    [node('BatchNormalization', ['x', 'a', 'b', 'm', 'v'], ['h']), node('Relu', ['h'], ['y'])],
    { a: w(4), b: w(4), m: w(4), v: floats([4], [0.5, 1, 1.5, 2]) },
    0.004,
  ],
  ['Relu', image, [node('Relu', ['x'], ['y'])], {}, 0.001],
  ['Relu6', image, [node('Clip', ['x', 'lo', 'hi'], ['y'])], { lo: floats([], [0]), hi: floats([], [1.5]) }, 0.001],
  [
    'Clip on both sides',
    image,
    [node('Clip', ['x', 'lo', 'hi'], ['y'])],
    { lo: floats([], [-0.7]), hi: floats([], [1.5]) },
    0.001,
  ],
  ['LeakyRelu', image, [node('LeakyRelu', ['x'], ['y'], { alpha: float(0.1) })], {}, 0.002],
  [
    'PRelu a channel',
    image,
    [node('PRelu', ['x', 'a'], ['y'])],
    { a: floats([4, 1, 1], [0.1, 0.25, -0.2, 0.5]) },
    0.002,
  ],
  ['PRelu with one slope', image, [node('PRelu', ['x', 'a'], ['y'])], { a: floats([1], [0.25]) }, 0.002],
  ['Sigmoid', image, [node('Sigmoid', ['x'], ['y'])], {}, 0.001],
  ['Tanh', image, [node('Tanh', ['x'], ['y'])], {}, 0.002],
  ['Exp', image, [node('Exp', ['x'], ['y'])], {}, 0.01],
  ['HardSigmoid', image, [node('HardSigmoid', ['x'], ['y'])], {}, 0.001],
  ['HardSwish', image, [node('HardSwish', ['x'], ['y'])], {}, 0.002],
  [
    'MaxPool',
    image,
    [node('MaxPool', ['x'], ['y'], window([3, 2], { strides: [2, 2], pads: [1, 0, 1, 1] }))],
    {},
    0.001,
  ],
  [
    'MaxPool 1-D, dilated',
    { x: [1, 2, 11] },
    [node('MaxPool', ['x'], ['y'], window([3], { dilations: [2] }))],
    {},
    0.001,
  ],
  [
    'AveragePool, padding left out',
    image,
    [node('AveragePool', ['x'], ['y'], window([3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }))],
    {},
    0.003,
  ],
  [
    'AveragePool, padding counted',
    image,
    [node('AveragePool', ['x'], ['y'], window([3, 3], { pads: [1, 1, 1, 1], count_include_pad: 1 }))],
    {},
    0.003,
  ],
  ['GlobalAveragePool', image, [node('GlobalAveragePool', ['x'], ['h']), node('Relu', ['h'], ['y'])], {}, 0.002],
  ['ReduceSum', { x: [2, 3, 8] }, [node('ReduceSum', ['x', 'a'], ['y'])], { a: ints([2], [0, 2]) }, 0.02],
  ['ReduceMean', { x: [2, 3, 8] }, [node('ReduceMean', ['x'], ['y'], { axes: [1], keepdims: 0 })], {}, 0.002],
  [
    'Transpose of the input, NHWC',
    { x: [1, 6, 5, 3] },
    [
      node('Transpose', ['x'], ['t'], { perm: [0, 3, 1, 2] }),
      node('Conv', ['t', 'w'], ['h'], window([2, 2])),
      node('Transpose', ['h'], ['y'], { perm: [0, 2, 3, 1] }),
    ],
    { w: w(4, 3, 2, 2) },
    0.005,
  ],
  [
    'Reshape across axes',
    { x: [1, 6, 4] },
    [node('Reshape', ['x', 's'], ['r']), node('MatMul', ['r', 'w'], ['y'])],
    { s: ints([2], [8, 3]), w: w(3, 2) },
    0.005,
  ],
  [
    'Squeeze and Unsqueeze',
    { x: [1, 6, 1, 4] },
    [node('Squeeze', ['x', 'a'], ['s']), node('Unsqueeze', ['s', 'b'], ['u']), node('Relu', ['u'], ['y'])],
    { a: ints([1], [2]), b: ints([1], [0]) },
    0.001,
  ],
  [
    'Concat',
    { x: [1, 2, 5], z: [1, 3, 5] },
    [node('Concat', ['x', 'z'], ['c'], { axis: 1 }), node('Conv', ['c', 'w'], ['y'], window([2]))],
    { w: w(2, 5, 2) },
    0.005,
  ],
  [
    'Concat of a constant',
    { x: [1, 2, 5] },
    [node('Concat', ['x', 'c'], ['h'], { axis: 1 }), node('Relu', ['h'], ['y'])],
    { c: w(1, 1, 5) },
    0.001,
  ],
  [
    'Pad with a value',
    image,
    [node('Pad', ['x', 'p', 'v'], ['h']), node('Relu', ['h'], ['y'])],
    { p: ints([8], [0, 1, 2, 0, 0, 0, 0, 3]), v: floats([], [0.5]) },
    0.001,
  ],
  [
    'Pad by reflection',
    image,
    [node('Pad', ['x', 'p'], ['h'], { mode: 'reflect' }), node('Relu', ['h'], ['y'])],
    { p: ints([8], [0, 0, 2, 1, 0, 0, 0, 3]) },
    0.001,
  ],
  [
    'Slice',
    image,
    [node('Slice', ['x', 'b', 'e', 'a', 's'], ['h']), node('Relu', ['h'], ['y'])],
    { b: ints([2], [1, 6]), e: ints([2], [8, 0]), a: ints([2], [2, 3]), s: ints([2], [3, -2]) },
    0.001,
  ],
  [
    'Split',
    { x: [1, 6, 4] },
    [
      node('Split', ['x', 's'], ['a', 'b'], { axis: 1 }),
      node('Add', ['b', 'c'], ['d']),
      node('MatMul', ['a', 'd'], ['y']),
    ],
    { s: ints([2], [2, 4]), c: w(4, 4) },
    0.02,
  ],
  [
    'Gather of constant indices',
    { x: [1, 6, 4] },
    [node('Gather', ['x', 'i'], ['h'], { axis: 1 }), node('Relu', ['h'], ['y'])],
    { i: ints([3], [5, 0, 2]) },
    0.001,
  ],
  [
    'Gather of one index',
    { x: [3, 6, 4] },
    [node('Gather', ['x', 'i'], ['h'], { axis: 1 }), node('Relu', ['h'], ['y'])],
    { i: ints([], [2]) },
    0.001,
  ],
  [
    'Conv after a 1 x 1 image grew by padding',
    { x: [1, 3, 1, 1] },
    [node('Conv', ['x', 'w'], ['h'], window([3, 3], { pads: [1, 1, 2, 2] })), node('Relu', ['h'], ['y'])],
    { w: w(4, 3, 3, 3) },
    0.003,
  ],
  ['GlobalMaxPool', image, [node('GlobalMaxPool', ['x'], ['y'])], {}, 0.001],
  ['Neg and a sum with itself', { x: [2, 5] }, [node('Neg', ['x'], ['n']), node('Add', ['n', 'n'], ['y'])], {}, 0.002],
  [
    'One sum read at two scales',
    { x: [2, 5] },
    [node('MatMul', ['x', 'w'], ['h']), node('Mul', ['h', 'c'], ['q']), node('Mul', ['h', 'q'], ['y'])],
    { w: w(5, 5), c: floats([], [0.25]) },
    0.01,
  ],
  ['Softmax', { x: [3, 10] }, [node('Softmax', ['x'], ['y'], { axis: -1 })], {}, 0.001],
  ['Softmax over an inner axis', { x: [2, 5, 3] }, [node('Softmax', ['x'], ['y'], { axis: 1 })], {}, 0.001],
];

describe('operators agree with ONNX Runtime', () => {
  it('every supported operator is here', () => {
    const tested = new Set(cases.flatMap(([, , nodes]) => nodes.map((n) => n.op)));
    // the importer leaves no Dropout; Identity is in exact.test.ts, as are ArgMax and LogSoftmax
    const elsewhere = ['ArgMax', 'Dropout', 'Identity', 'LogSoftmax'];
    expect([...operatorsByOp.keys()].filter((op) => !tested.has(op) && !elsewhere.includes(op))).toEqual([]);
  });

  it.each(cases)('%s', async (_, inputs, nodes, initializers, tolerance) => {
    const t = await tiny({ inputs, outputs: ['y'], nodes, initializers: initializers ?? {} });
    expect(deviation(t)).toBeLessThanOrEqual(tolerance);
  });
});
