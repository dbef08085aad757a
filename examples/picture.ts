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

export type Point = readonly [x: number, y: number];

/**
 * The picture turned, scaled and moved so that `points` come as near as they can (least squares) to `places`. With complex numbers
 * p, q about their means: q = a p, a = sum conj(p) q / sum |p|^2; pixels are interpolated, what lies outside is black.
 */
export function align(
  picture: Picture,
  points: readonly Point[],
  places: readonly Point[],
  width: number,
  height: number,
): Picture {
  const [p, q] = [centreOf(points), centreOf(places)];
  let [real, imaginary, norm] = [0, 0, 0];
  for (const [i, [x, y]] of points.entries()) {
    const [u, v] = [x - p[0], y - p[1]];
    const [r, s] = [places[i]![0] - q[0], places[i]![1] - q[1]];
    real += u * r + v * s;
    imaginary += u * s - v * r;
    norm += u * u + v * v;
  }
  const [a, b] = [real / norm, imaginary / norm];
  const size = a * a + b * b;
  const data = new Float32Array(3 * width * height);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [(at % width) - q[0], Math.floor(at / width) - q[1]];
    data.set(sampleAt(picture, p[0] + (a * x + b * y) / size, p[1] + (a * y - b * x) / size), 3 * at);
  }
  return { width, height, data };
}

function centreOf(points: readonly Point[]): Point {
  const mean = (axis: 0 | 1) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  return [mean(0), mean(1)];
}

/** Colour between four pixels. */
function sampleAt({ width, height, data }: Picture, x: number, y: number): number[] {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const sum = [0, 0, 0];
  for (const [dx, dy] of [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ] as const) {
    const [px, py] = [left + dx, top + dy];
    if (px < 0 || py < 0 || px >= width || py >= height) continue;
    const weight = (1 - Math.abs(x - px)) * (1 - Math.abs(y - py));
    for (let c = 0; c < 3; c++) sum[c]! += weight * data[3 * (py * width + px) + c]!;
  }
  return sum;
}
