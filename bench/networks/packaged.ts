/**
 * Trained networks that others published as npm packages. All look at pictures; they are given crops of one portrait, which is enough
 * to calibrate sensibly for a time, not to judge accuracy.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import jpeg from 'jpeg-js';
import { check } from '../../src/check.ts';
import type { Value } from '../../src/onnx/index.ts';
import type { Loaded, Network } from './types.ts';

const PORTRAIT = new URL('../../examples/blazeface/grace_hopper.jpg', import.meta.url);

/** Left, top and width of the crops, as shares of the picture's width; the first is proved. */
const CROPS = [
  [0, 0, 1],
  [0.1, 0.05, 0.8],
  [0.2, 0.1, 0.6],
  [0, 0.17, 1],
  [0.25, 0.15, 0.5],
  [0.05, 0.4, 0.6],
] as const;

export interface PackagedOptions {
  /** Real values of a pixel's 0 and 255. Default -1, 1. */
  readonly range?: readonly [number, number];
  /** Height and width where the file leaves them open. */
  readonly size?: readonly [number, number];
}

export function packaged(
  name: string,
  about: string,
  [packageName, file]: readonly [string, string],
  options: PackagedOptions = {},
): Network {
  return {
    name,
    about,
    weights: 'trained',
    missing: () =>
      pathOf(packageName, file) === undefined ? `the package ${packageName} is not installed` : undefined,
    load: async () => loadPackaged(readFileSync(pathOf(packageName, file)!), options),
  };
}

/** @return undefined where the package is not installed */
function pathOf(packageName: string, file: string): string | undefined {
  const folders = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  return folders.map((folder) => join(folder, packageName, file)).find((path) => existsSync(path));
}

function loadPackaged(onnx: Uint8Array, { range = [-1, 1], size }: PackagedOptions): Loaded {
  const shapes = size && { x: [1, 3, ...size] };
  const { inputs } = check(onnx, shapes && { shapes });
  const [input, ...more] = inputs;
  if (input === undefined || more.length > 0) throw new Error(`${inputs.length} inputs in place of one picture`);
  const picture = jpeg.decode(readFileSync(PORTRAIT), { useTArray: true, formatAsRGBA: true });
  const samples = CROPS.map((crop) => ({ [input.name]: cropOf(picture, crop, input, range) }));
  return { onnx, samples, ...(shapes && { shapes }) };
}

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A crop with the sides of the input's shape, (1, C, H, W) or (1, H, W, C); one channel is grey, a fourth is opaque. */
function cropOf(
  { width, height, data }: Picture,
  [left, top, side]: (typeof CROPS)[number],
  { name, shape }: Value,
  [black, white]: readonly [number, number],
): Float32Array {
  const planar = shape[1]! <= 4;
  const [channels, rows, columns] = planar ? shape.slice(1) : [shape[3]!, shape[1]!, shape[2]!];
  if (shape.length !== 4 || channels! > 4) throw new Error(`input ${name} of shape [${shape}] is no picture`);
  const values = new Float32Array(channels! * rows! * columns!);
  const step = (side * width) / columns!;
  for (let y = 0; y < rows!; y++) {
    const row = Math.min(height - 1, Math.floor(top * width + y * step));
    for (let x = 0; x < columns!; x++) {
      const at = 4 * (row * width + Math.min(width - 1, Math.floor(left * width + x * step)));
      for (let c = 0; c < channels!; c++) {
        const pixel = channels === 1 ? (data[at]! + data[at + 1]! + data[at + 2]!) / 3 : data[at + c]!;
        const cell = planar ? (c * rows! + y) * columns! + x : (y * columns! + x) * channels! + c;
        values[cell] = black + ((white - black) * pixel) / 255;
      }
    }
  }
  return values;
}
