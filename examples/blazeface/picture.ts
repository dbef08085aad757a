/** A square crop of the portrait as the detector takes it: 128 x 128 x 3, -1..1, channels last. */
import { type Crop, crop, type Picture, readJpeg } from '../picture.ts';

const square = (left: number, top: number, side: number): Crop => ({ left, top, width: side, height: side });

/** The crop that the demo proves, and others like it to calibrate on. */
export const PORTRAIT: Crop = square(0, 0, 512);
export const CALIBRATION: readonly Crop[] = [
  PORTRAIT,
  { ...PORTRAIT, mirrored: true },
  square(0, 88, 512),
  square(60, 20, 400),
  { ...square(100, 40, 320), mirrored: true },
  square(0, 300, 300),
];

export function readPortrait(): Picture {
  return readJpeg(new URL('grace_hopper.jpg', import.meta.url));
}

export function detectorInput(portrait: Picture, area: Crop, size = 128): Float32Array {
  return crop(portrait, area, size, size).data.map((v) => v / 127.5 - 1);
}
