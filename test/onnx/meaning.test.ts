/**
 * Operators, one tiny model each: ONNX Runtime gives the file and the imported graph the same output shapes and values.
 */
import type { GraphProto } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import {
  type AttributeDescription,
  bools,
  float,
  floats,
  graph,
  ints,
  type ModelDescription,
  model,
  type NodeDescription,
  node,
} from '../support/onnx-builder.ts';
import { type Arrays, expectSameMeaning } from '../support/onnx-runtime.ts';

/** Numbers without a pattern, between -1 and 1. */
function weights(shape: readonly number[], seed = 1) {
  const size = shape.reduce((n, d) => n * d, 1);
  return floats(
    shape,
    Float64Array.from({ length: size }, (_, i) => Math.sin(12.9898 * (i + 1) * seed)),
  );
}

type Attributes = Readonly<Record<string, AttributeDescription>>;

interface Case {
  readonly x?: readonly number[];
  readonly more?: ModelDescription['initializers'];
  readonly inputs?: readonly string[];
  readonly opset?: number;
  readonly outputs?: readonly string[];
}

/** One node that reads x and the initializers of `more`, in that order unless `inputs` says another. */
function one(op: string, attributes: Attributes, c: Case) {
  const outputs = c.outputs ?? ['y'];
  const inputs = c.inputs ?? ['x', ...Object.keys(c.more ?? {})];
  return model({
    opset: c.opset ?? 13,
    inputs: { x: c.x ?? [2, 3, 4] },
    outputs,
    nodes: [node(op, inputs, outputs, attributes)],
    initializers: c.more ?? {},
  });
}

async function opsOf(op: string, attributes: Attributes, c: Case, given: Arrays = {}): Promise<string[]> {
  const imported = await expectSameMeaning(one(op, attributes, c), {}, given);
  return imported.nodes.map((n) => n.op);
}

describe('windows', () => {
  const conv2 = { x: [1, 4, 9, 8], more: { w: weights([6, 4, 3, 2]), b: weights([6]) } };
  it.each<[string, string, Attributes, Case]>([
    ['Conv 2-D', 'Conv', { pads: [1, 0, 2, 1], strides: [2, 1] }, conv2],
    ['Conv dilated', 'Conv', { dilations: [2, 3], pads: [1, 2, 1, 2] }, conv2],
    ['Conv SAME_UPPER', 'Conv', { auto_pad: 'SAME_UPPER', strides: [2, 3] }, conv2],
    ['Conv SAME_LOWER', 'Conv', { auto_pad: 'SAME_LOWER', strides: [2, 3] }, conv2],
    ['Conv VALID', 'Conv', { auto_pad: 'VALID' }, conv2],
    ['Conv 1-D', 'Conv', { pads: [1, 1] }, { x: [2, 3, 7], more: { w: weights([5, 3, 3]) } }],
    ['Conv 3-D', 'Conv', {}, { x: [1, 2, 4, 5, 6], more: { w: weights([3, 2, 2, 2, 3]) } }],
    ['Conv grouped', 'Conv', { group: 2 }, { x: [1, 4, 5, 5], more: { w: weights([6, 2, 3, 3]) } }],
    ['Conv depthwise', 'Conv', { group: 4 }, { x: [1, 4, 5, 5], more: { w: weights([4, 1, 3, 3]), b: weights([4]) } }],
    ['ConvTranspose', 'ConvTranspose', { strides: [2, 2] }, { x: [1, 4, 3, 5], more: { w: weights([4, 3, 3, 2]) } }],
    [
      'ConvTranspose grouped, padded',
      'ConvTranspose',
      { group: 2, strides: [2, 3], pads: [1, 0, 0, 1], output_padding: [1, 0] },
      { x: [1, 4, 3, 5], more: { w: weights([4, 3, 3, 4]), b: weights([6]) } },
    ],
    [
      'ConvTranspose output_shape',
      'ConvTranspose',
      { strides: [2, 2], output_shape: [6, 10], auto_pad: 'SAME_UPPER' },
      { x: [1, 2, 3, 5], more: { w: weights([2, 2, 3, 3]) } },
    ],
    ['MaxPool', 'MaxPool', { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 1] }, { x: [1, 2, 7, 9] }],
    ['MaxPool ceil', 'MaxPool', { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, { x: [1, 2, 8, 9] }],
    ['MaxPool ceil 1-D', 'MaxPool', { kernel_shape: [2], strides: [3], pads: [1, 1], ceil_mode: 1 }, { x: [1, 2, 8] }],
    ['MaxPool dilated', 'MaxPool', { kernel_shape: [3], dilations: [2] }, { x: [1, 2, 8] }],
    ['MaxPool SAME', 'MaxPool', { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }, { x: [1, 2, 8, 9] }],
    ['AveragePool', 'AveragePool', { kernel_shape: [3, 2], strides: [2, 2] }, { x: [1, 2, 7, 9] }],
    ['AveragePool excluding', 'AveragePool', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, { x: [1, 2, 7, 9] }],
    [
      'AveragePool including',
      'AveragePool',
      { kernel_shape: [3, 3], pads: [1, 1, 1, 1], count_include_pad: 1 },
      { x: [1, 2, 7, 9] },
    ],
    [
      'AveragePool ceil',
      'AveragePool',
      { kernel_shape: [3, 3], strides: [2, 2], pads: [0, 1, 0, 1], ceil_mode: 1 },
      { x: [1, 2, 8, 7] },
    ],
    ['GlobalAveragePool', 'GlobalAveragePool', {}, { x: [2, 3, 4, 5] }],
    ['GlobalMaxPool', 'GlobalMaxPool', {}, { x: [2, 3, 4] }],
  ])('%s', async (_, op, attributes, c) => {
    expect(await opsOf(op, attributes, c)).toEqual([op]);
  });
});

