/**
 * Small integers times extension elements: X w (dotRows) and w^T X (foldRows) for a matrix X of integers.
 *
 * i16: every coordinate v of w is taken as the integer congruent to it in [-2^30 - 2^15, 2^30 - 2^15) and split in two signed
 * limbs, v = 2^16 h + l. Then i32x4.dot_i16x8_s does 8 multiply-adds at once. A dot is at most 2 |x| 2^15, so the 32-bit sums hold
 * `interval(max |x|)` of them before they are widened; x = -2^15 could overflow a single one and takes the scalar way.
 *
 * i32: products of canonical words, four in 64 bits.
 */
import { bump, clear, copyElements, high, low, put, QUAD, quad, settle, sum, target, total, wordOf } from './ext';
import { addWord, fromSigned, pack, p4, reduceSigned } from './m31';
import { scratch } from './scratch';

/** Elements of w whose limbs are in scratch memory at a time, 16 bytes each: 16 KiB. */
const CHUNK: u32 = 1024;

/** Rows that are folded at a time, and the columns read together: 256 rows of one cache line stay in L1. */
const FOLD_ROWS: u32 = 256;
const FOLD_COLUMNS: u32 = 32;

/** Scratch: the limbs, then eight 64-bit accumulators, then room for the ends of rows. */
const SUMS: usize = 0x4000;
const ENDS: usize = 0x4100;
const TOTAL: usize = 0x4300;

/** Dots that fit 32-bit lanes: k 2 max 2^15 < 2^31; 0 for max = 2^15. */
// @ts-ignore: decorator
@inline
function interval(max: u32): u32 {
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

// ---- X w, i16 --------------------------------------------------------------------------------------------------------

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

function clearElements(dst: usize, from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const at = wordOf(dst, i);
    for (let c: usize = 0; c < QUAD; c += 16) store<u32>(at + c, 0);
  }
}

/** Limbs of w[0 .. count): for every 8 elements the low and high limbs of the 4 coordinates, 128 bytes; zero beyond count. */
function splitElements(w: usize, count: u32): void {
  for (let j: u32 = 0; j < count; j += 8) {
    const from = w + ((<usize>j) << 4);
    const at = scratch((<usize>j) << 4);
    for (let c: usize = 0; c < 4; c++) {
      const a = centre(v128.and(v128.load(from + 16 * c), laneMask(count - j)));
      const b = j + 4 < count ? centre(v128.and(v128.load(from + 16 * c, 64), laneMask(count - j - 4))) : i32x4.splat(0);
      v128.store(at + 32 * c, lowLimbs(a, b));
      v128.store(at + 32 * c, highLimbs(a, b), 16);
    }
  }
}

/** Ones in the first n lanes. */
// @ts-ignore: decorator
@inline
function laneMask(n: u32): v128 {
  return i32x4.gt_s(i32x4.splat(min<u32>(n, 4)), i32x4(0, 1, 2, 3));
}

/** max |x[i]|, i < count. */
function maxAbs(x: usize, count: u32): u32 {
  let m = i16x8.splat(0);
  const whole = count & ~7;
  for (let j: u32 = 0; j < whole; j += 8) m = i16x8.max_u(m, i16x8.abs(v128.load(x + 2 * <usize>j)));
  m = i16x8.max_u(m, v128.shuffle<u16>(m, m, 4, 5, 6, 7, 4, 5, 6, 7));
  m = i16x8.max_u(m, v128.shuffle<u16>(m, m, 2, 3, 2, 3, 2, 3, 2, 3));
  let max: u32 = <u32>i16x8.extract_lane_u(i16x8.max_u(m, v128.shuffle<u16>(m, m, 1, 1, 1, 1, 1, 1, 1, 1)), 0);
  for (let j = whole; j < count; j++) max = maxOf(max, abs<i32>(<i32>load<i16>(x + 2 * <usize>j)));
  return max;
}

// @ts-ignore: decorator
@inline
function maxOf(a: u32, b: u32): u32 {
  return a > b ? a : b;
}

// @ts-ignore: decorator
@inline
function widen(at: usize, v: v128): void {
  const wide = i64x2.add(i64x2.extend_low_i32x4_s(v), i64x2.extend_high_i32x4_s(v));
  v128.store(at, i64x2.add(v128.load(at), wide));
}

