/**
 * The compression function of BLAKE3 (specification section 2.2), plain. Hashing whole messages is left to @noble/hashes;
 * a tree whose chunks are not contiguous in memory needs the compression itself.
 */
export const IV: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Domain flag of an inner node of the chunk tree. */
export const PARENT = 4;

const PERMUTATION = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];

/** The four words of each of the eight quarter rounds: columns, then diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

function rotateRight(x: number, n: number): number {
  return (x >>> n) | (x << (32 - n));
}

function quarterRound(v: Uint32Array, [a, b, c, d]: (typeof QUARTERS)[number], x: number, y: number): void {
  v[a] = v[a]! + v[b]! + x;
  v[d] = rotateRight(v[d]! ^ v[a]!, 16);
  v[c] = v[c]! + v[d]!;
  v[b] = rotateRight(v[b]! ^ v[c]!, 12);
  v[a] = v[a]! + v[b]! + y;
  v[d] = rotateRight(v[d]! ^ v[a]!, 8);
  v[c] = v[c]! + v[d]!;
  v[b] = rotateRight(v[b]! ^ v[c]!, 7);
}

/** The next chaining value: 8 words from 8 words `cv` and the 16 words `block`, counter 0. */
export function compress(cv: ArrayLike<number>, block: ArrayLike<number>, length: number, flags: number): Uint32Array {
  const v = Uint32Array.from([...Array.from(cv), ...IV.slice(0, 4), 0, 0, length, flags]);
  let words = Array.from(block);
  for (let round = 0; round < 7; round++) {
    for (const [i, quarter] of QUARTERS.entries()) quarterRound(v, quarter, words[2 * i]!, words[2 * i + 1]!);
    words = PERMUTATION.map((i) => words[i]!);
  }
  return v.slice(0, 8).map((x, i) => x ^ v[i + 8]!);
}
