/**
 * The claim ledger: every statement "the extension of tensor t at point r is v" that somebody still owes. A tensor read by several
 * consumers, or twice by one, collects several claims, and they stay separate. An argument is complete only when the ledger
 * holds claims on committed columns alone, and the opening takes all of them.
 */

import type { Circuit, TensorId } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { boxAt, evaluateTensor, type Point, samePoint } from '../field/mle.ts';
import type { Label } from '../transcript/labels.ts';
import type { Party } from './party.ts';

export interface Claim<S> {
  readonly point: Point;
  readonly value: S;
}

/** Values of the tensors that both parties hold, public inputs and outputs; `computed` where the prover's run has them in memory. */
export type PublicValues = ReadonlyMap<TensorId, ArrayLike<number> | 'computed'>;

export class Ledger<S> {
  readonly #circuit: Circuit;
  readonly #public: PublicValues;
  readonly #evaluate: (tensor: TensorId, point: Point) => Ext;
  readonly #claims = new Map<TensorId, Claim<S>[]>();
  readonly #party: Party<S>;

  /** `evaluate` is the prover's way to any value that it computed; the verifier's would never be called for one it must be sent. */
  constructor(
    party: Party<S>,
    circuit: Circuit,
    publicValues: PublicValues,
    evaluate: (tensor: TensorId, point: Point) => Ext,
  ) {
    this.#party = party;
    this.#circuit = circuit;
    this.#public = publicValues;
    this.#evaluate = evaluate;
  }

  /** The value at a point where both parties can compute it, else undefined. */
  known(tensor: TensorId, point: Point): Ext | undefined {
    const { shape, def } = this.#circuit.tensors[tensor]!;
    if (def.kind === 'constant') return boxAt(shape, point).mul(Ext.of(def.value));
    const values = this.#public.get(tensor);
    if (values === undefined) return undefined;
    if (values === 'computed') return this.#evaluate(tensor, point);
    return evaluateTensor(values, shape, point);
  }

  /** The value at a point if it is known or already claimed. */
  find(tensor: TensorId, point: Point): S | undefined {
    const claimed = this.#claims.get(tensor)?.find((c) => samePoint(c.point, point));
    if (claimed !== undefined) return claimed.value;
    const known = this.known(tensor, point);
    return known === undefined ? undefined : this.#party.known(known);
  }

  /** The value of a tensor at a point; where it is new, P sends it and it is owed. `known`: what P has found it to be. */
  claim(tensor: TensorId, point: Point, label: Label, known?: Ext): S {
    const found = this.find(tensor, point);
    if (found !== undefined) return found;
    const compute = () => [known ?? this.#evaluate(tensor, point)];
    const value = this.#isOpen(tensor)
      ? this.#party.known(this.#party.show(label, 1, compute)[0]!)
      : this.#party.exchange(label, 1, compute)[0]!;
    this.owe(tensor, point, value);
    return value;
  }

  /** Weights that anybody may have: their values hide nothing. */
  #isOpen(tensor: TensorId): boolean {
    const { def } = this.#circuit.tensors[tensor]!;
    return def.kind === 'weight' && def.visibility !== 'private';
  }

  /** Enters a claim whose value follows from others. */
  owe(tensor: TensorId, point: Point, value: S): void {
    const claims = this.#claims.get(tensor);
    if (claims === undefined) this.#claims.set(tensor, [{ point, value }]);
    else claims.push({ point, value });
  }

  /** Takes all claims of a tensor off the ledger, to be reduced. */
  take(tensor: TensorId): readonly Claim<S>[] {
    const claims = this.#claims.get(tensor) ?? [];
    this.#claims.delete(tensor);
    return claims;
  }

  /** Tensors that claims are still owed on, ascending. */
  owed(): TensorId[] {
    return [...this.#claims.keys()].sort((a, b) => a - b);
  }
}
