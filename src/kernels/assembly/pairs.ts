/**
 * The lowest sumcheck of the fraction tree: over the leaves, whose numerators are 1, 0 or -m. With A = p0 + lambda q0 and
 * B = p1 + lambda q1 the summand is
 *
 *   p0 q1 + p1 q0 + lambda q0 q1 = (A B - p0 p1) / lambda,
 *
 * two tables instead of four. p0 and p1 repeat: a quad of both is a pattern, and p0 p1 is a product a pattern, not one an
 * entry. Two patterns that are folded make a new one. Which entries share one depends on the circuit alone, never on m.
 */
import { ACCUMULATOR, difference, fold, mul, mulAdd, prepare, QUAD, splat, sum, total, wordOf } from './ext';
import { closeBlock } from './fraction';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..15 are spare; a multiplier, the quad of an empty entry and four accumulators follow. */
const R: usize = 1024;
const EMPTY: usize = 1152;
const ACC: usize = 1280;

/** Words of a slot of the table of pairs: two patterns and the number of their pair, 0 where it is free. */
const SLOT: usize = 12;

/** What happens to the tables before a round. */
const NOTHING: u32 = 0;
const FOLD: u32 = 1;

// ---- rounds -------------------------------------------------------------------------------------------------------

/** Adds a quad: eq (A B - first product) at X = 0, eq (dA dB - second product) to the leading coefficient. */
// @ts-ignore: decorator
@inline
function roundQuad(a: usize, b: usize, a1: usize, b1: usize, products: usize, eq: usize, acc: usize): void {
  mul(spare(0), a, b);
  difference(spare(0), spare(0), products);
  mulAdd(acc, spare(0), eq);
  difference(spare(1), a1, a);
  difference(spare(2), b1, b);
  mul(spare(0), spare(1), spare(2));
  difference(spare(0), spare(0), products + QUAD);
  mulAdd(acc + ACCUMULATOR, spare(0), eq);
}

/** One round, entries [from, to), multiples of four; folds tables twice as long before (FOLD). */
function round(
  before: u32,
  a: usize,
  b: usize,
  half: u32,
  length: u32,
  ids: usize,
  products: usize,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  const outer = scratch(ACC);
  const inner = outer + 2 * ACCUMULATOR;
  memory.fill(outer, 0, 4 * ACCUMULATOR);
  const mask: u32 = (1 << loBits) - 1;
  const empty = scratch(EMPTY);
  const left = before == FOLD ? min(length, 2 * half) : length;
  const step = (<usize>half) << 4;
  for (let x = from; x < to; x += 4) {
    const at = (<usize>x) << 4;
    const isPair = half + x < left;
    if (before == FOLD) {
      foldAt(a + at, 2 * step, (half << 1) + x < length);
      foldAt(b + at, 2 * step, (half << 1) + x < length);
      if (isPair) {
        foldAt(a + at + step, 2 * step, (half << 1) + half + x < length);
        foldAt(b + at + step, 2 * step, (half << 1) + half + x < length);
      }
    }
    const a1 = isPair ? a + at + step : empty;
    const b1 = isPair ? b + at + step : empty;
    const product = products + ((<usize>load<u32>(ids + <usize>x)) << 7);
    roundQuad(a + at, b + at, a1, b1, product, eqLo + ((<usize>(x & mask)) << 4), inner);
    if (((x + 4) & mask) != 0 && x + 4 < to) continue;
    const hi = wordOf(eqHi, x >> loBits);
    closeBlock(outer, inner, hi);
    closeBlock(outer + ACCUMULATOR, inner + ACCUMULATOR, hi);
  }
  total(out, outer);
  total(out + 16, outer + ACCUMULATOR);
}

/** The quad at t += r (the quad `span` further on - t), or the empty entry's. */
// @ts-ignore: decorator
@inline
function foldAt(t: usize, span: usize, isPair: bool): void {
  fold(t, t, isPair ? t + span : scratch(EMPTY), scratch(R));
}

export function pairFirst(
  a: usize,
  b: usize,
  half: u32,
  length: u32,
  empty: usize,
  ids: usize,
  products: usize,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  splat(scratch(EMPTY), empty);
  round(NOTHING, a, b, half, length, ids, products, eqLo, loBits, eqHi, from, to, out);
}

