/**
 * Extension vectors: folding a variable, eq tables, inner and outer products (kernels.ts has the contract of each).
 */
import {
  clear,
  copyElements,
  difference,
  fold,
  mulAdd,
  prepare,
  prepareElement,
  put,
  quad,
  scale,
  sum,
  target,
  total,
  wordOf,
} from './ext';
import { add, addWord } from './m31';
import { scratch, spare } from './scratch';

/** Scratch: quads 0..7 are spare, a multiplier and an accumulator follow. */
const K: usize = 512;
const ACC: usize = 640;

export function foldExt(
  src: usize,
  half: u32,
  from: u32,
  to: u32,
  r0: u32,
  r1: u32,
  r2: u32,
  r3: u32,
  dst: usize,
): void {
  const k = scratch(K);
  prepare(k, r0, r1, r2, r3);
  for (let x = from; x < to; x += 4) {
    const n = min(to - x, 4);
    const out = target(dst, x, n, spare(2));
    fold(out, quad(src, x, n, spare(0)), quad(src, half + x, n, spare(1)), k);
    put(dst, x, n, out, spare(2));
  }
}

/** The variables from the last to the first, each doubles the table: t -> ((1 - r) t, r t). */
export function eqTable(coords: usize, n: u32, s0: u32, s1: u32, s2: u32, s3: u32, dst: usize): void {
  store<u32>(dst, s0);
  store<u32>(dst, s1, 16);
  store<u32>(dst, s2, 32);
  store<u32>(dst, s3, 48);
  const k = scratch(K);
  for (let v: u32 = 0; v < n; v++) {
    const r = coords + 16 * (n - 1 - v);
    prepare(k, load<u32>(r), load<u32>(r, 4), load<u32>(r, 8), load<u32>(r, 12));
    const size: u32 = 1 << v;
    for (let i: u32 = 0; i < size; i += 4) {
      const count = min(size - i, 4);
      const t = quad(dst, i, count, spare(0));
      const high = target(dst, size + i, count, spare(1));
      scale(high, t, k);
      difference(t, t, high);
      put(dst, i, count, t, spare(0));
      put(dst, size + i, count, high, spare(1));
    }
  }
}

export function dotExt(a: usize, b: usize, from: u32, to: u32, out: usize): void {
  const acc = scratch(ACC);
  clear(acc);
  for (let i = from; i < to; i += 4) {
    const n = min(to - i, 4);
    mulAdd(acc, quad(a, i, n, spare(0)), quad(b, i, n, spare(1)));
  }
  total(out, acc);
}

export function axpyExt(dst: usize, src: usize, from: u32, to: u32, k0: u32, k1: u32, k2: u32, k3: u32): void {
  const k = scratch(K);
  prepare(k, k0, k1, k2, k3);
  const one = k0 == 1 && (k1 | k2 | k3) == 0;
  for (let i = from; i < to; i += 4) {
    const n = min(to - i, 4);
    const t = quad(dst, i, n, spare(0));
    let term = quad(src, i, n, spare(2));
    if (!one) {
      scale(spare(1), term, k);
      term = spare(1);
    }
    sum(t, t, term);
    put(dst, i, n, t, spare(0));
  }
}

export function outerExt(a: usize, na: u32, b: usize, nb: u32, dst: usize): void {
  const k = scratch(K);
  for (let i: u32 = 0; i < na; i++) {
    prepareElement(k, a, i);
    for (let j: u32 = 0; j < nb; j += 4) {
      const n = min(nb - j, 4);
      const at = i * nb + j;
      const out = target(dst, at, n, spare(1));
      scale(out, quad(b, j, n, spare(0)), k);
      put(dst, at, n, out, spare(1));
    }
  }
}

export function zeroExt(dst: usize, count: u32): void {
  const whole = <usize>(count & ~3);
  memory.fill(dst, 0, whole << 4);
  for (let i = <u32>whole; i < count; i++) {
    const w = wordOf(dst, i);
    store<u32>(w, 0);
    store<u32>(w, 0, 16);
    store<u32>(w, 0, 32);
    store<u32>(w, 0, 48);
  }
}

export function splitExt(src: usize, count: u32, dst: usize, planeBytes: usize): void {
  const whole = count & ~3;
  for (let c: usize = 0; c < 4; c++) {
    const plane = dst + c * planeBytes;
    const from = src + 16 * c;
    for (let i: u32 = 0; i < whole; i += 4) v128.store(plane + ((<usize>i) << 2), v128.load(from + ((<usize>i) << 4)));
    for (let i = whole; i < count; i++) store<u32>(plane + ((<usize>i) << 2), load<u32>(wordOf(from, i)));
  }
}

