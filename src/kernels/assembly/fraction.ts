/**
 * The fraction tree of logUp-GKR: p = p0 q1 + p1 q0, q = q0 q1 (protocol.md section 9). Layers are stored split: nodes
 * 2i, then nodes 2i + 1. Its lowest layer is in leaves.ts and pairs.ts.
 *
 * A table of a round ends where the last lookup does: entries at or above `length` are the empty fraction, and p1 + lambda
 * q1 is lambda there. Such entries add lambda to the sum at X = 0 and nothing to the leading coefficient, so lambda is
 * taken off every summand and the caller adds it once.
 */
import {
  ACCUMULATOR,
  clear,
  copyElements,
  cross,
  difference,
  fold,
  mul,
  mulAdd,
  prepare,
  put,
  QUAD,
  quad,
  scale,
  settle,
  splat,
  splitQuad,
  sum,
  target,
  total,
  wordOf,
} from './ext';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..15 are spare; two multipliers, the empty entry's quads and four accumulators follow. */
const R: usize = 1024;
const LAMBDA: usize = 1152;
const EMPTY: usize = 1280;
const ACC: usize = 1536;

// ---- building the tree --------------------------------------------------------------------------------------------

export function fractionUp(
  p: usize,
  q: usize,
  half: u32,
  from: u32,
  to: u32,
  pDst: usize,
  qDst: usize,
  dstHalf: u32,
): void {
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    const q0 = quad(q, x, n, spare(2));
    const q1 = quad(q, half + x, n, spare(3));
    cross(spare(4), quad(p, x, n, spare(0)), q1, quad(p, half + x, n, spare(1)), q0);
    mul(spare(5), q0, q1);
    if (n == 4) {
      splitQuad(pDst, x, dstHalf, spare(4));
      splitQuad(qDst, x, dstHalf, spare(5));
    } else {
      splitElements(pDst, n, dstHalf, spare(4));
      splitElements(qDst, n, dstHalf, spare(5));
    }
  }
}

/** splitQuad of a layer of n < 4 nodes. */
function splitElements(dst: usize, n: u32, half: u32, from: usize): void {
  for (let x: u32 = 0; x < n; x++) copyElements(dst, (x & 1) * half + (x >> 1), from, x, 1);
}

// ---- sumcheck rounds ----------------------------------------------------------------------------------------------

/** The quads of an empty entry: p0 = 0, p1 + lambda q1 = lambda, q0 = q1 = 1. */
function prepareEmpty(lambda: usize): void {
  const at = scratch(EMPTY);
  memory.fill(at, 0, 3 * QUAD);
  splat(at + QUAD, lambda);
  v128.store(at + 2 * QUAD, i32x4.splat(1));
}

/** n entries of a table from i on, or those of the empty entry that are at `empty`. */
// @ts-ignore: decorator
@inline
function entries(t: usize, i: u32, n: u32, length: u32, empty: usize, room: usize): usize {
  return i < length ? quad(t, i, n, room) : empty;
}

/** Adds a quad of a round to the two sums. */
// @ts-ignore: decorator
@inline
function roundQuad(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  half: u32,
  length: u32,
  x: u32,
  n: u32,
  eq: usize,
  atZero: usize,
  leading: usize,
): void {
  const empty = scratch(EMPTY);
  const a0 = quad(p0, x, n, spare(0));
  const a1 = quad(p1, x, n, spare(1));
  const b0 = quad(q0, x, n, spare(2));
  const b1 = quad(q1, x, n, spare(3));
  cross(spare(8), a0, b1, a1, b0);
  difference(spare(8), spare(8), empty + QUAD);
  mulAdd(atZero, spare(8), eq);
  difference(spare(4), entries(p0, half + x, n, length, empty, spare(4)), a0);
  difference(spare(5), entries(p1, half + x, n, length, empty + QUAD, spare(5)), a1);
  difference(spare(6), entries(q0, half + x, n, length, empty + 2 * QUAD, spare(6)), b0);
  difference(spare(7), entries(q1, half + x, n, length, empty + 2 * QUAD, spare(7)), b1);
  cross(spare(8), spare(4), spare(7), spare(5), spare(6));
  mulAdd(leading, spare(8), eq);
}

/** The quad eqHi[x >> loBits] eqLo[x & mask] of n entries that lie in several blocks. */
function eqQuad(eqLo: usize, loBits: u32, eqHi: usize, x: u32, n: u32): usize {
  memory.fill(spare(9), 0, 2 * QUAD);
  for (let i: u32 = 0; i < n; i++) {
    const lo = wordOf(eqLo, (x + i) & ((1 << loBits) - 1));
    const hi = wordOf(eqHi, (x + i) >> loBits);
    for (let c: usize = 0; c < QUAD; c += 16) {
      store<u32>(spare(9) + c + 4 * i, load<u32>(lo + c));
      store<u32>(spare(10) + c + 4 * i, load<u32>(hi + c));
    }
  }
  mul(spare(9), spare(9), spare(10));
  return spare(9);
}

