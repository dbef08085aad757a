/**
 * The Reed-Solomon code on the x-axis of the circle (protocol.md section 3): f(x) = f_e(2x^2 - 1) + x f_o(2x^2 - 1),
 * one butterfly stage for every index bit.
 */
import { basisFactors, domainPoint } from '../../field/circle.ts';
import { add, mul, sub } from '../../field/m31.ts';
import type { RawKernels } from '../kernels.ts';
import type { Memory } from './memory.ts';

type CodeKernels = Pick<RawKernels, 'twiddles' | 'encodeRow' | 'joinRow' | 'adjointRow'>;

export function codeKernels(m: Memory): CodeKernels {
  return {
    twiddles(n, dst) {
      for (let k = 1; k <= n; k++) {
        const blocks = 2 ** (k - 1);
        for (let b = 0; b < blocks; b++) m.u32[dst / 4 + blocks + b] = domainPoint(k, 2 * b);
      }
    },

    joinRow(src, log, tail, length, dst) {
      const { u32 } = m;
      const size = 2 ** log;
      u32.copyWithin(dst / 4, src / 4, src / 4 + size);
      u32.copyWithin(dst / 4 + size, tail / 4, tail / 4 + length);
      u32.fill(0, dst / 4 + size + length, dst / 4 + 2 * size);
    },

    encodeRow(src, log, dst, n, twiddles) {
      const { u32 } = m;
      const word = dst / 4;
      const size = 2 ** log;
      // The top n - log index bits are zero, so their stages copy.
      for (let i = 0; i < 2 ** n; i += size) u32.copyWithin(word + i, src / 4, src / 4 + size);
      for (let k = n - log + 1; k <= n; k++) {
        const distance = 2 ** (n - k);
        for (let b = 0; b < 2 ** (k - 1); b++) {
          const v = u32[twiddles / 4 + 2 ** (k - 1) + b]!;
          for (let i = word + 2 * distance * b; i < word + 2 * distance * b + distance; i++) {
            const even = u32[i]!;
            const odd = mul(v, u32[i + distance]!);
            u32[i] = add(even, odd);
            u32[i + distance] = sub(even, odd);
          }
        }
      }
    },

    adjointRow(src, n, dst, log) {
      const values = Array.from(m.u32.subarray(src / 4, src / 4 + 2 ** n));
      const sums = new Uint32Array(2 ** log);
      values.forEach((value, j) => {
        if (value === 0) return;
        let products = [value];
        for (const factor of basisFactors(domainPoint(n, j), log)) {
          products = [...products, ...products.map((v) => mul(v, factor))];
        }
        products.forEach((v, i) => {
          sums[i] = add(sums[i]!, v);
        });
      });
      m.u32.set(sums, dst / 4);
    },
  };
}
