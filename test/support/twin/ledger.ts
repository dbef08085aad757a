/** The claims "tensor t at point r is v" that are owed, in the order in which they were entered, and the one sumcheck of a batch. */
import type { Circuit, TensorId } from '../../../src/circuit/types.ts';
import type { Argument } from './argument.ts';
import { type E, int, mul, ONE, type Point, powers, same, sub } from './field.ts';
import { known, plus, type Scalar, times } from './hidden.ts';
import type { Statement } from './statement.ts';

export interface Claim {
  readonly point: Point;
  readonly value: Scalar;
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

  enter(t: TensorId, point: Point, value: Scalar): void {
    this.#claims[t]!.push({ point, value });
  }

  /** Computed where the verifier holds the tensor, else the claim at this point. */
  known(t: TensorId, point: Point): Scalar | undefined {
    const held = this.#held(t, point);
    if (held !== undefined) return known(held);
    return this.#claims[t]!.find((c) => c.point.every((a, i) => same(a, point[i]!)))?.value;
  }

  /** Known, or sent and entered: in clear where anybody may have the tensor. */
  value(t: TensorId, point: Point, argument: Argument, label: string): Scalar {
    const found = this.known(t, point);
    if (found !== undefined) return found;
    const { def } = this.circuit.tensors[t]!;
    const isOpen = def.kind === 'weight' && def.visibility === 'committed';
    const sent = isOpen ? argument.clear(label, 1)[0]! : argument.element(label);
    this.enter(t, point, sent);
    return sent;
  }
}

/**
 * Rounds of a sumcheck (docs/spec/40-sumcheck.md):  P  c0, c2, .., cD;  V  r;  claim <- s(r) = r claim + (1 - 2 r) c0 + sum (r^k - r) ck.
 * Returns the bound point and the last claim.
 */
export function sumcheck(argument: Argument, label: string, total: Scalar, rounds: number, degree: number): Claim {
  const point: E[] = [];
  let claim = total;
  for (let i = 0; i < rounds; i++) {
    const [c0, ...higher] = argument.elements(label, degree) as [Scalar, ...Scalar[]];
    const r = argument.transcript.challenge(label);
    claim = plus(times(r, claim), times(sub(ONE, mul(int(2), r)), c0));
    const rk = powers(r, degree + 1);
    higher.forEach((c, j) => {
      claim = plus(claim, times(sub(rk[j + 2]!, r), c));
    });
    point.push(r);
  }
  return { point, value: claim };
}
