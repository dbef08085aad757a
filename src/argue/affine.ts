/**
 * The scalar of zero knowledge: an affine expression over committed pads,
 *
 *   x = x0 + sum_i k_i pad_i.
 *
 * Coefficients are not carried along: every operation leaves a node on a tape, and one pass over the tape backwards gives the coefficients
 * of a combination of many expressions. At the prover `value` is what the expression is worth; at the verifier, who knows no pad, it is x0.
 */
import { Ext, type Scalar } from '../field/ext.ts';

/** A node of the tape, or ~i for pad i. */
type Ref = number;

interface Node {
  readonly left: Ref;
  readonly leftFactor: Ext | undefined;
  readonly right: Ref | undefined;
  readonly rightFactor: Ext | undefined;
}

/** A transmitted element: the pad that hides it, and what was sent. */
export interface Sent {
  readonly pad: number;
  readonly masked: Ext;
}

export class Affine implements Scalar<Affine> {
  readonly value: Ext;
  readonly #tape: Tape;
  readonly #ref: Ref | undefined;
  /** Set for a transmitted element itself: only these, and constants, can be factors of a product. */
  readonly sent: Sent | undefined;

  /** `ref`: undefined for a constant. */
  constructor(tape: Tape, value: Ext, ref: Ref | undefined, sent?: Sent) {
    this.#tape = tape;
    this.value = value;
    this.#ref = ref;
    this.sent = sent;
  }

  get ref(): Ref | undefined {
    return this.#ref;
  }

  add(other: Affine): Affine {
    return this.#combine(this.value.add(other.value), other, undefined);
  }

  sub(other: Affine): Affine {
    return this.#combine(this.value.sub(other.value), other, MINUS_ONE);
  }

  scale(known: Ext): Affine {
    const value = this.value.mul(known);
    if (this.#ref === undefined || known.isZero()) return new Affine(this.#tape, value, undefined);
    return new Affine(this.#tape, value, this.#tape.push(this.#ref, known, undefined, undefined));
  }

  #combine(value: Ext, other: Affine, factor: Ext | undefined): Affine {
    if (other.#ref === undefined) return new Affine(this.#tape, value, this.#ref);
    if (this.#ref === undefined && factor === undefined) return new Affine(this.#tape, value, other.#ref);
    const ref =
      this.#ref === undefined
        ? this.#tape.push(other.#ref, factor, undefined, undefined)
        : this.#tape.push(this.#ref, undefined, other.#ref, factor);
    return new Affine(this.#tape, value, ref);
  }
}

const MINUS_ONE = Ext.of(-1);

export class Tape {
  readonly #nodes: Node[] = [];

  constant(value: Ext): Affine {
    return new Affine(this, value, undefined);
  }

  pad(index: number, value: Ext, sent?: Sent): Affine {
    return new Affine(this, value, ~index, sent);
  }

  /** A factor that is undefined is 1. */
  push(left: Ref, leftFactor: Ext | undefined, right: Ref | undefined, rightFactor: Ext | undefined): Ref {
    return this.#nodes.push({ left, leftFactor, right, rightFactor }) - 1;
  }

  /** The coefficients of all `pads` pads in sum_j weights_j expressions_j. */
  coefficients(expressions: readonly Affine[], weights: readonly Ext[], pads: number): Ext[] {
    const ofNodes: (Ext | undefined)[] = new Array(this.#nodes.length);
    const ofPads: Ext[] = new Array<Ext>(pads).fill(Ext.ZERO);
    const give = (ref: Ref, amount: Ext) => {
      if (ref < 0) ofPads[~ref] = ofPads[~ref]!.add(amount);
      else ofNodes[ref] = ofNodes[ref]?.add(amount) ?? amount;
    };
    expressions.forEach(({ ref }, j) => {
      if (ref !== undefined) give(ref, weights[j]!);
    });
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const amount = ofNodes[i];
      if (amount === undefined) continue;
      const { left, leftFactor, right, rightFactor } = this.#nodes[i]!;
      give(left, leftFactor === undefined ? amount : amount.mul(leftFactor));
      if (right !== undefined) give(right, rightFactor === undefined ? amount : amount.mul(rightFactor));
    }
    return ofPads;
  }
}