/** The element at dst += sum_(j < count) x[j] w[j], w in limbs, widening after every k dots. */
function dotLimbs(x: usize, count: u32, k: u32, dst: usize): void {
  const sums = scratch(SUMS);
  memory.fill(sums, 0, 128);
  const whole = count & ~7;
  for (let j: u32 = 0; j < whole; ) {
    const end = min(whole, j + 8 * k);
    dotBlock(x + 2 * <usize>j, scratch((<usize>j) << 4), x + 2 * <usize>end, sums);
    j = end;
  }
  if (whole < count) {
    const ends = scratch(ENDS);
    memory.fill(ends, 0, 16);
    memory.copy(ends, x + 2 * <usize>whole, 2 * <usize>(count - whole));
    dotBlock(ends, scratch((<usize>whole) << 4), ends + 16, sums);
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

// ---- w^T X, i16 ------------------------------------------------------------------------------------------------------

export function foldRowsI16(x: usize, stride: u32, rows: u32, w: usize, from: u32, to: u32, dst: usize): void {
  for (let row: u32 = 0; row < rows; row += FOLD_ROWS) {
    const count = min(rows - row, FOLD_ROWS);
    const wAt = w + ((<usize>row) << 4);
    const xAt = x + 2 * (<usize>row * stride);
    pairElements(wAt, count);
    for (let j = from; j < to; j += FOLD_COLUMNS) {
      foldTile(xAt, stride, count, wAt, j, min(j + FOLD_COLUMNS, to), dst);
    }
  }
}

/** Limbs of pairs of elements (2i, 2i + 1) of w: eight i32 a pair, low and high limbs of the 4 coordinates; zero beyond count. */
function pairElements(w: usize, count: u32): void {
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

/** Columns from .. to of `rows` <= FOLD_ROWS rows. */
function foldTile(x: usize, stride: u32, rows: u32, w: usize, from: u32, to: u32, dst: usize): void {
  let max: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) max = maxOf(max, maxAbs(x + 2 * (<usize>row * stride + from), to - from));
  const k = interval(max);
  let j = from;
  if (k != 0) for (; j + 4 <= to; j += 4) foldLimbs(x + 2 * <usize>j, 2 * <usize>stride, rows, k, dst + ((<usize>j) << 4));
  for (; j < to; j++) foldPlain(x + 2 * <usize>j, 2 * <usize>stride, rows, w, wordOf(dst, j));
}

/** The quad at dst += four columns of `rows` rows of `step` bytes, w in limb pairs, widening after every k dots. */
function foldLimbs(x: usize, step: usize, rows: u32, k: u32, dst: usize): void {
  const sums = scratch(SUMS);
  memory.fill(sums, 0, 128);
  const pairs = rows >> 1;
  for (let i: u32 = 0; i < pairs; ) {
    const end = min(pairs, i + k);
    foldBlock(x + 2 * step * <usize>i, step, scratch((<usize>i) << 5), scratch((<usize>end) << 5), sums);
    i = end;
  }
  // A last single row pairs with itself: the limbs of its partner are zero.
  if (rows & 1) foldBlock(x + 2 * step * <usize>pairs, 0, scratch((<usize>pairs) << 5), scratch((<usize>(pairs + 1)) << 5), sums);
  const offset = i64x2.splat(0x01fffffffc000000); // 2^26 p, above every |sum| < 2^55
  for (let c: usize = 0; c < 4; c++) {
    const lo = i64x2.add(v128.load(sums + 32 * c), offset);
    const hi = i64x2.add(v128.load(sums + 32 * c, 16), offset);
    const v = pack(lo, hi);
    const old = v128.load(dst + 16 * c);
    const s = i32x4.add(old, v);
    v128.store(dst + 16 * c, i32x4.min_u(s, i32x4.sub(s, p4())));
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

/** Dots of row pairs with limb pairs at .. end. */
// @ts-ignore: decorator
@inline
function foldBlock(x: usize, step: usize, at: usize, end: usize, sums: usize): void {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  let c = i32x4.splat(0);
  let d = i32x4.splat(0);
  let e = i32x4.splat(0);
  let f = i32x4.splat(0);
  let g = i32x4.splat(0);
  let h = i32x4.splat(0);
  for (; at < end; at += 32, x += 2 * step) {
    const v = v128.shuffle<u16>(v128.load64_zero(x), v128.load64_zero(x + step), 0, 8, 1, 9, 2, 10, 3, 11);
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

// ---- i32 -------------------------------------------------------------------------------------------------------------

/** Lazy field elements of four words. */
// @ts-ignore: decorator
@inline
function words(x: usize): v128 {
  return fromSigned(v128.load(x));
}

export function dotRowsI32(x: usize, stride: u32, len: u32, w: usize, from: u32, to: u32, dst: usize): void {
  const ends = scratch(ENDS);
  const acc = scratch(SUMS);
  const whole = len & ~15;
  memory.fill(ends, 0, 64 + 4 * QUAD);
  for (let j = whole; j < len; j++) copyElements(ends + 64, j - whole, w, j, 1);
  for (let row = from; row < to; row++) {
    const at = x + 4 * (<usize>row * stride);
    clear(acc);
    for (let j: u32 = 0; j < whole; j += 16) dotWords(at + 4 * <usize>j, w + ((<usize>j) << 4), acc);
    if (whole < len) {
      memory.copy(ends, at + 4 * <usize>whole, 4 * <usize>(len - whole));
      dotWords(ends, ends + 64, acc);
    }
    total(scratch(TOTAL), acc);
    const out = wordOf(dst, row);
    for (let c: usize = 0; c < 4; c++) store<u32>(out + 16 * c, load<u32>(scratch(TOTAL) + 4 * c));
  }
}

/** acc += 16 words times 4 quads. */
// @ts-ignore: decorator
@inline
function dotWords(x: usize, w: usize, acc: usize): void {
  const x0 = words(x);
  const x1 = words(x + 16);
  const x2 = words(x + 32);
  const x3 = words(x + 48);
  for (let c: usize = 0; c < 4; c++) {
    const w0 = v128.load(w + 16 * c);
    const w1 = v128.load(w + 16 * c, 64);
    const w2 = v128.load(w + 16 * c, 128);
    const w3 = v128.load(w + 16 * c, 192);
    bump(acc + 32 * c, low(x0, w0, x1, w1, x2, w2, x3, w3));
    bump(acc + 32 * c + 16, high(x0, w0, x1, w1, x2, w2, x3, w3));
  }
}

export function foldRowsI32(x: usize, stride: u32, rows: u32, w: usize, from: u32, to: u32, dst: usize): void {
  const ends = scratch(ENDS);
  for (let row: u32 = 0; row < rows; row += FOLD_ROWS) {
    const count = min(rows - row, FOLD_ROWS);
    spreadElements(w + ((<usize>row) << 4), count);
    const at = x + 4 * (<usize>row * stride);
    for (let j = from; j < to; j += 4) {
      const n = min(to - j, 4);
      const out = target(dst, j, n, ends);
      foldWords(at + 4 * <usize>j, 4 * <usize>stride, count, n, quad(dst, j, n, ends));
      put(dst, j, n, out, ends);
    }
  }
}

/** The coordinates of w[0 .. count) one element after the other, zeros up to a multiple of 4. */
function spreadElements(w: usize, count: u32): void {
  for (let r: u32 = 0; r < ((count + 3) & ~3); r++) {
    const from = wordOf(w, r);
    const at = scratch((<usize>r) << 4);
    for (let c: usize = 0; c < 4; c++) store<u32>(at + 4 * c, r < count ? load<u32>(from + 16 * c) : 0);
  }
}

/** Words x .. x + n - 1, n <= 4; zeros behind. */
// @ts-ignore: decorator
@inline
function someWords(x: usize, n: u32): v128 {
  if (n == 4) return words(x);
  memory.fill(scratch(TOTAL), 0, 16);
  memory.copy(scratch(TOTAL), x, 4 * <usize>n);
  return words(scratch(TOTAL));
}

/** The quad at dst += n columns of `rows` rows of `step` bytes. */
function foldWords(x: usize, step: usize, rows: u32, n: u32, dst: usize): void {
  const acc = scratch(SUMS);
  clear(acc);
  for (let r: u32 = 0; r < rows; r += 4, x += 4 * step) {
    // Rows beyond the last have weight 0: the last one stands for them.
    const x0 = someWords(x, n);
    const x1 = r + 1 < rows ? someWords(x + step, n) : x0;
    const x2 = r + 2 < rows ? someWords(x + 2 * step, n) : x0;
    const x3 = r + 3 < rows ? someWords(x + 3 * step, n) : x0;
    const w = scratch((<usize>r) << 4);
    for (let c: usize = 0; c < 4; c++) {
      const w0 = v128.load32_splat(w + 4 * c);
      const w1 = v128.load32_splat(w + 4 * c, 16);
      const w2 = v128.load32_splat(w + 4 * c, 32);
      const w3 = v128.load32_splat(w + 4 * c, 48);
      bump(acc + 32 * c, low(x0, w0, x1, w1, x2, w2, x3, w3));
      bump(acc + 32 * c + 16, high(x0, w0, x1, w1, x2, w2, x3, w3));
    }
  }
  settle(scratch(TOTAL), acc);
  sum(dst, dst, scratch(TOTAL));
}
