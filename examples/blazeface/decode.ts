/**
 * The best face of a BlazeFace output: anchors are the centres of a 16 x 16 grid (two each) and an 8 x 8 grid (six each); a box is its
 * first four numbers (centre offset, size, in pixels of 128), a score goes through a logistic.
 */
export interface Face {
  readonly score: number;
  /** Centre and size, 0..1 of the picture. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type Values = Readonly<Record<string, ArrayLike<number>>>;

const GRIDS = [
  { scores: 'Identity:0', boxes: 'Identity_2:0', cells: 16, anchors: 2 },
  { scores: 'Identity_1:0', boxes: 'Identity_3:0', cells: 8, anchors: 6 },
];

export function bestFace(outputs: Values): Face {
  let best: Face = { score: 0, x: 0, y: 0, width: 0, height: 0 };
  for (const { scores, boxes, cells, anchors } of GRIDS) {
    const logits = outputs[scores]!;
    const box = outputs[boxes]!;
    for (let i = 0; i < logits.length; i++) {
      const score = 1 / (1 + Math.exp(-logits[i]!));
      if (score <= best.score) continue;
      const cell = Math.floor(i / anchors);
      const [dx, dy, width, height] = [0, 1, 2, 3].map((k) => box[16 * i + k]! / 128) as [
        number,
        number,
        number,
        number,
      ];
      const x = ((cell % cells) + 0.5) / cells + dx;
      const y = (Math.floor(cell / cells) + 0.5) / cells + dy;
      best = { score, x, y, width, height };
    }
  }
  return best;
}
