import { blake3 } from '@noble/hashes/blake3.js';
import { beforeAll, expect, test } from 'vitest';
import { compress, hash, hashFor, IV, PARENT } from '../../src/bytes/blake3.ts';
import { ColumnHash } from '../../src/commit/column-hash.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';

const [CHUNK_START, CHUNK_END, ROOT] = [1, 2, 8];
const COLUMNS = 8;

let machines: Machine[];
beforeAll(async () => {
  machines = [createReferenceMachine(), await createWasmMachine()];
});

/** Message of n bytes, byte i = i mod 251 (the pattern of the official BLAKE3 vectors). */
const message = (n: number) => Uint8Array.from({ length: n }, (_, i) => i % 251);
const words = (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer);

/** Chaining value of a whole chunk of 1024 bytes. */
function chunk(bytes: Uint8Array, counter: number): Uint32Array {
  let cv: ArrayLike<number> = IV;
  for (let i = 0; i < 16; i++) {
    const flags = (i === 0 ? CHUNK_START : 0) | (i === 15 ? CHUNK_END : 0);
    cv = compress(cv, words(bytes.subarray(64 * i, 64 * i + 64)), 64, flags, counter);
  }
  return Uint32Array.from(cv);
}

/** Chaining values of the four chunks of a message of 4096 bytes. */
const chunks = (bytes: Uint8Array) => [0, 1, 2, 3].map((i) => chunk(bytes.subarray(1024 * i, 1024 * (i + 1)), i));

test('the plain compression is that of BLAKE3: one block, and a tree of four chunks', () => {
  expect(compress(IV, words(message(64)), 64, CHUNK_START | CHUNK_END | ROOT)).toEqual(words(blake3(message(64))));

  const bytes = message(4096);
  const [a, b, c, d] = chunks(bytes);
  const join = (x: Uint32Array, y: Uint32Array, flags: number) => compress(IV, [...x, ...y], 64, flags);
  const root = join(join(a!, b!, PARENT), join(c!, d!, PARENT), PARENT | ROOT);
  expect(root).toEqual(words(blake3(bytes)));
});

test('hash is BLAKE3 of messages of all lengths, with and without a key or a context, and its longer outputs', () => {
  const key = message(32).reverse();
  const lengths = [0, 1, 3, 4, 63, 64, 65, 127, 128, 1023, 1024, 1025, 2048, 2049, 3072, 3073, 5120, 8192, 8193, 31744];
  for (const n of lengths) {
    expect(hash(message(n))).toEqual(blake3(message(n)));
    expect(hash(message(n), key)).toEqual(blake3(message(n), { key }));
    const context = 'a purpose';
    expect(hashFor(context, message(n))).toEqual(blake3(message(n), { context: new TextEncoder().encode(context) }));
    for (const dkLen of [1, 31, 33, 64, 65, 200]) {
      expect(hash(message(n), key, dkLen)).toEqual(blake3(message(n), { key, dkLen }));
    }
  }
});

test('joinColumns makes the inner nodes of that tree, hashParents of 28 bytes of each child', () => {
  const bytes = message(4096);
  const [a, b, c, d] = chunks(bytes).map((cv) => [...cv]) as [number[], number[], number[], number[]];
  const short = (cv: readonly number[]) => [...cv.slice(0, 7), 0];
  for (const m of machines) {
    const [left, right, dst] = [m.alloc(128), m.alloc(128), m.alloc(128)];
    m.u32(left, 16).set([...a, ...c]);
    m.u32(right, 16).set([...b, ...d]);
    m.raw.joinColumns(left, right, 0, 0, 2, dst);
    expect(compress(IV, m.u32(dst, 16), 64, PARENT | ROOT)).toEqual(words(blake3(bytes)));
    m.raw.hashParents(left, 0, 1, dst);
    expect(m.u32(dst, 8)).toEqual(compress(IV, [...short(a), ...short(c)], 64, PARENT));
  }
});

test.each([1, 2, 16, 255, 256, 257, 512, 600, 2049])('columns have the digests of BLAKE3, %i rows', (rows) => {
  const matrix = Uint32Array.from({ length: rows * COLUMNS }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 1);
  const column = (j: number) => Uint32Array.from({ length: rows }, (_, row) => matrix[row * COLUMNS + j]!);
  const digests = Array.from({ length: COLUMNS }, (_, j) => blake3(new Uint8Array(column(j).buffer)));
  for (const m of machines) {
    const [ptr, dst] = [m.alloc(4 * matrix.length), m.alloc(32 * COLUMNS)];
    m.u32(ptr, matrix.length).set(matrix);
    const hash = new ColumnHash(m, rows, COLUMNS, dst);
    for (let row = 0; row < rows; row += 64) hash.absorb(ptr + 4 * row * COLUMNS, row, Math.min(64, rows - row));
    for (const [j, digest] of digests.entries()) expect(Array.from(m.u8(dst + 32 * j, 32))).toEqual(Array.from(digest));
  }
});

test('grind finds a nonce that keyed BLAKE3 confirms', () => {
  const state = message(32);
  for (const m of machines) {
    const ptr = m.alloc(32);
    m.u8(ptr, 32).set(state);
    const nonce = m.raw.grind(ptr, 1000, 0, 5000, 8) + 1000;
    const input = Uint8Array.from([...new TextEncoder().encode('grind'), nonce & 255, nonce >>> 8, 0, 0, 0, 0, 0, 0]);
    expect(blake3(input, { key: state })[0]).toBe(0);
  }
});
