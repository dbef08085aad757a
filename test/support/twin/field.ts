/**
 * The twin's arithmetic, in bigints (docs/spec/00-notation.md):
 *   F = Z / p, p = 2^31 - 1;   E = F[i][u], i^2 = -1, u^2 = 2 + i;   a0 + a1 i + (a2 + a3 i) u
 *   eq(r, x) = prod_j (r_j x_j + (1 - r_j)(1 - x_j)), coordinates most significant first
 */
export const P = 2n ** 31n - 1n;

/** An element of E; a Point lists coordinates, most significant first. */
export type E = readonly [bigint, bigint, bigint, bigint];
export type Point = readonly E[];

export const mod = (v: bigint): bigint => ((v % P) + P) % P;
/** A signed integer as an element. */
export const int = (v: number | bigint): E => [mod(BigInt(v)), 0n, 0n, 0n];
export const ZERO = int(0);
export const ONE = int(1);

export const add = (a: E, b: E): E => [mod(a[0] + b[0]), mod(a[1] + b[1]), mod(a[2] + b[2]), mod(a[3] + b[3])];
export const sub = (a: E, b: E): E => [mod(a[0] - b[0]), mod(a[1] - b[1]), mod(a[2] - b[2]), mod(a[3] - b[3])];
export const same = (a: E, b: E): boolean => a.every((v, i) => v === b[i]);
export const sum = (list: readonly E[]): E => list.reduce(add, ZERO);
export const product = (list: readonly E[]): E => list.reduce(mul, ONE);

/** (a + b u)(c + d u) = ac + bd (2 + i) + (ad + bc) u, with a, b, c, d in F[i]. */
export function mul([a0, a1, b0, b1]: E, [c0, c1, d0, d1]: E): E {
  const bd0 = b0 * d0 - b1 * d1;
  const bd1 = b0 * d1 + b1 * d0;
  return [
    mod(a0 * c0 - a1 * c1 + 2n * bd0 - bd1),
    mod(a0 * c1 + a1 * c0 + bd0 + 2n * bd1),
    mod(a0 * d0 - a1 * d1 + b0 * c0 - b1 * c1),
    mod(a0 * d1 + a1 * d0 + b0 * c1 + b1 * c0),
  ];
}

export function power(a: E, exponent: bigint): E {
  let result = ONE;
  for (const bit of exponent.toString(2)) {
    result = mul(result, result);
    if (bit === '1') result = mul(result, a);
  }
  return result;
}

/** a^(p^4 - 2): E has p^4 elements. */
export const inverse = (a: E): E => power(a, P ** 4n - 2n);
/** 2^-k. */
export const half = (k: number): E => power(inverse(int(2)), BigInt(k));
/** 1, a, a^2, .. */
export function powers(a: E, count: number): E[] {
  const list: E[] = [];
  for (let i = 0; i < count; i++) list.push(i === 0 ? ONE : mul(list[i - 1]!, a));
  return list;
}

// ---- points and extensions ---------------------------------------------------------------------------------------------

/** ceil(log2 size) */
export function bits(size: number): number {
  let n = 0;
  while (2 ** n < size) n++;
  return n;
}

/** Coordinates of a point on a tensor. */
export const indexBits = (shape: readonly number[]): number => shape.reduce((n, size) => n + bits(size), 0);

export function eq(r: Point, s: Point): E {
  return product(r.map((a, j) => add(mul(a, s[j]!), mul(sub(ONE, a), sub(ONE, s[j]!)))));
}

/** The bits of an index as a point of n coordinates. */
export function corner(index: number, n: number): Point {
  return Array.from({ length: n }, (_, j) => int(Math.floor(index / 2 ** (n - 1 - j)) % 2));
}

/** eq(r, x) for every x of the cube. */
export function eqTable(r: Point): E[] {
  let table = [ONE];
  for (const a of r) {
    table = table.flatMap((e) => {
      const one = mul(e, a);
      return [sub(e, one), one];
    });
  }
  return table;
}

/** A point on a tensor, axis by axis. */
export function splitPoint(shape: readonly number[], r: Point): Point[] {
  let at = 0;
  return shape.map((size) => {
    const start = at;
    at += bits(size);
    return r.slice(start, at);
  });
}

/** eq(r, index) for every cell inside a shape, row-major. */
export function eqCells(shape: readonly number[], axes: readonly Point[]): E[] {
  let cells = [ONE];
  shape.forEach((size, a) => {
    const axis = eqTable(axes[a]!).slice(0, size);
    cells = cells.flatMap((c) => axis.map((e) => mul(c, e)));
  });
  return cells;
}

/** sum_(i < size) eq(r, i) */
export const below = (size: number, r: Point): E => sum(eqTable(r).slice(0, size));
/** box(r) = prod_axes sum_(i < size) eq(r_axis, i) */
export const box = (shape: readonly number[], r: Point): E =>
  product(splitPoint(shape, r).map((axis, a) => below(shape[a]!, axis)));

/** Extension of dense integers in a shape: sum_x t[x] eq(r, x). */
export function extension(shape: readonly number[], cells: readonly number[], r: Point): E {
  const weights = eqCells(shape, splitPoint(shape, r));
  return sum(cells.flatMap((v, i) => (v === 0 ? [] : [mul(int(v), weights[i]!)])));
}
