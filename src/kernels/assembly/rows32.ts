/**
 * 32-bit integers, or canonical field elements, times extension elements: X w (dotRows) and w^T X (foldRows) for a
 * matrix X. Committed words are mostly small integers modulo p: where a run of them fits 16 bits it takes the way of
 * rows16.ts, else products of canonical words are added up, four in 64 bits.
 */
import { bump, clear, copyElements, high, low, put, quad, reduceTotal, settle, sum, target, wordOf } from './ext';
import { storeTransposed } from './lanes';
import { addWord, fromSigned, p4 } from './m31';
import { CHUNK, clearElements, dotLimbs, foldLimbs, interval, pairElements, splitElements } from './rows16';
import { scratch } from './scratch';
import { ELEMENT, ENDS, laneMask, SUMS, TILE, TILE_BYTES, TILE_ROWS } from './tile';

/** Scratch: elements of w spread for the products of words, behind the limbs of a tile's rows. */
const SPREAD: usize = 0x2000;

/** Columns of a tile of 16-bit integers, and of one of words. */
const NARROW_COLUMNS: u32 = TILE_BYTES / 2;
const WIDE_COLUMNS: u32 = TILE_BYTES / 4;

/** Words that are looked at before more of them are taken to be small. */
const SAMPLE: u32 = 64;

/** Lazy field elements of four words. */
// @ts-ignore: decorator
@inline
function words(x: usize): v128 {
  return fromSigned(v128.load(x));
}

/** The signed integers of four words, those of least size modulo p. */
// @ts-ignore: decorator
@inline
function centred(v: v128): v128 {
  return i32x4.sub(v, v128.and(i32x4.gt_s(v, i32x4.splat(0x3fffffff)), p4()));
}

/** max |x| of lanes collected by `max_u` of absolute values. */
// @ts-ignore: decorator
@inline
function greatestWord(m: v128): u32 {
  m = i32x4.max_u(m, v128.shuffle<u32>(m, m, 2, 3, 2, 3));
  m = i32x4.max_u(m, v128.shuffle<u32>(m, m, 1, 1, 1, 1));
  return <u32>i32x4.extract_lane(m, 0);
}

// ---- X w ----------------------------------------------------------------------------------------------------------

export function dotRowsI32(x: usize, stride: u32, len: u32, w: usize, from: u32, to: u32, dst: usize): void {
  clearElements(dst, from, to);
  for (let j: u32 = 0; j < len; j += CHUNK) {
    const count = min(len - j, CHUNK);
    const elements = w + ((<usize>j) << 4);
    splitElements(elements, count);
    const whole = count & ~15;
    memory.fill(scratch(ENDS), 0, 256);
    copyElements(scratch(ENDS), 0, elements, whole, count - whole);
    for (let row = from; row < to; row++) {
      const at = x + 4 * (<usize>row * stride + j);
      const max = narrow(at, count);
      if (max < 0x8000) dotLimbs(scratch(TILE), count, interval(max), wordOf(dst, row));
      else dotWide(at, whole, count, elements, wordOf(dst, row));
    }
  }
}

/** Copies `count` words to scratch memory as 16-bit integers, zeros up to a multiple of 8, and returns max |x|; stops early if it is large. */
function narrow(x: usize, count: u32): u32 {
  let m = i32x4.splat(0);
  let at = scratch(TILE);
  const whole = count & ~7;
  for (let i: u32 = 0; i < whole; ) {
    for (const end = min(whole, i + SAMPLE); i < end; i += 8, x += 32, at += 16) {
      const a = centred(v128.load(x));
      const b = centred(v128.load(x, 16));
      m = i32x4.max_u(m, i32x4.max_u(i32x4.abs(a), i32x4.abs(b)));
      v128.store(at, i16x8.narrow_i32x4_s(a, b));
    }
    if (greatestWord(m) >= 0x8000) return 0x8000;
  }
  if (whole < count) {
    const a = v128.and(centred(v128.load(x)), laneMask(count - whole));
    const b = count - whole > 4 ? v128.and(centred(v128.load(x, 16)), laneMask(count - whole - 4)) : i32x4.splat(0);
    m = i32x4.max_u(m, i32x4.max_u(i32x4.abs(a), i32x4.abs(b)));
    v128.store(at, i16x8.narrow_i32x4_s(a, b));
  }
  return greatestWord(m);
}

