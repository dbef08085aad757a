/**
 * The leaves of the fraction tree, which are never stored: a leaf of a lookup is 1 / (c - x0 - beta x1), one of a table -m
 * over that, one outside the block's box 0/1. From the integers of a block these kernels make what is above the leaves.
 *
 * A block is words in memory (kernels.ts): its cells have three axes, its leaves the same axes padded to powers of two.
 * Leaves are taken in groups of eight, even ones and odd ones in a register each.
 */
import { cross, mul, QUAD, splat, splitQuad, sum } from './ext';
import { add, fromSigned, mulDoubled, reduce, sub } from './m31';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..15 are spare; where a group's cells are; its cells where they are gathered; scalars. */
const GROUP: usize = 1024;
const CELLS: usize = 1088;
const SCALARS: usize = 1280;

/** Words of a block, bytes. */
const X0: usize = 0;
const KIND0: usize = 4;
const X1: usize = 8;
const KIND1: usize = 12;
const M: usize = 16;
const ROW: usize = 20;
const ROW_BITS: usize = 24;
const INNER: usize = 28;
const INNER_BITS: usize = 32;
const OUTER: usize = 36;
const PATTERN: usize = 40;
const INNER_STRIDE: usize = 44;
const OUTER_STRIDE: usize = 48;
const C: usize = 64;

/** Finds the cells of leaves l .. l+7 of a block, and leaves their addresses in scratch memory. Returns which are in the box. */
function locate(block: usize, l: u32): u32 {
  const rowBits = load<u32>(block, ROW_BITS);
  if (rowBits < 3) return gather(block, l);
  const rowLen = load<u32>(block, ROW);
  const column = l & ((1 << rowBits) - 1);
  const innerBits = load<u32>(block, INNER_BITS);
  const row = (l >> rowBits) & ((1 << innerBits) - 1);
  const outer = l >> (rowBits + innerBits);
  const inner = load<u32>(block, INNER);
  if (column >= rowLen || row >= inner || outer >= load<u32>(block, OUTER)) return 0;
  const cell = outer * load<u32>(block, OUTER_STRIDE) + row * load<u32>(block, INNER_STRIDE) + column;
  const g = scratch(GROUP);
  store<u32>(g, load<u32>(block, X0) + load<u32>(block, KIND0) * cell);
  store<u32>(g, load<u32>(block, KIND0), 4);
  store<u32>(g, load<u32>(block, X1) + load<u32>(block, KIND1) * cell, 8);
  store<u32>(g, load<u32>(block, KIND1), 12);
  const m = load<u32>(block, M);
  store<u32>(g, m != 0 ? m + 4 * cell : 0, 16);
  return (1 << min(rowLen - column, 8)) - 1;
}

/** As `locate` where rows are shorter than a group: copies the cells. */
function gather(block: usize, l: u32): u32 {
  const g = scratch(GROUP);
  const rowBits = load<u32>(block, ROW_BITS);
  const innerBits = load<u32>(block, INNER_BITS);
  const rowLen = load<u32>(block, ROW);
  const inner = load<u32>(block, INNER);
  const kind0 = load<u32>(block, KIND0);
  const kind1 = load<u32>(block, KIND1);
  const m = load<u32>(block, M);
  memory.fill(scratch(CELLS), 0, 96);
  let mask: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    const column = (l + i) & ((1 << rowBits) - 1);
    const row = ((l + i) >> rowBits) & ((1 << innerBits) - 1);
    const outer = (l + i) >> (rowBits + innerBits);
    if (column >= rowLen || row >= inner || outer >= load<u32>(block, OUTER)) continue;
    mask |= 1 << i;
    const cell = outer * load<u32>(block, OUTER_STRIDE) + row * load<u32>(block, INNER_STRIDE) + column;
    store<i32>(scratch(CELLS) + 4 * i, integer(load<u32>(block, X0), kind0, cell));
    if (kind1 != 0) store<i32>(scratch(CELLS) + 4 * i, integer(load<u32>(block, X1), kind1, cell), 32);
    if (m != 0) store<i32>(scratch(CELLS) + 4 * i, integer(m, 4, cell), 64);
  }
  store<u32>(g, <u32>scratch(CELLS));
  store<u32>(g, 4, 4);
  store<u32>(g, <u32>scratch(CELLS) + 32, 8);
  store<u32>(g, kind1 != 0 ? 4 : 0, 12);
  store<u32>(g, m != 0 ? <u32>scratch(CELLS) + 64 : 0, 16);
  return mask;
}

function integer(x: usize, kind: u32, cell: u32): i32 {
  return kind == 2 ? <i32>load<i16>(x + 2 * <usize>cell) : load<i32>(x + 4 * <usize>cell);
}

