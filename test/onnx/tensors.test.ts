/**
 * Constants of every element type, inside the file and beside it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TesseraError } from '../../src/errors.ts';
import { checkLocation } from '../../src/onnx/external.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { ElementType, floats, model, node, rawTensor, tensor } from '../support/onnx-builder.ts';

type Proto = ReturnType<typeof tensor>;

/** The tensor as the importer reads it: as the value of a graph output. */
function read(w: Proto, externalData?: (location: string) => Uint8Array) {
  const bytes = model({ inputs: {}, outputs: ['w'], nodes: [], initializers: { w } });
  return importOnnx(bytes, externalData === undefined ? {} : { externalData }).constants.get('w')!;
}

function errorOf(f: () => unknown): TesseraError {
  try {
    f();
  } catch (e) {
    return e as TesseraError;
  }
  throw new Error('nothing was thrown');
}

const raw = (view: ArrayBufferView<ArrayBuffer>) => new Uint8Array(view.buffer);

describe('element types', () => {
  const T = ElementType;
  it.each<[string, ElementType, Uint8Array<ArrayBuffer>, Partial<Proto>, number[]]>([
    ['float', T.FLOAT, raw(Float32Array.of(1.5, -2)), { floatData: [1.5, -2] }, [1.5, -2]],
    ['double', T.DOUBLE, raw(Float64Array.of(0.1, -2)), { doubleData: [0.1, -2] }, [0.1, -2]],
    ['float16', T.FLOAT16, raw(Uint16Array.of(0x3e00, 0xc000)), { int32Data: [0x3e00, 0xc000] }, [1.5, -2]],
    ['bfloat16', T.BFLOAT16, raw(Uint16Array.of(0x3fc0, 0xc000)), { int32Data: [0x3fc0, 0xc000] }, [1.5, -2]],
    ['int8', T.INT8, raw(Int8Array.of(-128, 127)), { int32Data: [-128, 127] }, [-128, 127]],
    ['uint8', T.UINT8, raw(Uint8Array.of(0, 255)), { int32Data: [0, 255] }, [0, 255]],
    ['int16', T.INT16, raw(Int16Array.of(-32768, 5)), { int32Data: [-32768, 5] }, [-32768, 5]],
    ['uint16', T.UINT16, raw(Uint16Array.of(65535, 5)), { int32Data: [65535, 5] }, [65535, 5]],
    ['int32', T.INT32, raw(Int32Array.of(-(2 ** 31), 5)), { int32Data: [-(2 ** 31), 5] }, [-(2 ** 31), 5]],
    ['uint32', T.UINT32, raw(Uint32Array.of(2 ** 32 - 1, 5)), { uint64Data: [2n ** 32n - 1n, 5n] }, [2 ** 32 - 1, 5]],
    ['int64', T.INT64, raw(BigInt64Array.of(-5n, 2n ** 40n)), { int64Data: [-5n, 2n ** 40n] }, [-5, 2 ** 40]],
    ['uint64', T.UINT64, raw(BigUint64Array.of(0n, 7n)), { uint64Data: [0n, 7n] }, [0, 7]],
    ['bool', T.BOOL, Uint8Array.of(1, 0), { int32Data: [1, 0] }, [1, 0]],
    ['int4', T.INT4, Uint8Array.of(0x78), { int32Data: [0x78] }, [-8, 7]],
    ['uint4', T.UINT4, Uint8Array.of(0x0f), { int32Data: [0x0f] }, [15, 0]],
  ])('%s', (_, dataType, bytes, typed, values) => {
    expect([...read(rawTensor(dataType, [2], bytes)).data]).toEqual(values);
    expect([...read(tensor({ dataType, dims: [2n], ...typed } as Parameters<typeof tensor>[0])).data]).toEqual(values);
  });

  it('half floats: largest, smallest, infinite, not a number', () => {
    const halves = Uint16Array.of(0x7bff, 0x0001, 0x8001, 0x0400, 0x7c00, 0xfc00, 0x7e00, 0x8000);
    const { data } = read(rawTensor(ElementType.FLOAT16, [8], raw(halves)));
    expect([...data]).toEqual([65504, 2 ** -24, -(2 ** -24), 2 ** -14, Infinity, -Infinity, Number.NaN, -0]);
  });

  it('64-bit integers beyond the safe ones saturate', () => {
    const w = rawTensor(ElementType.INT64, [2], raw(BigInt64Array.of(2n ** 63n - 1n, -(2n ** 63n))));
    expect([...read(w).data]).toEqual([Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER]);
  });

  it('whatever the alignment, also in a Buffer of Node', () => {
    for (let pad = 0; pad < 8; pad++) {
      const bytes = model({
        name: 'n'.repeat(pad),
        inputs: {},
        outputs: ['w'],
        nodes: [],
        initializers: { w: rawTensor(ElementType.INT64, [1], raw(BigInt64Array.of(77n))) },
      });
      expect([...importOnnx(Buffer.from(bytes)).constants.get('w')!.data]).toEqual([77]);
    }
  });

  it('data that does not fit the shape, and foreign types, are refused', () => {
    expect(errorOf(() => read(rawTensor(ElementType.FLOAT, [3], new Uint8Array(8)))).code).toBe('E_ONNX_GRAPH');
    expect(errorOf(() => read(rawTensor(ElementType.FLOAT, [-1], new Uint8Array(8)))).code).toBe('E_SHAPE');
    expect(errorOf(() => read(rawTensor(ElementType.STRING, [1], new Uint8Array(8)))).code).toBe('E_DTYPE');
    expect(errorOf(() => read(rawTensor(ElementType.FLOAT8E5M2, [1], new Uint8Array(1)))).code).toBe('E_DTYPE');
    expect(errorOf(() => read(rawTensor(99 as ElementType, [1], new Uint8Array(1)))).code).toBe('E_DTYPE');
  });

  it('sizes that overflow are refused before anything is allocated', () => {
    for (const shape of [[2 ** 40, 2 ** 40], [2 ** 40, 2 ** 40, 0], [2 ** 31], new Array<number>(17).fill(1)]) {
      expect(errorOf(() => read(rawTensor(ElementType.FLOAT, shape, new Uint8Array(0)))).code).toBe('E_LIMIT');
    }
  });
});

