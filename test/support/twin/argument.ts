/**
 * The messages of an argument and the equations that they must meet, in the clear or over pads (docs/spec/45-zero-knowledge.md, sections 1 and 2):
 *   hidden element   x = x~ + pad
 *   product          x y = x~ y~ + x~ c1 + y~ c0 + r,   pads r, d0, d1, u, v of its own
 *   the end          <a, pads> + b = 0 for the sum of beta^j times equation j
 */
import { codePoint, codeTensor, openColumns } from './code.ts';
import { add, bits, type E, mul, ONE, powers, same, sum, ZERO } from './field.ts';
import { known, minus, pad, plus, type Scalar, times, total } from './hidden.ts';
import { PAD_QUERIES } from './soundness.ts';
import { fours, must, type Transcript } from './transcript.ts';

/** Pads of the factors, and the first of the product's own five. */
interface Product {
  readonly c0: number;
  readonly c1: number;
  readonly own: number;
}

const MOST_PADS = 2 ** 18;

export class Argument {
  readonly transcript: Transcript;
  readonly #isHiding: boolean;
  readonly #products: Product[] = [];
  readonly #equations: Scalar[] = [];
  #pads = 0;

  constructor(transcript: Transcript, isHiding: boolean) {
    this.transcript = transcript;
    this.#isHiding = isHiding;
  }

  // ---- messages ------------------------------------------------------------------------------------------------------

  elements(label: string, count: number): Scalar[] {
    if (!this.#isHiding) return this.clear(label, count);
    return this.transcript.elements(label, count).map((sent) => {
      const i = this.#take(1);
      return { ...pad(i, sent), sent: i };
    });
  }

  element(label: string): Scalar {
    return this.elements(label, 1)[0]!;
  }

  clear(label: string, count: number): Scalar[] {
    return this.transcript.elements(label, count).map(known);
  }

  /** x, which hides nothing any more. */
  reveal(label: string, x: Scalar): E {
    if (!this.#isHiding) return x.constant;
    const value = this.transcript.element(label);
    this.zero(minus(x, known(value)), 'pads.revealed');
    return value;
  }

  #take(count: number): number {
    this.#pads += count;
    return this.#pads - count;
  }

  // ---- what must hold ------------------------------------------------------------------------------------------------

  zero(x: Scalar, check: string): void {
    if (this.#isHiding) this.#equations.push(x);
    else must(same(x.constant, ZERO), check);
  }

  /** In zero knowledge  q = x  and  q i = 1. */
  notZero(x: Scalar, check: string): void {
    if (!this.#isHiding) {
      must(!same(x.constant, ZERO), check);
      return;
    }
    const [q, i] = this.elements('inverse', 2) as [Scalar, Scalar];
    this.zero(minus(q, x), check);
    this.zero(minus(this.product(q, i), known(ONE)), check);
  }

  product(x: Scalar, y: Scalar): Scalar {
    if (x.pads === undefined) return times(x.constant, y);
    if (y.pads === undefined) return times(y.constant, x);
    const [left, right] = [this.#factor(x), this.#factor(y)];
    const [c0, c1] = [left.sent!, right.sent!];
    const own = this.#take(5);
    this.#products.push({ c0, c1, own });
    const cross = plus(times(left.constant, pad(c1)), times(right.constant, pad(c0)));
    return total([known(mul(left.constant, right.constant)), cross, pad(own)]);
  }

  /** A factor as a transmitted element. */
  #factor(x: Scalar): Scalar {
    if (x.sent !== undefined) return x;
    const again = this.element('factor');
    this.zero(minus(again, x), 'pads.factor');
    return again;
  }

  // ---- the end of what is hidden -------------------------------------------------------------------------------------

  /** V  tau;  P  X = d0 + tau c0, Y = d1 + tau c1 of every product;   v + tau u + tau^2 r = X Y */
  settle(): void {
    if (!this.#isHiding) return;
    const tau = this.transcript.challenge('gate batch');
    const sent = this.transcript.elements('gate values', 2 * this.#products.length);
    this.#products.forEach(({ c0, c1, own }, i) => {
      const [X, Y] = [sent[2 * i]!, sent[2 * i + 1]!];
      const [r, d0, d1, u, v] = [0, 1, 2, 3, 4].map((k) => pad(own + k)) as [Scalar, Scalar, Scalar, Scalar, Scalar];
      this.zero(minus(plus(d0, times(tau, pad(c0))), known(X)), 'pads.products');
      this.zero(minus(plus(d1, times(tau, pad(c1))), known(Y)), 'pads.products');
      const square = total([v, times(tau, u), times(mul(tau, tau), r)]);
      this.zero(minus(square, known(mul(X, Y))), 'pads.products');
    });
  }

  /** The opening of the pads, after all others. */
  close(padRoot: Uint8Array | undefined): void {
    if (padRoot === undefined) return;
    const { transcript } = this;
    must(Math.max(this.#pads, this.#equations.length) <= MOST_PADS, 'pads.count'); // Z4
    const beta = powers(transcript.challenge('pad batch'), this.#equations.length);
    const { constant: b, pads: a = new Map<number, E>() } = combine(this.#equations, beta);
    const d = transcript.element('pad product');
    const e = transcript.challenge('pad fold');
    const w = transcript.elements('pad vector', PAD_QUERIES + this.#pads);
    const met = sum([...a].map(([i, k]) => mul(k, w[PAD_QUERIES + i]!)));
    must(same(add(met, mul(e, b)), d), 'pads.equations'); // Z1

    const variables = bits(w.length);
    const n = bits(4 * w.length);
    const positions = transcript.positions('pad positions', PAD_QUERIES, n);
    const matrix = { label: 'pad columns', root: padRoot, n, cells: 8, isSalted: true };
    openColumns(transcript, matrix, positions).forEach((column, l) => {
      const [full, mask] = fours(column) as [E, E];
      const encoded = codeTensor(codePoint(n, positions[l]!), variables, w);
      must(same(encoded, add(mask, mul(e, full))), 'pads.columns'); // Z3
    });
  }
}

/** sum_j weight_j expression_j */
function combine(expressions: readonly Scalar[], weights: readonly E[]): Scalar {
  const pads = new Map<number, E>();
  let constant = ZERO;
  expressions.forEach((x, j) => {
    constant = add(constant, mul(weights[j]!, x.constant));
    for (const [i, k] of x.pads ?? []) pads.set(i, add(pads.get(i) ?? ZERO, mul(weights[j]!, k)));
  });
  return { constant, pads, sent: undefined };
}