describe('matrices', () => {
  const matrix = { x: [3, 4] };
  it.each<[string, string, Attributes, Case, string[]]>([
    ['Gemm', 'Gemm', {}, { ...matrix, more: { w: weights([4, 5]), c: weights([5]) } }, ['Gemm']],
    ['Gemm transB', 'Gemm', { transB: 1 }, { ...matrix, more: { w: weights([5, 4]), c: weights([1, 5]) } }, ['Gemm']],
    [
      'Gemm transA, alpha, beta',
      'Gemm',
      { transA: 1, alpha: 0.5, beta: 0.25 },
      { ...matrix, more: { w: weights([3, 5]), c: weights([]) } },
      ['Transpose', 'Gemm'],
    ],
    ['Gemm beta 0', 'Gemm', { beta: float(0) }, { ...matrix, more: { w: weights([4, 5]), c: weights([5]) } }, ['Gemm']],
    ['Gemm C per row', 'Gemm', {}, { ...matrix, more: { w: weights([4, 5]), c: weights([3, 1]) } }, ['Gemm', 'Add']],
    ['Gemm square C', 'Gemm', {}, { ...matrix, more: { w: weights([4, 3]), c: weights([3, 1]) } }, ['Gemm', 'Add']],
    [
      'Gemm of computed B',
      'Gemm',
      { transB: 1, alpha: 2.5 },
      { ...matrix, more: { c: weights([3]) }, inputs: ['x', 'x', 'c'] },
      ['Transpose', 'Mul', 'Gemm'],
    ],
    ['MatMul', 'MatMul', {}, { x: [2, 3, 4], more: { w: weights([4, 5]) } }, ['MatMul']],
    ['MatMul batch', 'MatMul', {}, { x: [2, 1, 3, 4], more: { w: weights([5, 4, 2]) } }, ['MatMul']],
    ['MatMul vector', 'MatMul', {}, { x: [4], more: { w: weights([4, 5]) } }, ['MatMul']],
    ['MatMul by vector', 'MatMul', {}, { x: [2, 3, 4], more: { w: weights([4]) } }, ['MatMul']],
  ])('%s', async (_, op, attributes, c, ops) => {
    expect(await opsOf(op, attributes, c)).toEqual(ops);
  });
});

