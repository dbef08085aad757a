/**
 * The compression function of BLAKE3 (specification section 2.2), plain. Hashing whole messages is left to
 * @noble/hashes; a tree whose chunks are not contiguous in memory needs the compression itself.
 */
export const IV: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Domain flag of an inner node of the chunk tree. */
export const PARENT = 4;

/** Which message words each of the 7 rounds takes: the permutation, iterated. */
const SCHEDULE: Uint8Array = schedule([2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8]);

function schedule(permutation: readonly number[]): Uint8Array {
  const out = new Uint8Array(112);
  let words = Array.from({ length: 16 }, (_, i) => i);
  for (let round = 0; round < 7; round++) {
    out.set(words, 16 * round);
    words = permutation.map((i) => words[i]!);
  }
  return out;
}

/** x turned right by n bits. */
function rotate(x: number, n: number): number {
  return (x >>> n) | (x << (32 - n));
}

/**
 * The next chaining value: 8 words from 8 words `cv` and the 16 words `block`; `counter`: the chunk's index. The state is in variables, not in an array:
 * half of a verifier's time was here (1.9 us, now 0.5 us a call, 2026-11-25).
 */
export function compress(
  cv: ArrayLike<number>,
  block: ArrayLike<number>,
  length: number,
  flags: number,
  counter = 0,
): Uint32Array {
  let v0 = cv[0]!;
  let v1 = cv[1]!;
  let v2 = cv[2]!;
  let v3 = cv[3]!;
  let v4 = cv[4]!;
  let v5 = cv[5]!;
  let v6 = cv[6]!;
  let v7 = cv[7]!;
  let v8 = IV[0]!;
  let v9 = IV[1]!;
  let v10 = IV[2]!;
  let v11 = IV[3]!;
  let v12 = counter;
  let v13 = 0;
  let v14 = length;
  let v15 = flags;
  for (let s = 0; s < 112; s += 16) {
    // columns
    v0 = (v0 + v4 + block[SCHEDULE[s + 0]!]!) | 0;
    v12 = rotate(v12 ^ v0, 16);
    v8 = (v8 + v12) | 0;
    v4 = rotate(v4 ^ v8, 12);
    v0 = (v0 + v4 + block[SCHEDULE[s + 1]!]!) | 0;
    v12 = rotate(v12 ^ v0, 8);
    v8 = (v8 + v12) | 0;
    v4 = rotate(v4 ^ v8, 7);
    v1 = (v1 + v5 + block[SCHEDULE[s + 2]!]!) | 0;
    v13 = rotate(v13 ^ v1, 16);
    v9 = (v9 + v13) | 0;
    v5 = rotate(v5 ^ v9, 12);
    v1 = (v1 + v5 + block[SCHEDULE[s + 3]!]!) | 0;
    v13 = rotate(v13 ^ v1, 8);
    v9 = (v9 + v13) | 0;
    v5 = rotate(v5 ^ v9, 7);
    v2 = (v2 + v6 + block[SCHEDULE[s + 4]!]!) | 0;
    v14 = rotate(v14 ^ v2, 16);
    v10 = (v10 + v14) | 0;
    v6 = rotate(v6 ^ v10, 12);
    v2 = (v2 + v6 + block[SCHEDULE[s + 5]!]!) | 0;
    v14 = rotate(v14 ^ v2, 8);
    v10 = (v10 + v14) | 0;
    v6 = rotate(v6 ^ v10, 7);
    v3 = (v3 + v7 + block[SCHEDULE[s + 6]!]!) | 0;
    v15 = rotate(v15 ^ v3, 16);
    v11 = (v11 + v15) | 0;
    v7 = rotate(v7 ^ v11, 12);
    v3 = (v3 + v7 + block[SCHEDULE[s + 7]!]!) | 0;
    v15 = rotate(v15 ^ v3, 8);
    v11 = (v11 + v15) | 0;
    v7 = rotate(v7 ^ v11, 7);
    // diagonals
    v0 = (v0 + v5 + block[SCHEDULE[s + 8]!]!) | 0;
    v15 = rotate(v15 ^ v0, 16);
    v10 = (v10 + v15) | 0;
    v5 = rotate(v5 ^ v10, 12);
    v0 = (v0 + v5 + block[SCHEDULE[s + 9]!]!) | 0;
    v15 = rotate(v15 ^ v0, 8);
    v10 = (v10 + v15) | 0;
    v5 = rotate(v5 ^ v10, 7);
    v1 = (v1 + v6 + block[SCHEDULE[s + 10]!]!) | 0;
    v12 = rotate(v12 ^ v1, 16);
    v11 = (v11 + v12) | 0;
    v6 = rotate(v6 ^ v11, 12);
    v1 = (v1 + v6 + block[SCHEDULE[s + 11]!]!) | 0;
    v12 = rotate(v12 ^ v1, 8);
    v11 = (v11 + v12) | 0;
    v6 = rotate(v6 ^ v11, 7);
    v2 = (v2 + v7 + block[SCHEDULE[s + 12]!]!) | 0;
    v13 = rotate(v13 ^ v2, 16);
    v8 = (v8 + v13) | 0;
    v7 = rotate(v7 ^ v8, 12);
    v2 = (v2 + v7 + block[SCHEDULE[s + 13]!]!) | 0;
    v13 = rotate(v13 ^ v2, 8);
    v8 = (v8 + v13) | 0;
    v7 = rotate(v7 ^ v8, 7);
    v3 = (v3 + v4 + block[SCHEDULE[s + 14]!]!) | 0;
    v14 = rotate(v14 ^ v3, 16);
    v9 = (v9 + v14) | 0;
    v4 = rotate(v4 ^ v9, 12);
    v3 = (v3 + v4 + block[SCHEDULE[s + 15]!]!) | 0;
    v14 = rotate(v14 ^ v3, 8);
    v9 = (v9 + v14) | 0;
    v4 = rotate(v4 ^ v9, 7);
  }
  return Uint32Array.of(v0 ^ v8, v1 ^ v9, v2 ^ v10, v3 ^ v11, v4 ^ v12, v5 ^ v13, v6 ^ v14, v7 ^ v15);
}

/** BLAKE3 parent chaining value of two 32-byte nodes, without the root flag. */
export function parentNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const block = new Uint32Array(16);
  for (let i = 0; i < 8; i++) {
    block[i] = littleEndian(left, 4 * i);
    block[8 + i] = littleEndian(right, 4 * i);
  }
  const words = compress(IV, block, 64, PARENT);
  const out = new Uint8Array(32);
  for (let i = 0; i < 8; i++) {
    const w = words[i]!;
    out[4 * i] = w;
    out[4 * i + 1] = w >>> 8;
    out[4 * i + 2] = w >>> 16;
    out[4 * i + 3] = w >>> 24;
  }
  return out;
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
