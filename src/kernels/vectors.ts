/**
 * Handles on kernel memory for code that thinks in field elements: reading and writing E vectors, equality tables, and cutting a
 * call into tasks for all threads. No arithmetic of its own beyond adding up the tasks' sums.
 */
import { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import { extBytes, type KernelName, type Machine } from './kernels.ts';

/** Entries below which a fork costs more than it saves: a fork is about 5 us, an entry 10-40 ns (2026-11-22, 2 threads). */
const GRAIN = 1024;

export function allocExt(m: Machine, count: number): number {
  return m.alloc(extBytes(count));
}

export function readExt(m: Machine, ptr: number, index: number): Ext {
  const w = m.u32(ptr + 64 * (index >>> 2), 16);
  const lane = index & 3;
  return new Ext(w[lane]!, w[4 + lane]!, w[8 + lane]!, w[12 + lane]!);
}

export function readExts(m: Machine, ptr: number, count: number): Ext[] {
  const w = m.u32(ptr, extBytes(count) / 4);
  return Array.from({ length: count }, (_, i) => {
    const o = 16 * (i >>> 2) + (i & 3);
    return new Ext(w[o]!, w[o + 4]!, w[o + 8]!, w[o + 12]!);
  });
}

export function writeExts(m: Machine, ptr: number, values: readonly Ext[], first = 0): void {
  const quad = first >>> 2;
  const w = m.u32(ptr + 64 * quad, 16 * (((first + values.length + 3) >>> 2) - quad));
  values.forEach((e, i) => {
    const at = first - 4 * quad + i;
    const o = 16 * (at >>> 2) + (at & 3);
    w[o] = e.a;
    w[o + 4] = e.b;
    w[o + 8] = e.c;
    w[o + 12] = e.d;
  });
}

/** A new E vector with these values. */
export function uploadExts(m: Machine, values: readonly Ext[]): number {
  const ptr = allocExt(m, values.length);
  writeExts(m, ptr, values);
  return ptr;
}

/** E scalars, 16 bytes each, as kernels take coordinates and leave sums. */
export function uploadScalars(m: Machine, values: readonly Ext[]): number {
  const ptr = m.alloc(Math.max(16 * values.length, 16));
  const w = m.u32(ptr, 4 * values.length);
  values.forEach((e, i) => {
    w.set([e.a, e.b, e.c, e.d], 4 * i);
  });
  return ptr;
}

export function readScalars(m: Machine, ptr: number, count: number): Ext[] {
  const w = m.u32(ptr, 4 * count);
  return Array.from({ length: count }, (_, i) => new Ext(w[4 * i]!, w[4 * i + 1]!, w[4 * i + 2]!, w[4 * i + 3]!));
}

/** E vector of scale * eq(r, x), x < 2^n. */
export function eqVector(m: Machine, r: Point, scale: Ext = Ext.ONE): number {
  const dst = allocExt(m, 2 ** r.length);
  const coords = uploadScalars(m, r);
  m.raw.eqTable(coords, r.length, scale.a, scale.b, scale.c, scale.d, dst);
  return dst;
}

/** Outer product of E vectors in order; [] is the single element 1. */
export function outerVectors(
  m: Machine,
  vectors: readonly { ptr: number; length: number }[],
): {
  ptr: number;
  length: number;
} {
  if (vectors.length === 0) return { ptr: uploadExts(m, [Ext.ONE]), length: 1 };
  return vectors.slice(1).reduce((left, right) => {
    const length = left.length * right.length;
    const dst = allocExt(m, length);
    m.raw.outerExt(left.ptr, left.length, right.ptr, right.length, dst);
    return { ptr: dst, length };
  }, vectors[0]!);
}

/** Cuts [0, count) into ranges at multiples of `align`, a few for each thread, one where the work is small. */
export function ranges(m: Machine, count: number, grain = GRAIN, align = 8): [number, number][] {
  const parts = Math.min(m.threads === 1 ? 1 : 2 * m.threads, Math.max(1, Math.floor(count / grain)));
  const step = Math.max(align, align * Math.ceil(count / parts / align));
  const out: [number, number][] = [];
  for (let from = 0; from < count; from += step) out.push([from, Math.min(count, from + step)]);
  return out;
}

/** Forks `kernel` over ranges of [0, count); `task` gives the arguments of a range. */
export function forRanges(
  m: Machine,
  kernel: KernelName,
  count: number,
  grain: number,
  task: (from: number, to: number) => readonly number[],
): readonly number[] {
  return m.fork(
    kernel,
    ranges(m, count, grain).map(([from, to]) => task(from, to)),
  );
}

/** As forRanges for kernels that leave `sums` E scalars at `out`; returns their totals. */
export function sumRanges(
  m: Machine,
  kernel: KernelName,
  count: number,
  sums: number,
  task: (from: number, to: number, out: number) => readonly number[],
): Ext[] {
  const mark = m.mark();
  const parts = ranges(m, count);
  const out = m.alloc(64 * parts.length);
  m.fork(
    kernel,
    parts.map(([from, to], i) => task(from, to, out + 64 * i)),
  );
  const total: Ext[] = new Array(sums).fill(Ext.ZERO);
  parts.forEach((_, i) => {
    readScalars(m, out + 64 * i, sums).forEach((e, k) => {
      total[k] = total[k]!.add(e);
    });
  });
  m.release(mark);
  return total;
}

/** Folds an E vector of 2 half entries in place by r. */
export function foldVector(m: Machine, ptr: number, half: number, r: Ext): void {
  forRanges(m, 'foldExt', half, GRAIN, (from, to) => [ptr, half, from, to, r.a, r.b, r.c, r.d, ptr]);
}