/** acc += eqHi[block] inner, and inner = 0. */
export function closeBlock(acc: usize, inner: usize, hi: usize): void {
  settle(spare(9), inner);
  for (let c: usize = 0; c < QUAD; c += 16) v128.store(spare(10) + c, v128.load32_splat(hi + c));
  mulAdd(acc, spare(9), spare(10));
  clear(inner);
}

/** What happens to the tables before a round. */
const MIX: u32 = 0;
const FOLD: u32 = 1;

/**
 * One round, entries [from, to), after p1 += lambda q1 (MIX) or a fold of tables twice as long (FOLD). Blocks of 2^loBits
 * entries share eqHi, which is multiplied in at the end of each.
 */
function round(
  before: u32,
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  half: u32,
  length: u32,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  const atZero = scratch(ACC);
  const leading = atZero + ACCUMULATOR;
  const innerZero = leading + ACCUMULATOR;
  const innerLeading = innerZero + ACCUMULATOR;
  memory.fill(atZero, 0, 4 * ACCUMULATOR);
  const mask: u32 = (1 << loBits) - 1;
  const left = before == FOLD ? min(length, 2 * half) : length;
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    if (before == MIX) {
      mixAt(p1, q1, x, n);
      if (half + x < length) mixAt(p1, q1, half + x, n);
    } else {
      foldTables(p0, p1, q0, q1, 2 * half, length, x, n);
      if (half + x < left) foldTables(p0, p1, q0, q1, 2 * half, length, half + x, n);
    }
    if (n < 4 || loBits < 2) {
      roundQuad(p0, p1, q0, q1, half, left, x, n, eqQuad(eqLo, loBits, eqHi, x, n), atZero, leading);
      continue;
    }
    roundQuad(p0, p1, q0, q1, half, left, x, n, eqLo + ((<usize>(x & mask)) << 4), innerZero, innerLeading);
    if (((x + 4) & mask) != 0 && x + 4 < to) continue;
    const hi = wordOf(eqHi, x >> loBits);
    closeBlock(atZero, innerZero, hi);
    closeBlock(leading, innerLeading, hi);
  }
  total(out, atZero);
  total(out + 16, leading);
}

export function fractionFirst(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  half: u32,
  length: u32,
  lambda: usize,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  prepare(scratch(LAMBDA), load<u32>(lambda), load<u32>(lambda, 4), load<u32>(lambda, 8), load<u32>(lambda, 12));
  prepareEmpty(lambda);
  round(MIX, p0, p1, q0, q1, half, length, eqLo, loBits, eqHi, from, to, out);
}

export function fractionNext(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  quarter: u32,
  length: u32,
  r: usize,
  lambda: usize,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  prepare(scratch(R), load<u32>(r), load<u32>(r, 4), load<u32>(r, 8), load<u32>(r, 12));
  prepareEmpty(lambda);
  round(FOLD, p0, p1, q0, q1, quarter, length, eqLo, loBits, eqHi, from, to, out);
}

/** p1 += lambda q1 for n entries. */
// @ts-ignore: decorator
@inline
function mixAt(p1: usize, q1: usize, i: u32, n: u32): void {
  scale(spare(0), quad(q1, i, n, spare(0)), scratch(LAMBDA));
  const out = target(p1, i, n, spare(1));
  sum(out, quad(p1, i, n, spare(1)), spare(0));
  put(p1, i, n, out, spare(1));
}

/** t[i] += r (t[span + i] - t[i]) for n entries of four tables. */
function foldTables(p0: usize, p1: usize, q0: usize, q1: usize, span: u32, length: u32, i: u32, n: u32): void {
  const empty = scratch(EMPTY);
  foldAt(p0, span, length, i, n, empty);
  foldAt(p1, span, length, i, n, empty + QUAD);
  foldAt(q0, span, length, i, n, empty + 2 * QUAD);
  foldAt(q1, span, length, i, n, empty + 2 * QUAD);
}

// @ts-ignore: decorator
@inline
function foldAt(t: usize, span: u32, length: u32, i: u32, n: u32, empty: usize): void {
  const out = target(t, i, n, spare(0));
  fold(out, quad(t, i, n, spare(0)), entries(t, span + i, n, length, empty, spare(1)), scratch(R));
  put(t, i, n, out, spare(0));
}
