/**
 * Moving 32-bit lanes about.
 */

/** Stores the 4 x 4 words with columns z0 .. z3 row after row: row k at `at` + k step. */
// @ts-ignore: decorator
@inline
export function storeTransposed(at: usize, step: usize, z0: v128, z1: v128, z2: v128, z3: v128): void {
  const u0 = v128.shuffle<u32>(z0, z1, 0, 4, 1, 5);
  const u1 = v128.shuffle<u32>(z0, z1, 2, 6, 3, 7);
  const u2 = v128.shuffle<u32>(z2, z3, 0, 4, 1, 5);
  const u3 = v128.shuffle<u32>(z2, z3, 2, 6, 3, 7);
  v128.store(at, v128.shuffle<u64>(u0, u2, 0, 2));
  v128.store(at + step, v128.shuffle<u64>(u0, u2, 1, 3));
  v128.store(at + 2 * step, v128.shuffle<u64>(u1, u3, 0, 2));
  v128.store(at + 3 * step, v128.shuffle<u64>(u1, u3, 1, 3));
}
