/**
 * The extension E = F[i][u], i^2 = -1, u^2 = 2 + i, four elements (a quad) at a time: coordinate c of the quad at ptr is
 * the v128 at ptr + 16 c. With (2 + i)(y2 + y3 i) = g + h i every coordinate of a product is one sum of four products,
 *   x y = (x0 y0 - x1 y1 + x2 g - x3 h,  x0 y1 + x1 y0 + x2 h + x3 g,
 *          x0 y2 - x1 y3 + x2 y0 - x3 y1,  x0 y3 + x1 y2 + x2 y1 + x3 y0),
 * each below 2^62, so the sum fits 64 bits and is reduced once.
 */
import { add, carry, negLazy, pack, packProducts, reduceWide, sub } from './m31';

/** Bytes of a quad, of a multiplier (`prepare`) and of an accumulator (`clear`). */
export const QUAD: usize = 64;
export const MULTIPLIER: usize = 96;
export const ACCUMULATOR: usize = 128;

/** Lanes 0, 1 of x0 y0 + x1 y1 + x2 y2 + x3 y3 for lazy lanes, in 64 bits. */
// @ts-ignore: decorator
@inline
function lowProducts(x0: v128, y0: v128, x1: v128, y1: v128, x2: v128, y2: v128, x3: v128, y3: v128): v128 {
  const a = i64x2.add(i64x2.extmul_low_i32x4_u(x0, y0), i64x2.extmul_low_i32x4_u(x1, y1));
  const b = i64x2.add(i64x2.extmul_low_i32x4_u(x2, y2), i64x2.extmul_low_i32x4_u(x3, y3));
  return i64x2.add(a, b);
}

/** Lanes 2, 3. */
// @ts-ignore: decorator
@inline
function highProducts(x0: v128, y0: v128, x1: v128, y1: v128, x2: v128, y2: v128, x3: v128, y3: v128): v128 {
  const a = i64x2.add(i64x2.extmul_high_i32x4_u(x0, y0), i64x2.extmul_high_i32x4_u(x1, y1));
  const b = i64x2.add(i64x2.extmul_high_i32x4_u(x2, y2), i64x2.extmul_high_i32x4_u(x3, y3));
  return i64x2.add(a, b);
}

/** The same, below 2^34, to be added up. */
// @ts-ignore: decorator
@inline
export function low(x0: v128, y0: v128, x1: v128, y1: v128, x2: v128, y2: v128, x3: v128, y3: v128): v128 {
  return carry(lowProducts(x0, y0, x1, y1, x2, y2, x3, y3));
}

// @ts-ignore: decorator
@inline
export function high(x0: v128, y0: v128, x1: v128, y1: v128, x2: v128, y2: v128, x3: v128, y3: v128): v128 {
  return carry(highProducts(x0, y0, x1, y1, x2, y2, x3, y3));
}

/** x0 y0 + x1 y1 + x2 y2 + x3 y3 of lazy lanes. */
// @ts-ignore: decorator
@inline
function dot(x0: v128, y0: v128, x1: v128, y1: v128, x2: v128, y2: v128, x3: v128, y3: v128): v128 {
  return packProducts(lowProducts(x0, y0, x1, y1, x2, y2, x3, y3), highProducts(x0, y0, x1, y1, x2, y2, x3, y3));
}

/** 2 c - d, the first coordinate of (2 + i)(c + d i). */
// @ts-ignore: decorator
@inline
function twistRe(c: v128, d: v128): v128 {
  return sub(add(c, c), d);
}

/** c + 2 d, the second one. */
// @ts-ignore: decorator
@inline
function twistIm(c: v128, d: v128): v128 {
  return add(c, add(d, d));
}

/** dst = x y. dst may be x or y. */
export function mul(dst: usize, x: usize, y: usize): void {
  const y2 = v128.load(y, 32);
  const y3 = v128.load(y, 48);
  times(
    dst,
    v128.load(x),
    v128.load(x, 16),
    v128.load(x, 32),
    v128.load(x, 48),
    v128.load(y),
    v128.load(y, 16),
    y2,
    y3,
    twistRe(y2, y3),
    twistIm(y2, y3),
  );
}

