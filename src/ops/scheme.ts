/**
 * The number scheme: real value = integer * 2^-f, one power-of-two scale f a tensor, and one rounding rule everywhere,
 *
 *   round(v) = floor(v + 1/2)        (half up; on integers (v + 2^(s-1)) >> s).
 */
import type { Range, WeightVisibility } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';

/** Closed interval of reals. */
export interface Interval {
  readonly min: number;
  readonly max: number;
}

export interface Scheme {
  /** Width of activations: [0, 2^bits) where they cannot be negative, else [-2^(bits-1), 2^(bits-1)). */
  readonly bits: number;
  /** Largest width of a weight, sign included. */
  readonly weightBits: number;
  /** Function tables reach 2^headroom times beyond the calibrated range. */
  readonly headroom: number;
  /** The shift that requantisations aim at: with one shift, one remainder table of 2^shift rows serves the whole network. */
  readonly shift: number;
}

/** Which initializers of the file may be seen by whom. */
export type VisibilityOf = (initializer: string) => WeightVisibility;

/** Scales stay inside +-40: beyond, a tensor is constant for all that matters. */
const SCALE_LIMIT = 40;

export function unsignedRange(bits: number): Range {
  return { lo: 0, hi: 2 ** bits - 1 };
}

export function signedRange(bits: number): Range {
  return { lo: -(2 ** (bits - 1)), hi: 2 ** (bits - 1) - 1 };
}

/** The largest f with min 2^f >= lo and max 2^f <= hi. */
export function scaleInto(real: Interval, range: Range): number {
  const above = real.max > 0 ? Math.floor(Math.log2(range.hi / real.max)) : SCALE_LIMIT;
  const below = real.min < 0 ? Math.floor(Math.log2(range.lo / real.min)) : SCALE_LIMIT;
  const scale = Math.min(above, below);
  return Number.isFinite(scale) ? Math.max(-SCALE_LIMIT, Math.min(scale, SCALE_LIMIT)) : 0;
}

/** Width and scale of a tensor with these real values: unsigned where none is negative. */
export function portOf(real: Interval, bits: number): { range: Range; scale: number } {
  const range = real.min >= 0 ? unsignedRange(bits) : signedRange(bits);
  return { range, scale: scaleInto(real, range) };
}

/**
 * round(v 2^scale) of every value; 16-bit storage where all fit.
 * @throws TesseraError E_NAN for a value that is not finite, E_QUANTIZE for one that leaves 31 bits
 */
export function quantise(values: ArrayLike<number>, scale: number, where: string): Int16Array | Int32Array {
  const factor = 2 ** scale;
  const out = new Int32Array(values.length);
  let largest = 0;
  for (let i = 0; i < out.length; i++) {
    const v = Math.floor(values[i]! * factor + 0.5);
    if (!Number.isFinite(v)) throw new TesseraError('E_NAN', `element ${i} is ${values[i]}`, { where });
    if (Math.abs(v) >= 2 ** 31) throw new TesseraError('E_QUANTIZE', `element ${i} needs more than 31 bits`, { where });
    out[i] = v;
    largest = Math.max(largest, v < 0 ? -v - 1 : v);
  }
  return largest < 2 ** 15 ? Int16Array.from(out) : out;
}

/** Largest absolute value. */
export function magnitude(values: ArrayLike<number>): number {
  let m = 0;
  for (let i = 0; i < values.length; i++) m = Math.max(m, Math.abs(values[i]!));
  return m;
}
