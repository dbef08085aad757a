/**
 * 32-bit integers, or canonical field elements, times extension elements: X w (dotRows) and w^T X (foldRows) for a
 * matrix X. Products of canonical words, four in 64 bits.
 */
import { bump, clear, copyElements, high, low, put, QUAD, quad, settle, sum, target, total, wordOf } from './ext';
import { storeTransposed } from './lanes';
import { fromSigned } from './m31';
import { scratch } from './scratch';
import { ELEMENT, ENDS, laneMask, SUMS, TILE, TILE_BYTES, TILE_ROWS } from './tile';

/** Lazy field elements of four words. */
// @ts-ignore: decorator
@inline
function words(x: usize): v128 {
  return fromSigned(v128.load(x));
}

export function dotRowsI32(x: usize, stride: u32, len: u32, w: usize, from: u32, to: u32, dst: usize): void {
  const ends = scratch(ENDS);
  const sums = scratch(SUMS);
  const whole = len & ~15;
  memory.fill(ends, 0, 4 * QUAD);
  copyElements(ends, 0, w, whole, len - whole);
  for (let row = from; row < to; row++) {
    const at = x + 4 * (<usize>row * stride);
    clear(sums);
    for (let j: u32 = 0; j < whole; j += 16) dotWords(at + 4 * <usize>j, w + ((<usize>j) << 4), sums);
    // What follows the row meets zeros.
    if (whole < len) dotWords(at + 4 * <usize>whole, ends, sums);
    total(scratch(ELEMENT), sums);
    const out = wordOf(dst, row);
    for (let c: usize = 0; c < 4; c++) store<u32>(out + 16 * c, load<u32>(scratch(ELEMENT) + 4 * c));
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
  const step: usize = 4 * <usize>stride;
  const ends = scratch(ENDS);
  for (let row: u32 = 0; row < rows; row += TILE_ROWS) {
    const count = min(rows - row, TILE_ROWS);
    spreadElements(w + ((<usize>row) << 4), count);
    for (let j = from; j < to; j += TILE_BYTES / 4) {
      const columns = min(to - j, TILE_BYTES / 4);
      const bytes: usize = 16 * <usize>copyTile(x + step * <usize>row + 4 * <usize>j, step, count, columns);
      for (let i: u32 = 0, tile = scratch(TILE); i < columns; i += 4, tile += bytes) {
        const n = min(columns - i, 4);
        const out = target(dst, j + i, n, ends);
        foldWords(tile, bytes, quad(dst, j + i, n, ends));
        put(dst, j + i, n, out, ends);
      }
    }
  }
}

/** Coordinate c of w[r] at 16 r + 4 c; zeros up to a multiple of 4 elements. */
function spreadElements(w: usize, count: u32): void {
  for (let r: u32 = 0; r < count; r += 4) {
    const from = w + ((<usize>r) << 4);
    const mask = laneMask(count - r);
    const w0 = v128.and(v128.load(from), mask);
    const w1 = v128.and(v128.load(from, 16), mask);
    const w2 = v128.and(v128.load(from, 32), mask);
    storeTransposed(scratch((<usize>r) << 4), 16, w0, w1, w2, v128.and(v128.load(from, 48), mask));
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
    const w = scratch(r);
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