export function fillExt(dst: usize, from: u32, to: u32, k0: u32, k1: u32, k2: u32, k3: u32): void {
  let i = from;
  for (; i < to; i++) {
    if ((i & 3) == 0 && i + 4 <= to) break;
    fillElement(dst, i, k0, k1, k2, k3);
  }
  for (; i + 4 <= to; i += 4) {
    const at = dst + ((<usize>i) << 4);
    v128.store(at, i32x4.splat(k0));
    v128.store(at, i32x4.splat(k1), 16);
    v128.store(at, i32x4.splat(k2), 32);
    v128.store(at, i32x4.splat(k3), 48);
  }
  for (; i < to; i++) fillElement(dst, i, k0, k1, k2, k3);
}

function fillElement(dst: usize, i: u32, k0: u32, k1: u32, k2: u32, k3: u32): void {
  const w = wordOf(dst, i);
  store<u32>(w, k0);
  store<u32>(w, k1, 16);
  store<u32>(w, k2, 32);
  store<u32>(w, k3, 48);
}

export function addPlanes(dst: usize, count: u32, src: usize, planeBytes: usize): void {
  const whole = count & ~3;
  for (let c: usize = 0; c < 4; c++) {
    const plane = src + c * planeBytes;
    const to = dst + 16 * c;
    for (let i: u32 = 0; i < whole; i += 4) {
      const at = to + ((<usize>i) << 4);
      v128.store(at, add(v128.load(at), v128.load(plane + ((<usize>i) << 2))));
    }
    for (let i = whole; i < count; i++) {
      const at = wordOf(to, i);
      store<u32>(at, addWord(load<u32>(at), load<u32>(plane + ((<usize>i) << 2))));
    }
  }
}

// ---- matrices over E ----------------------------------------------------------------------------------------------

export function dotRowsExt(x: usize, stride: u32, len: u32, w: usize, from: u32, to: u32, dst: usize): void {
  const acc = scratch(ACC);
  for (let row = from; row < to; row++) {
    clear(acc);
    for (let j: u32 = 0; j < len; j += 4) {
      const n = min(len - j, 4);
      mulAdd(acc, quad(x, row * stride + j, n, spare(0)), quad(w, j, n, spare(1)));
    }
    total(spare(2), acc);
    const at = wordOf(dst, row);
    for (let c: usize = 0; c < 4; c++) store<u32>(at + 16 * c, load<u32>(spare(2) + 4 * c));
  }
}

export function foldRowsExt(
  x: usize,
  skip: u32,
  stride: u32,
  rows: u32,
  w: usize,
  from: u32,
  to: u32,
  dst: usize,
): void {
  const k = scratch(K);
  for (let row: u32 = 0; row < rows; row++) {
    prepareElement(k, w, row);
    for (let j = from; j < to; j += 4) {
      const n = min(to - j, 4);
      scale(spare(1), quad(x, skip + row * stride + j, n, spare(0)), k);
      const out = target(dst, j, n, spare(2));
      sum(out, quad(dst, j, n, spare(2)), spare(1));
      put(dst, j, n, out, spare(2));
    }
  }
}

export function moveExt(
  src: usize,
  from: u32,
  dst: usize,
  to: u32,
  planes: u32,
  fromPlane: u32,
  toPlane: u32,
  rows: u32,
  fromRow: u32,
  toRow: u32,
  count: u32,
  fromStep: u32,
  toStep: u32,
): void {
  for (let plane: u32 = 0; plane < planes; plane++) {
    for (let row: u32 = 0; row < rows; row++) {
      const at = from + plane * fromPlane + row * fromRow;
      moveRow(src, at, fromStep, count, dst, to + plane * toPlane + row * toRow, toStep);
    }
  }
}

function moveRow(src: usize, from: u32, fromStep: u32, count: u32, dst: usize, to: u32, toStep: u32): void {
  if (fromStep == 1 && toStep == 1 && (from & 3) == 0 && (to & 3) == 0) {
    const whole = count & ~3;
    memory.copy(dst + ((<usize>to) << 4), src + ((<usize>from) << 4), (<usize>whole) << 4);
    copyElements(dst, to + whole, src, from + whole, count - whole);
    return;
  }
  for (let i: u32 = 0; i < count; i++) copyElements(dst, to + i * toStep, src, from + i * fromStep, 1);
}