describe('external data', () => {
  const external = (fields: Readonly<Record<string, string>>) =>
    tensor({
      dataType: ElementType.FLOAT,
      dims: [2n],
      dataLocation: 1,
      externalData: Object.entries(fields).map(([key, value]) => ({ key, value })),
    });
  const file = raw(Float32Array.of(1, 2, 3, 4));

  it('is read from the callback, once a file', () => {
    const asked: string[] = [];
    const bytes = model({
      inputs: {},
      outputs: ['w', 'v'],
      nodes: [],
      initializers: {
        w: external({ location: 'dir/w.bin', offset: '4', length: '8' }),
        v: external({ location: 'dir/w.bin' }),
      },
    });
    const externalData = (location: string) => {
      asked.push(location);
      return file;
    };
    const graph = importOnnx(bytes, { externalData });
    expect([...graph.constants.get('w')!.data, ...graph.constants.get('v')!.data]).toEqual([2, 3, 1, 2]);
    expect(asked).toEqual(['dir/w.bin']);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['past the end', { location: 'w', offset: '12' }],
    ['of another length', { location: 'w', length: '4' }],
    ['at a negative offset', { location: 'w', offset: '-4' }],
    ['at an offset that is no number', { location: 'w', offset: '1e3' }],
    ['at an offset that overflows', { location: 'w', offset: '9'.repeat(30) }],
    ['without a location', {}],
  ])('%s is refused', (_, fields) => {
    expect(errorOf(() => read(external(fields), () => file)).code).toBe('E_EXTERNAL_DATA');
  });

  it('that is missing, fails or is no bytes is refused', () => {
    const w = external({ location: 'w' });
    expect(errorOf(() => read(w))).toMatchObject({ code: 'E_EXTERNAL_DATA' });
    const fails = () => {
      throw new Error('no such file');
    };
    expect(errorOf(() => read(w, fails))).toMatchObject({ code: 'E_EXTERNAL_DATA', cause: new Error('no such file') });
    expect(errorOf(() => read(w, () => 'text' as unknown as Uint8Array))).toMatchObject({ code: 'E_EXTERNAL_DATA' });
  });

  it('stays in the folder of the model: no other location reaches the callback', () => {
    const outside = [
      '/etc/passwd',
      '../w',
      'a/../../w',
      'a/..',
      '..',
      'C:/w',
      'c:w',
      'w:stream',
      'a\\w',
      '..\\w',
      'file:///w',
      'http://h/w',
      '',
      'a//w',
      'w\n',
      'w\0',
    ];
    for (const location of outside) {
      const ask = () => expect.unreachable(location);
      expect(errorOf(() => read(external({ location }), ask)).code, location).toBe('E_EXTERNAL_DATA');
    }
    for (const location of ['w', 'weights.bin', 'a/b/w', './w', 'w..bin']) checkLocation(location, '');
  });

  it('a location that passes is normalised inside the folder', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('/', '..', '.', 'a', '\\', ':', 'C')).map((p) => p.join('')),
        (location) => {
          try {
            checkLocation(location, '');
          } catch {
            return;
          }
          expect(new URL(location, 'file:///model/').href).toMatch(/^file:\/\/\/model\//);
        },
      ),
    );
  });
});

it('a constant input is a default value, not an input', () => {
  const bytes = model({
    inputs: { x: [1], w: [1] },
    outputs: ['y'],
    nodes: [node('Add', ['x', 'w'], ['y'])],
    initializers: { w: floats([1], [3]) },
  });
  expect(importOnnx(bytes).inputs.map((v) => v.name)).toEqual(['x']);
});
