/**
 * How the reference kernels see a memory: whole-buffer views, and the layouts of kernels.ts spelled out once.
 */
import { Ext } from '../../field/ext.ts';

/** Views of a whole memory. They are replaced when it grows, so read them anew in every kernel call. */
export interface Memory {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly i32: Int32Array;
  readonly i16: Int16Array;
}

/** The views of a buffer. */
export function viewsOf(buffer: ArrayBufferLike): Memory {
  return {
    u8: new Uint8Array(buffer),
    u32: new Uint32Array(buffer),
    i32: new Int32Array(buffer),
    i16: new Int16Array(buffer),
  };
}

/** Word index of coordinate 0 of element i of the E vector at ptr; coordinate c is 4 c words further. */
function wordOf(ptr: number, i: number): number {
  return ptr / 4 + 16 * Math.floor(i / 4) + (i % 4);
}

/** Element i of the E vector at ptr. */
export function loadExt({ u32 }: Memory, ptr: number, i: number): Ext {
  const w = wordOf(ptr, i);
  return new Ext(u32[w]!, u32[w + 4]!, u32[w + 8]!, u32[w + 12]!);
}

export function storeExt({ u32 }: Memory, ptr: number, i: number, x: Ext): void {
  const w = wordOf(ptr, i);
  u32[w] = x.a;
  u32[w + 4] = x.b;
  u32[w + 8] = x.c;
  u32[w + 12] = x.d;
}

/** The index-th of the E scalars at ptr. */
export function loadScalar({ u32 }: Memory, ptr: number, index = 0): Ext {
  const w = ptr / 4 + 4 * index;
  return new Ext(u32[w]!, u32[w + 1]!, u32[w + 2]!, u32[w + 3]!);
}

export function storeScalars({ u32 }: Memory, ptr: number, values: readonly Ext[]): void {
  for (const [i, x] of values.entries()) u32.set(x.coordinates(), ptr / 4 + 4 * i);
}

/** Element i of an integer vector; kind is its bytes an element, 2: i16, 4: i32. */
export function loadInt({ i16, i32 }: Memory, ptr: number, kind: number, i: number): number {
  return kind === 2 ? i16[ptr / 2 + i]! : i32[ptr / 4 + i]!;
}

export function storeInt({ i16, i32 }: Memory, ptr: number, kind: number, i: number, value: number): void {
  if (kind === 2) i16[ptr / 2 + i] = value;
  else i32[ptr / 4 + i] = value;
}

/** Where node i of a layer is stored: even nodes first, odd ones from `half` on. */
export function splitPosition(i: number, half: number): number {
  return (i % 2) * half + Math.floor(i / 2);
}
