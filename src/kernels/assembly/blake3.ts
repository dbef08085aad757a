/**
 * The compression function of BLAKE3 on four independent inputs, one in each lane: word i of a chaining value at cv is
 * the v128 at cv + 16 i, word i of a block the v128 at scratch(BLOCK) + 16 i.
 */
import { SCHEDULE_OFFSET, scratch } from './scratch';

export const CHUNK_START: u32 = 1;
export const CHUNK_END: u32 = 2;
export const PARENT: u32 = 4;
export const ROOT: u32 = 8;
export const KEYED_HASH: u32 = 16;

/** Bytes of four chaining values. */
export const CV: usize = 128;

/** Scratch: the block to compress. */
export const BLOCK: usize = 0xf200;

const IV0: u32 = 0x6a09e667;
const IV1: u32 = 0xbb67ae85;
const IV2: u32 = 0x3c6ef372;
const IV3: u32 = 0xa54ff53a;
const IV4: u32 = 0x510e527f;
const IV5: u32 = 0x9b05688c;
const IV6: u32 = 0x1f83d9ab;
const IV7: u32 = 0x5be0cd19;

/** The message permutation, nibble i is the index of the word that becomes word i. */
const PERMUTATION: u64 = 0x8fe95cb1d407a362;

/** Addresses of the 16 words of the block in the order of each of the 7 rounds. */
export function writeSchedule(): void {
  const at = scratch(SCHEDULE_OFFSET);
  const block = scratch(BLOCK);
  for (let i: usize = 0; i < 16; i++) store<u32>(at + 4 * i, <u32>(block + 16 * i));
  for (let round: usize = 1; round < 7; round++) {
    for (let i: usize = 0; i < 16; i++) {
      const from = <usize>((PERMUTATION >> (4 * i)) & 15);
      store<u32>(at + 64 * round + 4 * i, load<u32>(at + 64 * (round - 1) + 4 * from));
    }
  }
}

/** Word i of the block in the round whose schedule is at s. */
// @ts-ignore: decorator
@inline
function word(s: usize, i: usize): v128 {
  return v128.load(<usize>load<u32>(s + 4 * i));
}

// @ts-ignore: decorator
@inline
function turn16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-ignore: decorator
@inline
function turn8(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 8), i32x4.shl(x, 24));
}

// @ts-ignore: decorator
@inline
function turn12(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 12), i32x4.shl(x, 20));
}

// @ts-ignore: decorator
@inline
function turn7(x: v128): v128 {
  return v128.or(i32x4.shr_u(x, 7), i32x4.shl(x, 25));
}

/** The initial chaining value, unkeyed, in all lanes. */
export function initialValue(cv: usize): void {
  v128.store(cv, i32x4.splat(IV0));
  v128.store(cv, i32x4.splat(IV1), 16);
  v128.store(cv, i32x4.splat(IV2), 32);
  v128.store(cv, i32x4.splat(IV3), 48);
  v128.store(cv, i32x4.splat(IV4), 64);
  v128.store(cv, i32x4.splat(IV5), 80);
  v128.store(cv, i32x4.splat(IV6), 96);
  v128.store(cv, i32x4.splat(IV7), 112);
}

/**
 * cv <- the chaining values after the block in scratch memory, of `length` bytes, with the chunk's counter (0 for
 * parents).
 */
