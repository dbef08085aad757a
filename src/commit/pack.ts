/** Writes integer tensors into matrix rows as packing.ts lays them out. */
import type { Machine } from '../kernels/kernels.ts';
import { cutAxis, type Packing, type Piece } from './packing.ts';

/** Integer values in kernel memory: kind 2 is i16, 4 is i32; dense row-major. */
export interface PackedSource {
  readonly kind: 2 | 4;
  readonly ptr: number;
}

/** Boxes of at least this many cells are shared out to threads, in tasks of at most 2^16. */
const LARGE_BOX = 1 << 12;
const TASK_CELLS = 1 << 16;

/**
 * Base words of `packing.rows` rows; cells that no piece covers are zero. `sources`: the columns, in the packing's order. `room`: rows
 * behind them that the caller fills.
 */
export function packMatrix(m: Machine, packing: Packing, sources: readonly PackedSource[], room = 0): number {
  const words = packing.rows * 2 ** packing.rowBits;
  const matrix = m.alloc(4 * (words + room * 2 ** packing.rowBits));
  m.u32(matrix + 4 * packing.cells, words - packing.cells).fill(0);
  const large: number[][] = [];
  for (const slab of packing.slabs) {
    for (const piece of slab.pieces) {
      const start = matrix + 4 * (slab.row * 2 ** packing.rowBits + piece.offset);
      const { kind, ptr } = sources[piece.column]!;
      for (const box of pieceBoxes(packing.shapes[piece.column]!, piece)) {
        const isLarge = box.planes * box.rows * box.length >= LARGE_BOX;
        for (const { from, planes, planeStride, rows, rowStride, length, to } of isLarge ? splitBox(box) : [box]) {
          const task = [ptr + kind * from, kind, planes, planeStride, rows, rowStride, length, start + 4 * to] as const;
          if (isLarge) large.push([...task]);
          else m.raw.packBox(...task);
        }
      }
    }
  }
  m.fork('packBox', large);
  return matrix;
}

/** Cuts a box along its longest axis of planes, rows or cells. */
function splitBox(box: Box): Box[] {
  const cells = box.planes * box.rows * box.length;
  if (cells <= TASK_CELLS) return [box];
  const [axis, stride] =
    box.planes > 1
      ? (['planes', box.planeStride] as const)
      : box.rows > 1
        ? (['rows', box.rowStride] as const)
        : (['length', 1] as const);
  const step = Math.max(1, Math.floor((box[axis] * TASK_CELLS) / cells));
  const out: Box[] = [];
  for (let at = 0; at < box[axis]; at += step) {
    const size = Math.min(step, box[axis] - at);
    out.push({ ...box, [axis]: size, from: box.from + at * stride, to: box.to + (at * cells) / box[axis] });
  }
  return out;
}

/** Cells of a dense tensor that lie as densely in a piece: planes of rows of `length` neighbours. */
interface Box {
  /** First cell in the dense tensor, and in the piece. */
  readonly from: number;
  readonly to: number;
  readonly planes: number;
  readonly planeStride: number;
  readonly rows: number;
  readonly rowStride: number;
  readonly length: number;
}

/** The piece as boxes. */
function* pieceBoxes(shape: readonly number[], piece: Piece): Generator<Box> {
  let axis = shape.length - 1;
  let length = 1;
  while (axis >= 0 && cutAxis(shape[axis]!).length === 1) length *= shape[axis--]!;
  let cells = length;
  let from = 0;
  if (axis >= 0) {
    from = piece.cuts[axis]!.start * cells;
    length = 2 ** piece.cuts[axis]!.bits * cells;
    cells *= shape[axis--]!;
  }
  // what is left of the axes, innermost first
  const axes: { start: number; size: number; stride: number }[] = [];
  for (; axis >= 0; axis--) {
    axes.push({ start: piece.cuts[axis]!.start, size: 2 ** piece.cuts[axis]!.bits, stride: cells });
    cells *= shape[axis]!;
  }
  from += axes.reduce((n, a) => n + a.start * a.stride, 0);
  const [rows, planes] = [0, 1].map((i) => axes[i] ?? { size: 1, stride: 0 });
  const box = { planes: planes!.size, planeStride: planes!.stride, rows: rows!.size, rowStride: rows!.stride, length };
  const outer = axes.slice(2);
  const count = outer.reduce((n, a) => n * a.size, 1);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let at = from;
    for (const { size, stride } of outer) {
      at += (rest % size) * stride;
      rest = Math.floor(rest / size);
    }
    yield { ...box, from: at, to: i * box.planes * box.rows * length };
  }
}
