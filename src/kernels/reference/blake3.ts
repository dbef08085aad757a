/**
 * The compression function of BLAKE3 (specification section 2.2), plain. Hashing whole messages is left to
 * @noble/hashes; a tree whose chunks are not contiguous in memory needs the compression itself.
 */
export const IV: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Domain flag of an inner node of the chunk tree. */
export const PARENT = 4;

const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** Which message words each of the 7 rounds takes: the permutation, iterated. */
const SCHEDULE: Uint8Array = schedule();

function schedule(): Uint8Array {
  const out = new Uint8Array(112);
  let words = Array.from({ length: 16 }, (_, i) => i);
  for (let round = 0; round < 7; round++) {
    out.set(words, 16 * round);
    words = PERMUTATION.map((i) => words[i]!);
  }
  return out;
}

function quarterRound(v: Uint32Array, a: number, b: number, c: number, d: number, x: number, y: number): void {
  let va = (v[a]! + v[b]! + x) | 0;
  let vd = v[d]! ^ va;
  vd = (vd >>> 16) | (vd << 16);
  let vc = (v[c]! + vd) | 0;
  let vb = v[b]! ^ vc;
  vb = (vb >>> 12) | (vb << 20);
  va = (va + vb + y) | 0;
  vd ^= va;
  vd = (vd >>> 8) | (vd << 24);
  vc = (vc + vd) | 0;
  vb ^= vc;
  v[a] = va;
  v[b] = (vb >>> 7) | (vb << 25);
  v[c] = vc;
  v[d] = vd;
}

/** The next chaining value: 8 words from 8 words `cv` and the 16 words `block`; `counter`: the chunk's index. */
export function compress(
  cv: ArrayLike<number>,
  block: ArrayLike<number>,
  length: number,
  flags: number,
  counter = 0,
): Uint32Array {
  const v = new Uint32Array(16);
  for (let i = 0; i < 8; i++) v[i] = cv[i]!;
  for (let i = 0; i < 4; i++) v[8 + i] = IV[i]!;
  v[12] = counter;
  v[14] = length;
  v[15] = flags;
  for (let s = 0; s < 112; s += 16) {
    const word = (i: number) => block[SCHEDULE[s + i]!]!;
    quarterRound(v, 0, 4, 8, 12, word(0), word(1));
    quarterRound(v, 1, 5, 9, 13, word(2), word(3));
    quarterRound(v, 2, 6, 10, 14, word(4), word(5));
    quarterRound(v, 3, 7, 11, 15, word(6), word(7));
    quarterRound(v, 0, 5, 10, 15, word(8), word(9));
    quarterRound(v, 1, 6, 11, 12, word(10), word(11));
    quarterRound(v, 2, 7, 8, 13, word(12), word(13));
    quarterRound(v, 3, 4, 9, 14, word(14), word(15));
  }
  return v.subarray(0, 8).map((x, i) => x ^ v[i + 8]!);
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
  words.forEach((w, i) => {
    out.set([w, w >>> 8, w >>> 16, w >>> 24], 4 * i);
  });
  return out;
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
