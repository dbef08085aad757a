/**
 * Integer kernels: the exact integer run of a network, and its tables.
 */
import { fromInt } from '../../field/m31.ts';
import type { RawKernels } from '../kernels.ts';
import { loadInt, type Memory, storeInt } from './memory.ts';

type IntKernels = Pick<
  RawKernels,
  | 'gemmI16'
  | 'patchesI16'
  | 'windowsI16'
  | 'axpyInt'
  | 'fillI32'
  | 'shiftInt'
  | 'bitsInt'
  | 'tableInt'
  | 'countInt'
  | 'packBox'
>;

export function intKernels(m: Memory): IntKernels {
  /** x[channel, y, x] of a dense i16 image, 0 outside. */
  const pixel = (image: number, height: number, width: number, channel: number, y: number, x: number): number =>
    y < 0 || y >= height || x < 0 || x >= width ? 0 : m.i16[image / 2 + (channel * height + y) * width + x]!;

  return {
    gemmI16(a, b, N, K, from, to, c) {
      for (let i = from; i < to; i++) {
        for (let j = 0; j < N; j++) {
          let sum = 0;
          for (let k = 0; k < K; k++) sum += m.i16[a / 2 + i * K + k]! * m.i16[b / 2 + j * K + k]!;
          m.i32[c / 4 + i * N + j] = sum;
        }
      }
    },

    patchesI16(x, planes, channels, height, width, kh, kw, sy, sx, dy, dx, py, px, outW, rowLen, from, to, dst) {
      for (let row = from; row < to; row++) {
        const oy = Math.floor(row / outW);
        const ox = row % outW;
        const patch = dst / 2 + row * rowLen;
        m.i16.fill(0, patch, patch + rowLen);
        for (let i = 0; i < channels * kh * kw; i++) {
          const kx = i % kw;
          const ky = Math.floor(i / kw) % kh;
          const channel = Math.floor(i / (kh * kw));
          const plane = m.i32[planes / 4 + channel]!;
          if (plane < 0) continue;
          m.i16[patch + i] = pixel(x + 2 * plane, height, width, 0, sy * oy + dy * ky - py, sx * ox + dx * kx - px);
        }
      }
    },

    windowsI16(x, w, height, width, kh, kw, sy, sx, dy, dx, py, px, outH, outW, from, to, c) {
      for (let i = from * outH * outW; i < to * outH * outW; i++) {
        const ox = i % outW;
        const oy = Math.floor(i / outW) % outH;
        const channel = Math.floor(i / (outH * outW));
        let sum = 0;
        for (let k = 0; k < kh * kw; k++) {
          const y = sy * oy + dy * Math.floor(k / kw) - py;
          const value = pixel(x, height, width, channel, y, sx * ox + dx * (k % kw) - px);
          sum += m.i16[w / 2 + channel * kh * kw + k]! * value;
        }
        m.i32[c / 4 + i] = sum;
      }
    },

    axpyInt(dst, src, srcKind, k, from, to) {
      for (let i = from; i < to; i++) {
        m.i32[dst / 4 + i] = m.i32[dst / 4 + i]! + Math.imul(k, loadInt(m, src, srcKind, i));
      }
    },

    fillI32(dst, value, from, to) {
      m.i32.fill(value, dst / 4 + from, dst / 4 + to);
    },

    shiftInt(src, shift, dst, dstKind, from, to) {
      for (let i = from; i < to; i++) storeInt(m, dst, dstKind, i, m.i32[src / 4 + i]! >> shift);
    },

    bitsInt(src, srcKind, shift, count, dst, from, to) {
      const mask = count >= 32 ? -1 : 2 ** count - 1;
      for (let i = from; i < to; i++) m.i32[dst / 4 + i] = (loadInt(m, src, srcKind, i) >> shift) & mask;
    },

    tableInt(src, srcKind, table, start, rows, dst, dstKind, from, to) {
      for (let i = from; i < to; i++) {
        const index = loadInt(m, src, srcKind, i) - start;
        if (index < 0 || index >= rows) return i;
        storeInt(m, dst, dstKind, i, m.i32[table / 4 + index]!);
      }
      return -1;
    },

    countInt(src, srcKind, start, rows, counts, from, to) {
      for (let i = from; i < to; i++) {
        const index = loadInt(m, src, srcKind, i) - start;
        if (index < 0 || index >= rows) return i;
        m.i32[counts / 4 + index]!++;
      }
      return -1;
    },

    packBox(src, srcKind, planes, planeStride, rows, rowStride, count, dst) {
      let to = dst / 4;
      for (let plane = 0; plane < planes; plane++) {
        for (let row = 0; row < rows; row++) {
          const from = plane * planeStride + row * rowStride;
          for (let i = 0; i < count; i++, to++) m.u32[to] = fromInt(loadInt(m, src, srcKind, from + i));
        }
      }
    },
  };
}
