/**
 * The Reed-Solomon code on the x-axis of the circle (protocol.md section 3): f(x) = f_e(2x^2 - 1) + x f_o(2x^2 - 1).
 * Stage k (distance 2^(n-k)) takes (a, b) to (a + v b, a - v b), v the twiddle of the block. Two stages a pass, the
 * last two by transposing 4 x 4 blocks.
 */
import { storeTransposed } from './lanes';
import { add, addWord, mul, mulDoubled, mulWord, sub, subWord } from './m31';

// ---- twiddles -----------------------------------------------------------------------------------------------------

/** Generator of the circle group, of order 2^31. */
const GENERATOR_X: u32 = 2;
const GENERATOR_Y: u32 = 1268011823;

/** x and y of Q_k, of order 2^(k+2), from the generator by 29 - k squarings; packed x + 2^32 y. */
function root(k: u32): u64 {
  let x = GENERATOR_X;
  let y = GENERATOR_Y;
  for (let i = k; i < 29; i++) {
    const xy = mulWord(x, y);
    const xx = mulWord(x, x);
    x = subWord(addWord(xx, xx), 1);
    y = addWord(xy, xy);
  }
  return <u64>x | ((<u64>y) << 32);
}

/**
 * Entry b of stage k is the x of P_b = Q_k^(1 + 4 rev(b)). P_(b ^ 1) is P_b turned by a quarter, Q_0 = (0, s), so the y
 * of P_b is -s x(P_(b+1)) for even b and s x(P_(b-1)) for odd b; and P_(2^i + j) = P_j Q_i for j < 2^i.
 */
export function twiddles(n: u32, dst: usize): void {
  const s = <u32>(root(0) >> 32);
  for (let k: u32 = 1; k <= n; k++) {
    const q = root(k);
    const at = dst + ((<usize>1) << (k + 1)); // word 2^(k-1)
    store<u32>(at, <u32>q);
    if (k == 1) continue;
    store<u32>(at, subWord(0, mulWord(s, <u32>(q >> 32))), 4);
    for (let i: u32 = 1; i < k - 1; i++) extend(at, (<usize>4) << i, root(i), s);
  }
}

/** Doubles a table of `bytes` bytes: P_(size + j) = P_j r. */
function extend(at: usize, bytes: usize, r: u64, s: u32): void {
  const x = <u32>r;
  const odd = mulWord(s, <u32>(r >> 32));
  const even = subWord(0, odd);
  for (let j: usize = 0; j < bytes; j += 8) {
    const p0 = load<u32>(at + j);
    const p1 = load<u32>(at + j, 4);
    store<u32>(at + bytes + j, subWord(mulWord(p0, x), mulWord(p1, even)));
    store<u32>(at + bytes + j, subWord(mulWord(p1, x), mulWord(p0, odd)), 4);
  }
}

/** 2^m words, the tail behind them, zeros up to 2^(m+1). */
export function joinRow(src: usize, m: u32, tail: usize, length: u32, dst: usize): void {
  const bytes = (<usize>4) << m;
  const tailBytes = (<usize>length) << 2;
  memory.copy(dst, src, bytes);
  memory.copy(dst + bytes, tail, tailBytes);
  memory.fill(dst + bytes + tailBytes, 0, bytes - tailBytes);
}

// ---- encoding -----------------------------------------------------------------------------------------------------

export function encodeRow(src: usize, m: u32, dst: usize, n: u32, twiddles: usize): void {
  const rowBytes = (<usize>4) << m;
  for (let at: usize = 0; at < (<usize>4) << n; at += rowBytes) memory.copy(dst + at, src, rowBytes);
  let k = n - m + 1;
  if (m < 2 || n < 4) {
    for (; k <= n; k++) plainStage(dst, n, k, twiddles);
    return;
  }
  if (m & 1) singleStage(dst, n, k++, twiddles);
  for (; k + 2 < n; k += 2) doubleStage(dst, n, k, twiddles);
  lastStages(dst, n, twiddles);
}

/** Any stage, word by word. */
function plainStage(dst: usize, n: u32, k: u32, twiddles: usize): void {
  const distance = (<usize>4) << (n - k);
  let v = twiddles + ((<usize>2) << k);
  const end = dst + ((<usize>4) << n);
  for (let block = dst; block < end; block += 2 * distance, v += 4) {
    for (let a = block; a < block + distance; a += 4) {
      const even = load<u32>(a);
      const odd = mulWord(load<u32>(v), load<u32>(a + distance));
      store<u32>(a, addWord(even, odd));
      store<u32>(a + distance, subWord(even, odd));
    }
  }
}

