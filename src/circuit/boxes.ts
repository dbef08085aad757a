/**
 * Boxes of a looked-up tensor. Every axis of a block of leaves is padded to a power of two, so a tensor whose axes are far from one is cut:
 * 320 x 320 cells have 512 x 512 leaves, and in boxes of 256 and 64 as many leaves as cells.
 */
import { variables } from '../field/mle.ts';

/** Cells start .. start + shape of a tensor. A start is a multiple of its size, padded. */
export interface Box {
  readonly start: readonly number[];
  readonly shape: readonly number[];
}

/**
 * Leaves that a cut must save, for every block has claims of its own. M-LSD 320-tiny, uncut: 3.8 s, 2.3 GB, 453 kB, verified in 39 ms; at 2^19:
 * 3.4 s, 1.7 GB, 451 kB, 39 ms; at 2^18: 3.0 s, 1.5 GB, 457 kB, 43 ms; at 2^17: 3.0 s, 1.3 GB, 463 kB, 48 ms (docs/decisions/017).
 */
export const LEAST_SAVED = 2 ** 18;

/** The boxes of a tensor: an axis is cut at the largest power of two in it where that saves the most leaves, and its parts are cut again. */
export function boxesOf(shape: readonly number[], least: number = LEAST_SAVED): Box[] {
  return cut({ start: shape.map(() => 0), shape }, least);
}

function cut(box: Box, least: number): Box[] {
  let best: readonly [Box, Box] | undefined;
  let saved = least;
  for (const axis of box.shape.keys()) {
    const parts = halves(box, axis);
    if (parts === undefined) continue;
    const saves = leavesOf(box) - leavesOf(parts[0]) - leavesOf(parts[1]);
    // of equal ones the first
    if (best === undefined ? saves < saved : saves <= saved) continue;
    best = parts;
    saved = saves;
  }
  return best === undefined ? [box] : best.flatMap((part) => cut(part, least));
}

/** The box up to the largest power of two below an axis's size, and behind it. */
function halves({ start, shape }: Box, axis: number): readonly [Box, Box] | undefined {
  const size = shape[axis]!;
  const first = 2 ** Math.floor(Math.log2(size));
  if (first === size) return undefined;
  return [
    { start, shape: shape.with(axis, first) },
    { start: start.with(axis, start[axis]! + first), shape: shape.with(axis, size - first) },
  ];
}

function leavesOf({ shape }: Box): number {
  return 2 ** variables(shape);
}
