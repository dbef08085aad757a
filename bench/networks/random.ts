/** Numbers that are the same in every run. */

/** Evenly of [0, 1): xorshift32. */
export function uniform(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Of mean 0 and deviation 1 (Box and Muller 1958). */
export function normal(seed: number): () => number {
  const next = uniform(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

export function filled(count: number, next: () => number): Float32Array {
  return Float32Array.from({ length: count }, next);
}
