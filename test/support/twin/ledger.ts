/** The claims "tensor t at point r is v" that are owed, in the order in which they were entered, and the one sumcheck of a batch. */
import type { Circuit, TensorId } from '../../../src/circuit/types.ts';
import { add, type E, int, mul, ONE, type Point, powers, same, sub } from './field.ts';
import type { Statement } from './statement.ts';
import type { Transcript } from './transcript.ts';

export interface Claim {
  readonly point: Point;
  readonly value: E;
}

export class Ledger {
  readonly circuit: Circuit;
  readonly #held: Statement['held'];
  readonly #claims: Claim[][];

  constructor({ circuit, held }: Statement) {
    this.circuit = circuit;
    this.#held = held;
    this.#claims = circuit.tensors.map(() => []);
  }

  shape(t: TensorId): readonly number[] {
    return this.circuit.tensors[t]!.shape;
  }

  claims(t: TensorId): readonly Claim[] {
    return this.#claims[t]!;
  }

  enter(t: TensorId, point: Point, value: E): void {
    this.#claims[t]!.push({ point, value });
  }

  /** Computed where the verifier holds the tensor, else the claim at this point. */
  known(t: TensorId, point: Point): E | undefined {
    const claim = this.#claims[t]!.find((c) => c.point.every((a, i) => same(a, point[i]!)));
    return this.#held(t, point) ?? claim?.value;
  }

  /** Known, or sent and entered. */
  value(t: TensorId, point: Point, transcript: Transcript, label: string): E {
    const known = this.known(t, point);
    if (known !== undefined) return known;
    const sent = transcript.element(label);
    this.enter(t, point, sent);
    return sent;
  }
}

/**
 * Rounds of a sumcheck (docs/spec/40-sumcheck.md):  P  c0, c2, .., cD;  V  r;  claim <- s(r) = r claim + (1 - 2 r) c0 + sum (r^k - r) ck.
 * Returns the bound point and the last claim.
 */
export function sumcheck(transcript: Transcript, label: string, total: E, rounds: number, degree: number): Claim {
  const point: E[] = [];
  let claim = total;
  for (let i = 0; i < rounds; i++) {
    const [c0, ...higher] = transcript.elements(label, degree) as [E, ...E[]];
    const r = transcript.challenge(label);
    claim = add(mul(r, claim), mul(sub(ONE, mul(int(2), r)), c0));
    const rk = powers(r, degree + 1);
    higher.forEach((c, j) => {
      claim = add(claim, mul(sub(rk[j + 2]!, r), c));
    });
    point.push(r);
  }
  return { point, value: claim };
}
