/**
 * What the opened positions add to the weights of a sumcheck: sum_l gamma^(l+1) tensor_j (1, pi_j(x_l)), x_l the point of position l.
 * As the code's map sends coefficients to their values at all points, this is its transpose at a vector that is gamma^(l+1) at
 * position l and zero elsewhere: four transforms over F, where a sum of outer products would take a multiplication a position and
 * coefficient (48 against 4 ms a thread for 203 positions of 2^17 coefficients, 2026-11-25).
 */
import type { Ext } from '../field/ext.ts';
import type { Machine } from '../kernels/kernels.ts';

/** weights: E vector of 2^bits. positions: distinct, in D_n, n = domainBits. */
export function addCodePoints(
  m: Machine,
  weights: number,
  bits: number,
  domainBits: number,
  positions: readonly number[],
  gamma: Ext,
  twiddles: number,
): void {
  const mark = m.mark();
  const [length, count] = [2 ** domainBits, 2 ** bits];
  const values = m.alloc(16 * length);
  const sums = m.alloc(16 * count);
  const words = m.u32(values, 4 * length).fill(0);
  let power = gamma;
  for (const position of positions) {
    power.coordinates().forEach((v, c) => {
      words[c * length + position] = v;
    });
    power = power.mul(gamma);
  }
  m.fork(
    'adjointRow',
    [0, 1, 2, 3].map((c) => [values + 4 * length * c, domainBits, sums + 4 * count * c, bits, twiddles]),
  );
  m.raw.addPlanes(weights, count, sums, 4 * count);
  m.release(mark);
}
