/** Proof of work before queries: the least nonce whose hash under the transcript's state ends in `bits` zero bits. */
import type { Machine } from '../kernels/kernels.ts';

/** Nonces of one kernel call: about 1 ms. */
const NONCES_PER_CALL = 1 << 13;

export function findNonce(m: Machine, state: Uint8Array, bits: number): number {
  const mark = m.mark();
  const ptr = m.alloc(state.length);
  m.u8(ptr, state.length).set(state);
  for (let start = 0; ; start += NONCES_PER_CALL * m.threads) {
    const tasks = Array.from({ length: m.threads }, (_, i) => {
      const at = start + i * NONCES_PER_CALL;
      return [ptr, at >>> 0, Math.floor(at / 2 ** 32), NONCES_PER_CALL, bits];
    });
    const found = m.fork('grind', tasks);
    const first = found.findIndex((n) => n >= 0);
    if (first < 0) continue;
    m.release(mark);
    return start + first * NONCES_PER_CALL + found[first]!;
  }
}
