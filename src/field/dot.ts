/**
 * Long sums of products in F, without reducing each: where one factor is cut into halves w = 2^16 upper + lower, upper < 2^15, the sums of
 * 2^5 products with integers |v| < 2^31 stay below 2^52 and are exact in doubles.
 */
import { Ext } from './ext.ts';
import { add, reduce } from './m31.ts';

/** Products between two reductions. */
const BLOCK = 32;

export interface Halves {
  readonly upper: Float64Array;
  readonly lower: Float64Array;
}

/** Of canonical elements. */
export function halvesOf(words: ArrayLike<number>): Halves {
  const upper = new Float64Array(words.length);
  const lower = new Float64Array(words.length);
  for (let i = 0; i < words.length; i++) {
    upper[i] = words[i]! >>> 16;
    lower[i] = words[i]! & 0xffff;
  }
  return { upper, lower };
}

/** sum_j weights_j values[at + j] over all weights; values are integers |v| < 2^31. */
export function dot({ upper, lower }: Halves, values: Float64Array, at = 0): number {
  let sum = 0;
  for (let from = 0; from < upper.length; from += BLOCK) {
    const to = Math.min(from + BLOCK, upper.length);
    let high = 0;
    let low = 0;
    for (let j = from; j < to; j++) {
      const v = values[at + j]!;
      high += v * upper[j]!;
      low += v * lower[j]!;
    }
    sum = add(sum, reduce(reduce(high) * 0x10000 + low));
  }
  return sum;
}

/** The four coordinates of a vector of E, each as a vector of its own. */
export type Planes = readonly [Float64Array, Float64Array, Float64Array, Float64Array];

export function planesOf(vector: readonly Ext[]): Planes {
  return [
    Float64Array.from(vector, (e) => e.a),
    Float64Array.from(vector, (e) => e.b),
    Float64Array.from(vector, (e) => e.c),
    Float64Array.from(vector, (e) => e.d),
  ];
}

/** sum_j weights_j vector[j]. */
export function dotPlanes(weights: Halves, [a, b, c, d]: Planes): Ext {
  return new Ext(dot(weights, a), dot(weights, b), dot(weights, c), dot(weights, d));
}
