/**
 * Zero knowledge of the argument: every hidden element x travels as x - pad, the pads having been committed before (Longfellow 2024/2010,
 * VEIL 2026/683). The verifier's equations become affine in the pads. A product of two transmitted elements is affine too, once the
 * product of their pads is a pad itself:
 *
 *   x = x~ + c0, y = y~ + c1      x y = x~ y~ + x~ c1 + y~ c0 + r,   r = c0 c1
 *
 * That r is this product is shown by a second, random one, settled under one challenge after the last hidden message:
 *   pads c0', c1', u = c0 c1' + c0' c1, v = c0' c1'
 *   V  tau        P  X = c0' + tau c0, Y = c1' + tau c1        X Y = v + tau u + tau^2 r, as polynomials in tau
 */
import { Ext } from '../field/ext.ts';
import type { Label } from '../transcript/labels.ts';
import { type Affine, Tape } from './affine.ts';
import type { Party } from './party.ts';

/** A product: the pads of its factors, and the first of its own five, r, c0', c1', u, v. */
export interface Gate {
  readonly x: number;
  readonly y: number;
  readonly own: number;
}

const GATE_PADS = 5;

/** How many pads a proof takes, and which are products of which: the same for every proof of one plan. */
export interface PadLayout {
  readonly count: number;
  readonly gates: readonly Gate[];
}

/** An equation between pads that has to hold. */
export interface Equation {
  readonly expression: Affine;
  readonly check: string;
  readonly where: string | undefined;
}

/** What all parties of zero knowledge do alike; they differ in where elements come from. */
export abstract class AffineParty implements Party<Affine> {
  protected readonly tape = new Tape();
  protected readonly equations: Equation[] = [];
  readonly #gates: Gate[] = [];
  #count = 0;

  abstract show(label: Label, count: number, compute: () => readonly Ext[]): Ext[];
  abstract act(work: () => void): void;
  abstract challenges(label: Label, count: number): Ext[];
  abstract grind(label: Label, bits: number): void;
  abstract worth(x: Affine): Ext;
  /** Sends or receives elements minus their pads, pad `first` and those after it. */
  protected abstract transmit(label: Label, count: number, compute: () => readonly Ext[], first: number): Transmitted[];
  /** What pad `index` is worth in an expression. */
  protected abstract padValue(index: number): Ext;

  get layout(): PadLayout {
    return { count: this.#count, gates: this.#gates };
  }

  exchange(label: Label, count: number, compute: () => readonly Ext[]): Affine[] {
    const first = this.#take(count);
    return this.transmit(label, count, compute, first).map(({ value, masked }, i) =>
      this.tape.pad(first + i, value, { pad: first + i, masked }),
    );
  }

  reveal(label: Label, x: Affine): Ext {
    const [value] = this.show(label, 1, () => [this.worth(x)]) as [Ext];
    this.zero(x.sub(this.known(value)), 'pads.revealed', label);
    return value;
  }

  challenge(label: Label): Ext {
    return this.challenges(label, 1)[0]!;
  }

  known(value: Ext): Affine {
    return this.tape.constant(value);
  }

  mul(x: Affine, y: Affine): Affine {
    if (x.ref === undefined) return y.scale(x.value);
    if (y.ref === undefined) return x.scale(y.value);
    const [a, b] = [this.#transmitted(x), this.#transmitted(y)];
    const own = this.#take(GATE_PADS);
    this.#gates.push({ x: a.pad, y: b.pad, own });
    const cross = this.#pad(b.pad).scale(a.masked).add(this.#pad(a.pad).scale(b.masked));
    return this.known(a.masked.mul(b.masked)).add(cross).add(this.#pad(own));
  }

  zero(x: Affine, check: string, where?: string): void {
    this.equations.push({ expression: x, check, where });
  }

  /** x is sent again with its inverse: x x^-1 = 1. */
  nonzero(x: Affine, check: string, where?: string): void {
    const [q, inverse] = this.exchange('inverse', 2, () => [this.worth(x), this.worth(x).inv()]) as [Affine, Affine];
    this.zero(q.sub(x), check, where);
    this.zero(this.mul(q, inverse).sub(this.known(Ext.ONE)), check, where);
  }

  settle(): void {
    const tau = this.challenge('gate batch');
    const sent = this.show('gate values', 2 * this.#gates.length, () =>
      this.#gates.flatMap(({ x, y, own }) => [
        this.padValue(own + 1).add(tau.mul(this.padValue(x))),
        this.padValue(own + 2).add(tau.mul(this.padValue(y))),
      ]),
    );
    this.#gates.forEach(({ x, y, own }, i) => {
      const [X, Y] = [sent[2 * i]!, sent[2 * i + 1]!];
      const [r, c0, c1, u, v] = [0, 1, 2, 3, 4].map((k) => this.#pad(own + k)) as [
        Affine,
        Affine,
        Affine,
        Affine,
        Affine,
      ];
      this.zero(c0.add(this.#pad(x).scale(tau)).sub(this.known(X)), 'pads.products');
      this.zero(c1.add(this.#pad(y).scale(tau)).sub(this.known(Y)), 'pads.products');
      this.zero(
        v
          .add(u.scale(tau))
          .add(r.scale(tau.mul(tau)))
          .sub(this.known(X.mul(Y))),
        'pads.products',
      );
    });
  }

  /** A factor that is not a transmitted element is sent as one. */
  #transmitted(x: Affine): { readonly pad: number; readonly masked: Ext } {
    if (x.sent !== undefined) return x.sent;
    const [again] = this.exchange('factor', 1, () => [this.worth(x)]) as [Affine];
    this.zero(again.sub(x), 'pads.factor');
    return again.sent!;
  }

  #pad(index: number): Affine {
    return this.tape.pad(index, this.padValue(index));
  }

  #take(count: number): number {
    this.#count += count;
    return this.#count - count;
  }
}

/** An element as the party knows it, and as it travelled. */
export interface Transmitted {
  readonly value: Ext;
  readonly masked: Ext;
}

/** Goes through an argument as its verifier, sees nothing, and counts: the prover has to commit to the pads before it begins. */
export class PadCounter extends AffineParty {
  #drawn = 0;

  /** Challenges decide nothing about the count, but by chances of 1 in |E|: any that differ will do. */
  challenges(_label: Label, count: number): Ext[] {
    return Array.from({ length: count }, () => {
      this.#drawn += 1;
      return new Ext(this.#drawn, 48271 * this.#drawn, 16807, 1 + this.#drawn);
    });
  }

  show(_label: Label, count: number): Ext[] {
    return new Array<Ext>(count).fill(Ext.ZERO);
  }

  act(): void {}

  grind(): void {}

  worth(): Ext {
    return Ext.ZERO;
  }

  protected transmit(_label: Label, count: number): Transmitted[] {
    return new Array<Transmitted>(count).fill({ value: Ext.ZERO, masked: Ext.ZERO });
  }

  protected padValue(): Ext {
    return Ext.ZERO;
  }
}
