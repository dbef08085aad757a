/**
 * Evaluation domains of the code: x-coordinates on the circle x^2 + y^2 = 1 over F, a cyclic group of order 2^31.
 *
 * Q_n has order 2^(n+2). D_n = { x(Q_n^e) : e = 1 mod 4 } has 2^n points, D_n = -D_n, 0 is not in it, and x -> 2x^2 - 1
 * maps D_n two-to-one onto D_(n-1). Position j of a codeword over D_n is the point x(Q_n^(1 + 4 rev_n(j))), rev_n the
 * reversal of n bits: then the point of j at level n-1 is that of j >> 1, and j ^ 1 is its negative.
 */
import { add, mul, sub } from './m31.ts';

export interface CirclePoint {
  readonly x: number;
  readonly y: number;
}

/** Generator of the circle group, order 2^31. */
export const GENERATOR: CirclePoint = { x: 2, y: 1268011823 };

export function circleMul(a: CirclePoint, b: CirclePoint): CirclePoint {
  return { x: sub(mul(a.x, b.x), mul(a.y, b.y)), y: add(mul(a.x, b.y), mul(a.y, b.x)) };
}

export function circlePow(a: CirclePoint, e: number): CirclePoint {
  let r: CirclePoint = { x: 1, y: 0 };
  let b = a;
  for (let n = e; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) r = circleMul(r, b);
    b = circleMul(b, b);
  }
  return r;
}

/** Q_n, of order 2^(n+2), 0 <= n <= 29. */
export function root(n: number): CirclePoint {
  return circlePow(GENERATOR, 2 ** (29 - n));
}

export function reverseBits(v: number, n: number): number {
  let r = 0;
  for (let i = 0; i < n; i++) if ((v >>> i) & 1) r += 2 ** (n - 1 - i);
  return r;
}

/** The point of position j in D_n. */
export function domainPoint(n: number, j: number): number {
  return circlePow(root(n), 1 + 4 * reverseBits(j, n)).x;
}

/** 2 x^2 - 1: the map D_n -> D_(n-1). */
export function double(x: number): number {
  const s = mul(x, x);
  return sub(add(s, s), 1);
}

/** [pi_0(x), .., pi_(m-1)(x)]: pi_0 = x, pi_(j+1) = 2 pi_j^2 - 1. */
export function basisFactors(x: number, m: number): number[] {
  const out: number[] = [];
  for (let i = 0, y = x; i < m; i++, y = double(y)) out.push(y);
  return out;
}

/**
 * Codeword of 2^m coefficients on D_n, by the tensor basis prod_j pi_j(x)^(b_j): f(x) = f_e(2x^2-1) + x f_o(2x^2-1).
 * Slow and plain: the definition. Values come in position order.
 */
export function encode(coefficients: ArrayLike<number>, n: number): number[] {
  const c = Array.from(coefficients);
  if (n === 0) {
    if (c.slice(1).some((v) => v !== 0)) throw new RangeError('more coefficients than points');
    return [c[0] ?? 0];
  }
  if (c.length <= 1) return new Array<number>(2 ** n).fill(c[0] ?? 0);
  const even = encode(
    c.filter((_, i) => i % 2 === 0),
    n - 1,
  );
  const odd = encode(
    c.filter((_, i) => i % 2 === 1),
    n - 1,
  );
  const q = root(n);
  const out = new Array<number>(2 ** n);
  for (let j = 0; j < 2 ** (n - 1); j++) {
    const t = mul(circlePow(q, 1 + 4 * reverseBits(2 * j, n)).x, odd[j]!);
    out[2 * j] = add(even[j]!, t);
    out[2 * j + 1] = sub(even[j]!, t);
  }
  return out;
}