describe('cell by cell', () => {
  const plain =
    'Abs Ceil Cos Elu Erf Exp Floor HardSigmoid HardSwish LeakyRelu Neg Relu Round Selu Sigmoid Sign Sin Softplus Tanh';
  it.each(plain.split(' '))('%s', async (op) => {
    expect(await opsOf(op, {}, { opset: 14 })).toEqual([op]);
  });
  const channel = { c: weights([3, 1]) };
  it.each<[string, string, Attributes, Case, string[]]>([
    ['LeakyRelu', 'LeakyRelu', { alpha: 0.3 }, {}, ['LeakyRelu']],
    ['HardSigmoid', 'HardSigmoid', { alpha: 0.3, beta: 0.7 }, {}, ['HardSigmoid']],
    ['PRelu', 'PRelu', {}, { more: channel }, ['PRelu']],
    ['Add', 'Add', {}, { more: channel }, ['Add']],
    ['Add, constant first', 'Add', {}, { more: channel, inputs: ['c', 'x'] }, ['Add']],
    ['Sub', 'Sub', {}, { more: channel }, ['Add']],
    ['Sub from', 'Sub', {}, { more: channel, inputs: ['c', 'x'] }, ['Sub']],
    ['Div', 'Div', {}, { more: channel }, ['Mul']],
    ['Div of', 'Div', {}, { more: channel, inputs: ['c', 'x'] }, ['Div']],
    ['Div by zero', 'Div', {}, { more: { c: floats([1], [0]) } }, ['Div']],
    ['Mul, twice the same', 'Mul', {}, { inputs: ['x', 'x'] }, ['Mul']],
    ['Pow', 'Pow', {}, { more: { c: ints([], [2]) } }, ['Pow']],
    ['Max of three', 'Max', {}, { more: { ...channel, d: weights([4]) } }, ['Max', 'Max']],
    ['Sum', 'Sum', {}, { more: { ...channel, d: weights([4]) } }, ['Add', 'Add']],
    ['Mean', 'Mean', {}, { more: channel }, ['Add', 'Mul']],
    ['Clip', 'Clip', {}, { more: { lo: floats([], [-1]), hi: floats([], [0.5]) } }, ['Clip']],
    ['Clip, one bound', 'Clip', {}, { more: { hi: floats([], [0.5]) }, inputs: ['x', '', 'hi'] }, ['Clip']],
    ['Clip 6', 'Clip', { min: float(-1), max: 0.5 }, { opset: 7 }, ['Clip']],
    ['Clip, computed bound', 'Clip', {}, { x: [], more: { hi: floats([], [0.5]) }, inputs: ['hi', 'x'] }, ['Max']],
    ['Dropout', 'Dropout', {}, { opset: 12 }, ['Identity']],
    ['Identity', 'Identity', {}, {}, ['Identity']],
    ['Cast', 'Cast', { to: 7 }, {}, ['Cast']],
  ])('%s', async (_, op, attributes, c, ops) => {
    expect(await opsOf(op, attributes, c)).toEqual(ops);
  });

  it('Where on a comparison', async () => {
    const nodes = [node('Less', ['x', 'c'], ['less']), node('Where', ['less', 'x', 'c'], ['y'])];
    const bytes = model({ inputs: { x: [2, 3] }, outputs: ['y'], nodes, initializers: { c: weights([3]) } });
    await expectSameMeaning(bytes);
  });
});

