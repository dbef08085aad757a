/**
 * C[i, j] = sum_k A[i, k] B[j, k] for one contraction, i over A's own labels, j over B's own (the places of its windows), k over the
 * summed ones. Rows are int16 matrices: an operand that is one already is read in place, another is gathered; B chunk by chunk, so
 * that the patches of a convolution never exist all at once.
 */
import type { Labels } from './contract.ts';
import { stridesOf } from './evaluate-view.ts';
import type { Storage, Stored } from './storage.ts';
import { inParallel } from './storage.ts';
import type { Window } from './types.ts';
import { cellsOf } from './types.ts';

/** Bytes of gathered rows at a time: they stay in the second-level cache. */
const CHUNK_BYTES = 2 ** 19;

/** Rows of this many int16 are whole vectors of the matrix kernel. */
const LANES = 8;

/** An operand at one index of the labels that were peeled. */
export interface Operand<Axis> {
  readonly at: Stored;
  /** Cell where it starts in `at`. */
  readonly offset: number;
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
}

export interface Product {
  readonly a: Operand<string>;
  readonly b: Operand<string | Window>;
  readonly out: Operand<string>;
}

/** The windows of a tensor whose last one to three axes are windows, z, y and x; a missing y is trivial. */
export interface Plane {
  /** The window z, where there is one. */
  readonly deep: { readonly depth: number; readonly kernel: number; readonly window: Window } | undefined;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly places: readonly [number, number];
  /** Strides, dilations and pads: y, x each, as the kernels take them. */
  readonly steps: readonly number[];
}

export function planeOf(labels: Labels, b: Operand<string | Window>): Plane | undefined {
  const rank = b.axes.length;
  const windows = b.axes.filter((axis) => typeof axis !== 'string');
  const isLast = b.axes.slice(rank - windows.length).every((axis) => typeof axis !== 'string');
  const x = windows.at(-1);
  if (x === undefined || windows.length > 3 || !isLast) return undefined;
  const [z, y] = [windows.at(-3), windows.at(-2)];
  const size = (label: string | undefined): number => (label === undefined ? 1 : labels.sizes.get(label)!);
  return {
    deep: z && { depth: b.shape[rank - 3]!, kernel: size(z.kernel), window: z },
    height: y === undefined ? 1 : b.shape[rank - 2]!,
    width: b.shape[rank - 1]!,
    kernel: [size(y?.kernel), size(x.kernel)],
    places: [size(y?.out), size(x.out)],
    steps: [y?.stride ?? 1, x.stride, y?.dilation ?? 1, x.dilation, y?.pad ?? 0, x.pad],
  };
}

export function pointer(x: Operand<unknown>): number {
  return x.at.ptr + x.at.kind * x.offset;
}

export function sameList(x: readonly unknown[], y: readonly unknown[]): boolean {
  return x.length === y.length && x.every((v, i) => v === y[i]);
}

/** The labels of the remaining axes in the order that the matrices use, k in B's order with window kernels last. */
interface Order {
  readonly m: readonly string[];
  readonly n: readonly string[];
  readonly k: readonly string[];
  readonly batch: readonly string[];
  readonly windows: readonly Window[];
}

function orderOf({ a, b, out }: Product): Order {
  const windows = b.axes.filter((axis) => typeof axis !== 'string');
  const plain = b.axes.filter((axis) => typeof axis === 'string');
  const labels = b.axes.map((axis) => (typeof axis === 'string' ? axis : axis.out));
  return {
    m: a.axes.filter((l) => out.axes.includes(l) && !plain.includes(l)),
    n: labels.filter((l) => out.axes.includes(l) && !a.axes.includes(l)),
    k: [...plain.filter((l) => !out.axes.includes(l)), ...windows.map((w) => w.kernel)],
    batch: plain.filter((l) => a.axes.includes(l) && out.axes.includes(l)),
    windows,
  };
}

/** Offset of each flat index over `labels` in a tensor; labels that the tensor lacks do not move it. */
function offsetsOf(labels: readonly string[], sizes: Labels['sizes'], x: Operand<string | Window>): Int32Array {
  const strides = stridesOf(x.shape);
  let offsets = Int32Array.of(0);
  for (const label of labels) {
    const axis = x.axes.indexOf(label);
    const size = sizes.get(label)!;
    const step = axis < 0 ? 0 : strides[axis]!;
    const previous = offsets;
    offsets = new Int32Array(previous.length * size);
    for (let i = 0; i < offsets.length; i++) offsets[i] = previous[Math.floor(i / size)]! + (i % size) * step;
  }
  return offsets;
}

/** Writes one contraction of i16 operands to `out` (i32). `plane` as planeOf(b). */
export function multiply(storage: Storage, labels: Labels, product: Product, plane: Plane | undefined): void {
  const order = orderOf(product);
  const { a, b, out } = product;
  const [ofA, ofB, ofOut] = [a, b, out].map((x) => offsetsOf(order.batch, labels.sizes, x));
  for (let i = 0; i < ofA!.length; i++) {
    multiplyOne(storage, labels, order, plane, {
      a: { ...a, offset: a.offset + ofA![i]! },
      b: { ...b, offset: b.offset + ofB![i]! },
      out: { ...out, offset: out.offset + ofOut![i]! },
    });
  }
}

