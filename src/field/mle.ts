/**
 * Multilinear extensions. A point lists its coordinates most significant first; eq(r,x) = prod (r_i x_i + (1-r_i)(1-x_i)).
 */
import { dot, halvesOf, planesOf } from './dot.ts';
import { Ext } from './ext.ts';

export type Point = readonly Ext[];

/** ceil(log2 size): the bits of an axis. An axis of size 1 has none. */
export function bitsFor(size: number): number {
  return size <= 1 ? 0 : 32 - Math.clz32(size - 1);
}

/** [eq(r, 0), .., eq(r, 2^n - 1)]. */
export function eqTable(r: Point, scale: Ext = Ext.ONE): Ext[] {
  let t: Ext[] = [scale];
  for (const x of r) {
    const next: Ext[] = new Array(2 * t.length);
    for (let i = 0; i < t.length; i++) {
      const high = t[i]!.mul(x);
      next[2 * i] = t[i]!.sub(high);
      next[2 * i + 1] = high;
    }
    t = next;
  }
  return t;
}

/** eq of two points of equal length. */
export function eqAt(a: Point, b: Point): Ext {
  let r = Ext.ONE;
  for (let i = 0; i < a.length; i++) r = r.mul(eqFactor(a[i]!, b[i]!));
  return r;
}

/** a b + (1-a)(1-b) = 1 - a - b + 2ab. */
export function eqFactor(a: Ext, b: Ext): Ext {
  const ab = a.mul(b);
  return Ext.ONE.sub(a).sub(b).add(ab).add(ab);
}

/** eq(r, index) for an index of r.length bits. */
export function eqIndex(r: Point, index: number): Ext {
  let e = Ext.ONE;
  for (let i = 0; i < r.length; i++) {
    const x = r[i]!;
    e = e.mul((index >>> (r.length - 1 - i)) & 1 ? x : Ext.ONE.sub(x));
  }
  return e;
}

/** An index as a point of 0/1 coordinates, most significant first. */
export function bitPoint(index: number, bits: number): Ext[] {
  return Array.from({ length: bits }, (_, i) =>
    Math.floor(index / 2 ** (bits - 1 - i)) % 2 === 1 ? Ext.ONE : Ext.ZERO,
  );
}

/** LT(r) = sum_(i < size) eq(r, i), by walking the bits of size. 0 <= size <= 2^n. */
export function lessThan(size: number, r: Point): Ext {
  return prefixMoments(size, r).zeroth;
}

/**
 * sum_(i < size) eq(r,i) and sum_(i < size) i eq(r,i), in O(n): the first bit where i falls below size splits the sum.
 * With a prefix of the bits equal to size's, the rest is free, and sum over free bits of i eq = sum_j 2^j r_j.
 */
export function prefixMoments(size: number, r: Point): { zeroth: Ext; first: Ext } {
  const n = r.length;
  if (size >= 2 ** n) return { zeroth: Ext.ONE, first: freeMean(r) };
  let zeroth = Ext.ZERO;
  let first = Ext.ZERO;
  let match = Ext.ONE; // eq of the bits seen so far against size's
  let base = 0;
  for (let i = 0; i < n; i++) {
    const weight = 2 ** (n - 1 - i);
    const x = r[i]!;
    if (Math.floor(size / weight) % 2 === 1) {
      const below = match.mul(Ext.ONE.sub(x));
      zeroth = zeroth.add(below);
      first = first.add(below.mul(Ext.of(base).add(freeMean(r.slice(i + 1)))));
      match = match.mul(x);
      base += weight;
    } else {
      match = match.mul(Ext.ONE.sub(x));
    }
  }
  return { zeroth, first };
}

/** sum_i i eq(r,i) over the whole cube: sum_j 2^j r_j. */
function freeMean(r: Point): Ext {
  let s = Ext.ZERO;
  for (const x of r) s = s.add(s).add(x);
  return s;
}

/** The coordinates of each axis of a tensor, in order. */
export function splitPoint(shape: readonly number[], r: Point): Point[] {
  const out: Point[] = [];
  let o = 0;
  for (const size of shape) {
    const b = bitsFor(size);
    out.push(r.slice(o, o + b));
    o += b;
  }
  return out;
}

/** Number of variables of a tensor's multilinear extension. */
export function variables(shape: readonly number[]): number {
  return shape.reduce((n, size) => n + bitsFor(size), 0);
}

/** box(r) = prod_axes LT: 1 inside the shape, 0 in the padding. */
export function boxAt(shape: readonly number[], r: Point): Ext {
  const axes = splitPoint(shape, r);
  return shape.reduce((e, size, i) => e.mul(lessThan(size, axes[i]!)), Ext.ONE);
}

/** Cells of the trailing axes that are summed by coordinates, without a field element for each. */
const ROW = 2048;

/** MLE at r of row-major integers of a shape, zero outside it. */
export function evaluateTensor(values: ArrayLike<number>, shape: readonly number[], r: Point): Ext {
  if (shape.length === 1 && shape[0]! > ROW) return evaluateLong(values, r);
  const axes = splitPoint(shape, r);
  let eq: Ext[] = [Ext.ONE];
  let a = shape.length - 1;
  for (; a >= 0 && (eq.length === 1 || eq.length * shape[a]! <= ROW); a--) {
    const outer = eqTable(axes[a]!).slice(0, shape[a]!);
    eq = outer.flatMap((x) => eq.map((e) => x.mul(e)));
  }
  let layer = weighRows(values, eq);
  for (; a >= 0; a--) {
    const size = shape[a]!;
    const axis = eqTable(axes[a]!);
    layer = Array.from({ length: layer.length / size }, (_, i) => {
      let s = Ext.ZERO;
      for (let j = 0; j < size; j++) s = s.add(layer[i * size + j]!.mul(axis[j]!));
      return s;
    });
  }
  return layer[0] ?? Ext.ZERO;
}

/** One long axis as rows of a power of two: its eq table would be as long as the axis. */
function evaluateLong(values: ArrayLike<number>, r: Point): Ext {
  const low = r.length >> 1;
  const length = 2 ** low;
  const rows = Math.ceil(values.length / length);
  const padded = new Int32Array(rows * length);
  padded.set(values);
  return evaluateTensor(padded, [rows, length], r);
}

/** sum_j values[i length + j] eq[j] for every row i. */
function weighRows(values: ArrayLike<number>, eq: readonly Ext[]): Ext[] {
  const length = eq.length;
  const planes = planesOf(eq).map(halvesOf);
  const row = new Float64Array(length);
  return Array.from({ length: values.length / length }, (_, i) => {
    for (let j = 0; j < length; j++) row[j] = values[i * length + j]!;
    const [a, b, c, d] = planes.map((weights) => dot(weights, row));
    return new Ext(a!, b!, c!, d!);
  });
}

export function samePoint(a: Point, b: Point): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i] || x.equals(b[i]!));
}
