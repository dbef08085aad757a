/**
 * Files that are cut, foreign, damaged or hostile: a typed error that says where, never a raw exception, never long work.
 */
import { create, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ModelProtoSchema } from 'onnx-buf';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, TesseraError } from '../../src/errors.ts';
import { type ImportOptions, importOnnx } from '../../src/onnx/index.ts';
import {
  ElementType,
  float,
  floats,
  graph,
  ints,
  type ModelDescription,
  model,
  node,
} from '../support/onnx-builder.ts';

function errorOf(bytes: Uint8Array, options: ImportOptions = {}): TesseraError {
  try {
    importOnnx(bytes, options);
  } catch (e) {
    if (e instanceof TesseraError) return e;
    throw new Error(`a raw ${String(e)}`, { cause: e });
  }
  throw new Error('nothing was thrown');
}

function describedError(description: Partial<ModelDescription>, options: ImportOptions = {}): TesseraError {
  return errorOf(model({ inputs: { x: [1, 4] }, outputs: ['y'], nodes: [], ...description }), options);
}

const conv = model({
  inputs: { x: [1, 2, 4, 4] },
  outputs: { y: [1, 3, 4, 4] },
  nodes: [
    node('Conv', ['x', 'w'], ['h'], { pads: [1, 1, 1, 1] }),
    node('Reshape', ['h', 's'], ['r']),
    node('LeakyRelu', ['r'], ['y'], { alpha: 0.1 }),
  ],
  initializers: { w: floats([3, 2, 3, 3], new Float32Array(54)), s: ints([4], [0, 3, 4, -1]) },
});

