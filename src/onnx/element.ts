/**
 * ONNX element types: their codes, how they lie in memory, and the three kinds of value that the compiler knows.
 */
import { TensorProto_DataType as Code } from 'onnx-buf';
import type { Constant } from './graph.ts';

export type ElementType =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'int4'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'uint4'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'bool';

const CODES: ReadonlyMap<number, ElementType> = new Map([
  [Code.FLOAT16, 'float16'],
  [Code.BFLOAT16, 'bfloat16'],
  [Code.FLOAT, 'float32'],
  [Code.DOUBLE, 'float64'],
  [Code.INT4, 'int4'],
  [Code.INT8, 'int8'],
  [Code.INT16, 'int16'],
  [Code.INT32, 'int32'],
  [Code.INT64, 'int64'],
  [Code.UINT4, 'uint4'],
  [Code.UINT8, 'uint8'],
  [Code.UINT16, 'uint16'],
  [Code.UINT32, 'uint32'],
  [Code.UINT64, 'uint64'],
  [Code.BOOL, 'bool'],
]);

/** undefined for the types that no network here can mean: strings, complex numbers, 8-bit floats. */
export function elementType(code: number): ElementType | undefined {
  return CODES.get(code);
}

/** The name of a code, for sentences. */
export function codeName(code: number): string {
  return (Code[code] ?? `type ${code}`).toLowerCase();
}

export function dtypeOf(type: ElementType): 'float' | 'int' | 'bool' {
  if (type === 'bool') return 'bool';
  return type.includes('float') ? 'float' : 'int';
}

/** Inclusive range of an integer type, cut to the safe integers. */
export function integerRange(type: ElementType): { readonly lo: number; readonly hi: number } {
  const bits = Number(/\d+/.exec(type)?.[0] ?? 1);
  const safe = Number.MAX_SAFE_INTEGER;
  if (type.startsWith('int'))
    return { lo: Math.max(-(2 ** (bits - 1)), -safe), hi: Math.min(2 ** (bits - 1) - 1, safe) };
  return { lo: 0, hi: Math.min(2 ** bits - 1, safe) };
}

/** Bits of one element in raw data. */
export function bitsOf(type: ElementType): number {
  return type === 'bool' ? 8 : Number(/\d+/.exec(type)![0]);
}

/**
 * Little-endian raw data as numbers. 64-bit integers outside the safe integers saturate: ONNX uses them as "to the end".
 * float32 and float64 may be views of `bytes`.
 *
 * @param count number of elements; `bytes` holds exactly that many
 */
export function decode(type: ElementType, bytes: Uint8Array, count: number): Constant['data'] {
  switch (type) {
    case 'float32':
      return new Float32Array(aligned(bytes, 4), offsetIn(bytes, 4), count);
    case 'float64':
      return new Float64Array(aligned(bytes, 8), offsetIn(bytes, 8), count);
    case 'float16':
      return widenHalf(new Uint16Array(aligned(bytes, 2), offsetIn(bytes, 2), count));
    case 'bfloat16':
      return widenBfloat(new Uint16Array(aligned(bytes, 2), offsetIn(bytes, 2), count));
    case 'int4':
      return Float32Array.from({ length: count }, (_, i) => ((nibble(bytes, i) ^ 8) - 8) as number);
    case 'uint4':
      return Float32Array.from({ length: count }, (_, i) => nibble(bytes, i));
    case 'bool':
      return Float32Array.from(bytes, (b) => (b === 0 ? 0 : 1));
    case 'int8':
      return Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, count));
    case 'uint8':
      return Float32Array.from(bytes);
    case 'int16':
      return Float32Array.from(new Int16Array(aligned(bytes, 2), offsetIn(bytes, 2), count));
    case 'uint16':
      return Float32Array.from(new Uint16Array(aligned(bytes, 2), offsetIn(bytes, 2), count));
    case 'int32':
      return Float64Array.from(new Int32Array(aligned(bytes, 4), offsetIn(bytes, 4), count));
    case 'uint32':
      return Float64Array.from(new Uint32Array(aligned(bytes, 4), offsetIn(bytes, 4), count));
    case 'int64':
      return saturate(new BigInt64Array(aligned(bytes, 8), offsetIn(bytes, 8), count));
    case 'uint64':
      return saturate(new BigUint64Array(aligned(bytes, 8), offsetIn(bytes, 8), count));
  }
}

/** The integer as a safe one. */
export function safeInteger(value: bigint): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)));
}

function saturate(values: BigInt64Array | BigUint64Array): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = safeInteger(values[i]!);
  return out;
}

/** Protobuf aligns nothing: a buffer in which the bytes start at a multiple of `size`. (slice() of a Buffer copies not.) */
function aligned(bytes: Uint8Array, size: number): ArrayBufferLike {
  return bytes.byteOffset % size === 0 ? bytes.buffer : new Uint8Array(bytes).buffer;
}

function offsetIn(bytes: Uint8Array, size: number): number {
  return bytes.byteOffset % size === 0 ? bytes.byteOffset : 0;
}

/** Element i of 4-bit data, low half first. */
function nibble(bytes: Uint8Array, i: number): number {
  return (bytes[i >> 1]! >> (4 * (i & 1))) & 15;
}

/** IEEE half: sign 1, exponent 5 (bias 15), fraction 10; float has exponent bias 127 and 13 more bits of fraction. */
function widenHalf(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) {
    const h = halves[i]!;
    const sign = (h & 0x8000) << 16;
    const exponent = (h >> 10) & 31;
    const fraction = h & 0x3ff;
    if (exponent === 0) out[i] = (sign === 0 ? 1 : -1) * fraction * 2 ** -24;
    else bits[i] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  }
  return out;
}

function widenBfloat(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return out;
}