/** The element at out += sum_(j < count) x[j] w[j], `whole` of them in place, the rest in scratch memory with zeros. */
function dotWide(x: usize, whole: u32, count: u32, w: usize, out: usize): void {
  const sums = scratch(SUMS);
  clear(sums);
  for (let j: u32 = 0; j < whole; j += 16) dotWords(x + 4 * <usize>j, w + ((<usize>j) << 4), sums);
  // What follows the row meets zeros.
  if (whole < count) dotWords(x + 4 * <usize>whole, scratch(ENDS), sums);
  for (let c: usize = 0; c < 4; c++) {
    store<u32>(out + 16 * c, addWord(load<u32>(out + 16 * c), reduceTotal(sums + 32 * c)));
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

// ---- w^T X --------------------------------------------------------------------------------------------------------

export function foldRowsI32(x: usize, stride: u32, rows: u32, w: usize, from: u32, to: u32, dst: usize): void {
  const step: usize = 4 * <usize>stride;
  for (let row: u32 = 0; row < rows; row += TILE_ROWS) {
    const count = min(rows - row, TILE_ROWS);
    const wAt = w + ((<usize>row) << 4);
    pairElements(wAt, count);
    spreadElements(wAt, count);
    for (let j = from; j < to; j += NARROW_COLUMNS) {
      foldTile(x + step * <usize>row + 4 * <usize>j, step, count, j, min(to - j, NARROW_COLUMNS), dst);
    }
  }
}

/** dst[j ..] += a tile at x of `columns` columns. */
function foldTile(x: usize, step: usize, rows: u32, j: u32, columns: u32, dst: usize): void {
  const max = interleave(x, step, rows, columns);
  if (max >= 0x8000) {
    for (let i: u32 = 0; i < columns; i += WIDE_COLUMNS) {
      foldWide(x + 4 * <usize>i, step, rows, j + i, min(columns - i, WIDE_COLUMNS), dst);
    }
    return;
  }
  const k = interval(max);
  const bytes: usize = 16 * <usize>((rows + 1) >> 1);
  for (let i: u32 = 0, tile = scratch(TILE); i < columns; i += 4, tile += bytes) {
    const n = min(columns - i, 4);
    const out = target(dst, j + i, n, scratch(ENDS));
    foldLimbs(tile, bytes, k, quad(dst, j + i, n, scratch(ENDS)));
    put(dst, j + i, n, out, scratch(ENDS));
  }
}

/** Eight words as 16-bit integers; those that have no place in 16 bits are found in `greatestOf`. */
// @ts-ignore: decorator
@inline
function eight(x: usize): v128 {
  return i16x8.narrow_i32x4_s(centred(v128.load(x)), centred(v128.load(x, 16)));
}

// @ts-ignore: decorator
@inline
function greatestOf(x: usize): v128 {
  return i32x4.max_u(i32x4.abs(centred(v128.load(x))), i32x4.abs(centred(v128.load(x, 16))));
}

/** As interleaveTile of rows16.ts, from words; stops early where they are large. What is beyond `columns` is copied, but not used. */
function interleave(x: usize, step: usize, rows: u32, columns: u32): u32 {
  const bytes: usize = 16 * <usize>((rows + 1) >> 1);
  const whole: usize = 4 * <usize>(columns & ~7);
  let m = i32x4.splat(0);
  for (let row: u32 = 0; row < rows; row += 2, x += 2 * step) {
    const next = row + 1 < rows ? step : 0;
    let at = scratch(TILE) + 8 * <usize>row;
    let i: usize = 0;
    for (; i < whole; i += 32, at += 2 * bytes) {
      m = i32x4.max_u(m, i32x4.max_u(greatestOf(x + i), greatestOf(x + i + next)));
      interleaveEight(at, bytes, eight(x + i), eight(x + i + next));
    }
    if (i < 4 * <usize>columns) {
      const n = columns & 7;
      m = i32x4.max_u(m, i32x4.max_u(greatestEnd(x + i, n), greatestEnd(x + i + next, n)));
      interleaveEight(at, bytes, eight(x + i), eight(x + i + next));
    }
    if (greatestWord(m) >= 0x8000) return 0x8000;
  }
  return greatestWord(m);
}

/** greatestOf the first n < 8 words. */
function greatestEnd(x: usize, n: u32): v128 {
  const a = v128.and(i32x4.abs(centred(v128.load(x))), laneMask(n));
  return n > 4 ? i32x4.max_u(a, v128.and(i32x4.abs(centred(v128.load(x, 16))), laneMask(n - 4))) : a;
}

// @ts-ignore: decorator
@inline
function interleaveEight(at: usize, bytes: usize, a: v128, b: v128): void {
  v128.store(at, v128.shuffle<u16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(at + bytes, v128.shuffle<u16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
}

/** Coordinate c of w[r] at 16 r + 4 c of SPREAD; zeros up to a multiple of 4 elements. */
function spreadElements(w: usize, count: u32): void {
  for (let r: u32 = 0; r < count; r += 4) {
    const from = w + ((<usize>r) << 4);
    const mask = laneMask(count - r);
    const w0 = v128.and(v128.load(from), mask);
    const w1 = v128.and(v128.load(from, 16), mask);
    const w2 = v128.and(v128.load(from, 32), mask);
    storeTransposed(scratch(SPREAD + ((<usize>r) << 4)), 16, w0, w1, w2, v128.and(v128.load(from, 48), mask));
  }
}

function foldWide(x: usize, step: usize, rows: u32, j: u32, columns: u32, dst: usize): void {
  const ends = scratch(ENDS);
  const bytes: usize = 16 * <usize>copyTile(x, step, rows, columns);
  for (let i: u32 = 0, tile = scratch(TILE); i < columns; i += 4, tile += bytes) {
    const n = min(columns - i, 4);
    const out = target(dst, j + i, n, ends);
    foldWords(tile, bytes, quad(dst, j + i, n, ends));
    put(dst, j + i, n, out, ends);
  }
}

/**
 * Copies a tile to scratch memory: for every 4 columns the rows one after the other, lazy field elements, zeros up to a
 * multiple of 4 rows. Returns the rows with these.
 */
function copyTile(x: usize, step: usize, rows: u32, columns: u32): u32 {
  const padded = (rows + 3) & ~3;
  const bytes: usize = 16 * <usize>padded;
  for (let row: u32 = 0; row < padded; row++, x += step) {
    let at = scratch(TILE) + 16 * <usize>row;
    for (let i: usize = 0; i < 4 * <usize>columns; i += 16, at += bytes) {
      v128.store(at, row < rows ? words(x + i) : i32x4.splat(0));
    }
  }
  return padded;
}

/** The quad at dst += four columns of a tile, `bytes` bytes of rows. */
function foldWords(tile: usize, bytes: usize, dst: usize): void {
  const sums = scratch(SUMS);
  clear(sums);
  for (let r: usize = 0; r < bytes; r += 64) {
    const x0 = v128.load(tile + r);
    const x1 = v128.load(tile + r, 16);
    const x2 = v128.load(tile + r, 32);
    const x3 = v128.load(tile + r, 48);
    const w = scratch(SPREAD + r);
    for (let c: usize = 0; c < 4; c++) {
      const w0 = v128.load32_splat(w + 4 * c);
      const w1 = v128.load32_splat(w + 4 * c, 16);
      const w2 = v128.load32_splat(w + 4 * c, 32);
      const w3 = v128.load32_splat(w + 4 * c, 48);
      bump(sums + 32 * c, low(x0, w0, x1, w1, x2, w2, x3, w3));
      bump(sums + 32 * c + 16, high(x0, w0, x1, w1, x2, w2, x3, w3));
    }
  }
  settle(scratch(ELEMENT), sums);
  sum(dst, dst, scratch(ELEMENT));
}