/** dst = x y, coordinates given, and g + h i = (2 + i)(y2 + y3 i). */
// @ts-ignore: decorator
@inline
function times(
  dst: usize,
  x0: v128,
  x1: v128,
  x2: v128,
  x3: v128,
  y0: v128,
  y1: v128,
  y2: v128,
  y3: v128,
  g: v128,
  h: v128,
): void {
  const n1 = negLazy(x1);
  const n3 = negLazy(x3);
  v128.store(dst, dot(x0, y0, n1, y1, x2, g, n3, h));
  v128.store(dst, dot(x0, y1, x1, y0, x2, h, x3, g), 16);
  v128.store(dst, dot(x0, y2, n1, y3, x2, y0, n3, y1), 32);
  v128.store(dst, dot(x0, y3, x1, y2, x2, y1, x3, y0), 48);
}

/** dst = x - y. */
// @ts-ignore: decorator
@inline
export function difference(dst: usize, x: usize, y: usize): void {
  for (let c: usize = 0; c < QUAD; c += 16) v128.store(dst + c, sub(v128.load(x + c), v128.load(y + c)));
}

/** dst = x + y. */
// @ts-ignore: decorator
@inline
export function sum(dst: usize, x: usize, y: usize): void {
  for (let c: usize = 0; c < QUAD; c += 16) v128.store(dst + c, add(v128.load(x + c), v128.load(y + c)));
}

/** dst = x y + z w: p0 q1 + p1 q0 of fractions. */
export function cross(dst: usize, x: usize, y: usize, z: usize, w: usize): void {
  const x0 = v128.load(x);
  const x1 = v128.load(x, 16);
  const x2 = v128.load(x, 32);
  const x3 = v128.load(x, 48);
  const y0 = v128.load(y);
  const y1 = v128.load(y, 16);
  const y2 = v128.load(y, 32);
  const y3 = v128.load(y, 48);
  const z0 = v128.load(z);
  const z1 = v128.load(z, 16);
  const z2 = v128.load(z, 32);
  const z3 = v128.load(z, 48);
  const w0 = v128.load(w);
  const w1 = v128.load(w, 16);
  const w2 = v128.load(w, 32);
  const w3 = v128.load(w, 48);
  const m1 = negLazy(x1);
  const m3 = negLazy(x3);
  const n1 = negLazy(z1);
  const n3 = negLazy(z3);
  const g = twistRe(y2, y3);
  const h = twistIm(y2, y3);
  const s = twistRe(w2, w3);
  const t = twistIm(w2, w3);
  v128.store(
    dst,
    pack(
      i64x2.add(low(x0, y0, m1, y1, x2, g, m3, h), low(z0, w0, n1, w1, z2, s, n3, t)),
      i64x2.add(high(x0, y0, m1, y1, x2, g, m3, h), high(z0, w0, n1, w1, z2, s, n3, t)),
    ),
  );
  v128.store(
    dst,
    pack(
      i64x2.add(low(x0, y1, x1, y0, x2, h, x3, g), low(z0, w1, z1, w0, z2, t, z3, s)),
      i64x2.add(high(x0, y1, x1, y0, x2, h, x3, g), high(z0, w1, z1, w0, z2, t, z3, s)),
    ),
    16,
  );
  v128.store(
    dst,
    pack(
      i64x2.add(low(x0, y2, m1, y3, x2, y0, m3, y1), low(z0, w2, n1, w3, z2, w0, n3, w1)),
      i64x2.add(high(x0, y2, m1, y3, x2, y0, m3, y1), high(z0, w2, n1, w3, z2, w0, n3, w1)),
    ),
    32,
  );
  v128.store(
    dst,
    pack(
      i64x2.add(low(x0, y3, x1, y2, x2, y1, x3, y0), low(z0, w3, z1, w2, z2, w1, z3, w0)),
      i64x2.add(high(x0, y3, x1, y2, x2, y1, x3, y0), high(z0, w3, z1, w2, z2, w1, z3, w0)),
    ),
    48,
  );
}

// ---- multipliers: one element, spread over the lanes once ---------------------------------------------------------

