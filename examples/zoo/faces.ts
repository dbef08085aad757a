/**
 * The face pipeline of the npm package faceplugin-face-recognition-js (MIT): detection, landmarks, embedding, liveness, age, gender,
 * pose, expression, eyes. Inputs are made as its own JavaScript makes them, from crops of one portrait: the face is where `fr_detect`
 * finds it, the eyes where `fr_landmark` finds them.
 */
import { readPortrait } from '../blazeface/picture.ts';
import { blazeFace, packageFile } from '../models.ts';
import { type Crop, crop, grey, type Picture, planes } from '../picture.ts';
import { type Inputs, type ZooEntry, type ZooModel, zooModel } from './model.ts';

/** Of the portrait, in its pixels: all of it, the box of the face as a square, the face aligned for the embedding, an eye. */
const WHOLE: Crop = { left: 0, top: 0, width: 512, height: 600 };
const FACE: Crop = { left: 157, top: 121, width: 213, height: 213 };
const ALIGNED: Crop = { left: 130, top: 69, width: 268, height: 268 };
const EYE: Crop = { left: 192, top: 164, width: 62, height: 62 };

/** Shifts (in widths), sizes, light, mirrored or not: what pictures of one face differ in. */
type Variation = readonly [right: number, down: number, size: number, light: number, mirrored: boolean];

const CALIBRATION: readonly Variation[] = [
  [0, 0, 1, 1, false],
  [0, 0, 1, 1, true],
  [0.03, -0.02, 1.05, 1.2, false],
  [-0.04, 0.02, 0.95, 0.7, true],
  [0.02, 0.04, 1.1, 0.5, false],
  [-0.02, -0.03, 0.9, 1.4, true],
  [0.05, 0, 1.02, 0.85, false],
  [0, 0.05, 1.15, 1.1, true],
];

const TESTS: readonly Variation[] = [
  [0.01, 0.01, 1.02, 0.95, false],
  [-0.015, 0.02, 0.97, 1.1, true],
  [0.025, -0.01, 1.07, 0.8, false],
  [-0.03, -0.02, 1.0, 1.25, false],
  [0.01, 0.03, 0.94, 0.65, true],
  [0.035, 0.02, 1.08, 1.0, true],
];

function vary(area: Crop, [right, down, size, light, mirrored]: Variation): Crop {
  const [width, height] = [area.width * size, area.height * size];
  const left = area.left + (area.width - width) / 2 + right * area.width;
  const top = area.top + (area.height - height) / 2 + down * area.height;
  return { left, top, width, height, light, mirrored };
}

interface Face {
  readonly name: string;
  readonly area: Crop;
  readonly size: readonly [width: number, height: number];
  readonly input: (picture: Picture) => Float32Array;
  readonly bits?: number;
}

const SYMMETRIC = { mean: [127 / 255, 127 / 255, 127 / 255], deviation: [128 / 255, 128 / 255, 128 / 255] };
const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };
const ZERO = [0, 0, 0];
const ONE = [1, 1, 1];

const symmetric = (p: Picture) => planes(p, SYMMETRIC.mean, SYMMETRIC.deviation);
const imagenet = (p: Picture) => planes(p, IMAGENET.mean, IMAGENET.deviation);

const FACES: readonly Face[] = [
  { name: 'fr_eye', area: EYE, size: [24, 24], input: grey, bits: 12 },
  { name: 'fr_landmark', area: FACE, size: [64, 64], input: (p) => grey(p).map((v) => (v * 255) / 256) },
  { name: 'fr_age', area: vary(FACE, [0, 0, 1.4, 1, false]), size: [64, 64], input: imagenet },
  { name: 'fr_gender', area: vary(FACE, [0, 0, 1.4, 1, false]), size: [64, 64], input: imagenet },
  { name: 'fr_detect', area: WHOLE, size: [320, 240], input: symmetric },
  { name: 'fr_feature', area: ALIGNED, size: [112, 112], input: symmetric },
  {
    name: 'fr_liveness',
    area: vary(FACE, [0, 0, 2.4, 1, false]),
    size: [128, 128],
    input: (p) => planes(p, ZERO, ONE).map((v) => 255 * v),
  },
  { name: 'fr_pose', area: vary(FACE, [0, 0, 1.2, 1, false]), size: [224, 224], input: imagenet },
  { name: 'fr_expression', area: FACE, size: [224, 224], input: (p) => planes(p, ZERO, ONE) },
];

function load({ name, area, size, input, bits }: Face): ZooModel {
  const portrait = readPortrait();
  const of = (variation: Variation): Inputs => ({ input: input(crop(portrait, vary(area, variation), ...size)) });
  return zooModel({
    name,
    onnx: packageFile('faceplugin-face-recognition-js', `model/${name}.onnx`),
    samples: CALIBRATION.map(of),
    tests: TESTS.map(of),
    ...(bits && { bits }),
  });
}

function blaze(kind: 'front' | 'back'): ZooModel {
  const model = blazeFace(kind);
  return { ...model, tests: [model.input] };
}

export const faces: readonly ZooEntry[] = [
  { name: 'blazeface-front', isSmall: true, load: () => blaze('front') },
  { name: 'blazeface-back', isSmall: true, load: () => blaze('back') },
  ...FACES.map((face) => ({
    name: face.name,
    isSmall: !['fr_pose', 'fr_expression'].includes(face.name),
    load: () => load(face),
  })),
];