describe('layout', () => {
  it.each<[string, string, Attributes, Case, string[]]>([
    ['Reshape', 'Reshape', {}, { more: { s: ints([3], [0, -1, 2]) } }, ['Reshape']],
    ['Flatten', 'Flatten', {}, {}, ['Reshape']],
    ['Flatten from the end', 'Flatten', { axis: -1 }, {}, ['Reshape']],
    ['Flatten after the end', 'Flatten', { axis: 3 }, {}, ['Reshape']],
    ['Transpose', 'Transpose', {}, {}, ['Transpose']],
    ['Transpose perm', 'Transpose', { perm: [1, 0, 2] }, {}, ['Transpose']],
    ['Squeeze', 'Squeeze', {}, { x: [1, 3, 1], more: { a: ints([1], [-1]) } }, ['Squeeze']],
    ['Squeeze 11, all', 'Squeeze', {}, { x: [1, 3, 1], opset: 11 }, ['Squeeze']],
    ['Unsqueeze', 'Unsqueeze', {}, { more: { a: ints([2], [-1, 0]) } }, ['Unsqueeze']],
    ['Unsqueeze 11', 'Unsqueeze', { axes: [0, 4] }, { opset: 11 }, ['Unsqueeze']],
    ['Expand', 'Expand', {}, { x: [3, 1], more: { s: ints([3], [2, 1, 4]) } }, ['Expand']],
    ['Tile', 'Tile', {}, { more: { r: ints([3], [1, 2, 3]) } }, ['Tile']],
    ['Concat', 'Concat', { axis: -1 }, { more: { c: weights([2, 3, 2]) } }, ['Concat']],
    ['Concat with zeros', 'Concat', { axis: 1 }, { more: { c: floats([2, 1, 4], new Float32Array(8)) } }, ['Pad']],
    [
      'Concat, zeros first',
      'Concat',
      { axis: 1 },
      { more: { c: floats([2, 1, 4], new Float32Array(8)) }, inputs: ['c', 'x'] },
      ['Pad'],
    ],
    ['Split', 'Split', { axis: 2 }, { more: { s: ints([2], [1, 3]) }, outputs: ['y', 'z'] }, ['Split']],
    ['Split 11', 'Split', { axis: 2, split: [3, 1] }, { opset: 11, outputs: ['y', 'z'] }, ['Split']],
    ['Split, equal', 'Split', { axis: -1 }, { outputs: ['y', 'z'] }, ['Split']],
    ['Split 18, uneven', 'Split', { axis: 1, num_outputs: 2 }, { opset: 18, outputs: ['y', 'z'] }, ['Split']],
    ['Slice 9', 'Slice', { starts: [1, -3], ends: [2, 9000], axes: [0, 2] }, { opset: 9 }, ['Slice']],
    [
      'Slice',
      'Slice',
      {},
      { more: { s: ints([1], [1]), e: ints([1], [2n ** 63n - 1n]), a: ints([1], [2]) } },
      ['Slice'],
    ],
    [
      'Slice backwards',
      'Slice',
      {},
      {
        more: { s: ints([2], [-1, 5]), e: ints([2], [-(2n ** 63n), 0]), a: ints([2], [2, 1]), t: ints([2], [-2, -1]) },
      },
      ['Slice'],
    ],
    ['Slice nothing', 'Slice', {}, { more: { s: ints([1], [0]), e: ints([1], [100]) } }, ['Identity']],
    ['Pad', 'Pad', {}, { more: { p: ints([6], [0, 1, 2, 1, 0, 1]), v: floats([], [7]) } }, ['Pad']],
    ['Pad reflect', 'Pad', { mode: 'reflect' }, { more: { p: ints([6], [0, 1, 2, 0, 0, 1]) } }, ['Pad']],
    ['Pad 7', 'Pad', { pads: [0, 1, 0, 1, 0, 0], value: 0.5 }, { opset: 7 }, ['Pad']],
    ['Pad, cutting', 'Pad', {}, { more: { p: ints([6], [0, -1, 2, 1, 0, -2]) } }, ['Slice', 'Pad']],
    [
      'Pad axes',
      'Pad',
      {},
      { opset: 18, more: { p: ints([2], [1, 2]), v: floats([], [0]), a: ints([1], [-1]) } },
      ['Pad'],
    ],
    ['Gather', 'Gather', { axis: 1 }, { more: { i: ints([2, 2], [0, -1, 1, 1]) } }, ['Gather']],
    ['Gather one', 'Gather', { axis: 2 }, { more: { i: ints([], [1]) } }, ['Gather']],
    ['DepthToSpace', 'DepthToSpace', { blocksize: 2 }, { x: [1, 8, 2, 3] }, ['DepthToSpace']],
    ['DepthToSpace CRD', 'DepthToSpace', { blocksize: 2, mode: 'CRD' }, { x: [1, 8, 2, 3] }, ['DepthToSpace']],
    ['SpaceToDepth', 'SpaceToDepth', { blocksize: 2 }, { x: [1, 2, 4, 6] }, ['SpaceToDepth']],
  ])('%s', async (_, op, attributes, c, ops) => {
    expect(await opsOf(op, attributes, c)).toEqual(ops);
  });
});

describe('resizing', () => {
  const empty = floats([0], []);
  const scales = { roi: empty, s: floats([4], [1, 1, 2, 1.5]) };
  it.each<[string, string, Attributes, Case]>([
    ['nearest', 'Resize', { nearest_mode: 'floor', coordinate_transformation_mode: 'asymmetric' }, { more: scales }],
    ['nearest, half pixel', 'Resize', {}, { more: scales }],
    ['linear', 'Resize', { mode: 'linear' }, { more: scales }],
    ['to sizes', 'Resize', { mode: 'linear' }, { more: { roi: empty, s: empty, z: ints([4], [1, 2, 3, 9]) } }],
    ['opset 10', 'Resize', {}, { opset: 10, more: { s: floats([4], [1, 1, 2, 3]) } }],
    ['Upsample', 'Upsample', {}, { opset: 9, more: { s: floats([4], [1, 1, 2, 3]) } }],
    ['Upsample 7', 'Upsample', { mode: 'linear', scales: { floats: [1, 1, 2, 3] } }, { opset: 7 }],
  ])('%s', async (_, op, attributes, c) => {
    expect(await opsOf(op, attributes, { ...c, x: [1, 2, 4, 6] })).toEqual(['Resize']);
  });
});

