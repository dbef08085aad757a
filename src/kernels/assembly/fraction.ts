/**
 * The fraction tree of logUp-GKR: p = p0 q1 + p1 q0, q = q0 q1 (protocol.md section 9). Layers are stored split: nodes
 * 2i, then nodes 2i + 1.
 *
 * On the leaves of lookups every numerator is 1, and stays 1 when it is folded with another: quads of ones save products.
 * Where they are depends on the circuit alone (-m is not 1), so the time tells nothing about values.
 */
import {
  ACCUMULATOR,
  clear,
  copyElements,
  cross,
  difference,
  fold,
  isOne,
  mul,
  mulAdd,
  prepare,
  put,
  QUAD,
  quad,
  settle,
  sum,
  target,
  total,
  wordOf,
} from './ext';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..15 are spare, a multiplier and four accumulators follow. */
const K: usize = 1024;
const ACC: usize = 1152;

// ---- building the tree --------------------------------------------------------------------------------------------

export function fractionUp(p: usize, q: usize, half: u32, from: u32, to: u32, pDst: usize, qDst: usize): void {
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    const p0 = quad(p, x, n, spare(0));
    const p1 = quad(p, half + x, n, spare(1));
    const q0 = quad(q, x, n, spare(2));
    const q1 = quad(q, half + x, n, spare(3));
    parentNumerators(p0, q1, p1, q0);
    mul(spare(5), q0, q1);
    if (n == 4) {
      splitQuad(pDst, x, half >> 1, spare(4));
      splitQuad(qDst, x, half >> 1, spare(5));
    } else {
      splitElements(pDst, n, half >> 1, spare(4));
      splitElements(qDst, n, half >> 1, spare(5));
    }
  }
}

/** spare(4) = p0 q1 + p1 q0. */
// @ts-ignore: decorator
@inline
function parentNumerators(p0: usize, q1: usize, p1: usize, q0: usize): void {
  if (!isOne(p0)) cross(spare(4), p0, q1, p1, q0);
  else if (isOne(p1)) sum(spare(4), q0, q1);
  else plusProduct(spare(4), q1, p1, q0);
}

/** dst = x + y z */
// @ts-ignore: decorator
@inline
function plusProduct(dst: usize, x: usize, y: usize, z: usize): void {
  mul(dst, y, z);
  sum(dst, dst, x);
}

/** Nodes x .. x+3 of a layer to its split form: two to x/2, two to half + x/2. */
// @ts-ignore: decorator
@inline
function splitQuad(dst: usize, x: u32, half: u32, from: usize): void {
  const even = wordOf(dst, x >> 1);
  const odd = wordOf(dst, half + (x >> 1));
  for (let c: usize = 0; c < QUAD; c += 16) {
    const v = v128.load(from + c);
    const w = v128.shuffle<u32>(v, v, 0, 2, 1, 3);
    v128.store64_lane(even + c, w, 0);
    v128.store64_lane(odd + c, w, 1);
  }
}

/** The same of a layer of n < 4 nodes. */
function splitElements(dst: usize, n: u32, half: u32, from: usize): void {
  for (let x: u32 = 0; x < n; x++) copyElements(dst, (x & 1) * half + (x >> 1), from, x, 1);
}

// ---- sumcheck rounds ----------------------------------------------------------------------------------------------

