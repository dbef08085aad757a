import { beforeAll, describe, test } from 'vitest';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { compare } from './support.ts';

let reference: Machine;
let wasm: Machine;
beforeAll(async () => {
  reference = createReferenceMachine();
  wasm = await createWasmMachine();
});

const same = (seed: number, call: Parameters<typeof compare>[3]) => compare(reference, wasm, seed, call);

describe('gemmI16', () => {
  test.each([
    [1, 1, 1],
    [5, 3, 7],
    [4, 2, 8],
    [9, 11, 15],
    [8, 17, 16],
    [3, 9, 27],
    [12, 5, 40],
    [6, 3, 1023],
    [7, 10, 1024],
    [5, 9, 1025],
    [4, 3, 2049 + 16],
  ])('%i rows by %i rows of %i', (M, N, K) => {
    for (const bits of [8, 16]) {
      same(M + bits, (raw, b) => {
        const [x, y] = [b.integers(M * K, 2, bits), b.integers(N * K, 2, bits)];
        const c = b.outWords(M * N);
        if (M > 8) raw.gemmI16(x, y, N, K, 0, 8, c);
        raw.gemmI16(x, y, N, K, M > 8 ? 8 : 0, M, c);
        return 0;
      });
    }
  });
});

/** height, width, kh, kw, sy, sx, dy, dx, py, px, outH, outW */
const IMAGES: readonly (readonly number[])[] = [
  [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1],
  [5, 4, 1, 1, 1, 1, 1, 1, 0, 0, 5, 4],
  [6, 30, 3, 3, 1, 1, 1, 1, 1, 1, 6, 30],
  [9, 9, 3, 3, 1, 1, 1, 1, 1, 1, 9, 9],
  [7, 23, 3, 2, 2, 2, 1, 1, 1, 1, 4, 12],
  [20, 40, 7, 7, 2, 2, 1, 1, 3, 3, 10, 20],
  [5, 33, 2, 3, 1, 1, 2, 3, 2, 4, 6, 34],
  [4, 50, 1, 3, 3, 3, 1, 1, 0, 1, 2, 17],
  [2, 3, 3, 5, 1, 1, 1, 1, 1, 2, 2, 3],
  [3, 3, 2, 2, 1, 1, 1, 1, 4, 4, 12, 14],
  [1, 64, 1, 4, 1, 2, 1, 2, 0, 0, 1, 29],
];

describe('windows', () => {
  test.each(IMAGES)('patchesI16: image %i x %i, kernel %i x %i, strides %i, %i', (...image) => {
    const [height, width, kh, kw, , , , , , , outH, outW] = image as [number, number, number, number, ...number[]];
    const [steps, rows] = [image.slice(4, 10) as [number, number, number, number, number, number], outH! * outW!];
    for (const channels of [1, 3, 8]) {
      for (const extra of [0, 1, 8]) {
        const rowLen = channels * kh * kw + extra;
        same(channels + extra, (raw, b) => {
          const x = b.integers(channels * height * width, 2, 16);
          const planes = b.machine.alloc(4 * channels);
          const places = [2, -1, 0, 1, 3, 7, 6, 5].map((i) => (i < 0 ? i : (i % channels) * height * width));
          b.machine.i32(planes, channels).set(places.slice(0, channels));
          const dst = b.outWords(Math.ceil((rows * rowLen) / 2));
          const call = (from: number, to: number) =>
            raw.patchesI16(x, planes, channels, height, width, kh, kw, ...steps, outW!, rowLen, from, to, dst);
          if (rows > 16) call(8, 16);
          if (rows > 16) call(0, 8);
          call(rows > 16 ? 16 : 0, rows);
          return 0;
        });
      }
    }
  });

  test.each(IMAGES)('windowsI16: image %i x %i, kernel %i x %i, strides %i, %i', (...image) => {
    const [height, width, kh, kw, , , , , , , outH, outW] = image as [number, number, number, number, ...number[]];
    const steps = image.slice(4, 10) as [number, number, number, number, number, number];
    same(1, (raw, b) => {
      const channels = 3;
      const x = b.integers(channels * height * width, 2, 16);
      const w = b.integers(channels * kh * kw, 2, 16);
      const c = b.outWords(channels * outH! * outW!);
      raw.windowsI16(x, w, height, width, kh, kw, ...steps, outH!, outW!, 1, channels, c);
      return 0;
    });
  });
});

describe('integer vectors', () => {
  test.each([1, 3, 4, 5, 8, 9, 15, 40])('length %i', (n) => {
    for (const kind of [2, 4]) {
      same(n + kind, (raw, b) => {
        const src = b.integers(n, kind, kind === 2 ? 16 : 31);
        const from = n > 8 ? 8 : 0;
        for (const k of [1, -3, 2 ** 30]) raw.axpyInt(b.outWords(n), src, kind, k, from, n);
        raw.fillI32(b.outWords(n), -7, from, n);
        const wide = b.integers(n, 4, 32);
        for (const shift of [0, 1, 15]) {
          raw.shiftInt(wide, shift, b.outWords(n), 4, from, n);
          raw.shiftInt(wide, shift, b.outWords(n), 2, from, n);
        }
        for (const count of [1, 15, 30, 32]) raw.bitsInt(src, kind, 3, count, b.outWords(n), from, n);
        raw.packBox(src, kind, 1, 0, 1, 0, n, b.outWords(n));
        return 0;
      });
    }
  });

  test.each([
    [1, 3, 7],
    [2, 1, 4],
    [3, 2, 9],
  ])('packBox, %i planes of %i rows of %i cells', (planes, rows, count) => {
    for (const kind of [2, 4]) {
      same(planes + kind, (raw, b) => {
        const [rowStride, planeStride] = [count + 2, (count + 2) * (rows + 1)];
        const src = b.integers(planes * planeStride, kind, kind === 2 ? 16 : 31);
        const dst = b.outWords(planes * rows * count);
        raw.packBox(src, kind, planes, planeStride, rows, rowStride, count, dst);
        return 0;
      });
    }
  });

  test.each([2, 4])('tableInt and countInt of kind %i stop at the first cell outside', (kind) => {
    for (const bits of [5, 6, 7]) {
      for (const dstKind of [2, 4]) {
        same(bits, (raw, b) => {
          const src = b.integers(37, kind, bits);
          const table = b.integers(64, 4, 15);
          const written = raw.tableInt(src, kind, table, -32, 64, b.outWords(37), dstKind, 0, 37);
          const counted = raw.countInt(src, kind, -32, 64, b.outWords(64), 0, 37);
          return 1000 * written + counted;
        });
      }
    }
  });
});
