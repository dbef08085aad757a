/**
 * What is known at import is computed at import: sizes, constants, affine steps after linear operators.
 */
import { TensorProto_DataType as ElementType } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import type { TesseraError } from '../../src/errors.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { bools, floats, ints, model, type NodeDescription, node, tensor } from '../support/onnx-builder.ts';
import { expectSameMeaning } from '../support/onnx-runtime.ts';

function sines(shape: readonly number[], phase = 0, low = 0) {
  const size = shape.reduce((n, d) => n * d, 1);
  return floats(
    shape,
    Float64Array.from({ length: size }, (_, i) => low + Math.sin(7.1 * i + phase)),
  );
}

function codeOf(f: () => unknown): string {
  try {
    f();
  } catch (e) {
    return (e as TesseraError).code;
  }
  return 'none';
}

/** The constant that the nodes make of the initializers. */
function constantOf(nodes: NodeDescription[], initializers: Parameters<typeof model>[0]['initializers'], opset = 13) {
  const graph = importOnnx(
    model({ opset, inputs: { x: [2, 3] }, outputs: ['y'], nodes, initializers: initializers ?? {} }),
  );
  expect(graph.nodes).toEqual([]);
  const { shape, dtype, data } = graph.constants.get('y')!;
  return { shape, dtype, data: [...data] };
}

describe('sizes', () => {
  it('a reshape by Shape, Gather, Unsqueeze and Concat is a plain Reshape', async () => {
    const nodes = [
      node('Shape', ['x'], ['s']),
      node('Gather', ['s', 'i0'], ['n']),
      node('Unsqueeze', ['n', 'a0'], ['n1']),
      node('Slice', ['s', 'one', 'three'], ['rest']),
      node('ReduceProd', ['rest'], ['p']),
      node('Cast', ['p'], ['pf'], { to: ElementType.FLOAT }),
      node('Floor', ['pf'], ['fl']),
      node('Cast', ['fl'], ['pi'], { to: ElementType.INT64 }),
      node('Concat', ['n1', 'pi'], ['shape'], { axis: 0 }),
      node('Reshape', ['x', 'shape'], ['y']),
    ];
    const initializers = { i0: ints([], [0]), a0: ints([1], [0]), one: ints([1], [1]), three: ints([1], [3]) };
    const graph = await expectSameMeaning(model({ inputs: { x: ['N', 3, 4] }, outputs: ['y'], nodes, initializers }));
    expect(graph.nodes.map((n) => n.op)).toEqual(['Reshape']);
    expect(graph.outputs[0]!.shape).toEqual([1, 12]);
    expect(graph.constants.size).toBe(0);
  });

  it('Shape with start and end, Size, ConstantOfShape, Range', () => {
    const c = constantOf;
    expect(c([node('Shape', ['x'], ['y'], { start: -1 })], {}, 15)).toEqual({ shape: [1], dtype: 'int', data: [3] });
    expect(c([node('Size', ['x'], ['y'])], {})).toEqual({ shape: [], dtype: 'int', data: [6] });
    const filled = c([node('ConstantOfShape', ['s'], ['y'], { value: ints([1], [7]) })], { s: ints([2], [1, 2]) });
    expect(filled).toEqual({ shape: [1, 2], dtype: 'int', data: [7, 7] });
    const range = c([node('Range', ['a', 'b', 'd'], ['y'])], { a: ints([], [5]), b: ints([], [0]), d: ints([], [-2]) });
    expect(range).toEqual({ shape: [3], dtype: 'int', data: [5, 3, 1] });
  });
});

