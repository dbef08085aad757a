/**
 * The extension E = QM31: a + b i + (c + d i) u with i^2 = -1 and u^2 = 2 + i, |E| = p^4, about 2^124.
 * Immutable values; every challenge and every sumcheck message lives here.
 */
import { add, fromInt, inv, mul, neg, sub } from './m31.ts';

/** What the argument may do with a value it cannot see: add, subtract, scale by a known element. */
export interface Scalar<S> {
  add(other: S): S;
  sub(other: S): S;
  scale(known: Ext): S;
}

export class Ext implements Scalar<Ext> {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;

  /** Canonical coordinates, 0 .. p-1, unchecked. */
  constructor(a: number, b: number, c: number, d: number) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }

  static readonly ZERO = new Ext(0, 0, 0, 0);
  static readonly ONE = new Ext(1, 0, 0, 0);

  /** The element that a signed integer stands for. */
  static of(v: number): Ext {
    return new Ext(fromInt(v), 0, 0, 0);
  }

  add(o: Ext): Ext {
    return new Ext(add(this.a, o.a), add(this.b, o.b), add(this.c, o.c), add(this.d, o.d));
  }

  sub(o: Ext): Ext {
    return new Ext(sub(this.a, o.a), sub(this.b, o.b), sub(this.c, o.c), sub(this.d, o.d));
  }

  neg(): Ext {
    return new Ext(neg(this.a), neg(this.b), neg(this.c), neg(this.d));
  }

  mul(o: Ext): Ext {
    const { a, b, c, d } = this;
    // (c + d i)(c' + d' i) = re + im i, times u^2 = 2 + i
    const re = sub(mul(c, o.c), mul(d, o.d));
    const im = add(mul(c, o.d), mul(d, o.c));
    return new Ext(
      add(sub(mul(a, o.a), mul(b, o.b)), sub(add(re, re), im)),
      add(add(mul(a, o.b), mul(b, o.a)), add(re, add(im, im))),
      add(sub(mul(a, o.c), mul(b, o.d)), sub(mul(c, o.a), mul(d, o.b))),
      add(add(mul(a, o.d), mul(b, o.c)), add(mul(c, o.b), mul(d, o.a))),
    );
  }

  scale(known: Ext): Ext {
    return this.mul(known);
  }

  /** Product with a canonical base field element. */
  mulBase(k: number): Ext {
    return new Ext(mul(this.a, k), mul(this.b, k), mul(this.c, k), mul(this.d, k));
  }

  /** 1/x; zero for zero. 1/(A + B u) = (A - B u)/(A^2 - (2 + i) B^2), and 1/(x + y i) = (x - y i)/(x^2 + y^2). */
  inv(): Ext {
    const { a, b, c, d } = this;
    const re = sub(mul(c, c), mul(d, d));
    const im = add(mul(c, d), mul(c, d));
    const x = sub(sub(mul(a, a), mul(b, b)), sub(add(re, re), im));
    const y = sub(add(mul(a, b), mul(a, b)), add(re, add(im, im)));
    const n = inv(add(mul(x, x), mul(y, y)));
    return new Ext(a, b, neg(c), neg(d)).mul(new Ext(mul(x, n), neg(mul(y, n)), 0, 0));
  }

  equals(o: Ext): boolean {
    return this.a === o.a && this.b === o.b && this.c === o.c && this.d === o.d;
  }

  isZero(): boolean {
    return this.a === 0 && this.b === 0 && this.c === 0 && this.d === 0;
  }

  coordinates(): [number, number, number, number] {
    return [this.a, this.b, this.c, this.d];
  }

  toString(): string {
    return `(${this.a}, ${this.b}, ${this.c}, ${this.d})`;
  }
}

/** 1, i, u, i u: the elements that the four coordinates belong to. */
export const BASIS: readonly Ext[] = [
  new Ext(1, 0, 0, 0),
  new Ext(0, 1, 0, 0),
  new Ext(0, 0, 1, 0),
  new Ext(0, 0, 0, 1),
];

/** 1, x, x^2, ..., x^(n-1). */
export function powers(x: Ext, n: number): Ext[] {
  const out: Ext[] = [];
  let y = Ext.ONE;
  for (let i = 0; i < n; i++) {
    out.push(y);
    y = y.mul(x);
  }
  return out;
}