/** The multiplier k at `at`: k0 .. k3, g, h in all lanes. */
export function prepare(at: usize, k0: u32, k1: u32, k2: u32, k3: u32): void {
  const c = i32x4.splat(k2);
  const d = i32x4.splat(k3);
  v128.store(at, i32x4.splat(k0));
  v128.store(at, i32x4.splat(k1), 16);
  v128.store(at, c, 32);
  v128.store(at, d, 48);
  v128.store(at, twistRe(c, d), 64);
  v128.store(at, twistIm(c, d), 80);
}

/** As `prepare`, of element i of the E vector at ptr. */
// @ts-ignore: decorator
@inline
export function prepareElement(at: usize, ptr: usize, i: u32): void {
  const w = wordOf(ptr, i);
  prepare(at, load<u32>(w), load<u32>(w, 16), load<u32>(w, 32), load<u32>(w, 48));
}

/** dst = k x, k a multiplier. */
export function scale(dst: usize, x: usize, k: usize): void {
  times(
    dst,
    v128.load(x),
    v128.load(x, 16),
    v128.load(x, 32),
    v128.load(x, 48),
    v128.load(k),
    v128.load(k, 16),
    v128.load(k, 32),
    v128.load(k, 48),
    v128.load(k, 64),
    v128.load(k, 80),
  );
}

/** dst = x + k (y - x), k a multiplier. dst may be x or y. */
export function fold(dst: usize, x: usize, y: usize, k: usize): void {
  const x0 = v128.load(x);
  const x1 = v128.load(x, 16);
  const x2 = v128.load(x, 32);
  const x3 = v128.load(x, 48);
  const d0 = sub(v128.load(y), x0);
  const d1 = sub(v128.load(y, 16), x1);
  const d2 = sub(v128.load(y, 32), x2);
  const d3 = sub(v128.load(y, 48), x3);
  const n1 = negLazy(d1);
  const n3 = negLazy(d3);
  const k0 = v128.load(k);
  const k1 = v128.load(k, 16);
  const k2 = v128.load(k, 32);
  const k3 = v128.load(k, 48);
  const g = v128.load(k, 64);
  const h = v128.load(k, 80);
  v128.store(dst, add(x0, dot(d0, k0, n1, k1, d2, g, n3, h)));
  v128.store(dst, add(x1, dot(d0, k1, d1, k0, d2, h, d3, g)), 16);
  v128.store(dst, add(x2, dot(d0, k2, n1, k3, d2, k0, n3, k1)), 32);
  v128.store(dst, add(x3, dot(d0, k3, d1, k2, d2, k1, d3, k0)), 48);
}

// ---- accumulators: sums of products, reduced at the end -----------------------------------------------------------
// Four pairs of 64-bit vectors; every product adds less than 2^34, so 2^27 of them fit.

export function clear(acc: usize): void {
  memory.fill(acc, 0, ACCUMULATOR);
}

// @ts-ignore: decorator
@inline
export function bump(at: usize, x: v128): void {
  v128.store(at, i64x2.add(v128.load(at), x));
}

/** acc += x y, lane by lane. */
export function mulAdd(acc: usize, x: usize, y: usize): void {
  const x0 = v128.load(x);
  const x1 = v128.load(x, 16);
  const x2 = v128.load(x, 32);
  const x3 = v128.load(x, 48);
  const y0 = v128.load(y);
  const y1 = v128.load(y, 16);
  const y2 = v128.load(y, 32);
  const y3 = v128.load(y, 48);
  const n1 = negLazy(x1);
  const n3 = negLazy(x3);
  const g = twistRe(y2, y3);
  const h = twistIm(y2, y3);
  bump(acc, low(x0, y0, n1, y1, x2, g, n3, h));
  bump(acc + 16, high(x0, y0, n1, y1, x2, g, n3, h));
  bump(acc + 32, low(x0, y1, x1, y0, x2, h, x3, g));
  bump(acc + 48, high(x0, y1, x1, y0, x2, h, x3, g));
  bump(acc + 64, low(x0, y2, n1, y3, x2, y0, n3, y1));
  bump(acc + 80, high(x0, y2, n1, y3, x2, y0, n3, y1));
  bump(acc + 96, low(x0, y3, x1, y2, x2, y1, x3, y0));
  bump(acc + 112, high(x0, y3, x1, y2, x2, y1, x3, y0));
}