/** One stage of distance >= 4 words. */
function singleStage(dst: usize, n: u32, k: u32, twiddles: usize): void {
  const distance = (<usize>4) << (n - k);
  let at = twiddles + ((<usize>2) << k);
  const end = dst + ((<usize>4) << n);
  for (let block = dst; block < end; block += 2 * distance, at += 4) {
    const w = v128.load32_splat(at);
    const v = i32x4.add(w, w);
    for (let a = block; a < block + distance; a += 16) {
      const even = v128.load(a);
      const odd = mulDoubled(v, v128.load(a + distance));
      v128.store(a, add(even, odd));
      v128.store(a + distance, sub(even, odd));
    }
  }
}

/** Stages k and k + 1, the distance of the second >= 4 words. */
function doubleStage(dst: usize, n: u32, k: u32, twiddles: usize): void {
  const d = (<usize>2) << (n - k); // distance of stage k + 1, bytes
  let at = twiddles + ((<usize>2) << k);
  let at2 = twiddles + ((<usize>4) << k);
  const end = dst + ((<usize>4) << n);
  for (let block = dst; block < end; block += 4 * d, at += 4, at2 += 8) {
    const w = v128.load32_splat(at);
    const w0 = v128.load32_splat(at2);
    const w1 = v128.load32_splat(at2, 4);
    const v = i32x4.add(w, w);
    const v0 = i32x4.add(w0, w0);
    const v1 = i32x4.add(w1, w1);
    for (let a = block; a < block + d; a += 16) {
      const x2 = mulDoubled(v, v128.load(a + 2 * d));
      const x3 = mulDoubled(v, v128.load(a + 3 * d));
      const x0 = v128.load(a);
      const x1 = v128.load(a + d);
      const y0 = add(x0, x2);
      const y1 = mulDoubled(v0, add(x1, x3));
      const y2 = sub(x0, x2);
      const y3 = mulDoubled(v1, sub(x1, x3));
      v128.store(a, add(y0, y1));
      v128.store(a + d, sub(y0, y1));
      v128.store(a + 2 * d, add(y2, y3));
      v128.store(a + 3 * d, sub(y2, y3));
    }
  }
}

/** Stages n - 1 and n: 16 words at a time, lane i is the block of 4 words i. */
function lastStages(dst: usize, n: u32, twiddles: usize): void {
  let at = twiddles + ((<usize>1) << n);
  let at2 = twiddles + ((<usize>2) << n);
  const end = dst + ((<usize>4) << n);
  for (let a = dst; a < end; a += 64, at += 16, at2 += 32) {
    const r0 = v128.load(a);
    const r1 = v128.load(a, 16);
    const r2 = v128.load(a, 32);
    const r3 = v128.load(a, 48);
    const s0 = v128.shuffle<u32>(r0, r1, 0, 4, 1, 5);
    const s1 = v128.shuffle<u32>(r0, r1, 2, 6, 3, 7);
    const s2 = v128.shuffle<u32>(r2, r3, 0, 4, 1, 5);
    const s3 = v128.shuffle<u32>(r2, r3, 2, 6, 3, 7);
    const v = v128.load(at);
    const t0 = v128.load(at2);
    const t1 = v128.load(at2, 16);
    const v0 = v128.shuffle<u32>(t0, t1, 0, 2, 4, 6);
    const v1 = v128.shuffle<u32>(t0, t1, 1, 3, 5, 7);
    const x0 = v128.shuffle<u64>(s0, s2, 0, 2);
    const x1 = v128.shuffle<u64>(s0, s2, 1, 3);
    const x2 = mul(v, v128.shuffle<u64>(s1, s3, 0, 2));
    const x3 = mul(v, v128.shuffle<u64>(s1, s3, 1, 3));
    const y0 = add(x0, x2);
    const y1 = mul(v0, add(x1, x3));
    const y2 = sub(x0, x2);
    const y3 = mul(v1, sub(x1, x3));
    storeTransposed(a, 16, add(y0, y1), sub(y0, y1), add(y2, y3), sub(y2, y3));
  }
}

// ---- the transpose ------------------------------------------------------------------------------------------------

/** Stages backwards, (a, b) to (a + b, v (a - b)); the first n - m stages copy, so that here copies are added up. */
export function adjointRow(src: usize, n: u32, dst: usize, m: u32, twiddles: usize): void {
  let k = n;
  const first = n - m + 1;
  if (m >= 2 && n >= 4) {
    adjointLastStages(src, n, twiddles);
    k = n - 2;
    for (; k > first; k -= 2) adjointDoubleStage(src, n, k - 1, twiddles);
  }
  for (; k >= first; k--) adjointStage(src, n, k, twiddles);
  const rowBytes = (<usize>4) << m;
  memory.copy(dst, src, rowBytes);
  for (let at = rowBytes; at < (<usize>4) << n; at += rowBytes) {
    let i: usize = 0;
    for (; i + 16 <= rowBytes; i += 16) v128.store(dst + i, add(v128.load(dst + i), v128.load(src + at + i)));
    for (; i < rowBytes; i += 4) store<u32>(dst + i, addWord(load<u32>(dst + i), load<u32>(src + at + i)));
  }
}

