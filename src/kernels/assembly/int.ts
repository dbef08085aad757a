/**
 * Integer vectors, cell by cell: sums, shifts, bits, tables. Kinds: 2 i16, 4 i32. Results are modulo 2^32, or 2^16 where i16 is
 * stored; the range analysis of a circuit leaves nothing to wrap.
 */
import { fromSigned, reduce } from './m31';

/** Four elements from index i on. */
// @ts-ignore: decorator
@inline
function load4(src: usize, kind: u32, i: u32): v128 {
  return kind === 2 ? v128.load_ext<i16>(src + (<usize>i << 1)) : v128.load(src + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function load1(src: usize, kind: u32, i: u32): i32 {
  return kind === 2 ? <i32>load<i16>(src + (<usize>i << 1)) : load<i32>(src + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
function store1(dst: usize, kind: u32, i: u32, value: i32): void {
  if (kind === 2) store<i16>(dst + (<usize>i << 1), value);
  else store<i32>(dst + (<usize>i << 2), value);
}

export function axpyInt(dst: usize, src: usize, srcKind: u32, k: i32, from: u32, to: u32): void {
  const k4 = i32x4.splat(k);
  let i = from;
  for (; i + 4 <= to; i += 4) {
    const at = dst + (<usize>i << 2);
    v128.store(at, i32x4.add(v128.load(at), i32x4.mul(k4, load4(src, srcKind, i))));
  }
  for (; i < to; i++) store1(dst, 4, i, load1(dst, 4, i) + k * load1(src, srcKind, i));
}

export function fillI32(dst: usize, value: i32, from: u32, to: u32): void {
  const v = i32x4.splat(value);
  let i = from;
  for (; i + 4 <= to; i += 4) v128.store(dst + (<usize>i << 2), v);
  for (; i < to; i++) store1(dst, 4, i, value);
}

export function shiftInt(src: usize, shift: i32, dst: usize, dstKind: u32, from: u32, to: u32): void {
  let i = from;
  for (; i + 8 <= to; i += 8) {
    const at = src + (<usize>i << 2);
    const a = i32x4.shr_s(v128.load(at), shift);
    const b = i32x4.shr_s(v128.load(at, 16), shift);
    if (dstKind === 2) {
      v128.store(dst + (<usize>i << 1), v128.shuffle<u16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14));
    } else {
      v128.store(dst + (<usize>i << 2), a);
      v128.store(dst + (<usize>i << 2), b, 16);
    }
  }
  for (; i < to; i++) store1(dst, dstKind, i, load1(src, 4, i) >> shift);
}

export function bitsInt(src: usize, srcKind: u32, shift: i32, count: u32, dst: usize, from: u32, to: u32): void {
  const mask = count >= 32 ? -1 : (1 << count) - 1;
  const mask4 = i32x4.splat(mask);
  let i = from;
  for (; i + 4 <= to; i += 4) v128.store(dst + (<usize>i << 2), v128.and(i32x4.shr_s(load4(src, srcKind, i), shift), mask4));
  for (; i < to; i++) store1(dst, 4, i, (load1(src, srcKind, i) >> shift) & mask);
}

export function tableInt(src: usize, srcKind: u32, table: usize, start: i32, rows: u32, dst: usize, dstKind: u32, from: u32, to: u32): i32 {
  for (let i = from; i < to; i++) {
    const index = <u32>(load1(src, srcKind, i) - start);
    if (index >= rows) return i;
    store1(dst, dstKind, i, load<i32>(table + (<usize>index << 2)));
  }
  return -1;
}

export function countInt(src: usize, srcKind: u32, start: i32, rows: u32, counts: usize, from: u32, to: u32): i32 {
  for (let i = from; i < to; i++) {
    const index = <u32>(load1(src, srcKind, i) - start);
    if (index >= rows) return i;
    const at = counts + (<usize>index << 2);
    store<i32>(at, load<i32>(at) + 1);
  }
  return -1;
}

export function packBox(
  src: usize,
  srcKind: u32,
  planes: u32,
  planeStride: u32,
  rows: u32,
  rowStride: u32,
  count: u32,
  dst: usize,
): void {
  for (let plane: u32 = 0; plane < planes; plane++) {
    for (let row: u32 = 0; row < rows; row++) {
      const cell = <usize>(plane * planeStride + row * rowStride);
      packRow(src + cell * srcKind, srcKind, count, dst);
      dst += 4 * <usize>count;
    }
  }
}

function packRow(src: usize, srcKind: u32, count: u32, dst: usize): void {
  let i: u32 = 0;
  for (; i + 4 <= count; i += 4) v128.store(dst + (<usize>i << 2), reduce(fromSigned(load4(src, srcKind, i))));
  for (; i < count; i++) {
    const x = i32x4.splat(load1(src, srcKind, i));
    store<u32>(dst + (<usize>i << 2), i32x4.extract_lane(reduce(fromSigned(x)), 0));
  }
}
