/** What detectors say, as boxes in pixels of their input. */
import type { Inputs } from '../../examples/zoo/index.ts';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Largest distance between two sides of the same name. */
export function distance(a: Box, b: Box): number {
  return Math.max(...(['left', 'top', 'right', 'bottom'] as const).map((side) => Math.abs(a[side] - b[side])));
}

/** Boxes of fr_detect (corners, 0..1) whose anchors the given scores put above a threshold, by anchor. */
export function facesOf(outputs: Inputs, scores: Float32Array, width: number, height: number): Map<number, Box> {
  const found = new Map<number, Box>();
  const { boxes } = outputs as { boxes: Float32Array };
  for (let i = 0; 2 * i < scores.length; i++) {
    if (scores[2 * i + 1]! < 0.65) continue;
    const [left, top, right, bottom] = boxes.subarray(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
    found.set(i, { left: left * width, top: top * height, right: right * width, bottom: bottom * height });
  }
  return found;
}

/** The box around the cells of a map that are above a threshold. */
export function boxAbove(map: Float32Array, width: number, threshold: number): Box {
  const box = { left: Infinity, top: Infinity, right: -1, bottom: -1 };
  map.forEach((v, i) => {
    if (v < threshold) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    box.left = Math.min(box.left, x);
    box.right = Math.max(box.right, x);
    box.top = Math.min(box.top, y);
    box.bottom = Math.max(box.bottom, y);
  });
  return box;
}

/** What M-LSD says of lines: a score and the ends of a line (2 x 2 offsets) in every cell of a square map. */
export interface LineMap {
  readonly scores: Float32Array;
  readonly offsets: Float32Array;
}

/**
 * For every peak of `want` above a threshold the nearest peak of `got` within a cell: the largest differences of score and of an end of the
 * line, in cells; undefined for a peak that has none.
 */
export function samePeaks(
  want: LineMap,
  got: LineMap,
  threshold: number,
): ({ score: number; end: number } | undefined)[] {
  const width = Math.sqrt(want.scores.length);
  const around = [0, -1, 1]
    .flatMap((dy) => [0, -1, 1].map((dx) => dy * width + dx))
    .sort((a, b) => Math.abs(a) - Math.abs(b));
  return [...want.scores.keys()]
    .filter((i) => want.scores[i]! >= threshold)
    .map((i) => {
      const k = around.map((d) => i + d).find((at) => got.scores[at]! > 0);
      if (k === undefined) return undefined;
      const ends = [0, 1, 2, 3].map((q) => Math.abs(want.offsets[4 * i + q]! - got.offsets[4 * k + q]!));
      return { score: Math.abs(want.scores[i]! - got.scores[k]!), end: Math.max(...ends) };
    });
}