export function compress(cv: usize, counter: u32, length: u32, flags: u32): void {
  let v0 = v128.load(cv);
  let v1 = v128.load(cv, 16);
  let v2 = v128.load(cv, 32);
  let v3 = v128.load(cv, 48);
  let v4 = v128.load(cv, 64);
  let v5 = v128.load(cv, 80);
  let v6 = v128.load(cv, 96);
  let v7 = v128.load(cv, 112);
  let v8 = i32x4.splat(IV0);
  let v9 = i32x4.splat(IV1);
  let v10 = i32x4.splat(IV2);
  let v11 = i32x4.splat(IV3);
  let v12 = i32x4.splat(counter);
  let v13 = i32x4.splat(0);
  let v14 = i32x4.splat(length);
  let v15 = i32x4.splat(flags);
  const end = scratch(SCHEDULE_OFFSET) + 448;
  for (let s = scratch(SCHEDULE_OFFSET); s < end; s += 64) {
    // columns
    v0 = i32x4.add(i32x4.add(v0, v4), word(s, 0));
    v1 = i32x4.add(i32x4.add(v1, v5), word(s, 2));
    v2 = i32x4.add(i32x4.add(v2, v6), word(s, 4));
    v3 = i32x4.add(i32x4.add(v3, v7), word(s, 6));
    v12 = turn16(v128.xor(v12, v0));
    v13 = turn16(v128.xor(v13, v1));
    v14 = turn16(v128.xor(v14, v2));
    v15 = turn16(v128.xor(v15, v3));
    v8 = i32x4.add(v8, v12);
    v9 = i32x4.add(v9, v13);
    v10 = i32x4.add(v10, v14);
    v11 = i32x4.add(v11, v15);
    v4 = turn12(v128.xor(v4, v8));
    v5 = turn12(v128.xor(v5, v9));
    v6 = turn12(v128.xor(v6, v10));
    v7 = turn12(v128.xor(v7, v11));
    v0 = i32x4.add(i32x4.add(v0, v4), word(s, 1));
    v1 = i32x4.add(i32x4.add(v1, v5), word(s, 3));
    v2 = i32x4.add(i32x4.add(v2, v6), word(s, 5));
    v3 = i32x4.add(i32x4.add(v3, v7), word(s, 7));
    v12 = turn8(v128.xor(v12, v0));
    v13 = turn8(v128.xor(v13, v1));
    v14 = turn8(v128.xor(v14, v2));
    v15 = turn8(v128.xor(v15, v3));
    v8 = i32x4.add(v8, v12);
    v9 = i32x4.add(v9, v13);
    v10 = i32x4.add(v10, v14);
    v11 = i32x4.add(v11, v15);
    v4 = turn7(v128.xor(v4, v8));
    v5 = turn7(v128.xor(v5, v9));
    v6 = turn7(v128.xor(v6, v10));
    v7 = turn7(v128.xor(v7, v11));
    // diagonals
    v0 = i32x4.add(i32x4.add(v0, v5), word(s, 8));
    v1 = i32x4.add(i32x4.add(v1, v6), word(s, 10));
    v2 = i32x4.add(i32x4.add(v2, v7), word(s, 12));
    v3 = i32x4.add(i32x4.add(v3, v4), word(s, 14));
    v15 = turn16(v128.xor(v15, v0));
    v12 = turn16(v128.xor(v12, v1));
    v13 = turn16(v128.xor(v13, v2));
    v14 = turn16(v128.xor(v14, v3));
    v10 = i32x4.add(v10, v15);
    v11 = i32x4.add(v11, v12);
    v8 = i32x4.add(v8, v13);
    v9 = i32x4.add(v9, v14);
    v5 = turn12(v128.xor(v5, v10));
    v6 = turn12(v128.xor(v6, v11));
    v7 = turn12(v128.xor(v7, v8));
    v4 = turn12(v128.xor(v4, v9));
    v0 = i32x4.add(i32x4.add(v0, v5), word(s, 9));
    v1 = i32x4.add(i32x4.add(v1, v6), word(s, 11));
    v2 = i32x4.add(i32x4.add(v2, v7), word(s, 13));
    v3 = i32x4.add(i32x4.add(v3, v4), word(s, 15));
    v15 = turn8(v128.xor(v15, v0));
    v12 = turn8(v128.xor(v12, v1));
    v13 = turn8(v128.xor(v13, v2));
    v14 = turn8(v128.xor(v14, v3));
    v10 = i32x4.add(v10, v15);
    v11 = i32x4.add(v11, v12);
    v8 = i32x4.add(v8, v13);
    v9 = i32x4.add(v9, v14);
    v5 = turn7(v128.xor(v5, v10));
    v6 = turn7(v128.xor(v6, v11));
    v7 = turn7(v128.xor(v7, v8));
    v4 = turn7(v128.xor(v4, v9));
  }
  v128.store(cv, v128.xor(v0, v8));
  v128.store(cv, v128.xor(v1, v9), 16);
  v128.store(cv, v128.xor(v2, v10), 32);
  v128.store(cv, v128.xor(v3, v11), 48);
  v128.store(cv, v128.xor(v4, v12), 64);
  v128.store(cv, v128.xor(v5, v13), 80);
  v128.store(cv, v128.xor(v6, v14), 96);
  v128.store(cv, v128.xor(v7, v15), 112);
}