describe('constants', () => {
  const [a, b] = [ints([3], [-7, 7, 3]), ints([1], [2])];
  it.each<[string, number[]]>([
    ['Add', [-5, 9, 5]],
    ['Sub', [-9, 5, 1]],
    ['Mul', [-14, 14, 6]],
    ['Div', [-3, 3, 1]],
    ['Mod', [1, 1, 1]],
    ['Pow', [49, 49, 9]],
    ['Max', [2, 7, 3]],
    ['Min', [-7, 2, 2]],
    ['Less', [1, 0, 0]],
    ['GreaterOrEqual', [0, 1, 1]],
    ['Equal', [0, 0, 0]],
  ])('integer %s', (op, data) => {
    expect(constantOf([node(op, ['a', 'b'], ['y'])], { a, b }).data).toEqual(data);
  });

  it('fmod keeps the sign of the dividend', () => {
    expect(constantOf([node('Mod', ['a', 'b'], ['y'], { fmod: 1 })], { a, b }).data).toEqual([-1, 1, 1]);
  });

  it('integers that overflow are refused, not wrapped', () => {
    const byte = tensor({ dataType: ElementType.INT8, dims: [1n], int32Data: [100] });
    const add = (c: typeof byte) => () => constantOf([node('Add', ['c', 'c'], ['y'])], { c });
    expect(codeOf(add(byte))).toBe('E_RANGE');
    expect(codeOf(add(ints([1], [2n ** 62n])))).toBe('E_RANGE');
    expect(codeOf(() => constantOf([node('Div', ['a', 'z'], ['y'])], { a, z: ints([1], [0]) }))).toBe('E_RANGE');
  });

  it('the same values as ONNX Runtime', async () => {
    const nodes = [
      node('Transpose', ['c'], ['t']),
      node('Expand', ['t', 'shape'], ['e']),
      node('Sqrt', ['e'], ['q']),
      node('Neg', ['q'], ['n']),
      node('Less', ['n', 'c2'], ['l']),
      node('Not', ['l'], ['nl']),
      node('And', ['nl', 'mask'], ['both']),
      node('Where', ['both', 'n', 'c2'], ['w']),
      node('ReduceSum', ['w', 'axis'], ['sum'], { keepdims: 0 }),
      node('Tile', ['sum', 'repeats'], ['tiled']),
      node('Split', ['tiled'], ['left', 'right'], { axis: 1 }),
      node('Concat', ['right', 'left'], ['k'], { axis: 1 }),
      node('Mul', ['x', 'k'], ['y']),
    ];
    const initializers = {
      c: sines([4, 1, 3], 0, 2),
      c2: sines([3, 1, 4]),
      mask: bools([4], [true, false, true, true]),
      shape: ints([4], [2, 3, 1, 4]),
      axis: ints([1], [0]),
      repeats: ints([3], [1, 2, 1]),
    };
    const bytes = model({ inputs: { x: [3, 1, 4] }, outputs: ['y'], nodes, initializers });
    const graph = await expectSameMeaning(bytes);
    expect(graph.nodes.map((n) => n.op)).toEqual(['Mul']);
  });

  it('a small file may not ask for large constants', () => {
    const nodes = [node('ConstantOfShape', ['s'], ['y'])];
    const huge = (...dims: number[]) => codeOf(() => constantOf(nodes, { s: ints([dims.length], dims) }));
    expect(huge(2 ** 28)).toBe('E_LIMIT');
    expect(huge(2 ** 52, 2 ** 52)).toBe('E_LIMIT');
  });
});

