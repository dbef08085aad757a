/**
 * C[i, j] = sum_k A[i, k] B[j, k] for one contraction, i over A's own labels, j over B's own (the places of its windows), k over the
 * summed ones. Rows are int16 matrices: an operand that is one already is read in place, another is gathered; B chunk by chunk, so
 * that the patches of a convolution never exist all at once.
 */
import type { Labels } from './contract.ts';
import { gatherer, rowsOfA } from './evaluate-gather.ts';
import {
  type Operand,
  type Order,
  offsetsOf,
  orderOf,
  type Plane,
  type Product,
  pointer,
  sameList,
} from './evaluate-operand.ts';
import type { Storage, Stored } from './storage.ts';
import { inParallel } from './storage.ts';
import { cellsOf } from './types.ts';

/** Bytes of gathered rows at a time: they stay in the second-level cache. */
const CHUNK_BYTES = 2 ** 19;

/** Rows of this many int16 are whole vectors of the matrix kernel. */
const LANES = 8;

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