describe('bytes', () => {
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['text', new TextEncoder().encode('this is not a model, it is a sentence')],
    ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13)],
    [
      'a model without a graph',
      toBinary(ModelProtoSchema, create(ModelProtoSchema, { opsetImport: [{ version: 13n }] })),
    ],
    [
      'a model without an opset',
      toBinary(ModelProtoSchema, create(ModelProtoSchema, { graph: graph({ outputs: [], nodes: [] }) })),
    ],
  ])('%s', (_, bytes) => {
    expect(errorOf(bytes).code).toBe('E_ONNX_READ');
  });

  it('every cut is noticed or leaves a whole message', () => {
    const codes = new Set<string>();
    for (let n = 0; n < conv.length; n++) codes.add(errorOf(conv.subarray(0, n)).code);
    expect([...codes]).toEqual(['E_ONNX_READ']);
  });

  it('any damage gives a graph or a typed error', () => {
    fc.assert(
      fc.property(fc.nat(conv.length - 1), fc.integer({ min: 0, max: 255 }), (at, value) => {
        const bytes = conv.slice();
        bytes[at] = value;
        try {
          importOnnx(bytes, { limits: { tensorElements: 2 ** 16, foldedElements: 2 ** 16 } });
        } catch (e) {
          expect(e).toBeInstanceOf(TesseraError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('any bytes give a typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(errorOf(bytes)).toBeInstanceOf(TesseraError);
      }),
    );
  });

  it('messages inside messages without end', () => {
    let nested: Uint8Array = new Uint8Array(0);
    const wrap = (field: number) => {
      const length: number[] = [];
      for (let n = nested.length; ; n >>>= 7) {
        length.push(n > 127 ? (n & 127) | 128 : n);
        if (n <= 127) break;
      }
      nested = Uint8Array.of((field << 3) | 2, ...length, ...nested);
    };
    for (let i = 0; i < 200; i++) for (const field of [6, 5, 1]) wrap(field); // AttributeProto.g, NodeProto.attribute, node
    wrap(7); // ModelProto.graph
    expect(errorOf(nested).code).toBe('E_LIMIT');
  });

  it.each<[string, Partial<ImportOptions['limits']>]>([
    ['bytes', { bytes: 100 }],
    ['messages', { messages: 10 }],
    ['nodes', { nodes: 2 }],
    ['listBytes', { listBytes: 8 }],
    ['tensorElements', { tensorElements: 50 }],
    ['rank', { rank: 3 }],
  ])('the limit of %s', (name, limits) => {
    const error = errorOf(conv, { limits: limits! });
    expect(error.code).toBe('E_LIMIT');
    expect(error.toString()).toContain(name);
  });

  it('an opset that is too old or too new', () => {
    for (const opset of [6, 26]) expect(describedError({ opset }).code).toBe('E_VERSION');
  });
});

describe('graphs', () => {
  const relu = (from: string, to: string) => node('Relu', [from], [to], {}, { name: `${from}>${to}` });
  it.each<[string, Partial<ModelDescription>, string]>([
    ['a missing input', { nodes: [relu('nowhere', 'y')] }, 'nowhere'],
    ['a missing output', { nodes: [relu('x', 'z')] }, '"y"'],
    ['a cycle', { nodes: [relu('b', 'a'), relu('a', 'b'), relu('b', 'y')] }, 'depends on itself'],
    ['a node that reads itself', { nodes: [relu('y', 'y')] }, 'depends on itself'],
    ['a value written twice', { nodes: [relu('x', 'y'), relu('x', 'y')] }, '"y" is defined twice'],
    ['an input written again', { nodes: [relu('x', 'x'), relu('x', 'y')] }, '"x" is defined twice'],
    ['a missing parameter', { nodes: [node('Concat', ['x', 'x'], ['y'])] }, '"axis" is missing'],
    ['a parameter of another type', { nodes: [node('Concat', ['x', 'x'], ['y'], { axis: 'one' })] }, 'wrong type'],
    ['a missing operand', { nodes: [node('Add', ['x'], ['y'])] }, 'input 1 is missing'],
    ['an absent operand', { nodes: [node('Add', ['', 'x'], ['y'])] }, 'input 0 is missing'],
  ])('%s', (_, description, sentence) => {
    const error = describedError(description);
    expect(error.toString().toLowerCase()).toContain(sentence.toLowerCase());
    expect(error.code).toBe('E_ONNX_GRAPH');
  });

  it('a long chain is no deep recursion', () => {
    const nodes = Array.from({ length: 20000 }, (_, i) => node('Relu', [i === 0 ? 'x' : `h${i}`], [`h${i + 1}`]));
    const chain = model({ inputs: { x: [1] }, outputs: ['h20000'], nodes: nodes.reverse() });
    expect(importOnnx(chain).nodes.length).toBe(20000);
    const aliases = nodes.map((n) => ({ ...n, op: 'Identity' }));
    const names = model({ inputs: { x: [1] }, outputs: ['h20000'], nodes: aliases });
    expect(importOnnx(names).nodes.length).toBe(1);
  });

  it('graphs in graphs beyond the limit', () => {
    let inner = graph({ outputs: ['x'], nodes: [] });
    for (let i = 0; i < 12; i++) {
      inner = graph({
        outputs: [`o${i}`],
        nodes: [node('If', ['c'], [`o${i}`], { then_branch: inner, else_branch: inner })],
      });
      if (i >= 3) inner = { ...inner, node: [{ ...inner.node[0]!, attribute: inner.node[0]!.attribute.slice(0, 1) }] };
    }
    expect(describedError({ nodes: [node('If', ['x'], ['y'], { then_branch: inner })] }).code).toBe('E_LIMIT');
  });
});

describe('meaning', () => {
  it.each<[string, Partial<ModelDescription>, ErrorCode, string]>([
    [
      'an unknown operator',
      { nodes: [node('Quux', ['x'], ['y'], {}, { name: 'q' })] },
      'E_UNSUPPORTED_OP',
      'node "q" (Quux, opset 13)',
    ],
    [
      'another domain',
      { nodes: [node('Gelu', ['x'], ['y'], {}, { domain: 'com.microsoft' })] },
      'E_UNSUPPORTED_OP',
      'com.microsoft.Gelu',
    ],
    [
      'an unknown attribute',
      { nodes: [node('Relu', ['x'], ['y'], { shape: 3 })] },
      'E_UNSUPPORTED_ATTRIBUTE',
      '"shape"',
    ],
    [
      'a size that the input decides',
      { nodes: [node('Cast', ['x'], ['s'], { to: 7 }), node('Reshape', ['x', 's'], ['y'])] },
      'E_UNSUPPORTED_ATTRIBUTE',
      'Reshape',
    ],
    [
      'the indices of a pool',
      { inputs: { x: [1, 1, 4] }, nodes: [node('MaxPool', ['x'], ['p', 'y'], { kernel_shape: [2] })] },
      'E_UNSUPPORTED_OP',
      'node "MaxPool_0"',
    ],
    [
      'a branch that the input decides',
      {
        nodes: [
          node('If', ['x'], ['y'], {
            then_branch: graph({ outputs: ['x'], nodes: [] }),
            else_branch: graph({ outputs: ['x'], nodes: [] }),
          }),
        ],
      },
      'E_UNSUPPORTED_OP',
      'depends on the input',
    ],
    [
      'training',
      { nodes: [node('Dropout', ['x', '', 't'], ['y'])], initializers: { t: floats([], [1]) } },
      'E_UNSUPPORTED_ATTRIBUTE',
      'training_mode',
    ],
    [
      'shapes that do not broadcast',
      { nodes: [node('Add', ['x', 'c'], ['y'])], initializers: { c: floats([3], [1, 2, 3]) } },
      'E_SHAPE',
      '[1,4] and [3]',
    ],
    [
      'matrices that do not fit',
      { nodes: [node('MatMul', ['x', 'c'], ['y'])], initializers: { c: floats([3, 1], [1, 2, 3]) } },
      'E_SHAPE',
      'no matrix product',
    ],
    [
      'a window larger than its input',
      { inputs: { x: [1, 1, 4] }, nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [5] })] },
      'E_SHAPE',
      'does not fit',
    ],
    ['an axis outside', { nodes: [node('Concat', ['x', 'x'], ['y'], { axis: 2 })] }, 'E_SHAPE', 'axis 2'],
    [
      'an index outside',
      { nodes: [node('Gather', ['x', 'i'], ['y'])], initializers: { i: ints([], [1]) } },
      'E_SHAPE',
      'index 1',
    ],
    [
      'no elements',
      { nodes: [node('Slice', ['x', 'i', 'i'], ['y'])], initializers: { i: ints([1], [0]) } },
      'E_SHAPE',
      'no elements',
    ],
    [
      'floats and integers',
      { nodes: [node('Add', ['x', 'i'], ['y'])], initializers: { i: ints([], [1]) } },
      'E_DTYPE',
      'float32 and int64',
    ],
    [
      'negative pads of a window',
      { inputs: { x: [1, 1, 4] }, nodes: [node('MaxPool', ['x'], ['y'], { kernel_shape: [2], pads: [-1, 0] })] },
      'E_UNSUPPORTED_ATTRIBUTE',
      'negative',
    ],
    [
      'a tensor that grows without end',
      { nodes: [node('Tile', ['x', 'r'], ['y'])], initializers: { r: ints([2], [2 ** 40, 2 ** 40]) } },
      'E_LIMIT',
      'tensorElements',
    ],
  ])('%s', (_, description, code, sentence) => {
    const error = describedError(description);
    expect(error.toString().toLowerCase()).toContain(sentence.toLowerCase());
    expect(error.code).toBe(code);
  });

  it('interpolation that is not supported says what is', () => {
    const nodes = [node('Resize', ['x', '', 's'], ['y'], { mode: 'cubic', cubic_coeff_a: float(-0.5) })];
    const error = describedError({ nodes, initializers: { s: floats([2], [1, 2]) } });
    expect(error).toMatchObject({ code: 'E_UNSUPPORTED_ATTRIBUTE', hint: 'Use mode=linear or nearest.' });
  });
});

