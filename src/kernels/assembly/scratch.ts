/**
 * Scratch memory of one thread. All threads share one linear memory, so a kernel keeps nothing at fixed addresses: the
 * host gives each instance its own SCRATCH_BYTES once. A kernel may use all of it and leaves nothing in it for the next
 * one, but for the region of BLAKE3's schedule, which is written once.
 */
import { writeSchedule } from './blake3';

/** Bytes at the end of the scratch memory that kernels leave alone: the message schedule of BLAKE3. */
export const SCHEDULE_OFFSET: usize = 0xf000;

let base: usize = 0;

/** Tells this instance where its 64 KiB of scratch memory are. */
export function useScratch(at: usize): void {
  base = at;
  writeSchedule();
}

/** Address of byte `offset` of the scratch memory. */
// @ts-ignore: decorator
@inline
export function scratch(offset: usize): usize {
  return base + offset;
}

/** Address of the k-th spare quad, 64 bytes each. */
// @ts-ignore: decorator
@inline
export function spare(k: usize): usize {
  return base + 64 * k;
}
