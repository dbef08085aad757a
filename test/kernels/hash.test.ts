import { blake3 } from '@noble/hashes/blake3.js';
import { expect, test } from 'vitest';
import { compress, IV, PARENT } from '../../src/kernels/reference/blake3.ts';

/** Message of n bytes, byte i = i mod 251 (the pattern of the official BLAKE3 vectors). */
const message = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 251);

const words = (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer);

/** Chaining value of one full chunk, by 16 compressions: CHUNK_START is 1, CHUNK_END is 2. */
function chunk(bytes: Uint8Array, counter: number): Uint32Array {
  expect(counter).toBe(0);
  let cv: ArrayLike<number> = IV;
  for (let i = 0; i < 16; i++) {
    const flags = (i === 0 ? 1 : 0) | (i === 15 ? 2 : 0);
    cv = compress(cv, words(bytes.subarray(64 * i, 64 * i + 64)), 64, flags);
  }
  return Uint32Array.from(cv);
}

test('the plain compression is that of BLAKE3, first chunk and root flag', () => {
  const bytes = message(64);
  expect(compress(IV, words(bytes), 64, 1 | 2 | 8)).toEqual(words(blake3(bytes)));
  expect(chunk(message(1024), 0)).not.toEqual(words(blake3(message(1024))));
  expect(PARENT).toBe(4);
});
