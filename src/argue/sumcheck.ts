/**
 * Batched sumcheck with late joining (docs/spec/40-sumcheck.md; LFKN 1992, Thaler 2013).
 *
 * Members g_j have n_j <= N variables and claims C_j = sum g_j, all fixed before the weights w_j are drawn. Member j is the
 * N-variable polynomial 2^-(N - n_j) g_j(last n_j variables), so that its sum is C_j too:
 *   round i <= N - n_j    it contributes the constant 2^-i C_j
 *   afterwards            2^-(N - n_j) times its own round polynomial
 * and all points are suffixes of one point. A round polynomial s(X) = c0 + c1 X + .. + cd X^d travels without c1:
 *   P -> V  c0, c2, .., cd        s(0) + s(1) = claim gives c1 = claim - 2 c0 - c2 - .. - cd
 *   V -> P  r                     claim <- s(r)
 */
import { Ext, type Scalar } from '../field/ext.ts';
import { half, nextClaim } from '../field/rounds.ts';
import type { Label } from '../transcript/labels.ts';
import type { Party } from './party.ts';

/** The prover's side of one member. */
export interface Instance {
  readonly variables: number;
  /** c0, c2, .., cd of this member's next round polynomial, whose values at 0 and 1 add up to `claim`. */
  round(claim: Ext): readonly Ext[];
  bind(r: Ext): void;
}

export interface Member {
  readonly weight: Ext;
  readonly claim: Ext;
  readonly instance: Instance;
}

export interface SumcheckResult<S> {
  readonly point: readonly Ext[];
  /** What sum_j w_j 2^-(N - n_j) g_j(suffix of the point) must be. */
  readonly value: S;
}

export function sumcheck<S extends Scalar<S>>(
  p: Party<S>,
  label: Label,
  variables: number,
  degree: number,
  total: S,
  members: () => readonly Member[],
): SumcheckResult<S> {
  let states: MemberState[] = [];
  p.act(() => {
    states = members().map((m) => ({ ...m, scale: half(variables - m.instance.variables), pending: [] }));
  });
  const point: Ext[] = [];
  let claim = total;
  for (let i = 1; i <= variables; i++) {
    const sent = p.exchange(label, degree, () => combinedRound(states, variables, i, degree));
    const r = p.challenge(label);
    claim = nextClaim(claim, sent, r);
    p.act(() => bindMembers(states, variables, i, r));
    point.push(r);
  }
  return { point, value: claim };
}

interface MemberState {
  readonly weight: Ext;
  claim: Ext;
  readonly instance: Instance;
  /** 2^-(N - n_j) */
  readonly scale: Ext;
  pending: readonly Ext[];
}

function combinedRound(states: MemberState[], variables: number, i: number, degree: number): Ext[] {
  const sum: Ext[] = new Array(degree).fill(Ext.ZERO);
  for (const s of states) {
    if (i <= variables - s.instance.variables) {
      sum[0] = sum[0]!.add(s.weight.mul(s.claim).mul(half(i)));
      continue;
    }
    s.pending = s.instance.round(s.claim);
    const w = s.weight.mul(s.scale);
    s.pending.forEach((c, k) => {
      sum[k] = sum[k]!.add(w.mul(c));
    });
  }
  return sum;
}

function bindMembers(states: MemberState[], variables: number, i: number, r: Ext): void {
  for (const s of states) {
    if (i <= variables - s.instance.variables) continue;
    s.claim = nextClaim(s.claim, s.pending, r);
    s.instance.bind(r);
  }
}