describe('inputs', () => {
  const relu = (x: ModelDescription['inputs']) =>
    model({ inputs: x!, outputs: ['y'], nodes: [node('Relu', ['x'], ['y'])] });
  const shapeOf = (x: NonNullable<ModelDescription['inputs']>[string], shape?: number[]) =>
    importOnnx(relu({ x }), shape === undefined ? {} : { shapes: { x: shape } }).outputs[0]!.shape;

  it('an unknown batch is 1, or what the caller says', () => {
    expect(shapeOf(['N', 3])).toEqual([1, 3]);
    expect(shapeOf([0, 3])).toEqual([1, 3]);
    expect(shapeOf([-1, 3])).toEqual([1, 3]);
    expect(shapeOf(['N', 3], [5, 3])).toEqual([5, 3]);
    expect(shapeOf({ type: ElementType.FLOAT }, [5, 3])).toEqual([5, 3]);
  });

  it('a size that one input binds is bound for all', () => {
    const nodes = [node('Add', ['x', 'z'], ['y'])];
    const bytes = model({ inputs: { x: ['N', 'T'], z: ['N', 'T'] }, outputs: ['y'], nodes });
    expect(importOnnx(bytes, { shapes: { z: [2, 7] } }).outputs[0]!.shape).toEqual([2, 7]);
    expect(errorOf(bytes, { shapes: { x: [2, 7], z: [2, 8] } }).code).toBe('E_SHAPE');
  });

  it.each<[string, NonNullable<ModelDescription['inputs']>[string], Record<string, number[]>, string]>([
    ['another unknown size', ['N', 'T'], {}, 'axis 1 ("T")'],
    ['an unknown rank', { type: ElementType.FLOAT }, {}, 'shape is unknown'],
    ['a shape of another rank', ['N', 3], { x: [1, 3, 1] }, '[1,3,1]'],
    ['a shape against the model', ['N', 3], { x: [1, 4] }, 'at axis 1'],
    ['a shape that is none', ['N', 3], { x: [0.5, 3] }, 'no shape'],
    ['a shape for no input', ['N', 3], { q: [1] }, '"q"'],
  ])('%s', (_, x, shapes, sentence) => {
    const error = errorOf(relu({ x }), { shapes });
    expect(error.toString().toLowerCase()).toContain(sentence.toLowerCase());
    expect(error.code).toBe('E_SHAPE');
  });

  it('types that no circuit has', () => {
    expect(errorOf(relu({ x: { shape: [1], type: ElementType.STRING } })).code).toBe('E_DTYPE');
    expect(errorOf(relu({ x: { shape: [1], type: ElementType.COMPLEX64 } })).code).toBe('E_DTYPE');
  });
});
