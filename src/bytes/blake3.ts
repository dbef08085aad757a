/**
 * BLAKE3 (specification sections 2.1 to 2.6) for transcripts and for trees whose chunks are not contiguous in memory, tested against
 * @noble/hashes, which everything else uses: with it 45 % of a verifier's time was hashing (resnet50, 29 of 64 ms, 2026-11-25).
 */
export const IV: readonly number[] = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

/** Domain flags: of an inner node of the chunk tree, of a chunk's first and last block, of what ends the hash. */
export const PARENT = 4;
export const CHUNK_START = 1;
export const CHUNK_END = 2;
export const ROOT = 8;
const KEYED = 16;
const DERIVE_CONTEXT = 32;
const DERIVE_MATERIAL = 64;

const BLOCK_BYTES = 64;
const CHUNK_BYTES = 1024;

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

/** The next chaining value: 8 words from 8 words `cv` and the 16 words `block`; `counter`: the chunk's index. */
export function compress(
  cv: ArrayLike<number>,
  block: ArrayLike<number>,
  length: number,
  flags: number,
  counter = 0,
): Uint32Array {
  const out = new Uint32Array(8);
  compressInto(out, cv, block, length, flags, counter);
  return out;
}

/**
 * As compress; where `out` has 16 words, all of the output. `out` may be `cv`. The state is in variables, not in an array: half of a verifier's
 * time was here (1.9 us, now 0.5 us a call, 2026-11-25).
 */
function compressInto(
  out: Uint32Array,
  cv: ArrayLike<number>,
  block: ArrayLike<number>,
  length: number,
  flags: number,
  counter: number,
): void {
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
  if (out.length === 16) {
    out[8] = v8 ^ cv[0]!;
    out[9] = v9 ^ cv[1]!;
    out[10] = v10 ^ cv[2]!;
    out[11] = v11 ^ cv[3]!;
    out[12] = v12 ^ cv[4]!;
    out[13] = v13 ^ cv[5]!;
    out[14] = v14 ^ cv[6]!;
    out[15] = v15 ^ cv[7]!;
  }
  out[0] = v0 ^ v8;
  out[1] = v1 ^ v9;
  out[2] = v2 ^ v10;
  out[3] = v3 ^ v11;
  out[4] = v4 ^ v12;
  out[5] = v5 ^ v13;
  out[6] = v6 ^ v14;
  out[7] = v7 ^ v15;
}

/** A node of the chunk tree before its last compression. */
interface Last {
  readonly cv: Uint32Array;
  readonly block: Uint32Array;
  readonly length: number;
  readonly flags: number;
  readonly counter: number;
}

/** BLAKE3 of a message, keyed where there is a key of 32 bytes; `length` bytes of its output. */
export function hash(message: Uint8Array, key?: Uint8Array, length = 32): Uint8Array {
  return key === undefined
    ? outputOf(message, Uint32Array.from(IV), 0, length)
    : outputOf(message, wordsOf(key, 0, 32, new Uint32Array(8)), KEYED, length);
}

/** BLAKE3 of a message for one purpose: its mode of key derivation, 32 bytes. */
export function hashFor(context: string, message: Uint8Array): Uint8Array {
  const key = outputOf(new TextEncoder().encode(context), Uint32Array.from(IV), DERIVE_CONTEXT, 32);
  return outputOf(message, wordsOf(key, 0, 32, new Uint32Array(8)), DERIVE_MATERIAL, 32);
}

function outputOf(message: Uint8Array, start: Uint32Array, mode: number, length: number): Uint8Array {
  const { cv, block, length: taken, flags } = rootNode(message, start, mode);
  const out = new Uint8Array(length);
  const words = new Uint32Array(length > 32 ? 16 : 8);
  for (let i = 0, at = 0; at < length; i++, at += 4 * words.length) {
    compressInto(words, cv, block, taken, flags | ROOT, i);
    writeWords(words, out, at);
  }
  return out;
}

function rootNode(message: Uint8Array, start: Uint32Array, mode: number): Last {
  const chunks = Math.max(1, Math.ceil(message.length / CHUNK_BYTES));
  const stack: Uint32Array[] = [];
  let node = lastOfChunk(message, 0, start, mode);
  for (let i = 1; i < chunks; i++) {
    // a subtree of 2^k chunks is complete wherever 2^k divides their number
    for (let n = i; n % 2 === 0; n /= 2) node = parentOf(stack.pop()!, chained(node), start, mode);
    stack.push(chained(node));
    node = lastOfChunk(message, i, start, mode);
  }
  while (stack.length > 0) node = parentOf(stack.pop()!, chained(node), start, mode);
  return node;
}

function lastOfChunk(message: Uint8Array, index: number, start: Uint32Array, mode: number): Last {
  const from = index * CHUNK_BYTES;
  const to = Math.min(from + CHUNK_BYTES, message.length);
  const cv = start.slice();
  const block = new Uint32Array(16);
  let flags = mode | CHUNK_START;
  let at = from;
  for (; to - at > BLOCK_BYTES; at += BLOCK_BYTES, flags = mode) {
    wordsOf(message, at, BLOCK_BYTES, block);
    compressInto(cv, cv, block, BLOCK_BYTES, flags, index);
  }
  wordsOf(message, at, to - at, block.fill(0));
  return { cv, block, length: to - at, flags: flags | CHUNK_END, counter: index };
}

function parentOf(left: Uint32Array, right: Uint32Array, start: Uint32Array, mode: number): Last {
  const block = new Uint32Array(16);
  block.set(left);
  block.set(right, 8);
  return { cv: start, block, length: BLOCK_BYTES, flags: mode | PARENT, counter: 0 };
}

function chained({ cv, block, length, flags, counter }: Last): Uint32Array {
  return compress(cv, block, length, flags, counter);
}

/** BLAKE3 parent chaining value of the first `length` <= 32 bytes of two nodes, zeros in place of the others, without the root flag. */
export function parentNode(left: Uint8Array, right: Uint8Array, length: number): Uint8Array {
  const block = new Uint32Array(16);
  wordsOf(left, 0, length, block);
  wordsOf(right, 0, length, block, 8);
  const out = new Uint8Array(32);
  writeWords(compress(IV, block, BLOCK_BYTES, PARENT), out, 0);
  return out;
}

/** Little-endian words of `length` bytes from `at`, written from `first`: a last word that is not whole is added to what is there. */
function wordsOf(bytes: Uint8Array, at: number, length: number, into: Uint32Array, first = 0): Uint32Array {
  const whole = first + (length >>> 2);
  let o = at;
  for (let i = first; i < whole; i++, o += 4) {
    into[i] = bytes[o]! | (bytes[o + 1]! << 8) | (bytes[o + 2]! << 16) | (bytes[o + 3]! << 24);
  }
  for (let shift = 0; o < at + length; o++, shift += 8) into[whole]! |= bytes[o]! << shift;
  return into;
}

/** As many little-endian words as there is room for. */
function writeWords(words: Uint32Array, into: Uint8Array, at: number): void {
  const end = Math.min(into.length, at + 4 * words.length);
  for (let o = at, i = 0; o < end; i++) {
    for (let w = words[i]!, left = 4; left > 0 && o < end; left--, o++, w >>>= 8) into[o] = w;
  }
}
