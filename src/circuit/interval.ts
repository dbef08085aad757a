/**
 * Interval arithmetic on inclusive integer ranges, exact in doubles: every bound that matters is far below 2^53, and a larger one
 * only has to stay too large.
 */
import type { Range } from './types.ts';

/** The modulus: integers below it in absolute value are zero in the field only if they are zero. */
export const MODULUS = 2 ** 31 - 1;

/** Every tensor that a relation reads satisfies |v| < 2^30. */
export const MAGNITUDE = 2 ** 30;

export const BIT: Range = { lo: 0, hi: 1 };

/** The first value that is not in the range, -1 where all are. */
export function firstOutside(values: ArrayLike<number>, { lo, hi }: Range): number {
  for (let i = 0; i < values.length; i++) if (!(values[i]! >= lo && values[i]! <= hi)) return i;
  return -1;
}

/** a + b */
export function addRange(a: Range, b: Range): Range {
  return { lo: a.lo + b.lo, hi: a.hi + b.hi };
}

/** k a */
export function scaleRange(a: Range, k: number): Range {
  return k >= 0 ? { lo: k * a.lo, hi: k * a.hi } : { lo: k * a.hi, hi: k * a.lo };
}

/** a b */
export function multiplyRange(a: Range, b: Range): Range {
  const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
  return { lo: Math.min(...corners), hi: Math.max(...corners) };
}

/** The least interval that contains both. */
export function joinRange(a: Range, b: Range): Range {
  return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) };
}

/** The common part; empty when lo > hi. */
export function meetRange(a: Range, b: Range): Range {
  return { lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) };
}

export function containsRange(outer: Range, inner: Range): boolean {
  return outer.lo <= inner.lo && inner.hi <= outer.hi;
}

/** |v| < bound over the whole interval. */
export function isBelow(range: Range, bound: number): boolean {
  return -bound < range.lo && range.hi < bound;
}

/** Least and greatest of at least one value. */
export function rangeOfValues(values: ArrayLike<number>): Range {
  let lo = values[0]!;
  let hi = lo;
  for (let i = 1; i < values.length; i++) {
    const v = values[i]!;
    if (v < lo) lo = v;
    else if (v > hi) hi = v;
  }
  return { lo, hi };
}

/** The least [-2^k, 2^k) that holds all values. */
export function signedRangeOf(values: ArrayLike<number>): Range {
  const { lo, hi } = rangeOfValues(values);
  let bound = 1;
  while (lo < -bound || hi >= bound) bound *= 2;
  return { lo: -bound, hi: bound - 1 };
}

export function showRange(range: Range): string {
  return `[${range.lo}, ${range.hi}]`;
}
