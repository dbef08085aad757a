/**
 * The base field F = Z/p, p = 2^31 - 1. Elements are canonical integers 0 .. p-1.
 * A signed integer v stands for v mod p. This is the definition that the kernels are tested against.
 */
export const P = 0x7fffffff;

/** 1/2 in F. */
export const HALF = 0x40000000;

export function add(a: number, b: number): number {
  const s = a + b;
  return s >= P ? s - P : s;
}

export function sub(a: number, b: number): number {
  const s = a - b;
  return s < 0 ? s + P : s;
}

export function neg(a: number): number {
  return a === 0 ? 0 : P - a;
}

/**
 * a b mod p by 16-bit halves, a = a1 2^16 + a0:
 *   a b = a1 b1 2^32 + m 2^16 + a0 b0,   2^32 = 2 and m 2^16 = (m >> 15) + ((m & 0x7fff) << 16)   (mod p).
 * Every partial product fits 32 bits, so the whole product stays in integer registers.
 */
export function mul(a: number, b: number): number {
  const a1 = a >>> 16;
  const a0 = a & 0xffff;
  const b1 = b >>> 16;
  const b0 = b & 0xffff;
  const m = (Math.imul(a1, b0) + Math.imul(a0, b1)) >>> 0; // < 2^32
  const l = Math.imul(a0, b0) >>> 0; // < 2^32
  const h = (2 * Math.imul(a1, b1) + ((m & 0x7fff) << 16)) >>> 0; // < 2^32
  let s = ((h & P) >>> 0) + (h >>> 31) + (m >>> 15);
  s = (s & P) + (s >>> 31) + (l & P) + (l >>> 31);
  s = (s & P) + (s >>> 31);
  return s >= P ? s - P : s;
}

/** The element of an integer |v| < 2^53 - 2^31, by one product with 1/p: the quotient is off by one at most. */
export function reduce(v: number): number {
  const r = v - Math.floor(v * (1 / P)) * P;
  if (r < 0) return (r + P) | 0;
  return r >= P ? (r - P) | 0 : r | 0;
}

/** The representative of a signed integer, |v| < 2^53. */
export function fromInt(v: number): number {
  const r = v % P;
  return r < 0 ? r + P : r + 0;
}

/** The signed integer of least absolute value that an element stands for. */
export function toInt(a: number): number {
  return a > P >>> 1 ? a - P : a;
}

export function pow(a: number, e: number): number {
  let r = 1;
  let b = a;
  for (let n = e; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) r = mul(r, b);
    b = mul(b, b);
  }
  return r;
}

/** 1/a by Fermat; 0 for a = 0 (callers that can meet zero must ask). */
export function inv(a: number): number {
  return pow(a, P - 2);
}

/** 2^-s in F: 2^31 = 1, so 2^-s = 2^(31-s). */
export function inversePowerOfTwo(s: number): number {
  return s % 31 === 0 ? 1 : 2 ** (31 - (s % 31));
}