/** Four canonical elements of the eight integers at x, even ones or odd ones (side 0, 1). */
// @ts-ignore: decorator
@inline
function loadSide(x: usize, kind: u32, side: u32): v128 {
  if (kind == 2) {
    const v = v128.load(x);
    return reduce(fromSigned(side ? i32x4.shr_s(v, 16) : i32x4.shr_s(i32x4.shl(v, 16), 16)));
  }
  const a = v128.load(x);
  const b = v128.load(x, 16);
  return reduce(fromSigned(side ? v128.shuffle<u32>(a, b, 1, 3, 5, 7) : v128.shuffle<u32>(a, b, 0, 2, 4, 6)));
}

/** All bits in the lanes of a group's side that are in the box. */
// @ts-ignore: decorator
@inline
function laneMask(mask: u32, side: u32): v128 {
  const bits = v128.and(i32x4.splat(mask >> side), i32x4(1, 4, 16, 64));
  return i32x4.ne(bits, i32x4.splat(0));
}

/** The quad at dst: c - x0 - beta x1 of a group's side, the quad at `outside` where a leaf is out of the box. */
// @ts-ignore: decorator
@inline
function denominators(dst: usize, mask: u32, side: u32, c: usize, beta: usize, outside: usize): void {
  const g = scratch(GROUP);
  const first = loadSide(load<u32>(g), load<u32>(g, 4), side);
  const kind1 = load<u32>(g, 12);
  const lanes = laneMask(mask, side);
  if (kind1 == 0) {
    v128.store(dst, v128.bitselect(sub(v128.load(c), first), v128.load(outside), lanes));
    v128.store(dst, v128.bitselect(v128.load(c, 16), v128.load(outside, 16), lanes), 16);
    v128.store(dst, v128.bitselect(v128.load(c, 32), v128.load(outside, 32), lanes), 32);
    v128.store(dst, v128.bitselect(v128.load(c, 48), v128.load(outside, 48), lanes), 48);
    return;
  }
  const second = loadSide(load<u32>(g, 8), kind1, side);
  const twice = i32x4.add(second, second);
  const v = sub(sub(v128.load(c), first), mulDoubled(twice, v128.load(beta)));
  v128.store(dst, v128.bitselect(v, v128.load(outside), lanes));
  for (let k: usize = 16; k < QUAD; k += 16) {
    const w = sub(v128.load(c + k), mulDoubled(twice, v128.load(beta + k)));
    v128.store(dst + k, v128.bitselect(w, v128.load(outside + k), lanes));
  }
}

// ---- what is above the leaves -------------------------------------------------------------------------------------

/** beta, c and 1 of a block, as quads. */
function prepareScalars(block: usize, beta: usize): void {
  splat(scratch(SCALARS), beta);
  splat(scratch(SCALARS) + QUAD, block + C);
  memory.fill(scratch(SCALARS) + 2 * QUAD, 0, QUAD);
  v128.store(scratch(SCALARS) + 2 * QUAD, i32x4.splat(1));
}

/** The four parents of leaves l .. l+7: numerators at p, denominators at q. Returns the group's mask. */
function parents(block: usize, l: u32, p: usize, q: usize): u32 {
  const one = scratch(SCALARS) + 2 * QUAD;
  const mask = locate(block, l);
  if (mask == 0) {
    memory.fill(p, 0, QUAD);
    memory.copy(q, one, QUAD);
    return 0;
  }
  const q0 = spare(0);
  const q1 = spare(1);
  denominators(q0, mask, 0, scratch(SCALARS) + QUAD, scratch(SCALARS), one);
  denominators(q1, mask, 1, scratch(SCALARS) + QUAD, scratch(SCALARS), one);
  mul(q, q0, q1);
  const m = load<u32>(scratch(GROUP), 16);
  if (m != 0) {
    weightedSum(p, m, mask, q0, q1);
  } else if (mask == 255) {
    sum(p, q0, q1);
  } else {
    const even = laneMask(mask, 0);
    const odd = laneMask(mask, 1);
    for (let k: usize = 0; k < QUAD; k += 16) {
      v128.store(p + k, add(v128.and(v128.load(q1 + k), even), v128.and(v128.load(q0 + k), odd)));
    }
  }
  return mask;
}

/** The quad at p = -(m0 q1 + m1 q0), m0 and m1 the group's multiplicities. */
function weightedSum(p: usize, m: usize, mask: u32, q0: usize, q1: usize): void {
  const even = v128.and(loadSide(m, 4, 0), laneMask(mask, 0));
  const odd = v128.and(loadSide(m, 4, 1), laneMask(mask, 1));
  const even2 = i32x4.add(even, even);
  const odd2 = i32x4.add(odd, odd);
  for (let k: usize = 0; k < QUAD; k += 16) {
    const s = add(mulDoubled(even2, v128.load(q1 + k)), mulDoubled(odd2, v128.load(q0 + k)));
    v128.store(p + k, sub(i32x4.splat(0), s));
  }
}