/** The four tables of a round, as quads at X = 0, and where they end. */
// @ts-ignore: decorator
@inline
function roundQuad(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  half: u32,
  x: u32,
  n: u32,
  eq: usize,
  atZero: usize,
  leading: usize,
): void {
  const a0 = quad(p0, x, n, spare(0));
  const a1 = quad(p1, x, n, spare(1));
  const b0 = quad(q0, x, n, spare(2));
  const b1 = quad(q1, x, n, spare(3));
  const c0 = quad(p0, half + x, n, spare(4));
  const one = isOne(a0);
  const constant = one && isOne(c0);
  if (one) plusProduct(spare(8), b1, a1, b0);
  else cross(spare(8), a0, b1, a1, b0);
  mulAdd(atZero, spare(8), eq);
  difference(spare(4), c0, a0);
  difference(spare(5), quad(p1, half + x, n, spare(5)), a1);
  difference(spare(6), quad(q0, half + x, n, spare(6)), b0);
  difference(spare(7), quad(q1, half + x, n, spare(7)), b1);
  if (constant) mul(spare(8), spare(5), spare(6));
  else cross(spare(8), spare(4), spare(7), spare(5), spare(6));
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
function closeBlock(acc: usize, inner: usize, hi: usize): void {
  settle(spare(9), inner);
  for (let c: usize = 0; c < QUAD; c += 16) v128.store(spare(10) + c, v128.load32_splat(hi + c));
  mulAdd(acc, spare(9), spare(10));
  clear(inner);
}

/**
 * One round, entries [from, to). With r != 0 the tables are folded first: then they have 4 half entries and r is a
 * multiplier. Blocks of 2^loBits entries share eqHi, which is multiplied in at the end of each.
 */
function round(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  half: u32,
  r: usize,
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
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    if (r != 0) foldQuads(p0, p1, q0, q1, half, x, n, r);
    if (n < 4 || loBits < 2) {
      roundQuad(p0, p1, q0, q1, half, x, n, eqQuad(eqLo, loBits, eqHi, x, n), atZero, leading);
      continue;
    }
    roundQuad(p0, p1, q0, q1, half, x, n, eqLo + ((<usize>(x & mask)) << 4), innerZero, innerLeading);
    if (((x + 4) & mask) != 0 && x + 4 < to) continue;
    const hi = wordOf(eqHi, x >> loBits);
    closeBlock(atZero, innerZero, hi);
    closeBlock(leading, innerLeading, hi);
  }
  total(out, atZero);
  total(out + 16, leading);
}

export function fractionRound(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  half: u32,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  round(p0, p1, q0, q1, half, 0, eqLo, loBits, eqHi, from, to, out);
}

export function fractionFoldRound(
  p0: usize,
  p1: usize,
  q0: usize,
  q1: usize,
  quarter: u32,
  r0: u32,
  r1: u32,
  r2: u32,
  r3: u32,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  const r = scratch(K);
  prepare(r, r0, r1, r2, r3);
  round(p0, p1, q0, q1, quarter, r, eqLo, loBits, eqHi, from, to, out);
}

/** Folds entries x .. x+n-1 and half + x .. of four tables of 4 half entries. */
function foldQuads(p0: usize, p1: usize, q0: usize, q1: usize, half: u32, x: u32, n: u32, r: usize): void {
  foldNumerators(p0, 2 * half, x, n, r);
  foldNumerators(p0, 2 * half, half + x, n, r);
  foldPair(p1, half, x, n, r);
  foldPair(q0, half, x, n, r);
  foldPair(q1, half, x, n, r);
}

function foldPair(t: usize, half: u32, x: u32, n: u32, r: usize): void {
  foldAt(t, 2 * half, x, n, r);
  foldAt(t, 2 * half, half + x, n, r);
}

/** As foldAt; ones stay as they are. */
function foldNumerators(t: usize, span: u32, i: u32, n: u32, r: usize): void {
  if (!isOne(quad(t, i, n, spare(0))) || !isOne(quad(t, span + i, n, spare(1)))) foldAt(t, span, i, n, r);
}

/** t[i] += r (t[span + i] - t[i]) for n entries from i on. */
// @ts-ignore: decorator
@inline
function foldAt(t: usize, span: u32, i: u32, n: u32, r: usize): void {
  const out = target(t, i, n, spare(0));
  fold(out, quad(t, i, n, spare(0)), quad(t, span + i, n, spare(1)), r);
  put(t, i, n, out, spare(0));
}
