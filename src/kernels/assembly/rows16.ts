/**
 * 16-bit integers times extension elements: X w (dotRows) and w^T X (foldRows) for a matrix X.
 *
 * Every coordinate v of w is taken as the integer congruent to it in [-2^30 - 2^15, 2^30 - 2^15) and split in two
 * signed limbs, v = 2^16 h + l. Then i32x4.dot_i16x8_s does 8 multiply-adds at once. A dot is at most 2 |x| 2^15, so
 * 32-bit sums hold `interval(max |x|)` of them before they are widened; x = -2^15 could overflow a single one and takes
 * the scalar way.
 */
import { ACCUMULATOR, put, QUAD, quad, target, wordOf } from './ext';
import { add, addWord, p4, pack, reduceSigned } from './m31';
import { scratch } from './scratch';
import { ENDS, laneMask, SUMS, TILE, TILE_BYTES, TILE_ROWS } from './tile';

/** Elements of w whose limbs are in scratch memory at a time, 16 bytes each: 32 KiB. */
export const CHUNK: u32 = 2048;

/** Dots that fit 32-bit lanes: k 2 max 2^15 < 2^31; 0 for max = 2^15. */
// @ts-ignore: decorator
@inline
export function interval(max: u32): u32 {
  return min<u32>(0x7fff / (max | 1), 64);
}

/** Lanes v in [0, p) to the representatives that split in two signed limbs. */
// @ts-ignore: decorator
@inline
function centre(v: v128): v128 {
  return i32x4.sub(v, v128.and(i32x4.ge_s(v, i32x4.splat(0x3fff8000)), p4()));
}

/** Low limbs of eight centred lanes. */
// @ts-ignore: decorator
@inline
function lowLimbs(a: v128, b: v128): v128 {
  return v128.shuffle<u16>(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
}

/** High limbs: (v + 2^15) >> 16. */
// @ts-ignore: decorator
@inline
function highLimbs(a: v128, b: v128): v128 {
  const half = i32x4.splat(0x8000);
  return v128.shuffle<u16>(i32x4.add(a, half), i32x4.add(b, half), 1, 3, 5, 7, 9, 11, 13, 15);
}

/** l + 2^16 h of sums of limb products, |l|, |h| < 2^44. */
// @ts-ignore: decorator
@inline
function recombine(l: i64, h: i64): u32 {
  return reduceSigned(l + (h << 16));
}

// ---- X w, i16 -----------------------------------------------------------------------------------------------------

export function dotRowsI16(x: usize, stride: u32, len: u32, w: usize, from: u32, to: u32, dst: usize): void {
  clearElements(dst, from, to);
  for (let j: u32 = 0; j < len; j += CHUNK) {
    const count = min(len - j, CHUNK);
    splitElements(w + ((<usize>j) << 4), count);
    for (let row = from; row < to; row++) {
      const at = x + 2 * (<usize>row * stride + j);
      const k = interval(maxAbs(at, count));
      if (k == 0) dotPlain(at, count, w + ((<usize>j) << 4), wordOf(dst, row));
      else dotLimbs(at, count, k, wordOf(dst, row));
    }
  }
}

export function clearElements(dst: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const at = wordOf(dst, i);
    for (let c: usize = 0; c < QUAD; c += 16) store<u32>(at + c, 0);
  }
}

/**
 * Limbs of w[0 .. count): for every 8 elements the low and high limbs of the 4 coordinates, 128 bytes; zero beyond
 * count.
 */
export function splitElements(w: usize, count: u32): void {
  for (let j: u32 = 0; j < count; j += 8) {
    const from = w + ((<usize>j) << 4);
    const at = scratch((<usize>j) << 4);
    for (let c: usize = 0; c < 4; c++) {
      const a = centre(v128.and(v128.load(from + 16 * c), laneMask(count - j)));
      const b =
        j + 4 < count ? centre(v128.and(v128.load(from + 16 * c, 64), laneMask(count - j - 4))) : i32x4.splat(0);
      v128.store(at + 32 * c, lowLimbs(a, b));
      v128.store(at + 32 * c, highLimbs(a, b), 16);
    }
  }
}

/** The greatest lane of unsigned 16-bit lanes. */
// @ts-ignore: decorator
@inline
export function greatest(m: v128): u32 {
  m = i16x8.max_u(m, v128.shuffle<u16>(m, m, 4, 5, 6, 7, 4, 5, 6, 7));
  m = i16x8.max_u(m, v128.shuffle<u16>(m, m, 2, 3, 2, 3, 2, 3, 2, 3));
  m = i16x8.max_u(m, v128.shuffle<u16>(m, m, 1, 1, 1, 1, 1, 1, 1, 1));
  return <u32>i16x8.extract_lane_u(m, 0);
}

/** max |x[i]| of the elements i < count, rounded up to a multiple of 8: what follows the row only makes it larger. */
function maxAbs(x: usize, count: u32): u32 {
  let m = i16x8.splat(0);
  for (const end = x + 2 * <usize>count; x < end; x += 16) m = i16x8.max_u(m, i16x8.abs(v128.load(x)));
  return greatest(m);
}

