/**
 * NumPy's .npy: magic, version, a header that says { 'descr', 'fortran_order', 'shape' }, then the raw elements.
 * Format: numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
import { TesseraError } from '../errors.ts';
import { Reader } from './reader.ts';

const MAGIC = '\x93NUMPY';
/** Axes and elements that are believed; the elements must be there anyway. */
const MAX_AXES = 16;

export interface NpyArray {
  readonly shape: readonly number[];
  /** Row-major; every dtype that is read is exact in a double. */
  readonly data: Float64Array;
  readonly dtype: 'float' | 'int';
}

interface Dtype {
  readonly bytes: number;
  readonly kind: 'float' | 'int';
  readonly read: (view: DataView, at: number) => number;
}

const dtypes: Readonly<Record<string, Dtype>> = {
  '|b1': { bytes: 1, kind: 'int', read: (view, at) => view.getUint8(at) },
  '|u1': { bytes: 1, kind: 'int', read: (view, at) => view.getUint8(at) },
  '|i1': { bytes: 1, kind: 'int', read: (view, at) => view.getInt8(at) },
  '<u2': { bytes: 2, kind: 'int', read: (view, at) => view.getUint16(at, true) },
  '<i2': { bytes: 2, kind: 'int', read: (view, at) => view.getInt16(at, true) },
  '<u4': { bytes: 4, kind: 'int', read: (view, at) => view.getUint32(at, true) },
  '<i4': { bytes: 4, kind: 'int', read: (view, at) => view.getInt32(at, true) },
  '<i8': {
    bytes: 8,
    kind: 'int',
    read: (view, at) => view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true),
  },
  '<f4': { bytes: 4, kind: 'float', read: (view, at) => view.getFloat32(at, true) },
  '<f8': { bytes: 8, kind: 'float', read: (view, at) => view.getFloat64(at, true) },
};

export function isNpy(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && String.fromCharCode(...bytes.subarray(0, MAGIC.length)) === MAGIC;
}

/** @throws TesseraError E_FILE for what is not .npy, E_DTYPE for element types and orders that are not read. */
export function readNpy(bytes: Uint8Array): NpyArray {
  const reader = new Reader(bytes, { name: '.npy file' });
  if (!isNpy(bytes)) reader.fail('This is not a .npy file.');
  reader.raw(MAGIC.length);
  const major = reader.u8();
  reader.u8();
  const header = String.fromCharCode(...reader.raw(major === 1 ? reader.u16() : Math.min(reader.u32(), 0xffff)));
  const dtype = dtypeOf(header);
  const shape = shapeOf(header, reader);
  const cells = shape.reduce((n, size) => n * size, 1);
  if (cells * dtype.bytes !== reader.remaining) {
    reader.fail(`Shape [${shape}] needs ${cells * dtype.bytes} bytes, ${reader.remaining} are there.`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + reader.offset, reader.remaining);
  const data = Float64Array.from({ length: cells }, (_, i) => dtype.read(view, i * dtype.bytes));
  return { shape, data, dtype: dtype.kind };
}

function dtypeOf(header: string): Dtype {
  const where = '.npy file';
  if (!/'fortran_order':\s*False/.test(header)) {
    throw new TesseraError('E_DTYPE', 'The array is not in row-major order.', { where, hint: 'Save a C-order array.' });
  }
  const name = /'descr':\s*'([^']*)'/.exec(header)?.[1] ?? 'nothing readable';
  const dtype = Object.hasOwn(dtypes, name) ? dtypes[name] : undefined;
  if (dtype !== undefined) return dtype;
  const hint = 'Save as float32, float64 or a little-endian integer.';
  throw new TesseraError('E_DTYPE', `The elements are ${name}, which is not read.`, { where, hint });
}

function shapeOf(header: string, reader: Reader): number[] {
  const list = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1] ?? reader.fail('The header has no shape.');
  const shape = list
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  return shape.length <= MAX_AXES ? shape : reader.fail(`${shape.length} axes are too many.`);
}
