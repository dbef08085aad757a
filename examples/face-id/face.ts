/**
 * Picture -> box -> landmarks -> aligned face -> embedding, in float, as the JavaScript of faceplugin-face-recognition-js has it.
 * None of this is proved: the prover's own affair.
 */
import { floatOutputs } from '../float.ts';
import { packageFile } from '../models.ts';
import { align, type Crop, crop, grey, type Picture, type Point, planes } from '../picture.ts';

const network = (name: string) => packageFile('faceplugin-face-recognition-js', `model/fr_${name}.onnx`);
export const EMBEDDING = network('feature');

const MIDDLE = [127 / 255, 127 / 255, 127 / 255];
const HALF = [128 / 255, 128 / 255, 128 / 255];
/** Eyes, nose and corners of the mouth in the 112 x 112 pixels that the embedding was trained on. */
const PLACES: readonly Point[] = [
  [38.2946, 51.6963],
  [73.5318, 51.5014],
  [56.0252, 71.7366],
  [41.5493, 92.3655],
  [70.7299, 92.2041],
];
/** The same of 68 landmarks, each the mean of some. */
const GROUPS = [
  [37, 38, 40, 41],
  [43, 44, 46, 47],
  [30, 30],
  [48, 60],
  [54, 64],
];

/** The best face of a picture, as a square around its middle. */
export async function detect(picture: Picture): Promise<Crop & { readonly score: number }> {
  const { width, height } = picture;
  const small = crop(picture, { left: 0, top: 0, width, height }, 320, 240);
  const [found] = await floatOutputs(network('detect'), [{ input: planes(small, MIDDLE, HALF) }]);
  const { scores, boxes } = found as { scores: Float32Array; boxes: Float32Array };
  const best = scores.reduce((at, score, i) => (i % 2 === 1 && score > scores[at]! ? i : at), 1);
  const [left, top, right, bottom] = boxes.subarray(2 * best - 2, 2 * best + 2) as unknown as [
    number,
    number,
    number,
    number,
  ];
  const side = (bottom - top) * height;
  return {
    score: scores[best]!,
    left: ((left + right) * width - side) / 2,
    top: top * height,
    width: side,
    height: side,
  };
}

/** The face as the embedding takes it, eyes and mouth where they belong. */
export async function alignedFace(picture: Picture, box: Crop): Promise<Float32Array> {
  const shades = grey(crop(picture, box, 64, 64)).map((v) => (v * 255) / 256);
  const [found] = await floatOutputs(network('landmark'), [{ input: shades }]);
  const marks = found!.output!;
  const middle = (group: readonly number[], axis: number) =>
    group.reduce((sum, i) => sum + marks[2 * i + axis]!, 0) / group.length;
  const points = GROUPS.map(
    (group): Point => [box.left + box.width * middle(group, 0), box.top + box.height * middle(group, 1)],
  );
  return planes(align(picture, points, PLACES, 112, 112), MIDDLE, HALF);
}

export async function embed(face: Float32Array): Promise<Float32Array> {
  const [found] = await floatOutputs(EMBEDDING, [{ input: face }]);
  return Object.values(found!)[0]!;
}

export function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
