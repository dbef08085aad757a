/** Crops of a picture as networks take them: any size, mirrored, brighter or darker, planes or pixels. */
import { readFileSync } from 'node:fs';
import jpeg from 'jpeg-js';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue of every pixel, row by row, 0..255. */
  readonly data: Float32Array;
}

/** A rectangle of a picture; what lies outside is black. */
export interface Crop {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly mirrored?: boolean;
  /** Light multiplies every colour. Default 1. */
  readonly light?: number;
}

export function readJpeg(url: URL): Picture {
  const { width, height, data } = jpeg.decode(readFileSync(url), { useTArray: true, formatAsRGBA: true });
  const rgb = new Float32Array(3 * width * height);
  for (let i = 0; i < width * height; i++) for (let c = 0; c < 3; c++) rgb[3 * i + c] = data[4 * i + c]!;
  return { width, height, data: rgb };
}

/** The crop at another size: every new pixel is the mean of the pixels that it covers. */
export function crop(picture: Picture, area: Crop, width: number, height: number): Picture {
  const data = new Float32Array(3 * width * height);
  const [stepX, stepY] = [area.width / width, area.height / height];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = area.mirrored ? width - 1 - x : x;
      const mean = meanOf(picture, area.left + column * stepX, area.top + y * stepY, stepX, stepY);
      data.set(
        mean.map((v) => Math.min(v * (area.light ?? 1), 255)),
        3 * (y * width + x),
      );
    }
  }
  return { width, height, data };
}

/** Mean colour of a rectangle of pixels. */
function meanOf({ width, height, data }: Picture, left: number, top: number, w: number, h: number): number[] {
  const sum = [0, 0, 0];
  let count = 0;
  for (let y = Math.max(0, Math.floor(top)); y < Math.min(height, Math.ceil(top + h)); y++) {
    for (let x = Math.max(0, Math.floor(left)); x < Math.min(width, Math.ceil(left + w)); x++) {
      for (let c = 0; c < 3; c++) sum[c]! += data[3 * (y * width + x) + c]!;
      count += 1;
    }
  }
  return sum.map((s) => s / Math.max(1, count));
}

/** One plane a colour, (value / 255 - mean) / deviation. */
export function planes({ width, height, data }: Picture, mean: readonly number[], deviation: readonly number[]) {
  const cells = width * height;
  return Float32Array.from({ length: 3 * cells }, (_, i) => {
    const c = Math.floor(i / cells);
    return (data[3 * (i % cells) + c]! / 255 - mean[c]!) / deviation[c]!;
  });
}

/** Brightness of every pixel, 0..1, by the weights of ITU-R BT.601. */
export function grey({ data }: Picture): Float32Array {
  return Float32Array.from({ length: data.length / 3 }, (_, i) => {
    return (0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!) / 255;
  });
}