/** Any stage. */
function adjointStage(src: usize, n: u32, k: u32, twiddles: usize): void {
  const distance = (<usize>4) << (n - k);
  let v = twiddles + ((<usize>2) << k);
  const end = src + ((<usize>4) << n);
  for (let block = src; block < end; block += 2 * distance, v += 4) {
    let a = block;
    const w = v128.load32_splat(v);
    for (const w2 = i32x4.add(w, w); a + 16 <= block + distance; a += 16) {
      const x = v128.load(a);
      const y = v128.load(a + distance);
      v128.store(a, add(x, y));
      v128.store(a + distance, mulDoubled(w2, sub(x, y)));
    }
    for (; a < block + distance; a += 4) {
      const x = load<u32>(a);
      const y = load<u32>(a + distance);
      store<u32>(a, addWord(x, y));
      store<u32>(a + distance, mulWord(load<u32>(v), subWord(x, y)));
    }
  }
}

/** Stages k + 1 and k, the distance of the first >= 4 words. */
function adjointDoubleStage(src: usize, n: u32, k: u32, twiddles: usize): void {
  const d = (<usize>2) << (n - k); // distance of stage k + 1, bytes
  let at = twiddles + ((<usize>2) << k);
  let at2 = twiddles + ((<usize>4) << k);
  const end = src + ((<usize>4) << n);
  for (let block = src; block < end; block += 4 * d, at += 4, at2 += 8) {
    const w = v128.load32_splat(at);
    const w0 = v128.load32_splat(at2);
    const w1 = v128.load32_splat(at2, 4);
    const v = i32x4.add(w, w);
    const v0 = i32x4.add(w0, w0);
    const v1 = i32x4.add(w1, w1);
    for (let a = block; a < block + d; a += 16) {
      const x0 = v128.load(a);
      const x1 = v128.load(a + d);
      const x2 = v128.load(a + 2 * d);
      const x3 = v128.load(a + 3 * d);
      const y0 = add(x0, x1);
      const y1 = mulDoubled(v0, sub(x0, x1));
      const y2 = add(x2, x3);
      const y3 = mulDoubled(v1, sub(x2, x3));
      v128.store(a, add(y0, y2));
      v128.store(a + d, add(y1, y3));
      v128.store(a + 2 * d, mulDoubled(v, sub(y0, y2)));
      v128.store(a + 3 * d, mulDoubled(v, sub(y1, y3)));
    }
  }
}

/** Stages n and n - 1: 16 words at a time, lane i is the block of 4 words i. */
function adjointLastStages(src: usize, n: u32, twiddles: usize): void {
  let at = twiddles + ((<usize>1) << n);
  let at2 = twiddles + ((<usize>2) << n);
  const end = src + ((<usize>4) << n);
  for (let a = src; a < end; a += 64, at += 16, at2 += 32) {
    const r0 = v128.load(a);
    const r1 = v128.load(a, 16);
    const r2 = v128.load(a, 32);
    const r3 = v128.load(a, 48);
    const s0 = v128.shuffle<u32>(r0, r1, 0, 4, 1, 5);
    const s1 = v128.shuffle<u32>(r0, r1, 2, 6, 3, 7);
    const s2 = v128.shuffle<u32>(r2, r3, 0, 4, 1, 5);
    const s3 = v128.shuffle<u32>(r2, r3, 2, 6, 3, 7);
    const x0 = v128.shuffle<u64>(s0, s2, 0, 2);
    const x1 = v128.shuffle<u64>(s0, s2, 1, 3);
    const x2 = v128.shuffle<u64>(s1, s3, 0, 2);
    const x3 = v128.shuffle<u64>(s1, s3, 1, 3);
    const v = v128.load(at);
    const t0 = v128.load(at2);
    const t1 = v128.load(at2, 16);
    const y0 = add(x0, x1);
    const y1 = mul(v128.shuffle<u32>(t0, t1, 0, 2, 4, 6), sub(x0, x1));
    const y2 = add(x2, x3);
    const y3 = mul(v128.shuffle<u32>(t0, t1, 1, 3, 5, 7), sub(x2, x3));
    storeTransposed(a, 16, add(y0, y2), add(y1, y3), mul(v, sub(y0, y2)), mul(v, sub(y1, y3)));
  }
}
