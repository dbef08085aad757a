/**
 * The base field F = Z/p, p = 2^31 - 1, in four 32-bit lanes. Lanes are canonical, 0 .. p-1, in and out, unless a
 * comment says `lazy` (0 .. p).
 */

/** p, and the mask of the low 31 bits. */
export const P: u32 = 0x7fffffff;

/**
 * p once more, given by the host: V8 (Node 24) builds a constant vector anew at every use, three instructions, but keeps
 * one that is made of an import in a register.
 */
// @ts-ignore: decorator
@external("env", "modulus")
declare const modulus: u32;

/** p in every lane. */
// @ts-ignore: decorator
@inline
export function p4(): v128 {
  return i32x4.splat(modulus);
}

/** x mod p for lanes x < 2p. */
// @ts-ignore: decorator
@inline
export function reduce(x: v128): v128 {
  return i32x4.min_u(x, i32x4.sub(x, p4()));
}

// @ts-ignore: decorator
@inline
export function add(a: v128, b: v128): v128 {
  return reduce(i32x4.add(a, b));
}

// @ts-ignore: decorator
@inline
export function sub(a: v128, b: v128): v128 {
  const d = i32x4.sub(a, b);
  return i32x4.min_u(d, i32x4.add(d, p4()));
}

/** -a, lazy: p for 0. */
// @ts-ignore: decorator
@inline
export function negLazy(a: v128): v128 {
  return i32x4.sub(p4(), a);
}

/** a b with 2a given. 2ab = 2^32 h + l, hence ab = h + l/2 (mod p) because 2^31 = 1. */
// @ts-ignore: decorator
@inline
export function mulDoubled(a2: v128, b: v128): v128 {
  const lo = i64x2.extmul_low_i32x4_u(a2, b);
  const hi = i64x2.extmul_high_i32x4_u(a2, b);
  const l = v128.shuffle<u32>(lo, hi, 0, 2, 4, 6);
  const h = v128.shuffle<u32>(lo, hi, 1, 3, 5, 7);
  return reduce(i32x4.add(h, i32x4.shr_u(l, 1)));
}

// @ts-ignore: decorator
@inline
export function mul(a: v128, b: v128): v128 {
  return mulDoubled(i32x4.add(a, a), b);
}

/** The field element, lazy, of signed lanes |x| < 2^31. */
// @ts-ignore: decorator
@inline
export function fromSigned(x: v128): v128 {
  return i32x4.add(x, v128.and(i32x4.shr_s(x, 31), p4()));
}

/** 64-bit lanes x < 2^64 to congruent ones < 2^34. */
// @ts-ignore: decorator
@inline
export function carry(x: v128): v128 {
  return i64x2.add(v128.and(x, i64x2.splat(<u64>modulus)), i64x2.shr_u(x, 31));
}

/** The four canonical lanes of 64-bit lanes lo, hi < 2^61. */
// @ts-ignore: decorator
@inline
export function pack(lo: v128, hi: v128): v128 {
  return reduce(v128.shuffle<u32>(carry(lo), carry(hi), 0, 2, 4, 6));
}

/**
 * The four canonical lanes of 64-bit lanes lo, hi <= 4 p^2. With x = 2^32 h + l, x = 2h + l (mod p); 4 p^2 < 2^64 -
 * 2^33, so h reduces to at most p - 1, l to at most p + 1, h + l to at most p.
 */
// @ts-ignore: decorator
@inline
export function packProducts(lo: v128, hi: v128): v128 {
  const l = reduce(v128.shuffle<u32>(lo, hi, 0, 2, 4, 6));
  const h = reduce(v128.shuffle<u32>(lo, hi, 1, 3, 5, 7));
  return reduce(i32x4.add(reduce(i32x4.add(h, l)), h));
}

/** Scalar a b mod p, canonical, for a, b <= p. */
// @ts-ignore: decorator
@inline
export function mulWord(a: u32, b: u32): u32 {
  return reduceWide(<u64>a * <u64>b);
}

/** x mod p for x < 2^64. */
// @ts-ignore: decorator
@inline
export function reduceWide(x: u64): u32 {
  let t = (x & P) + (x >> 31);
  t = (t & P) + (t >> 31);
  return t >= P ? <u32>(t - P) : <u32>t;
}

/** x mod p for |x| < 2^61. */
// @ts-ignore: decorator
@inline
export function reduceSigned(x: i64): u32 {
  return reduceWide(<u64>(x + ((<i64>P) << 31)));
}

// @ts-ignore: decorator
@inline
export function addWord(a: u32, b: u32): u32 {
  const s = a + b;
  return s >= P ? s - P : s;
}

// @ts-ignore: decorator
@inline
export function subWord(a: u32, b: u32): u32 {
  return a >= b ? a - b : a + P - b;
}