// @ts-ignore: decorator
@inline
function widen(at: usize, v: v128): void {
  const wide = i64x2.add(i64x2.extend_low_i32x4_s(v), i64x2.extend_high_i32x4_s(v));
  v128.store(at, i64x2.add(v128.load(at), wide));
}

/** The element at dst += sum_(j < count) x[j] w[j], widening after every k dots. Limbs beyond count are zero. */
export function dotLimbs(x: usize, count: u32, k: u32, dst: usize): void {
  const sums = scratch(SUMS);
  memory.fill(sums, 0, ACCUMULATOR);
  for (let j: u32 = 0; j < count; j += 8 * k) {
    const end = min(count, j + 8 * k);
    dotBlock(x + 2 * <usize>j, scratch((<usize>j) << 4), x + 2 * <usize>end, sums);
  }
  for (let c: usize = 0; c < 4; c++) {
    const l = v128.load(sums + 32 * c);
    const h = v128.load(sums + 32 * c, 16);
    const l0 = i64x2.extract_lane(l, 0) + i64x2.extract_lane(l, 1);
    const h0 = i64x2.extract_lane(h, 0) + i64x2.extract_lane(h, 1);
    store<u32>(dst + 16 * c, addWord(load<u32>(dst + 16 * c), recombine(l0, h0)));
  }
}

