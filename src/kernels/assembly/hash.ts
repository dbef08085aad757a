/**
 * Hashes of a commitment: BLAKE3 of codeword columns (leaves), BLAKE3 parents (nodes), keyed BLAKE3 for grinding. Four
 * columns, nodes or nonces at once. Codewords are row-major, so a v128 holds word `row` of four adjacent columns.
 */
import { BLOCK, CHUNK_END, CHUNK_START, compress, CV, initialValue, KEYED_HASH, PARENT, ROOT } from './blake3';
import { storeTransposed } from './lanes';
import { scratch } from './scratch';

/** Columns hashed together: one cache line of each row is read once. */
const GROUP: u32 = 16;

/** Rows of one chunk (1024 bytes) and of one block (64 bytes). */
const CHUNK_ROWS: u32 = 256;
const BLOCK_ROWS: u32 = 16;

/** Scratch: chaining values of a group, then room for a second set of four, and for digests. */
const SPARE: usize = 0x200;
const DIGESTS: usize = 0x8000;

/** Columns in groups of 16: words first .. first + rows of each, all in one chunk, into the chaining values at dst. */
export function hashColumns(
  matrix: usize,
  rows: u32,
  stride: u32,
  from: u32,
  to: u32,
  dst: usize,
  first: u32,
  total: u32,
): void {
  for (let j = from; j < to; j += GROUP) {
    absorb(matrix + 4 * <usize>j, rows, 4 * <usize>stride, min(to - j, GROUP), dst + 32 * <usize>j, first, total);
  }
}

/** Rows are `step` bytes apart. */
function absorb(x: usize, rows: u32, step: usize, columns: u32, dst: usize, first: u32, total: u32): void {
  const start = first % CHUNK_ROWS;
  for (let k: u32 = 0; k < columns; k += 4) {
    if (start == 0) initialValue(scratch(CV * (k >> 2)));
    else loadDigests(dst + 32 * <usize>k, scratch(CV * (k >> 2)));
  }
  const ends = first + rows == total || start + rows == CHUNK_ROWS;
  const end = ends ? CHUNK_END | (total <= CHUNK_ROWS ? ROOT : 0) : 0;
  let row: u32 = 0;
  do {
    const count = min(rows - row, BLOCK_ROWS);
    const flags = (start + row == 0 ? CHUNK_START : 0) | (row + count == rows ? end : 0);
    for (let k: u32 = 0; k < columns; k += 4) {
      loadBlock(x + <usize>row * step + 4 * <usize>k, count, step, min(columns - k, 4));
      compress(scratch(CV * (k >> 2)), first / CHUNK_ROWS, 4 * count, flags);
    }
    row += count;
  } while (row < rows);
  for (let k: u32 = 0; k < columns; k += 4) {
    storeDigests(scratch(CV * (k >> 2)), min(columns - k, 4), dst + 32 * <usize>k);
  }
}

/** Parents of the columns' chaining values at left and right. */
export function joinColumns(left: usize, right: usize, root: u32, from: u32, to: u32, dst: usize): void {
  const cv = scratch(0);
  for (let j = from; j < to; j += 4) {
    loadDigests(left + 32 * <usize>j, scratch(BLOCK));
    loadDigests(right + 32 * <usize>j, scratch(BLOCK + CV));
    initialValue(cv);
    compress(cv, 0, 64, PARENT | (root ? ROOT : 0));
    storeDigests(cv, min(to - j, 4), dst + 32 * <usize>j);
  }
}

/** The block of four columns, `count` rows of it; zeros below, and beyond n columns. */
function loadBlock(x: usize, count: u32, step: usize, n: u32): void {
  const block = scratch(BLOCK);
  if (count < BLOCK_ROWS || n < 4) memory.fill(block, 0, 256);
  for (let i: u32 = 0; i < count; i++, x += step) {
    if (n == 4) v128.store(block + 16 * <usize>i, v128.load(x));
    else memory.copy(block + 16 * <usize>i, x, 4 * <usize>n);
  }
}

/** Four digests, 32 bytes each, as chaining values. What is behind fewer is read too, and has no effect. */
function loadDigests(src: usize, cv: usize): void {
  for (let k: usize = 0; k < 32; k += 16) {
    storeTransposed(
      cv + 4 * k,
      16,
      v128.load(src + k),
      v128.load(src + k, 32),
      v128.load(src + k, 64),
      v128.load(src + k, 96),
    );
  }
}

/** The first n of four chaining values as 32 bytes each. */
function storeDigests(cv: usize, n: u32, dst: usize): void {
  const at = n == 4 ? dst : scratch(DIGESTS);
  storeTransposed(at, 32, v128.load(cv), v128.load(cv, 16), v128.load(cv, 32), v128.load(cv, 48));
  storeTransposed(at + 16, 32, v128.load(cv, 64), v128.load(cv, 80), v128.load(cv, 96), v128.load(cv, 112));
  if (n < 4) memory.copy(dst, at, 32 * <usize>n);
}

