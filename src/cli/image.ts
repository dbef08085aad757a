/**
 * A picture as model input: channel c of a pixel becomes (pixel / maximum - mean[c]) / std[c], laid out as the port has it.
 * Decoding is not part of what is proved: the statement speaks of the numbers.
 */
import { TesseraError } from '../errors.ts';
import type { Port } from './input.ts';

export interface Normalisation {
  /** One number a channel, or one for all; pixels lie between 0 and 1. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Pixels between 0 and 1: pixel(y, x, c) for c < channels. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
  readonly maximum: number;
}

/** Where a port keeps an image: strides of channel, row, column. */
interface Layout {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly planar: boolean;
}

export function isImage(path: string): boolean {
  return /\.(png|jpe?g)$/i.test(path);
}

/**
 * Row-major values of the port's shape, (1, C, H, W), (C, H, W), (1, H, W, C) or (H, W, C) with C = 1 or 3.
 * @throws TesseraError E_SHAPE when the picture has another size or the port is no image, E_INPUT for a broken file.
 */
export async function readImage(
  bytes: Uint8Array,
  path: string,
  port: Port,
  normalisation: Normalisation,
): Promise<Float32Array> {
  const declared = pngSize(bytes);
  if (declared !== undefined) checkSize(declared, layoutOf(port), path);
  const picture = await decode(bytes, path);
  const layout = layoutOf(port);
  checkChannels(normalisation, layout);
  checkSize(picture, layout, path);
  return arrange(picture, layout, normalisation);
}

/** Raw bytes in the port's own layout, taken as pixels. @throws TesseraError E_SHAPE for means a channel where there are none. */
export function readPixels(bytes: Uint8Array, port: Port, { mean, std }: Normalisation): Float32Array {
  const layout = mean.length === 1 && std.length === 1 ? undefined : layoutOf(port);
  if (layout !== undefined) checkChannels({ mean, std }, layout);
  const channelAt = (at: number) => {
    if (layout === undefined) return 0;
    return layout.planar ? Math.floor(at / (layout.height * layout.width)) : at % layout.channels;
  };
  return Float32Array.from(bytes, (pixel, at) => {
    const c = channelAt(at);
    return (pixel / 255 - mean[c % mean.length]!) / std[c % std.length]!;
  });
}

function checkChannels({ mean, std }: Normalisation, { channels }: Layout): void {
  for (const [option, list] of Object.entries({ '--mean': mean, '--std': std })) {
    if (list.length === 1 || list.length === channels) continue;
    throw new TesseraError(
      'E_USAGE',
      `${option} has ${list.length} numbers, the model's pictures ${channels} channels.`,
    );
  }
}

/** What the header of a PNG declares: a picture of another size is refused before memory is taken for it. */
function pngSize(bytes: Uint8Array): Pick<Picture, 'width' | 'height'> | undefined {
  const isPng =
    bytes.length >= 24 && String.fromCharCode(...bytes.subarray(1, 4), ...bytes.subarray(12, 16)) === 'PNGIHDR';
  if (!isPng) return undefined;
  const bigEndian = (at: number) => bytes.subarray(at, at + 4).reduce((value, byte) => 256 * value + byte, 0);
  return { width: bigEndian(16), height: bigEndian(20) };
}

function checkSize(picture: Pick<Picture, 'width' | 'height'>, layout: Layout, path: string): void {
  if (picture.width === layout.width && picture.height === layout.height) return;
  const sentence = `The picture is ${picture.width} x ${picture.height}, the model takes ${layout.width} x ${layout.height}.`;
  throw new TesseraError('E_SHAPE', sentence, { where: path, hint: 'Resize the picture first.' });
}

async function decode(bytes: Uint8Array, path: string): Promise<Picture> {
  try {
    return /\.png$/i.test(path) ? await decodePng(bytes) : await decodeJpeg(bytes);
  } catch (cause) {
    throw new TesseraError('E_INPUT', `The picture cannot be read: ${(cause as Error).message}`, {
      where: path,
      cause,
    });
  }
}

async function decodePng(bytes: Uint8Array): Promise<Picture> {
  const { convertIndexedToRgb, decode: decodeAny } = await import('fast-png');
  const png = decodeAny(bytes);
  const { width, height, depth } = png;
  if (png.palette !== undefined) {
    const channels = png.palette[0]?.length ?? 3;
    return { width, height, channels, data: convertIndexedToRgb(png), maximum: 255 };
  }
  if (depth < 8) throw new Error(`${depth} bits a channel without a palette are not supported`);
  return { width, height, channels: png.channels, data: png.data, maximum: 2 ** depth - 1 };
}

async function decodeJpeg(bytes: Uint8Array): Promise<Picture> {
  const { default: jpeg } = await import('jpeg-js');
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, formatAsRGBA: false });
  return { width, height, channels: 3, data, maximum: 255 };
}

function layoutOf(port: Port): Layout {
  const shape = port.shape.length === 4 && port.shape[0] === 1 ? port.shape.slice(1) : port.shape;
  const [first = 0, second = 0, third = 0] = shape;
  if (shape.length === 3 && (first === 1 || first === 3)) {
    return { channels: first, height: second, width: third, planar: true };
  }
  if (shape.length === 3 && (third === 1 || third === 3)) {
    return { channels: third, height: first, width: second, planar: false };
  }
  const sentence = `Shape [${port.shape}] is no single picture with 1 or 3 channels.`;
  throw new TesseraError('E_SHAPE', sentence, { where: `input "${port.name}"`, hint: 'Give JSON or .npy.' });
}

function arrange(picture: Picture, layout: Layout, { mean, std }: Normalisation): Float32Array {
  const { channels, height, width, planar } = layout;
  const pixels = height * width;
  const values = new Float32Array(channels * pixels);
  for (let c = 0; c < channels; c++) {
    const m = mean[c % mean.length]!;
    const s = std[c % std.length]!;
    for (let at = 0; at < pixels; at++) {
      const value = channelOf(picture, at, c, channels);
      values[planar ? c * pixels + at : at * channels + c] = (value / picture.maximum - m) / s;
    }
  }
  return values;
}

/** Channel c of `wanted` at a pixel: grey is repeated for colour, colour becomes grey by ITU-R BT.601; alpha is left out. */
function channelOf(picture: Picture, pixel: number, c: number, wanted: number): number {
  const at = pixel * picture.channels;
  const colour = picture.channels >= 3;
  if (!colour) return picture.data[at]!;
  if (wanted === 3) return picture.data[at + c]!;
  return 0.299 * picture.data[at]! + 0.587 * picture.data[at + 1]! + 0.114 * picture.data[at + 2]!;
}
