/** Writes integer tensors into matrix rows as packing.ts lays them out. */
import type { Machine } from '../kernels/kernels.ts';
import { cutAxis, type Packing, type Piece } from './packing.ts';

/** Integer values in kernel memory: kind 2 is i16, 4 is i32; dense row-major. */
export interface PackedSource {
  readonly kind: 2 | 4;
  readonly ptr: number;
}

/** Runs of at least this many cells are shared out to threads. */
const LONG_RUN = 1 << 12;

/**
 * Base words of `packing.rows` rows; cells that no piece covers are zero. `sources`: the columns, in the packing's order. `room`: rows
 * behind them that the caller fills.
 */
export function packMatrix(m: Machine, packing: Packing, sources: readonly PackedSource[], room = 0): number {
  const words = packing.rows * 2 ** packing.rowBits;
  const matrix = m.alloc(4 * (words + room * 2 ** packing.rowBits));
  m.u32(matrix + 4 * packing.cells, words - packing.cells).fill(0);
  const long: number[][] = [];
  for (const slab of packing.slabs) {
    for (const piece of slab.pieces) {
      const start = matrix + 4 * (slab.row * 2 ** packing.rowBits + piece.offset);
      const { kind, ptr } = sources[piece.column]!;
      for (const run of pieceRuns(packing.shapes[piece.column]!, piece)) {
        const task = [ptr + kind * run.from, kind, run.length, start + 4 * run.to];
        if (run.length >= LONG_RUN) long.push(...splitRun(task));
        else m.raw.packInt(task[0]!, task[1]!, task[2]!, task[3]!);
      }
    }
  }
  m.fork('packInt', long);
  return matrix;
}

function splitRun([from, kind, length, to]: number[]): number[][] {
  const out: number[][] = [];
  for (let at = 0; at < length!; at += 1 << 16) {
    out.push([from! + kind! * at, kind!, Math.min(1 << 16, length! - at), to! + 4 * at]);
  }
  return out;
}

interface Run {
  /** First cell in the dense tensor, and in the piece. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** The piece as runs of cells that are contiguous in the tensor. */
function* pieceRuns(shape: readonly number[], piece: Piece): Generator<Run> {
  let axis = shape.length - 1;
  let length = 1;
  let cells = 1;
  while (axis >= 0 && cutAxis(shape[axis]!).length === 1) {
    length *= shape[axis]!;
    cells *= shape[axis]!;
    axis -= 1;
  }
  let from = 0;
  if (axis >= 0) {
    from = piece.cuts[axis]!.start * cells;
    length = 2 ** piece.cuts[axis]!.bits * cells;
    cells *= shape[axis]!;
    axis -= 1;
  }
  const outer = Array.from({ length: axis + 1 }, (_, a) => a);
  const sizes = outer.map((a) => 2 ** piece.cuts[a]!.bits);
  const strides = outer.map((a) => shape.slice(a + 1, axis + 1).reduce((n, s) => n * s, cells));
  const count = sizes.reduce((n, s) => n * s, 1);
  for (let i = 0; i < count; i++) {
    let rest = i;
    let at = from;
    for (let a = axis; a >= 0; a--) {
      at += (piece.cuts[a]!.start + (rest % sizes[a]!)) * strides[a]!;
      rest = Math.floor(rest / sizes[a]!);
    }
    yield { from: at, to: i * length, length };
  }
}
