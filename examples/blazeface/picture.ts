/** A square crop of the portrait as the detector takes it: 128 x 128 x 3, -1..1, channels last. */
import { readFileSync } from 'node:fs';
import jpeg from 'jpeg-js';

export const SIZE = 128;

export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  readonly mirrored?: boolean;
}

/** The crop that the demo proves, and others like it to calibrate on. */
export const PORTRAIT: Crop = { left: 0, top: 0, side: 512 };
export const CALIBRATION: readonly Crop[] = [
  PORTRAIT,
  { ...PORTRAIT, mirrored: true },
  { left: 0, top: 88, side: 512 },
  { left: 60, top: 20, side: 400 },
  { left: 100, top: 40, side: 320, mirrored: true },
  { left: 0, top: 300, side: 300 },
];

export function readPortrait(): (crop: Crop) => Float32Array {
  const file = readFileSync(new URL('grace_hopper.jpg', import.meta.url));
  const { width, height, data } = jpeg.decode(file, { useTArray: true, formatAsRGBA: true });
  return ({ left, top, side, mirrored }) => {
    const out = new Float32Array(SIZE * SIZE * 3);
    const step = side / SIZE;
    for (let y = 0; y < SIZE; y++) {
      for (let x = 0; x < SIZE; x++) {
        const column = mirrored ? SIZE - 1 - x : x;
        const mean = boxMean(data, width, height, left + column * step, top + y * step, step);
        out.set(mean, 3 * (y * SIZE + x));
      }
    }
    return out;
  };
}

/** Mean colour of a square of pixels, as -1..1. */
function boxMean(data: Uint8Array, width: number, height: number, left: number, top: number, side: number): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.floor(top); y < Math.min(height, Math.ceil(top + side)); y++) {
    for (let x = Math.floor(left); x < Math.min(width, Math.ceil(left + side)); x++) {
      for (let c = 0; c < 3; c++) sum[c]! += data[4 * (y * width + x) + c]!;
      count += 1;
    }
  }
  return sum.map((s) => s / (127.5 * Math.max(1, count)) - 1);
}