/** Dots of x .. end with limbs, added to sums. */
// @ts-ignore: decorator
@inline
function dotBlock(x: usize, limbs: usize, end: usize, sums: usize): void {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  let e = i32x4.splat(0);
  let f = i32x4.splat(0);
  let g = i32x4.splat(0);
  let h = i32x4.splat(0);
  for (; x < end; x += 16, limbs += 128) {
    const v = v128.load(x);
    a = i32x4.add(a, i32x4.dot_i16x8_s(v, v128.load(limbs)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v, v128.load(limbs, 16)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(v, v128.load(limbs, 32)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(v, v128.load(limbs, 48)));
    e = i32x4.add(e, i32x4.dot_i16x8_s(v, v128.load(limbs, 64)));
    f = i32x4.add(f, i32x4.dot_i16x8_s(v, v128.load(limbs, 80)));
    g = i32x4.add(g, i32x4.dot_i16x8_s(v, v128.load(limbs, 96)));
    h = i32x4.add(h, i32x4.dot_i16x8_s(v, v128.load(limbs, 112)));
  }
  widen(sums, a);
  widen(sums + 16, b);
  widen(sums + 32, c);
  widen(sums + 48, d);
  widen(sums + 64, e);
  widen(sums + 80, f);
  widen(sums + 96, g);
  widen(sums + 112, h);
}

/** The element at dst += sum_(j < count) x[j] w[j], word by word: |x w| < 2^46. */
function dotPlain(x: usize, count: u32, w: usize, dst: usize): void {
  for (let c: usize = 0; c < QUAD; c += 16) {
    let s: i64 = 0;
    for (let j: u32 = 0; j < count; j++) s += <i64>load<i16>(x + 2 * <usize>j) * <i64>load<u32>(wordOf(w, j) + c);
    store<u32>(dst + c, addWord(load<u32>(dst + c), reduceSigned(s)));
  }
}

// ---- w^T X, i16 ---------------------------------------------------------------------------------------------------

export function foldRowsI16(x: usize, stride: u32, rows: u32, w: usize, from: u32, to: u32, dst: usize): void {
  const step: usize = 2 * <usize>stride;
  for (let row: u32 = 0; row < rows; row += TILE_ROWS) {
    const count = min(rows - row, TILE_ROWS);
    const wAt = w + ((<usize>row) << 4);
    pairElements(wAt, count);
    for (let j = from; j < to; j += TILE_BYTES / 2) {
      foldTile(x + step * <usize>row + 2 * <usize>j, step, count, wAt, j, min(to - j, TILE_BYTES / 2), dst);
    }
  }
}

/**
 * Limbs of pairs of elements (2i, 2i + 1) of w: eight i32 a pair, low and high limbs of the 4 coordinates; zero beyond
 * count.
 */
export function pairElements(w: usize, count: u32): void {
  for (let r: u32 = 0; r < count; r += 4) {
    const from = w + ((<usize>r) << 4);
    const at = scratch((<usize>r) << 4);
    for (let c: usize = 0; c < 4; c++) {
      const v = centre(v128.and(v128.load(from + 16 * c), laneMask(count - r)));
      const l = lowLimbs(v, v);
      const h = highLimbs(v, v);
      v128.store32_lane(at + 8 * c, l, 0);
      v128.store32_lane(at + 8 * c, h, 0, 4);
      v128.store32_lane(at + 8 * c, l, 1, 32);
      v128.store32_lane(at + 8 * c, h, 1, 36);
    }
  }
}

/** dst[j ..] += a tile at x of `columns` columns. */
function foldTile(x: usize, step: usize, rows: u32, w: usize, j: u32, columns: u32, dst: usize): void {
  const k = interval(interleaveTile(x, step, rows, columns));
  if (k == 0) {
    for (let i: u32 = 0; i < columns; i++) foldPlain(x + 2 * <usize>i, step, rows, w, wordOf(dst, j + i));
    return;
  }
  const bytes: usize = 16 * <usize>((rows + 1) >> 1);
  for (let i: u32 = 0, tile = scratch(TILE); i < columns; i += 4, tile += bytes) {
    const n = min(columns - i, 4);
    const out = target(dst, j + i, n, scratch(ENDS));
    foldLimbs(tile, bytes, k, quad(dst, j + i, n, scratch(ENDS)));
    put(dst, j + i, n, out, scratch(ENDS));
  }
}

/**
 * Copies a tile to scratch memory: for every 4 columns the row pairs one after the other, each as four (x[2i][j], x[2i
 * + 1][j]). A last single row is its own partner, whose limbs are zero; so are the unused columns of the last 8.
 * Returns max |x|.
 */
function interleaveTile(x: usize, step: usize, rows: u32, columns: u32): u32 {
  const bytes: usize = 16 * <usize>((rows + 1) >> 1);
  let m = i16x8.splat(0);
  for (let row: u32 = 0; row < rows; row += 2, x += 2 * step) {
    const next = row + 1 < rows ? step : 0;
    let at = scratch(TILE) + 8 * <usize>row;
    for (let i: usize = 0; i < 2 * <usize>columns; i += 16, at += 2 * bytes) {
      const a = v128.load(x + i);
      const b = v128.load(x + i + next);
      m = i16x8.max_u(m, i16x8.max_u(i16x8.abs(a), i16x8.abs(b)));
      v128.store(at, v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
      v128.store(at + bytes, v128.shuffle<u16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
    }
  }
  return greatest(m);
}

/** The quad at dst += four columns of a tile, `bytes` bytes of row pairs, widening after every k dots. */
export function foldLimbs(tile: usize, bytes: usize, k: u32, dst: usize): void {
  const sums = scratch(SUMS);
  memory.fill(sums, 0, ACCUMULATOR);
  for (let i: usize = 0; i < bytes; i += 16 * <usize>k) {
    foldBlock(tile + i, tile + min(bytes, i + 16 * <usize>k), scratch(2 * i), sums);
  }
  const offset = i64x2.splat(0x01fffffffc000000); // 2^26 p, above every |sum| < 2^55
  for (let c: usize = 0; c < 4; c++) {
    const lo = i64x2.add(v128.load(sums + 32 * c), offset);
    const hi = i64x2.add(v128.load(sums + 32 * c, 16), offset);
    v128.store(dst + 16 * c, add(v128.load(dst + 16 * c), pack(lo, hi)));
  }
}

/** sums += l + 2^16 h, four lanes in 64 bits. */
// @ts-ignore: decorator
@inline
function widenPair(sums: usize, l: v128, h: v128): void {
  const low = i64x2.add(i64x2.extend_low_i32x4_s(l), i64x2.shl(i64x2.extend_low_i32x4_s(h), 16));
  const high = i64x2.add(i64x2.extend_high_i32x4_s(l), i64x2.shl(i64x2.extend_high_i32x4_s(h), 16));
  v128.store(sums, i64x2.add(v128.load(sums), low));
  v128.store(sums, i64x2.add(v128.load(sums, 16), high), 16);
}

/** Dots of the row pairs x .. end with limb pairs, added to sums. */
// @ts-ignore: decorator
@inline
function foldBlock(x: usize, end: usize, at: usize, sums: usize): void {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  let e = i32x4.splat(0);
  let f = i32x4.splat(0);
  let g = i32x4.splat(0);
  let h = i32x4.splat(0);
  for (; x < end; x += 16, at += 32) {
    const v = v128.load(x);
    a = i32x4.add(a, i32x4.dot_i16x8_s(v, v128.load32_splat(at)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 4)));
    c = i32x4.add(c, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 8)));
    d = i32x4.add(d, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 12)));
    e = i32x4.add(e, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 16)));
    f = i32x4.add(f, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 20)));
    g = i32x4.add(g, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 24)));
    h = i32x4.add(h, i32x4.dot_i16x8_s(v, v128.load32_splat(at, 28)));
  }
  widenPair(sums, a, b);
  widenPair(sums + 32, c, d);
  widenPair(sums + 64, e, f);
  widenPair(sums + 96, g, h);
}

/** The element at dst += one column of `rows` rows, word by word. */
function foldPlain(x: usize, step: usize, rows: u32, w: usize, dst: usize): void {
  for (let c: usize = 0; c < QUAD; c += 16) {
    let s: i64 = 0;
    for (let r: u32 = 0; r < rows; r++) s += <i64>load<i16>(x + step * <usize>r) * <i64>load<u32>(wordOf(w, r) + c);
    store<u32>(dst + c, addWord(load<u32>(dst + c), reduceSigned(s)));
  }
}
