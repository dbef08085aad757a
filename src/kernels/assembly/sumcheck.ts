/**
 * Sumcheck rounds over products of multilinear tables: t(X) = t[x] + X dt, dt = t[half + x] - t[x], summed over x <
 * half.
 */
import { ACCUMULATOR, clear, difference, mul, mulAdd, quad, total } from './ext';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..9 are spare, up to three accumulators follow. */
const ACC: usize = 640;

export function productRound(a: usize, b: usize, half: u32, from: u32, to: u32, out: usize): void {
  const atZero = scratch(ACC);
  const leading = atZero + ACCUMULATOR;
  clear(atZero);
  clear(leading);
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    const a0 = quad(a, x, n, spare(0));
    const b0 = quad(b, x, n, spare(1));
    difference(spare(2), quad(a, half + x, n, spare(2)), a0);
    difference(spare(3), quad(b, half + x, n, spare(3)), b0);
    mulAdd(atZero, a0, b0);
    mulAdd(leading, spare(2), spare(3));
  }
  total(out, atZero);
  total(out + 16, leading);
}

export function tripleRound(e: usize, a: usize, b: usize, half: u32, from: u32, to: u32, out: usize): void {
  const atZero = scratch(ACC);
  const atMinusOne = atZero + ACCUMULATOR;
  const leading = atMinusOne + ACCUMULATOR;
  clear(atZero);
  clear(atMinusOne);
  clear(leading);
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    const e0 = quad(e, x, n, spare(0));
    const a0 = quad(a, x, n, spare(1));
    const b0 = quad(b, x, n, spare(2));
    difference(spare(3), quad(e, half + x, n, spare(3)), e0);
    difference(spare(4), quad(a, half + x, n, spare(4)), a0);
    difference(spare(5), quad(b, half + x, n, spare(5)), b0);
    addTriple(atZero, e0, a0, b0);
    addTriple(leading, spare(3), spare(4), spare(5));
    difference(spare(3), e0, spare(3));
    difference(spare(4), a0, spare(4));
    difference(spare(5), b0, spare(5));
    addTriple(atMinusOne, spare(3), spare(4), spare(5));
  }
  total(out, atZero);
  total(out + 16, atMinusOne);
  total(out + 32, leading);
}

/** acc += x y z */
// @ts-ignore: decorator
@inline
function addTriple(acc: usize, x: usize, y: usize, z: usize): void {
  mul(spare(9), x, y);
  mulAdd(acc, spare(9), z);
}
