/**
 * What the passes over integer matrices share (rows16.ts, rows32.ts): where things are in scratch memory, and the size
 * of a tile.
 */

/**
 * A tile of a fold, copied to scratch memory because rows are often a power of two apart. 128 x 128 against 256 x 64:
 * 1.6 against 2.4 ns a word on a matrix of 32 MiB, the same on small ones (2026-11-22).
 */
export const TILE_ROWS: u32 = 128;
export const TILE_BYTES: u32 = 128;

/** Scratch: the limbs, eight 64-bit accumulators, the end of a vector, an element, a tile. */
export const SUMS: usize = 0x8000;
export const ENDS: usize = 0x8100;
export const ELEMENT: usize = 0x8300;
export const TILE: usize = 0x9000;

/** Ones in the first n lanes. */
// @ts-ignore: decorator
@inline
export function laneMask(n: u32): v128 {
  return i32x4.gt_s(i32x4.splat(min<u32>(n, 4)), i32x4(0, 1, 2, 3));
}