/** dst = the lanes of acc. */
export function settle(dst: usize, acc: usize): void {
  for (let c: usize = 0; c < 4; c++) {
    v128.store(dst + 16 * c, pack(v128.load(acc + 32 * c), v128.load(acc + 32 * c, 16)));
  }
}

/** The sum of the four lanes of an accumulator's coordinate. */
export function reduceTotal(sums: usize): u32 {
  const s = i64x2.add(v128.load(sums), v128.load(sums, 16));
  return reduceWide(i64x2.extract_lane(s, 0) + i64x2.extract_lane(s, 1));
}

/** The E scalar at out = the sum of the lanes of acc. */
export function total(out: usize, acc: usize): void {
  for (let c: usize = 0; c < 4; c++) store<u32>(out + 4 * c, reduceTotal(acc + 32 * c));
}

// ---- elements of vectors ------------------------------------------------------------------------------------------

/** Address of coordinate 0 of element i; coordinate c is 16 c bytes further. */
// @ts-ignore: decorator
@inline
export function wordOf(ptr: usize, i: u32): usize {
  return ptr + ((<usize>(i >> 2)) << 6) + ((<usize>(i & 3)) << 2);
}

/** Copies n <= 4 elements, one by one, from i to j. */
export function copyElements(dst: usize, j: u32, src: usize, i: u32, n: u32): void {
  for (let k: u32 = 0; k < n; k++) {
    const from = wordOf(src, i + k);
    const to = wordOf(dst, j + k);
    store<u32>(to, load<u32>(from));
    store<u32>(to, load<u32>(from, 16), 16);
    store<u32>(to, load<u32>(from, 32), 32);
    store<u32>(to, load<u32>(from, 48), 48);
  }
}

/**
 * A quad of the n <= 4 elements from i on: in place if they are a quad, else copied to `room`, the other lanes zero.
 */
// @ts-ignore: decorator
@inline
export function quad(ptr: usize, i: u32, n: u32, room: usize): usize {
  if (n == 4 && (i & 3) == 0) return ptr + ((<usize>i) << 4);
  return gather(ptr, i, n, room);
}

function gather(ptr: usize, i: u32, n: u32, room: usize): usize {
  memory.fill(room, 0, QUAD);
  copyElements(room, 0, ptr, i, n);
  return room;
}

/** Where to compute the n elements from i on before `put`: in place if they are a quad, else in `room`. */
// @ts-ignore: decorator
@inline
export function target(ptr: usize, i: u32, n: u32, room: usize): usize {
  return n == 4 && (i & 3) == 0 ? ptr + ((<usize>i) << 4) : room;
}

/** Moves the n elements at `from` to their place from i on, unless `target` had them computed there. */
// @ts-ignore: decorator
@inline
export function put(ptr: usize, i: u32, n: u32, from: usize, room: usize): void {
  if (from == room) copyElements(ptr, i, room, 0, n);
}

/** The quad at dst = the E scalar at `from`, four times. */
export function splat(dst: usize, from: usize): void {
  v128.store(dst, v128.load32_splat(from));
  v128.store(dst, v128.load32_splat(from, 4), 16);
  v128.store(dst, v128.load32_splat(from, 8), 32);
  v128.store(dst, v128.load32_splat(from, 12), 48);
}

/** Elements x .. x+3 of the quad at `from` to a vector stored split: two to x/2, two to half + x/2. half is even. */
// @ts-ignore: decorator
@inline
export function splitQuad(dst: usize, x: u32, half: u32, from: usize): void {
  const even = wordOf(dst, x >> 1);
  const odd = wordOf(dst, half + (x >> 1));
  for (let c: usize = 0; c < QUAD; c += 16) {
    const v = v128.load(from + c);
    const w = v128.shuffle<u32>(v, v, 0, 2, 1, 3);
    v128.store64_lane(even + c, w, 0);
    v128.store64_lane(odd + c, w, 1);
  }
}