export function pairNext(
  a: usize,
  b: usize,
  quarter: u32,
  length: u32,
  r: usize,
  empty: usize,
  ids: usize,
  products: usize,
  eqLo: usize,
  loBits: u32,
  eqHi: usize,
  from: u32,
  to: u32,
  out: usize,
): void {
  splat(scratch(EMPTY), empty);
  prepare(scratch(R), load<u32>(r), load<u32>(r, 4), load<u32>(r, 8), load<u32>(r, 12));
  round(FOLD, a, b, quarter, length, ids, products, eqLo, loBits, eqHi, from, to, out);
}

// ---- patterns -----------------------------------------------------------------------------------------------------

export function pairPatterns(
  ids: usize,
  half: u32,
  length: u32,
  slots: usize,
  slotBits: u32,
  pairs: usize,
  dst: usize,
): i32 {
  memory.fill(slots, 0, SLOT << slotBits);
  store<u64>(pairs, 0);
  let count: u32 = 1;
  let lo: u32 = 0;
  let hi: u32 = 0;
  let id: u32 = 0;
  for (let x: u32 = 0; x < min(half, length); x++) {
    const a = load<u32>(ids + 4 * <usize>x);
    const b = half + x < length ? load<u32>(ids + 4 * <usize>(half + x)) : 0;
    // runs of one pair are long
    if (a != lo || b != hi) {
      lo = a;
      hi = b;
      id = 0;
      if ((a | b) != 0) {
        const slot = findSlot(slots, slotBits, a, b);
        id = load<u32>(slot, 8);
        if (id == 0) {
          if (count >> (slotBits - 1)) return -1;
          id = count++;
          store<u32>(slot, a);
          store<u32>(slot, b, 4);
          store<u32>(slot, id, 8);
          store<u32>(pairs + 8 * <usize>id, a);
          store<u32>(pairs + 8 * <usize>id, b, 4);
        }
      }
    }
    store<u32>(dst + 4 * <usize>x, id);
  }
  return count;
}

/** The slot of a pair, or the free one where it belongs. */
function findSlot(slots: usize, slotBits: u32, a: u32, b: u32): usize {
  const mask: u32 = (1 << slotBits) - 1;
  let h = ((a * 0x9e3779b1) ^ (b * 0x85ebca6b)) >> (32 - slotBits);
  let slot = slots + SLOT * <usize>h;
  while (load<u32>(slot, 8) != 0 && (load<u32>(slot) != a || load<u32>(slot, 4) != b)) {
    h = (h + 1) & mask;
    slot = slots + SLOT * <usize>h;
  }
  return slot;
}

export function patternProducts(patterns: usize, pairs: usize, from: u32, to: u32, constant: usize, dst: usize): void {
  splat(spare(4), constant);
  for (let i = from; i < to; i++) {
    const lo = patterns + ((<usize>load<u32>(pairs + 8 * <usize>i)) << 7);
    const hi = patterns + ((<usize>load<u32>(pairs + 8 * <usize>i, 4)) << 7);
    const at = dst + ((<usize>i) << 7);
    mul(spare(2), lo, lo + QUAD);
    sum(at, spare(2), spare(4));
    difference(spare(0), hi, lo);
    difference(spare(1), hi + QUAD, lo + QUAD);
    mul(at + QUAD, spare(0), spare(1));
  }
}

export function patternFold(patterns: usize, pairs: usize, from: u32, to: u32, r: usize, dst: usize): void {
  prepare(scratch(R), load<u32>(r), load<u32>(r, 4), load<u32>(r, 8), load<u32>(r, 12));
  for (let i = from; i < to; i++) {
    const lo = patterns + ((<usize>load<u32>(pairs + 8 * <usize>i)) << 7);
    const hi = patterns + ((<usize>load<u32>(pairs + 8 * <usize>i, 4)) << 7);
    const at = dst + ((<usize>i) << 7);
    fold(at, lo, hi, scratch(R));
    fold(at + QUAD, lo + QUAD, hi + QUAD, scratch(R));
  }
}