export function leafParents(
  block: usize,
  from: u32,
  to: u32,
  beta: usize,
  at: u32,
  half: u32,
  p: usize,
  q: usize,
): void {
  prepareScalars(block, beta);
  for (let l = from; l < to; l += 8) {
    parents(block, l, spare(2), spare(3));
    splitQuad(p, at + (l >> 1), half, spare(2));
    splitQuad(q, at + (l >> 1), half, spare(3));
  }
}

export function leafGrandparents(
  block: usize,
  from: u32,
  to: u32,
  beta: usize,
  at: u32,
  half: u32,
  p: usize,
  q: usize,
): void {
  prepareScalars(block, beta);
  for (let l = from; l < to; l += 16) {
    // nodes of the layer between in order: p in quads 2 and 3, q in quads 4 and 5
    const any = parents(block, l, spare(2), spare(4)) | parents(block, l + 8, spare(3), spare(5));
    if (any == 0) {
      splitQuad(p, at + (l >> 2), half, spare(2));
      splitQuad(q, at + (l >> 2), half, spare(4));
      continue;
    }
    separate(spare(2));
    separate(spare(4));
    cross(spare(6), spare(2), spare(5), spare(3), spare(4));
    mul(spare(7), spare(4), spare(5));
    splitQuad(p, at + (l >> 2), half, spare(6));
    splitQuad(q, at + (l >> 2), half, spare(7));
  }
}

/** Eight elements in two quads: the even ones to the first, the odd ones to the second. */
// @ts-ignore: decorator
@inline
function separate(at: usize): void {
  for (let k: usize = 0; k < QUAD; k += 16) {
    const a = v128.load(at + k);
    const b = v128.load(at + k, 64);
    v128.store(at + k, v128.shuffle<u32>(a, b, 0, 2, 4, 6));
    v128.store(at + k, v128.shuffle<u32>(a, b, 1, 3, 5, 7), 64);
  }
}

// ---- the factors of the lowest sumcheck ---------------------------------------------------------------------------

/** Scratch quads of leafFactors: lambda beta, lambda c, lambda, lambda c + 1. */
function prepareFactors(block: usize, beta: usize, lambda: usize): void {
  const at = scratch(SCALARS);
  splat(at, beta);
  splat(at + QUAD, block + C);
  splat(at + 2 * QUAD, lambda);
  mul(at, at, at + 2 * QUAD);
  mul(at + QUAD, at + QUAD, at + 2 * QUAD);
  memory.copy(at + 3 * QUAD, at + QUAD, QUAD);
  v128.store(at + 3 * QUAD, add(v128.load(at + QUAD), i32x4.splat(1)));
}

/** The quad at dst: p + lambda q of a group's side, lambda where a leaf is out of the box. */
function factors(dst: usize, mask: u32, side: u32): void {
  const g = scratch(GROUP);
  const s = scratch(SCALARS);
  const m = load<u32>(g, 16);
  const first = loadSide(load<u32>(g), load<u32>(g, 4), side);
  const first2 = i32x4.add(first, first);
  const kind1 = load<u32>(g, 12);
  const second = kind1 != 0 ? loadSide(load<u32>(g, 8), kind1, side) : i32x4.splat(0);
  const second2 = i32x4.add(second, second);
  const lanes = laneMask(mask, side);
  const constant = m != 0 ? s + QUAD : s + 3 * QUAD;
  for (let k: usize = 0; k < QUAD; k += 16) {
    let v = sub(v128.load(constant + k), mulDoubled(first2, v128.load(s + 2 * QUAD + k)));
    if (kind1 != 0) v = sub(v, mulDoubled(second2, v128.load(s + k)));
    if (k == 0 && m != 0) v = sub(v, loadSide(m, 4, side));
    v128.store(dst + k, v128.bitselect(v, v128.load(s + 2 * QUAD + k), lanes));
  }
}

export function leafFactors(
  block: usize,
  from: u32,
  to: u32,
  beta: usize,
  lambda: usize,
  at: u32,
  half: u32,
  dst: usize,
): void {
  prepareFactors(block, beta, lambda);
  const outside = scratch(SCALARS) + 2 * QUAD;
  for (let l = from; l < to; l += 8) {
    const even = dst + ((<usize>((at + l) >> 1)) << 4);
    const odd = even + ((<usize>half) << 4);
    const mask = locate(block, l);
    if (mask == 0) {
      memory.copy(even, outside, QUAD);
      memory.copy(odd, outside, QUAD);
      continue;
    }
    factors(even, mask, 0);
    factors(odd, mask, 1);
  }
}

export function leafPatterns(block: usize, from: u32, to: u32, ids: usize): void {
  const pattern = load<u32>(block, PATTERN);
  for (let l = from; l < to; l += 8) {
    const mask = locate(block, l);
    store<u32>(ids + ((<usize>l) >> 1), pattern == 0 ? mask : mask == 0 ? 0 : pattern + (l >> 3));
  }
}
