/** What a proof's bytes are: its messages by label, areas as bytes, grouped by the part of the protocol that sends them. */
import type { MessageSize } from '../measure/types.ts';
import type { Drawing } from './drawing.ts';
import { bytesText } from './text.ts';

const HEIGHT = 260;

/** Parts of the protocol, by the first word of a label. */
const PARTS: Readonly<Record<string, string>> = {
  tree: 'lookups',
  lookup: 'lookups',
  leaf: 'lookups',
  zero: 'linear',
  linear: 'linear',
  stage: 'linear',
  witness: 'commit',
  header: 'commit',
  mask: 'hiding',
  pad: 'hiding',
  gate: 'hiding',
  inverse: 'hiding',
  factor: 'hiding',
  opened: 'hiding',
};
const COLOURS: Readonly<Record<string, string>> = {
  opening: 'var(--stage-opening)',
  lookups: 'var(--stage-lookups)',
  linear: 'var(--stage-linear)',
  commit: 'var(--stage-commit)',
  hiding: 'var(--stage-hiding)',
};

interface Cell {
  readonly label: string;
  readonly bytes: number;
  readonly count: number;
  readonly part: string;
}

export function partOf(label: string): string {
  return PARTS[label.split(' ')[0]!] ?? 'opening';
}

export function proofSizePlot(
  { Plot, hierarchy, svg }: Drawing,
  messages: readonly MessageSize[],
  width: number,
): string {
  const cells = messages.filter(({ bytes }) => bytes > 0).flatMap(cellsOf);
  const rects = squares(hierarchy, cells, width);
  const fits = (label: string, [x0, y0, x1, y1]: readonly number[]) =>
    x1! - x0! > 6.5 * label.length + 10 && y1! - y0! > 30;
  const named = rects.filter(({ cell, box }) => fits(cell.label, box));
  return svg('Bytes of a proof by the label of its messages, as areas.', {
    width,
    height: HEIGHT,
    margin: 0,
    x: { domain: [0, width], range: [0, width], axis: null },
    y: { domain: [0, HEIGHT], range: [0, HEIGHT], axis: null },
    marks: [
      Plot.rect(rects, {
        x1: (d) => d.box[0],
        y1: (d) => d.box[1],
        x2: (d) => d.box[2],
        y2: (d) => d.box[3],
        inset: 1,
        fill: (d) => COLOURS[d.cell.part],
        title: (d) =>
          `${d.cell.label}: ${bytesText(d.cell.bytes)}${d.cell.count > 1 ? ` in ${d.cell.count} messages` : ''}`,
      }),
      Plot.text(named, {
        x: (d) => d.box[0],
        y: (d) => d.box[1],
        dx: 7,
        dy: 14,
        textAnchor: 'start',
        lineAnchor: 'top',
        fill: 'var(--on-fill)',
        text: (d) => `${d.cell.label}\n${bytesText(d.cell.bytes)}`,
        frameAnchor: 'top-left',
      }),
    ],
  });
}

/** One for all messages of a label, or one for each where they are few. */
function cellsOf({ label, bytes, count, each }: MessageSize): Cell[] {
  const part = partOf(label);
  if (each === undefined) return [{ label, bytes, count, part }];
  return each.map((size, i) => ({ label: `${label} ${i + 1}`, bytes: size, count: 1, part }));
}

type Hierarchy = Drawing['hierarchy'];

/** Boxes (left, top, right, bottom) of the cells, those of one part together. */
function squares({ hierarchy, treemap }: Hierarchy, cells: readonly Cell[], width: number) {
  const parts = [...Map.groupBy(cells, ({ part }) => part)].map(([part, children]) => ({ part, children }));
  type Branch = { readonly children?: readonly (Branch | Cell)[]; readonly bytes?: number };
  const root = hierarchy<Branch>({ children: parts }, (node) => node.children as Branch[] | undefined)
    .sum((node) => node.bytes ?? 0)
    .sort((a, b) => b.value! - a.value!);
  const placed = treemap<Branch>().size([width, HEIGHT]).round(true)(root);
  return placed.leaves().map(({ data, x0, y0, x1, y1 }) => ({ cell: data as Cell, box: [x0, y0, x1, y1] }));
}
