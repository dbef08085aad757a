/**
 * All randomness of one commitment comes from one secret of 32 bytes, fresh from the platform's generator, by keyed BLAKE3 in counter mode
 * (kernels.ts, expandSecret), a use number for every purpose. A secret is never used for two commitments, never derived from data.
 */
import type { Machine } from '../kernels/kernels.ts';
import { forRanges } from '../kernels/vectors.ts';

export const SECRET_BYTES = 32;

/** Fresh secrets. Tests that need to repeat a proof put their own in place of it. */
export type Entropy = () => Uint8Array;

/** 32 bytes from the platform's cryptographic generator. */
export const entropy: Entropy = () => crypto.getRandomValues(new Uint8Array(SECRET_BYTES));

/** What bytes of a secret are for. */
export const USE = { tails: 1, salts: 2, mask: 3, pads: 4, padMask: 5 } as const;

const WORDS_PER_BLOCK = 8;

/** `count` uniform field elements in kernel memory. */
export function randomElements(m: Machine, secret: Uint8Array, use: number, count: number): number {
  const dst = m.alloc(32 * Math.ceil(count / WORDS_PER_BLOCK));
  expand(m, secret, use, count, 1, dst);
  return dst;
}

/** Writes uniform field elements to `dst`; `count` is a multiple of 8. */
export function fillElements(m: Machine, secret: Uint8Array, use: number, dst: number, count: number): void {
  expand(m, secret, use, count, 1, dst);
}

/** Writes random words to `dst`; `count` is a multiple of 8. */
export function fillWords(m: Machine, secret: Uint8Array, use: number, dst: number, count: number): void {
  expand(m, secret, use, count, 0, dst);
}

function expand(m: Machine, secret: Uint8Array, use: number, count: number, canonical: 0 | 1, dst: number): void {
  const mark = m.mark();
  const key = m.alloc(SECRET_BYTES);
  m.u8(key, SECRET_BYTES).set(secret);
  const blocks = Math.ceil(count / WORDS_PER_BLOCK);
  forRanges(m, 'expandSecret', blocks, 512, (from, to) => [key, use, canonical, from, to, dst]);
  m.u8(key, SECRET_BYTES).fill(0);
  m.release(mark);
}
