/**
 * The fraction tree of logUp-GKR: p = p0 q1 + p1 q0, q = q0 q1 (protocol.md section 9). Layers are stored split: nodes 2i, then
 * nodes 2i + 1.
 */
import { ACCUMULATOR, clear, copyElements, cross, difference, fold, isBase, mul, mulAdd, mulBaseAdd, prepare, put, QUAD, quad, settle, target, total, wordOf } from './ext';
import { fromSigned, mulDoubled, mulWord, P, reduce, sub, subWord } from './m31';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..15 are spare, a multiplier and four accumulators follow. */
const K: usize = 1024;
const ACC: usize = 1152;

/**
 * dst = x y + z w where x is a quad of numerators. On the leaves these are 1, 0 or -m, in the base field: 4 multiplications instead of
 * 16. Which ones they are depends on the circuit alone, so the time tells nothing about values.
 */
// @ts-ignore: decorator
@inline
function numeratorCross(dst: usize, x: usize, y: usize, z: usize, w: usize): void {
  if (!isBase(x)) return cross(dst, x, y, z, w);
  mul(dst, z, w);
  mulBaseAdd(dst, y, x);
}

// ---- building the tree -----------------------------------------------------------------------------------------------

export function fractionUp(p: usize, q: usize, half: u32, from: u32, to: u32, pDst: usize, qDst: usize): void {
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    const p0 = quad(p, x, n, spare(0));
    const p1 = quad(p, half + x, n, spare(1));
    const q0 = quad(q, x, n, spare(2));
    const q1 = quad(q, half + x, n, spare(3));
    numeratorCross(spare(4), p0, q1, p1, q0);
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

// ---- sumcheck rounds -------------------------------------------------------------------------------------------------

/** The four tables of a round, as quads at X = 0, and where they end. */
// @ts-ignore: decorator
@inline
function roundQuad(p0: usize, p1: usize, q0: usize, q1: usize, half: u32, x: u32, n: u32, eq: usize, atZero: usize, leading: usize): void {
  const a0 = quad(p0, x, n, spare(0));
  const a1 = quad(p1, x, n, spare(1));
  const b0 = quad(q0, x, n, spare(2));
  const b1 = quad(q1, x, n, spare(3));
  numeratorCross(spare(8), a0, b1, a1, b0);
  mulAdd(atZero, spare(8), eq);
  difference(spare(4), quad(p0, half + x, n, spare(4)), a0);
  difference(spare(5), quad(p1, half + x, n, spare(5)), a1);
  difference(spare(6), quad(q0, half + x, n, spare(6)), b0);
  difference(spare(7), quad(q1, half + x, n, spare(7)), b1);
  numeratorCross(spare(8), spare(4), spare(7), spare(5), spare(6));
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
 * One round, entries [from, to). With r != 0 the tables are folded first: then they have 4 half entries and r is a multiplier.
 * Blocks of 2^loBits entries share eqHi, which is multiplied in at the end of each.
 */
function round(p0: usize, p1: usize, q0: usize, q1: usize, half: u32, r: usize, eqLo: usize, loBits: u32, eqHi: usize, from: u32, to: u32, out: usize): void {
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

export function fractionRound(p0: usize, p1: usize, q0: usize, q1: usize, half: u32, eqLo: usize, loBits: u32, eqHi: usize, from: u32, to: u32, out: usize): void {
  round(p0, p1, q0, q1, half, 0, eqLo, loBits, eqHi, from, to, out);
}

export function fractionFoldRound(p0: usize, p1: usize, q0: usize, q1: usize, quarter: u32, r0: u32, r1: u32, r2: u32, r3: u32, eqLo: usize, loBits: u32, eqHi: usize, from: u32, to: u32, out: usize): void {
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

/** foldAt where both quads are in the base field, as numerators of leaves are. */
function foldNumerators(t: usize, span: u32, i: u32, n: u32, r: usize): void {
  const x = quad(t, i, n, spare(0));
  const y = quad(t, span + i, n, spare(1));
  if (!isBase(x) || !isBase(y)) return foldAt(t, span, i, n, r);
  v128.store(spare(2), sub(v128.load(y), v128.load(x)));
  mulBaseAdd(x, r, spare(2));
  put(t, i, n, x, spare(0));
}

/** t[i] += r (t[span + i] - t[i]) for n entries from i on. */
// @ts-ignore: decorator
@inline
function foldAt(t: usize, span: u32, i: u32, n: u32, r: usize): void {
  const out = target(t, i, n, spare(0));
  fold(out, quad(t, i, n, spare(0)), quad(t, span + i, n, spare(1)), r);
  put(t, i, n, out, spare(0));
}

// ---- leaves ----------------------------------------------------------------------------------------------------------

/** Eight canonical elements of an integer vector, even ones or odd ones (side 0, 1). */
// @ts-ignore: decorator
@inline
function loadSide(x: usize, kind: u32, cell: u32, side: u32): v128 {
  if (kind == 2) {
    const v = v128.load(x + 2 * <usize>cell);
    return reduce(fromSigned(side ? i32x4.shr_s(v, 16) : i32x4.shr_s(i32x4.shl(v, 16), 16)));
  }
  const a = v128.load(x + 4 * <usize>cell);
  const b = v128.load(x + 4 * <usize>cell, 16);
  return reduce(fromSigned(side ? v128.shuffle<u32>(a, b, 1, 3, 5, 7) : v128.shuffle<u32>(a, b, 0, 2, 4, 6)));
}

// @ts-ignore: decorator
@inline
function loadWord(x: usize, kind: u32, cell: u32): u32 {
  const v = kind == 2 ? <i32>load<i16>(x + 2 * <usize>cell) : load<i32>(x + 4 * <usize>cell);
  return <u32>(v + ((v >> 31) & <i32>P));
}

/** Four leaves of one side at `leaf`, cells cell + side, cell + side + 2, ... */
// @ts-ignore: decorator
@inline
function leafQuad(x0: usize, x0Kind: u32, x1: usize, x1Kind: u32, m: usize, cell: u32, side: u32, leaf: u32, c: usize, beta: usize, p: usize, q: usize): void {
  const at = (<usize>leaf) << 4;
  const zero = i32x4.splat(0);
  v128.store(p + at, m != 0 ? sub(zero, loadSide(m, 4, cell, side)) : i32x4.splat(1));
  v128.store(p + at, zero, 16);
  v128.store(p + at, zero, 32);
  v128.store(p + at, zero, 48);
  const first = x0Kind != 0 ? loadSide(x0, x0Kind, cell, side) : zero;
  const second = x1Kind != 0 ? loadSide(x1, x1Kind, cell, side) : zero;
  const doubled = i32x4.add(second, second);
  for (let k: usize = 0; k < 4; k++) {
    let v = v128.load32_splat(c + 4 * k);
    if (k == 0) v = sub(v, first);
    if (x1Kind != 0) v = sub(v, mulDoubled(doubled, v128.load32_splat(beta + 4 * k)));
    v128.store(q + at + 16 * k, v);
  }
}

/** One leaf. */
function leafElement(x0: usize, x0Kind: u32, x1: usize, x1Kind: u32, m: usize, cell: u32, leaf: u32, c: usize, beta: usize, p: usize, q: usize): void {
  const pAt = wordOf(p, leaf);
  const qAt = wordOf(q, leaf);
  store<u32>(pAt, m != 0 ? subWord(0, mulWord(loadWord(m, 4, cell), 1)) : 1);
  store<u32>(pAt, 0, 16);
  store<u32>(pAt, 0, 32);
  store<u32>(pAt, 0, 48);
  const first = x0Kind != 0 ? mulWord(loadWord(x0, x0Kind, cell), 1) : 0;
  const second = x1Kind != 0 ? loadWord(x1, x1Kind, cell) : 0;
  for (let k: usize = 0; k < 4; k++) {
    let v = subWord(load<u32>(c + 4 * k), mulWord(second, load<u32>(beta + 4 * k)));
    if (k == 0) v = subWord(v, first);
    store<u32>(qAt + 16 * k, v);
  }
}

/** The leaves of cells cell .. cell + len - 1, node `leaf` on. */
function leafRow(x0: usize, x0Kind: u32, x1: usize, x1Kind: u32, m: usize, cell: u32, len: u32, leaf: u32, half: u32, c: usize, beta: usize, p: usize, q: usize): void {
  let i: u32 = 0;
  if ((leaf & 7) == 0 && (half & 3) == 0) {
    for (; i + 8 <= len; i += 8) {
      const position = (leaf + i) >> 1;
      leafQuad(x0, x0Kind, x1, x1Kind, m, cell + i, 0, position, c, beta, p, q);
      leafQuad(x0, x0Kind, x1, x1Kind, m, cell + i, 1, half + position, c, beta, p, q);
    }
  }
  for (; i < len; i++) {
    const node = leaf + i;
    leafElement(x0, x0Kind, x1, x1Kind, m, cell + i, (node & 1) * half + (node >> 1), c, beta, p, q);
  }
}

export function leafRows(x0: usize, x0Kind: u32, x1: usize, x1Kind: u32, m: usize, rows: u32, rowLen: u32, paddedLen: u32, leafIndex: u32, half: u32, c: usize, beta: usize, p: usize, q: usize): void {
  if (rowLen == paddedLen) {
    leafRow(x0, x0Kind, x1, x1Kind, m, 0, rows * rowLen, leafIndex, half, c, beta, p, q);
    return;
  }
  for (let row: u32 = 0; row < rows; row++) {
    leafRow(x0, x0Kind, x1, x1Kind, m, row * rowLen, rowLen, leafIndex + row * paddedLen, half, c, beta, p, q);
  }
}

export function fillLeaves(p: usize, q: usize, from: u32, to: u32): void {
  let i = from;
  for (; i < to && (i & 3) != 0; i++) fillElement(p, q, i);
  const zero = i32x4.splat(0);
  const one = i32x4.splat(1);
  for (; i + 4 <= to; i += 4) {
    const at = (<usize>i) << 4;
    v128.store(p + at, zero);
    v128.store(p + at, zero, 16);
    v128.store(p + at, zero, 32);
    v128.store(p + at, zero, 48);
    v128.store(q + at, one);
    v128.store(q + at, zero, 16);
    v128.store(q + at, zero, 32);
    v128.store(q + at, zero, 48);
  }
  for (; i < to; i++) fillElement(p, q, i);
}

function fillElement(p: usize, q: usize, i: u32): void {
  const pAt = wordOf(p, i);
  const qAt = wordOf(q, i);
  for (let c: usize = 0; c < QUAD; c += 16) {
    store<u32>(pAt + c, 0);
    store<u32>(qAt + c, c == 0 ? 1 : 0);
  }
}
