/**
 * The leaves of the fraction tree: numerators 1 or -m, denominators c - x0 - beta x1, 0/1 elsewhere (protocol.md
 * section 9), stored split: leaves 2i, then leaves 2i + 1.
 */
import { QUAD, wordOf } from './ext';
import { fromSigned, mulDoubled, mulWord, P, reduce, sub, subWord } from './m31';

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
function leafQuad(
  x0: usize,
  x0Kind: u32,
  x1: usize,
  x1Kind: u32,
  m: usize,
  cell: u32,
  side: u32,
  leaf: u32,
  c: usize,
  beta: usize,
  p: usize,
  q: usize,
): void {
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
function leafElement(
  x0: usize,
  x0Kind: u32,
  x1: usize,
  x1Kind: u32,
  m: usize,
  cell: u32,
  leaf: u32,
  c: usize,
  beta: usize,
  p: usize,
  q: usize,
): void {
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
function leafRow(
  x0: usize,
  x0Kind: u32,
  x1: usize,
  x1Kind: u32,
  m: usize,
  cell: u32,
  len: u32,
  leaf: u32,
  half: u32,
  c: usize,
  beta: usize,
  p: usize,
  q: usize,
): void {
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

export function leafRows(
  x0: usize,
  x0Kind: u32,
  x1: usize,
  x1Kind: u32,
  m: usize,
  rows: u32,
  rowLen: u32,
  paddedLen: u32,
  leafIndex: u32,
  half: u32,
  c: usize,
  beta: usize,
  p: usize,
  q: usize,
): void {
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