describe('fusing', () => {
  const statistics = (c: number) => ({
    scale: sines([c], 1, 2),
    shift: sines([c], 2),
    mean: sines([c], 3),
    variance: sines([c], 4, 2),
  });
  const bn = (input: string, output: string, more = {}) =>
    node('BatchNormalization', [input, 'scale', 'shift', 'mean', 'variance'], [output], more);

  it.each<[string, string, number[], Parameters<typeof node>[3], Record<string, readonly number[]>, number, string]>([
    ['Conv 2-D', 'Conv', [1, 2, 5, 5], {}, { w: [3, 2, 3, 3], b: [3] }, 3, 'Conv'],
    ['Conv without bias', 'Conv', [1, 2, 5, 5], {}, { w: [3, 2, 3, 3] }, 3, 'Conv'],
    ['Conv 1-D grouped', 'Conv', [1, 4, 6], { group: 2 }, { w: [6, 2, 3], b: [6] }, 6, 'Conv'],
    ['Conv 3-D', 'Conv', [1, 2, 4, 4, 4], {}, { w: [3, 2, 2, 2, 2] }, 3, 'Conv'],
    ['ConvTranspose', 'ConvTranspose', [1, 2, 3, 3], {}, { w: [2, 3, 2, 2], b: [3] }, 3, 'ConvTranspose'],
    ['ConvTranspose grouped', 'ConvTranspose', [1, 4, 3], { group: 2 }, { w: [4, 3, 2] }, 6, 'ConvTranspose'],
    ['Gemm', 'Gemm', [2, 4], { transB: 1 }, { w: [3, 4], b: [3] }, 3, 'Gemm'],
    ['MatMul', 'MatMul', [2, 4], {}, { w: [4, 3] }, 3, 'Gemm'],
  ])('BatchNormalization into %s', async (_, op, x, attributes, weights, channels, fused) => {
    const names = Object.keys(weights);
    const bytes = model({
      inputs: { x },
      outputs: ['y'],
      nodes: [node(op, ['x', ...names], ['h'], attributes), bn('h', 'y')],
      initializers: {
        ...statistics(channels),
        ...Object.fromEntries(names.map((n, i) => [n, sines(weights[n]!, i)])),
      },
    });
    const graph = await expectSameMeaning(bytes);
    expect(graph.nodes.map((n) => n.op)).toEqual([fused]);
    expect(graph.constants.get(graph.nodes[0]!.inputs[1]!)!.data).toBeInstanceOf(Float64Array);
  });

  it('alone it is a Mul and an Add', async () => {
    for (const x of [
      [2, 3],
      [1, 3, 4],
      [1, 3, 2, 2],
    ]) {
      const bytes = model({ inputs: { x }, outputs: ['y'], nodes: [bn('x', 'y')], initializers: statistics(3) });
      expect((await expectSameMeaning(bytes)).nodes.map((n) => n.op)).toEqual(['Mul', 'Add']);
    }
  });

  it('not where something else reads between, or the graph gives it out', async () => {
    const conv = node('Conv', ['x', 'w'], ['h']);
    const initializers = { ...statistics(3), w: sines([3, 2, 1, 1]) };
    const inputs = { x: [1, 2, 2, 2] };
    const read = [conv, bn('h', 'z'), node('Add', ['h', 'z'], ['y'])];
    const shared = await expectSameMeaning(model({ inputs, outputs: ['y'], nodes: read, initializers }));
    expect(shared.nodes.map((n) => n.op)).toEqual(['Conv', 'Mul', 'Add', 'Add']);
    const given = await expectSameMeaning(
      model({ inputs, outputs: ['y', 'h'], nodes: [conv, bn('h', 'y')], initializers }),
    );
    expect(given.nodes.map((n) => n.op)).toEqual(['Conv', 'Mul', 'Add']);
  });

  it.each<[string, readonly number[], string[]]>([
    ['a number', [], ['Conv']],
    ['one a channel', [3, 1, 1], ['Conv']],
    ['one a column', [2], ['Conv', 'Mul']],
    ['a batch', [2, 3, 1, 1], ['Conv', 'Mul']],
  ])('a product by %s after Conv', async (_, shape, ops) => {
    const bytes = model({
      inputs: { x: [1, 2, 2, 2] },
      outputs: ['y'],
      nodes: [node('Conv', ['x', 'w', 'b'], ['h']), node('Mul', ['k', 'h'], ['y'])],
      initializers: { w: sines([3, 2, 1, 1]), b: sines([3]), k: sines(shape, 5, 2) },
    });
    expect((await expectSameMeaning(bytes)).nodes.map((n) => n.op)).toEqual(ops);
  });

  it('a MatMul with batch axes takes a factor and leaves the bias', async () => {
    const bytes = model({
      inputs: { x: [2, 3, 4] },
      outputs: ['y'],
      nodes: [node('MatMul', ['x', 'w'], ['h']), node('Div', ['h', 'k'], ['g']), node('Add', ['b', 'g'], ['y'])],
      initializers: { w: sines([4, 5]), k: floats([], [8]), b: sines([5]) },
    });
    expect((await expectSameMeaning(bytes)).nodes.map((n) => n.op)).toEqual(['MatMul', 'Add']);
  });

  it('a Pad with zeros before a Conv, and the Pad stays for others', async () => {
    const pads = { p: ints([8], [0, 0, 1, 0, 0, 0, 2, 1]), w: sines([3, 2, 2, 2]) };
    const nodes = [node('Pad', ['x', 'p'], ['h']), node('Conv', ['h', 'w'], ['y'], { pads: [1, 1, 0, 0] })];
    const inputs = { x: [1, 2, 4, 4] };
    const graph = await expectSameMeaning(model({ inputs, outputs: ['y'], nodes, initializers: pads }));
    expect(graph.nodes.map((n) => n.op)).toEqual(['Conv']);
    const both = await expectSameMeaning(model({ inputs, outputs: ['y', 'h'], nodes, initializers: pads }));
    expect(both.nodes.map((n) => n.op)).toEqual(['Pad', 'Conv']);
  });

  it('weights that two nodes share are folded for each', async () => {
    const bytes = model({
      inputs: { x: [2, 4] },
      outputs: ['y', 'z'],
      nodes: [node('MatMul', ['x', 'w'], ['h']), node('MatMul', ['x', 'w'], ['z']), node('Mul', ['h', 'k'], ['y'])],
      initializers: { w: sines([4, 3]), k: sines([3], 1, 2) },
    });
    expect((await expectSameMeaning(bytes)).nodes.map((n) => n.op)).toEqual(['MatMul', 'MatMul']);
  });
});