/** One matrix product, at one index of the batch labels. */
function multiplyOne(storage: Storage, labels: Labels, order: Order, plane: Plane | undefined, product: Product): void {
  const { a, b, out } = product;
  const { m, n, k } = order;
  const [M, N, K] = [m, n, k].map((list) => cellsOf(list.map((l) => labels.sizes.get(l)!))) as [number, number, number];
  const isRows = sameList(b.axes, [...n, ...k]);
  const stride = isRows ? K : Math.ceil(K / LANES) * LANES;
  const left = rowsOfA(storage, labels, order, a, M, K, stride);
  const result = layoutOf(labels, order, out, M, N);
  const size = isRows ? N : Math.min(N, Math.max(LANES, Math.floor(CHUNK_BYTES / (2 * stride * LANES)) * LANES));
  const gather = isRows ? undefined : gatherer(storage, labels, order, plane, b, K, stride);
  const rows = isRows ? undefined : storage.alloc(2, size * stride);
  const isDirect = result.kind === 'nm' || (result.kind === 'mn' && size === N);
  const block = isDirect ? undefined : storage.alloc(4, M * size);
  for (let from = 0; from < N; from += size) {
    const to = Math.min(N, from + size);
    gather?.rows(rows!, from, to);
    const right = rows?.ptr ?? pointer(b);
    const target = block?.ptr ?? pointer(out) + (result.kind === 'nm' ? 4 * from * M : 0);
    const width = to - from;
    const isTransposed = M === 1 || width === 1 ? width > M : result.kind === 'nm';
    if (isTransposed) matrixProduct(storage, right, width, left.ptr, M, stride, target);
    else matrixProduct(storage, left.ptr, M, right, width, stride, target);
    if (block !== undefined) scatter(storage, block, M, from, to, result, out);
  }
  if (block !== undefined) storage.release(block);
  if (rows !== undefined) storage.release(rows);
  gather?.end();
  if (left.own !== undefined) storage.release(left.own);
}

/** c[i, j] = sum_k x[i, k] y[j, k]. */
function matrixProduct(
  { machine }: Storage,
  x: number,
  xRows: number,
  y: number,
  yRows: number,
  K: number,
  c: number,
): void {
  inParallel(machine, 'gemmI16', xRows, yRows * K, (from, to) => [x, y, yRows, K, from, to, c]);
}

// ---- rows --------------------------------------------------------------------------------------------------------------

/** A as M rows of `stride` int16, zero beyond K: in place, or a copy. */
function rowsOfA(
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

interface Gather {
  /** Writes rows from .. to, the first one at the start of `rows`. */
  rows(rows: Stored, from: number, to: number): void;
  /** Gives back what gathering took. */
  end(): void;
}

/** How rows of B are gathered: by the patch kernel where its layout fits, else cell by cell. */
function gatherer(
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

// ---- results -----------------------------------------------------------------------------------------------------------

/** How the result lies in `out`: as the rows (m, n), as the rows (n, m), or at the sum of two offsets. */
interface Layout {
  readonly kind: 'mn' | 'nm' | 'scattered';
  readonly ofM: Int32Array;
  readonly ofN: Int32Array;
}

function layoutOf(labels: Labels, { m, n }: Order, out: Operand<string>, M: number, N: number): Layout {
  const ofM = offsetsOf(m, labels.sizes, out);
  const ofN = offsetsOf(n, labels.sizes, out);
  const isRun = (offsets: Int32Array, step: number): boolean => offsets.every((o, i) => o === i * step);
  if (isRun(ofN, M) && isRun(ofM, 1)) return { kind: 'nm', ofM, ofN };
  if (isRun(ofM, N) && isRun(ofN, 1)) return { kind: 'mn', ofM, ofN };
  return { kind: 'scattered', ofM, ofN };
}

/** out[i, j] = block[i, j - from] for all i and from <= j < to. */
function scatter(
  { machine }: Storage,
  block: Stored,
  M: number,
  from: number,
  to: number,
  { ofM, ofN }: Layout,
  out: Operand<string>,
): void {
  const cells = machine.i32(out.at.ptr, out.at.length);
  const source = machine.i32(block.ptr, block.length);
  const width = to - from;
  const isRun = ofN.subarray(from, to).every((o, j) => o === ofN[from]! + j);
  for (let i = 0; i < M; i++) {
    const at = out.offset + ofM[i]!;
    if (isRun) cells.set(source.subarray(i * width, (i + 1) * width), at + ofN[from]!);
    else for (let j = 0; j < width; j++) cells[at + ofN[from + j]!] = source[i * width + j]!;
  }
}
