/** Arithmetic of sumcheck messages: a round polynomial travels without its linear coefficient. */
import { Ext, type Scalar } from './ext.ts';
import { HALF } from './m31.ts';

/** 2^-k in E. */
export function half(k: number): Ext {
  let e = Ext.ONE;
  for (let i = 0; i < k; i++) e = e.mulBase(HALF);
  return e;
}

/** s(r) from s(0) + s(1) = claim and the coefficients c0, c2, .., cd: r claim + (1 - 2r) c0 + sum_k (r^k - r) ck. */
export function nextClaim<S extends Scalar<S>>(claim: S, sent: readonly S[], r: Ext): S {
  let next = claim.scale(r).add(sent[0]!.scale(Ext.ONE.sub(r).sub(r)));
  let power = r;
  for (const c of sent.slice(1)) {
    power = power.mul(r);
    next = next.add(c.scale(power.sub(r)));
  }
  return next;
}
