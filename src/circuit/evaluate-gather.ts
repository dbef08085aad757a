/** Rows of int16 for the matrix kernel, gathered from a tensor: the patches of its windows by a kernel where they are its last axes, else cell by cell. */
import type { Labels } from './contract.ts';
import { type Operand, type Order, offsetsOf, type Plane, pointer, sameList } from './evaluate-operand.ts';
import { stridesOf } from './evaluate-view.ts';
import type { Storage, Stored } from './storage.ts';
import { inParallel } from './storage.ts';
import type { Window } from './types.ts';
import { cellsOf } from './types.ts';

/** A as M rows of `stride` int16, zero beyond K: in place, or a copy. */
export function rowsOfA(
  storage: Storage,
  labels: Labels,
  { m, k }: Order,
  a: Operand<string>,
  M: number,
  K: number,
  stride: number,
): { readonly ptr: number; readonly own: Stored | undefined } {
  if (stride === K && sameList(a.axes, [...m, ...k])) return { ptr: pointer(a), own: undefined };
  const own = storage.alloc(2, M * stride);
  gatherPlain(storage, a, offsetsOf(m, labels.sizes, a), offsetsOf(k, labels.sizes, a), stride, own, 0, M);
  return { ptr: own.ptr, own };
}

export interface Gather {
  /** Writes rows from .. to, the first one at the start of `rows`. */
  rows(rows: Stored, from: number, to: number): void;
  /** Gives back what gathering took. */
  end(): void;
}

/** How rows of B are gathered: by the patch kernel where its layout fits, else cell by cell. */
export function gatherer(
  storage: Storage,
  labels: Labels,
  order: Order,
  plane: Plane | undefined,
  b: Operand<string | Window>,
  K: number,
  stride: number,
): Gather {
  if (plane !== undefined && order.n.length === order.windows.length && order.batch.length === 0) {
    return patchGatherer(storage, plane, b, K, stride);
  }
  const end = (): void => undefined;
  const rowOffsets = offsetsOf(order.n, labels.sizes, b);
  const columnOffsets = offsetsOf(order.k, labels.sizes, b);
  if (order.windows.length === 0) {
    return {
      rows: (rows, from, to) => gatherPlain(storage, b, rowOffsets, columnOffsets, stride, rows, from, to),
      end,
    };
  }
  const windows = order.windows.map((w) => windowOffsets(labels, order, b, w));
  return {
    rows: (rows, from, to) => gatherWindows(storage, b, rowOffsets, columnOffsets, windows, stride, rows, from, to),
    end,
  };
}

/** By patches of planes; of a volume those of one z after the other, whose planes are those that the window z sees from there. */
function patchGatherer(
  storage: Storage,
  { deep, height, width, kernel, steps, places }: Plane,
  b: Operand<string | Window>,
  K: number,
  stride: number,
): Gather {
  const { machine } = storage;
  const count = K / cellsOf(kernel);
  const depth = deep?.depth ?? 1;
  const table = storage.alloc(4, count);
  const planesFrom = (z: number): void => {
    const planes = machine.i32(table.ptr, count);
    for (let i = 0; i < count; i++) {
      const kz = i % (deep?.kernel ?? 1);
      const at = deep === undefined ? 0 : deep.window.stride * z + deep.window.dilation * kz - deep.window.pad;
      const channel = (i - kz) / (deep?.kernel ?? 1);
      planes[i] = at < 0 || at >= depth ? -1 : (channel * depth + at) * height * width;
    }
  };
  const image = [pointer(b), table.ptr, count, height, width, ...kernel, ...steps, places[1], stride];
  const area = cellsOf(places);
  return {
    rows(rows, from, to) {
      for (let z = Math.floor(from / area); z * area < to; z++) {
        const [first, last] = [Math.max(from - z * area, 0), Math.min(to - z * area, area)];
        const base = rows.ptr + 2 * (z * area - from) * stride;
        planesFrom(z);
        inParallel(machine, 'patchesI16', last - first, stride, (i, j) => [...image, first + i, first + j, base]);
      }
    },
    end: () => storage.release(table),
  };
}

/** rows[i - from, c] = x[row i, column c], zero beyond the columns. */
function gatherPlain(
  { machine }: Storage,
  x: Operand<unknown>,
  rowOffsets: Int32Array,
  columnOffsets: Int32Array,
  stride: number,
  rows: Stored,
  from: number,
  to: number,
): void {
  const cells = machine.i16(x.at.ptr, x.at.length);
  const matrix = machine.i16(rows.ptr, rows.length);
  const K = columnOffsets.length;
  for (let i = from; i < to; i++) {
    const at = x.offset + rowOffsets[i]!;
    const row = (i - from) * stride;
    for (let c = 0; c < K; c++) matrix[row + c] = cells[at + columnOffsets[c]!]!;
    matrix.fill(0, row + K, row + stride);
  }
}

/** Along one window's axis: where row i starts and how far column c is from there, in cells of that axis. */
interface WindowOffsets {
  readonly size: number;
  readonly step: number;
  readonly origins: Int32Array;
  readonly distances: Int32Array;
}

function windowOffsets(labels: Labels, order: Order, b: Operand<string | Window>, w: Window): WindowOffsets {
  const axis = b.axes.indexOf(w);
  const along = (list: readonly string[], label: string): Int32Array =>
    offsetsOf(list, labels.sizes, { at: b.at, offset: 0, axes: [label], shape: [labels.sizes.get(label)!] });
  return {
    size: b.shape[axis]!,
    step: stridesOf(b.shape)[axis]!,
    origins: along(order.n, w.out).map((o) => w.stride * o - w.pad),
    distances: along(order.k, w.kernel).map((k) => w.dilation * k),
  };
}

/** As gatherPlain, with axes that are windows: x[row, column] is zero outside an axis. */
function gatherWindows(
  { machine }: Storage,
  x: Operand<unknown>,
  rowOffsets: Int32Array,
  columnOffsets: Int32Array,
  windows: readonly WindowOffsets[],
  stride: number,
  rows: Stored,
  from: number,
  to: number,
): void {
  const cells = machine.i16(x.at.ptr, x.at.length);
  const matrix = machine.i16(rows.ptr, rows.length);
  const K = columnOffsets.length;
  matrix.fill(0);
  for (let i = from; i < to; i++) {
    for (let c = 0; c < K; c++) {
      let at = x.offset + rowOffsets[i]! + columnOffsets[c]!;
      let isInside = true;
      for (const w of windows) {
        const position = w.origins[i]! + w.distances[c]!;
        if (position < 0 || position >= w.size) isInside = false;
        at += position * w.step;
      }
      if (isInside) matrix[(i - from) * stride + c] = cells[at]!;
    }
  }
}