describe('along axes', () => {
  it.each<[string, string, Attributes, Case, string[]]>([
    ['Softmax 13', 'Softmax', {}, {}, ['Softmax']],
    ['Softmax 13, inner axis', 'Softmax', { axis: 1 }, {}, ['Transpose', 'Softmax', 'Transpose']],
    ['Softmax 11 joins axes', 'Softmax', {}, { opset: 11 }, ['Reshape', 'Softmax', 'Reshape']],
    ['Softmax 11, axis 0', 'Softmax', { axis: 0 }, { opset: 11 }, ['Reshape', 'Softmax', 'Reshape']],
    ['Softmax 11, last axis', 'Softmax', { axis: 2 }, { opset: 11 }, ['Softmax']],
    ['Softmax 7 of a matrix', 'Softmax', {}, { opset: 7, x: [2, 5] }, ['Softmax']],
    ['LogSoftmax 11', 'LogSoftmax', {}, { opset: 11 }, ['Reshape', 'LogSoftmax', 'Reshape']],
    ['ReduceMean', 'ReduceMean', { axes: [-1, 1], keepdims: 0 }, {}, ['ReduceMean']],
    ['ReduceMean 18', 'ReduceMean', {}, { opset: 18, more: { a: ints([2], [-1, 1]) } }, ['ReduceMean']],
    ['ReduceSum', 'ReduceSum', { keepdims: 0 }, { more: { a: ints([1], [0]) } }, ['ReduceSum']],
    ['ReduceSum, none', 'ReduceSum', { noop_with_empty_axes: 1 }, {}, ['Identity']],
    ['ReduceMax, all', 'ReduceMax', {}, {}, ['ReduceMax']],
    ['ReduceL2', 'ReduceL2', { axes: [0] }, {}, ['ReduceL2']],
    ['ArgMax', 'ArgMax', { axis: -1 }, {}, ['ArgMax']],
    ['ArgMax 11', 'ArgMax', { keepdims: 0 }, { opset: 11 }, ['ArgMax']],
    [
      'LayerNormalization',
      'LayerNormalization',
      {},
      { opset: 17, more: { s: weights([4]), b: weights([4]) } },
      ['LayerNormalization'],
    ],
    [
      'InstanceNormalization',
      'InstanceNormalization',
      {},
      { more: { s: weights([3]), b: weights([3]) } },
      ['InstanceNormalization'],
    ],
  ])('%s', async (_, op, attributes, c, ops) => {
    expect(await opsOf(op, attributes, c)).toEqual(ops);
  });
});

describe('If', () => {
  const branch = (nodes: NodeDescription[], output: string): GraphProto =>
    graph({ name: output, outputs: { [output]: [2, 3] }, nodes, initializers: { k: weights([3]) } });
  const build = (condition: boolean) =>
    model({
      inputs: { x: [2, 3] },
      outputs: { z: [2, 3] },
      nodes: [
        node('If', ['c'], ['y'], {
          then_branch: branch([node('Add', ['x', 'k'], ['t']), node('Relu', ['t'], ['u'])], 'u'),
          else_branch: branch([node('Mul', ['x', 'k'], ['v'])], 'v'),
        }),
        node('Neg', ['y'], ['z']),
      ],
      initializers: { c: bools([], [condition]) },
    });

  it('with a known condition is its branch', async () => {
    expect((await expectSameMeaning(build(true))).nodes.map((n) => n.op)).toEqual(['Add', 'Relu', 'Neg']);
    expect((await expectSameMeaning(build(false))).nodes.map((n) => n.op)).toEqual(['Mul', 'Neg']);
  });

  it('may hold another, and give back a value from outside', async () => {
    const inner = (name: string, outer: string) =>
      graph({ name, outputs: { [name]: [2, 3] }, nodes: [node('Relu', [outer], [name])] });
    const outer = graph({
      name: 'outer',
      outputs: { o: [2, 3], x2: [2, 3] },
      nodes: [
        node('Neg', ['x'], ['n']),
        node('If', ['c'], ['o'], { then_branch: inner('a', 'n'), else_branch: inner('b', 'x') }),
        node('Identity', ['x'], ['x2']),
      ],
    });
    const bytes = model({
      inputs: { x: [2, 3] },
      outputs: { y: [2, 3], w: [2, 3] },
      nodes: [node('If', ['c'], ['y', 'w'], { then_branch: outer, else_branch: outer })],
      initializers: { c: bools([1], [true]) },
    });
    await expectSameMeaning(bytes);
  });
});