/** The last words of both children do not count: nodes have 28 bytes. */
export function hashParents(src: usize, from: u32, to: u32, dst: usize): void {
  const cv = scratch(0);
  const block = scratch(BLOCK);
  for (let i = from; i < to; i += 4) {
    const n = min(to - i, 4);
    // Lanes beyond the last node hash it again.
    const a = src + 64 * <usize>i;
    const b = a + (n > 1 ? 64 : 0);
    const c = b + (n > 2 ? 64 : 0);
    const d = c + (n > 3 ? 64 : 0);
    for (let k: usize = 0; k < 64; k += 16) {
      storeTransposed(block + 4 * k, 16, v128.load(a + k), v128.load(b + k), v128.load(c + k), v128.load(d + k));
    }
    v128.store(block, i32x4.splat(0), 16 * 7);
    v128.store(block, i32x4.splat(0), 16 * 15);
    initialValue(cv);
    compress(cv, 0, 64, PARENT);
    storeDigests(cv, n, dst + 32 * <usize>i);
  }
}

/** The message is "grind" || nonce, 13 bytes: words "grin", "d" || nonce bytes 0..2, 3..6, 7. */
export function grind(state: usize, startLo: u32, startHi: u32, count: u32, bits: u32): i32 {
  const start = <u64>startLo | ((<u64>startHi) << 32);
  const mask: u32 = bits == 32 ? 0xffffffff : (1 << bits) - 1;
  const cv = scratch(0);
  const block = scratch(BLOCK);
  memory.fill(block, 0, 256);
  v128.store(block, i32x4.splat(0x6e697267));
  for (let i: u32 = 0; i < count; i += 4) {
    for (let k: u32 = 0; k < 4; k++) {
      const nonce = start + i + k;
      store<u32>(block + 4 * <usize>k, 0x64 | ((<u32>nonce) << 8), 16);
      store<u32>(block + 4 * <usize>k, <u32>(nonce >> 24), 32);
      store<u32>(block + 4 * <usize>k, <u32>(nonce >> 56), 48);
    }
    for (let w: usize = 0; w < 8; w++) v128.store(cv + 16 * w, v128.load32_splat(state + 4 * w));
    compress(cv, 0, 13, CHUNK_START | CHUNK_END | ROOT | KEYED_HASH);
    for (let k: u32 = 0; k < min(count - i, 4); k++) {
      if ((load<u32>(cv + 4 * <usize>k) & mask) == 0) return i + k;
    }
  }
  return -1;
}

/** The message is use u32 || i u64 || attempt u32, 16 bytes; lane k of a group is the block i + k. */
export function expandSecret(key: usize, use: u32, canonical: u32, from: u32, to: u32, dst: usize): void {
  const cv = scratch(0);
  const block = scratch(BLOCK);
  memory.fill(block, 0, 256);
  v128.store(block, i32x4.splat(use));
  for (let i = from; i < to; i += 4) {
    const n = min(to - i, 4);
    v128.store(block, i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), 16);
    v128.store(block, i32x4.splat(0), 48);
    loadKey(cv, key);
    compress(cv, 0, 16, CHUNK_START | CHUNK_END | ROOT | KEYED_HASH);
    if (canonical) for (let k: u32 = 0; k < n; k++) redraw(cv, k, key);
    storeDigests(cv, n, dst + 32 * <usize>i);
  }
}

/** The key in all lanes. */
function loadKey(cv: usize, key: usize): void {
  for (let w: usize = 0; w < 8; w++) v128.store(cv + 16 * w, v128.load32_splat(key + 4 * w));
}

/** Words of lane k become field elements w >> 1; where one of them is p, all eight come from the next attempt. */
function redraw(cv: usize, k: u32, key: usize): void {
  const lane = cv + 4 * <usize>k;
  while (!halve(lane)) {
    const again = scratch(SPARE);
    const attempt = scratch(BLOCK) + 48 + 4 * <usize>k;
    store<u32>(attempt, load<u32>(attempt) + 1);
    loadKey(again, key);
    compress(again, 0, 16, CHUNK_START | CHUNK_END | ROOT | KEYED_HASH);
    for (let w: usize = 0; w < 8; w++) store<u32>(lane + 16 * w, load<u32>(again + 16 * w + 4 * <usize>k));
  }
}

/** w >> 1 for the eight words of a lane; false where one of them is p. */
function halve(lane: usize): bool {
  for (let w: usize = 0; w < 8; w++) if (load<u32>(lane + 16 * w) >>> 1 == 0x7fffffff) return false;
  for (let w: usize = 0; w < 8; w++) store<u32>(lane + 16 * w, load<u32>(lane + 16 * w) >>> 1);
  return true;
}