describe('names', () => {
  it('an output keeps its name through what folds away', async () => {
    const nodes = [
      node('Relu', ['x'], ['h']),
      node('Dropout', ['h'], ['d']),
      node('Identity', ['d'], ['y']),
      node('Identity', ['y'], ['z']),
      node('Identity', ['x'], ['w']),
      node('Cast', ['one'], ['c'], { to: ElementType.INT64 }),
    ];
    const outputs = ['y', 'z', 'w', 'c'];
    const graph = await expectSameMeaning(
      model({ inputs: { x: [2] }, outputs, nodes, initializers: { one: floats([1], [1]) } }),
    );
    expect(graph.outputs.map((o) => o.name)).toEqual(outputs);
    expect(graph.nodes.map((n) => n.op)).toEqual(['Relu', 'Identity', 'Identity']);
    expect(graph.constants.get('c')!.dtype).toBe('int');
  });

  it('nodes get names of their own, and what reaches no output goes', () => {
    const nodes = [
      node('Relu', ['x'], ['a'], {}, { name: 'same' }),
      node('Relu', ['a'], ['b'], {}, { name: 'same' }),
      node('NoSuchOperator', ['a'], ['dead']),
      node('Relu', ['b'], ['y']),
    ];
    const graph = importOnnx(model({ inputs: { x: [2] }, outputs: ['y'], nodes }));
    expect(graph.nodes.map((n) => n.name)).toEqual(['same', 'same_2', 'Relu_3']);
  });

  it('nodes out of order are sorted', async () => {
    const nodes = [node('Neg', ['h'], ['y']), node('Relu', ['x'], ['h'])];
    const graph = importOnnx(model({ inputs: { x: [2] }, outputs: ['y'], nodes }));
    expect(graph.nodes.map((n) => n.op)).toEqual(['Relu', 'Neg']);
  });
});
