/**
 * What a verifier computes with (docs/spec/45-zero-knowledge.md, section 1): expressions over pads that it does not know,
 *   x = x0 + sum_i k_i pad_i
 * In a plain proof all of them are known.
 */
import { add, type E, int, mul, ONE, sub, ZERO } from './field.ts';

export interface Scalar {
  readonly constant: E;
  /** k_i by pad; undefined: made of known elements alone. */
  readonly pads: ReadonlyMap<number, E> | undefined;
  /** The pad of a transmitted element itself. */
  readonly sent: number | undefined;
}

export const known = (constant: E): Scalar => ({ constant, pads: undefined, sent: undefined });
export const NOTHING = known(ZERO);

/** pad_i alone, with what was sent of the element that it hides. */
export const pad = (i: number, constant: E = ZERO): Scalar => ({
  constant,
  pads: new Map([[i, ONE]]),
  sent: undefined,
});

export function plus(x: Scalar, y: Scalar): Scalar {
  const constant = add(x.constant, y.constant);
  if (x.pads === undefined || y.pads === undefined) return { constant, pads: x.pads ?? y.pads, sent: undefined };
  const pads = new Map(x.pads);
  for (const [i, k] of y.pads) pads.set(i, add(pads.get(i) ?? ZERO, k));
  return { constant, pads, sent: undefined };
}

/** a x, a known. */
export function times(a: E, { constant, pads }: Scalar): Scalar {
  const isHidden = pads !== undefined && a.some((word) => word !== 0n);
  const scaled = isHidden ? new Map([...pads].map(([i, k]) => [i, mul(a, k)])) : undefined;
  return { constant: mul(a, constant), pads: scaled, sent: undefined };
}

export const minus = (x: Scalar, y: Scalar): Scalar => plus(x, times(int(-1), y));
export const total = (list: readonly Scalar[]): Scalar => list.reduce(plus, NOTHING);
/** (1 - a) x + a y */
export const between = (x: Scalar, y: Scalar, a: E): Scalar => plus(times(sub(ONE, a), x), times(a, y));
