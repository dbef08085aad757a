/**
 * The argument is written once and executed by two parties. The prover's computes each message and sends it; the verifier's
 * receives it. Code in argue/ sees scalars of an abstract type S only, so it cannot branch on a secret: in plain mode S is an
 * element of E, in zero-knowledge mode an affine expression over committed pads.
 */
import type { Ext } from '../field/ext.ts';
import { type ProverChannel, Rejection, type VerifierChannel } from '../transcript/channel.ts';
import type { Label } from '../transcript/labels.ts';

export interface Party<S> {
  /** P -> V: `count` field elements, hidden in zero knowledge. `compute` runs at the prover only. */
  exchange(label: Label, count: number, compute: () => readonly Ext[]): S[];
  /** P -> V in clear: values that public data alone decides. */
  show(label: Label, count: number, compute: () => readonly Ext[]): Ext[];
  /** x for both to see, which hides nothing by itself any more. */
  reveal(label: Label, x: S): Ext;
  /** Prover-only work between two messages. */
  act(work: () => void): void;
  /** V -> P. */
  challenge(label: Label): Ext;
  challenges(label: Label, count: number): Ext[];
  grind(label: Label, bits: number): void;
  /** A value that both know. */
  known(value: Ext): S;
  /** What x is worth, for the work of `compute` and `act`: the prover's alone. */
  worth(x: S): Ext;
  mul(x: S, y: S): S;
  /** The check `check` (at `where`): x = 0. */
  zero(x: S, check: string, where?: string): void;
  nonzero(x: S, check: string, where?: string): void;
  /** Ends the exchange of hidden values: the products among them are settled. */
  settle(): void;
}

abstract class PlainParty implements Party<Ext> {
  abstract exchange(label: Label, count: number, compute: () => readonly Ext[]): Ext[];
  abstract act(work: () => void): void;
  abstract challenges(label: Label, count: number): Ext[];
  abstract grind(label: Label, bits: number): void;
  abstract zero(x: Ext, check: string, where?: string): void;
  abstract nonzero(x: Ext, check: string, where?: string): void;

  show(label: Label, count: number, compute: () => readonly Ext[]): Ext[] {
    return this.exchange(label, count, compute);
  }

  reveal(_label: Label, x: Ext): Ext {
    return x;
  }

  worth(x: Ext): Ext {
    return x;
  }

  settle(): void {}

  challenge(label: Label): Ext {
    return this.challenges(label, 1)[0]!;
  }

  known(value: Ext): Ext {
    return value;
  }

  mul(x: Ext, y: Ext): Ext {
    return x.mul(y);
  }
}

/** Sends in clear. A failed check of its own is recorded, not thrown: an honest prover never has one, a test may. */
export class ProverParty extends PlainParty {
  readonly channel: ProverChannel;
  /** The first check that this prover's own messages fail. */
  violated: string | undefined;

  constructor(channel: ProverChannel) {
    super();
    this.channel = channel;
  }

  exchange(label: Label, _count: number, compute: () => readonly Ext[]): Ext[] {
    const values = compute();
    this.channel.send(label, values);
    return [...values];
  }

  act(work: () => void): void {
    work();
  }

  challenges(label: Label, count: number): Ext[] {
    return this.channel.transcript.challenges(label, count);
  }

  grind(label: Label, bits: number): void {
    this.channel.grind(label, bits);
  }

  zero(x: Ext, check: string, where?: string): void {
    if (!x.isZero()) this.violated ??= where === undefined ? check : `${check} (${where})`;
  }

  nonzero(x: Ext, check: string, where?: string): void {
    if (x.isZero()) this.violated ??= where === undefined ? check : `${check} (${where})`;
  }
}

/** Receives in clear; every failed check is a rejection. */
export class VerifierParty extends PlainParty {
  readonly channel: VerifierChannel;

  constructor(channel: VerifierChannel) {
    super();
    this.channel = channel;
  }

  exchange(label: Label, count: number): Ext[] {
    return this.channel.receive(label, count);
  }

  act(): void {}

  challenges(label: Label, count: number): Ext[] {
    return this.channel.transcript.challenges(label, count);
  }

  grind(label: Label, bits: number): void {
    this.channel.grind(label, bits);
  }

  zero(x: Ext, check: string, where?: string): void {
    if (!x.isZero()) throw new Rejection(check, 'an equation of the argument does not hold', where);
  }

  nonzero(x: Ext, check: string, where?: string): void {
    if (x.isZero()) throw new Rejection(check, 'a value that must not vanish is zero', where);
  }
}
