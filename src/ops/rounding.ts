/**
 * Rounding of small tensors (a number a channel) without a function table: limbs of at most 8 bits, each in a range table of at most 256
 * rows, so that a statistic costs no table of thousands of rows.
 */
import type { CircuitBuilder } from '../circuit/builder.ts';
import type { TensorId, Term } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';

const LIMB_BITS = 8;

/** Bits of an integer that is not negative. */
export function bitsOf(n: number): number {
  return 32 - Math.clz32(n);
}

/**
 * Limbs of the bits from .. from + count of a tensor in [0, 2^30), range-checked, with weights from 1 on. The highest holds no more than
 * `most` does: ranges of what is made of the limbs are as tight as its table.
 */
function limbs(builder: CircuitBuilder, name: string, of: TensorId, from: number, most: number): Term[] {
  const count = Math.max(bitsOf(most), 1);
  const terms: Term[] = [];
  for (let at = 0; at < count; at += LIMB_BITS) {
    const bits = Math.min(LIMB_BITS, count - at);
    const hint = { kind: 'bits', of, from: from + at, count: bits } as const;
    const range = { lo: 0, hi: Math.min(2 ** bits - 1, Math.max(Math.floor(most / 2 ** at), 1)) };
    const limb = builder.witness(`${name}.bits${from + at}`, builder.shapeOf(of), range, hint);
    builder.pin(limb);
    terms.push({ tensor: limb, coefficient: 2 ** at });
  }
  return terms;
}

function times(terms: readonly Term[], factor: number): Term[] {
  return terms.map((t) => ({ ...t, coefficient: t.coefficient * factor }));
}

/** 0 <= t < 2^bits. */
export function checkBits(builder: CircuitBuilder, name: string, t: TensorId, bits: number): void {
  const digits = limbs(builder, name, t, 0, 2 ** bits - 1);
  builder.zero(builder.linear(`${name}.limbs`, [{ tensor: t, coefficient: 1 }, ...times(digits, -1)]));
}

/**
 * round(t 2^-shift), half up: with b = t + 2^(shift-1) - base 2^shift >= 0, its limbs above the shift are the result less base, and
 * zero(b - sum 2^i limb_i).
 */
export function roundShift(builder: CircuitBuilder, name: string, t: TensorId, shift: number): TensorId {
  if (shift === 0) return t;
  const { lo, hi } = builder.rangeOf(t);
  const half = 2 ** (shift - 1);
  const base = Math.floor((lo + half) / 2 ** shift);
  const top = Math.floor((hi + half) / 2 ** shift) - base;
  const b = builder.linear(`${name}.biased`, [{ tensor: t, coefficient: 1 }], { constant: half - base * 2 ** shift });
  const low = limbs(builder, name, b, 0, 2 ** shift - 1);
  const high = limbs(builder, name, b, shift, top);
  const all = [...times(low, -1), ...times(high, -(2 ** shift))];
  builder.zero(builder.linear(`${name}.limbs`, [{ tensor: b, coefficient: 1 }, ...all]));
  return builder.linear(name, high, { constant: base });
}

/** A factor and what it multiplies have 29 bits together: 14 and 15, or down to 12 and 17 where that saves a rounding. */
const PRODUCT_BITS = 29;
const FACTOR_BITS = { least: 12, most: 14 };

/**
 * round(t ratio). A power of two is one shift; else round(round(t 2^-e) M 2^-s), M of 12 to 14 bits, not above ratio 2^(e + s): a
 * mean stays within its terms. e is such that the product fits; off by 2^-11 of the value at most and half a unit.
 */
export function roundTimes(builder: CircuitBuilder, name: string, t: TensorId, ratio: number): TensorId {
  const power = Math.log2(ratio);
  if (Number.isInteger(power)) {
    const lifted = power <= 0 ? t : builder.linear(`${name}.lifted`, [{ tensor: t, coefficient: ratio }]);
    return roundShift(builder, name, lifted, Math.max(-power, 0));
  }
  const { lo, hi } = builder.rangeOf(t);
  const bits = bitsOf(Math.max(-lo, hi));
  const isWhole = bits <= PRODUCT_BITS - FACTOR_BITS.least;
  const e = isWhole ? 0 : bits - (PRODUCT_BITS - FACTOR_BITS.most);
  const s = Math.min(FACTOR_BITS.most, PRODUCT_BITS - bits + e) - 1 - Math.floor(power + e);
  if (s < 0) throw new TesseraError('E_QUANTIZE', `a factor of ${ratio} leaves no room`, { where: name });
  const coarse = roundShift(builder, `${name}.coarse`, t, e);
  const factor = Math.floor(ratio * 2 ** (e + s));
  const product = builder.linear(`${name}.product`, [{ tensor: coarse, coefficient: factor }]);
  return roundShift(builder, name, product, s);
}
