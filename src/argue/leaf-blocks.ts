/**
 * Blocks of lookups and tables as the kernels take them: where their integers are, and how their padded axes lie. Blocks of fewer leaves
 * than a kernel takes at a time are spelled out.
 */
import { Ext } from '../field/ext.ts';
import { bitsFor } from '../field/mle.ts';
import type { Machine } from '../kernels/kernels.ts';
import type { Hand } from './hand.ts';
import { type Block, tableColumnValues } from './layout.ts';

/** Leaves of a part at least, where a block has more than one. */
const FEWEST = 64;

/** Bytes of a block for the kernels. */
const BLOCK_BYTES = 80;

/** A block, or a part of one with at most three axes, at leaf `offset` of the tree. */
export interface Part {
  readonly block: number;
  readonly offset: number;
  readonly leaves: number;
}

export interface Fraction {
  readonly p: Ext;
  readonly q: Ext;
}

const EMPTY: Fraction = { p: Ext.ZERO, q: Ext.ONE };

export interface LeafSource {
  readonly x0: number;
  readonly kind0: 2 | 4;
  readonly x1: number;
  readonly kind1: 0 | 2 | 4;
  readonly m: number;
}

export function leafSource(hand: Hand, block: Block): LeafSource {
  const m = hand.machine;
  if (block.kind === 'lookup') {
    const [a, b] = block.tensors.map((t) => hand.values(t));
    return { x0: a!.ptr, kind0: a!.kind, x1: b?.ptr ?? 0, kind1: b?.kind ?? 0, m: 0 };
  }
  const table = hand.circuit.tables[block.table]!;
  const columns = table.columns.map((column) => {
    const ptr = m.alloc(4 * table.rows);
    m.i32(ptr, table.rows).set(tableColumnValues(column, table.rows));
    return ptr;
  });
  const multiplicities = hand.values(table.multiplicity);
  const x1 = columns[1] ?? 0;
  return { x0: columns[0]!, kind0: 4, x1, kind1: x1 === 0 ? 0 : 4, m: wideValues(hand, multiplicities, table.rows) };
}

/** Multiplicities as i32, which they are unless a declared range is narrow. */
function wideValues(hand: Hand, values: { kind: 2 | 4; ptr: number }, count: number): number {
  if (values.kind === 4) return values.ptr;
  const m = hand.machine;
  const wide = m.alloc(4 * count);
  m.i32(wide, count).set(m.i16(values.ptr, count));
  return wide;
}

/** An axis of a box: cells, and how far apart they are in the tensor. */
interface Axis {
  readonly size: number;
  readonly stride: number;
}

function axesOf({ whole, shape }: Block): Axis[] {
  const axes: Axis[] = [];
  let stride = 1;
  for (let a = whole.length - 1; a >= 0; a--) {
    axes.unshift({ size: shape[a]!, stride });
    stride *= whole[a]!;
  }
  return axes;
}

/** The first cell of a block's box in its tensor. */
function firstCell(block: Block): number {
  return axesOf(block).reduce((n, { stride }, a) => n + block.start[a]! * stride, 0);
}

/**
 * A block whose parts would have fewer leaves than kernels take: the cells of its box are copied, so that axes join. Of a whole tensor a part
 * has at least 4 x 4 x 4 leaves, because axes that are shorter have joined; a box must have had an axis of one or two cells behind the one cut.
 */
export function withLargeParts(hand: Hand, block: Block, source: LeafSource): { block: Block; source: LeafSource } {
  const { outer, axes } = joinAxes(axesOf(block));
  const leaves = axes.reduce((n, { size }) => n * 2 ** bitsFor(size), 1);
  if (outer.length === 0 || leaves >= FEWEST) return { block, source };
  const { shape } = block;
  const copy = (ptr: number, kind: 2 | 4): number => copyBox(hand.machine, block, ptr, kind);
  const x1 = source.kind1 === 0 ? 0 : copy(source.x1, source.kind1);
  return {
    block: { ...block, whole: shape, start: shape.map(() => 0) },
    source: { ...source, x0: copy(source.x0, source.kind0), x1 },
  };
}

/** The cells of a block's box, dense. */
function copyBox(m: Machine, block: Block, ptr: number, kind: 2 | 4): number {
  const axes = axesOf(block);
  const rows = axes.slice(0, -1);
  const { size } = axes.at(-1)!;
  const count = rows.reduce((n, axis) => n * axis.size, 1);
  const first = firstCell(block);
  const dst = m.alloc(kind * count * size);
  const view = (at: number, length: number) => (kind === 2 ? m.i16(at, length) : m.i32(at, length));
  for (let i = 0; i < count; i++) {
    let cell = first;
    let rest = i;
    for (let a = rows.length - 1; a >= 0; a--) {
      cell += (rest % rows[a]!.size) * rows[a]!.stride;
      rest = Math.floor(rest / rows[a]!.size);
    }
    view(dst + kind * i * size, size).set(view(ptr + kind * cell, size));
  }
  return dst;
}

/** A block as the kernels know it: axes that need no padding are joined with the next one; what has more than three is cut. */
export function partsOf(m: Machine, block: Block, source: LeafSource, pattern: number, constant: Ext): Part[] {
  const { outer, axes } = joinAxes(axesOf(block));
  const [planes, inner, row] = axes;
  const [innerBits, rowBits] = [bitsFor(inner.size), bitsFor(row.size)];
  const leaves = 2 ** (bitsFor(planes.size) + innerBits + rowBits);
  const count = 2 ** outer.reduce((n, { size }) => n + bitsFor(size), 0);
  const start = firstCell(block);
  return Array.from({ length: count }, (_, i) => {
    const index = cellAt(i, outer);
    const first = start + (index ?? 0);
    const { x0, kind0, x1, kind1 } = source;
    const at = m.alloc(BLOCK_BYTES);
    const of = (ptr: number, kind: number) => (ptr === 0 ? 0 : ptr + kind * first);
    const place = [of(x0, kind0), kind0, of(x1, kind1), kind1, of(source.m, 4)];
    const size = [row.size, rowBits, inner.size, innerBits, index === undefined ? 0 : planes.size];
    const words = [...place, ...size, pattern, inner.stride, planes.stride, 0, 0, 0, ...constant.coordinates()];
    m.u32(at, words.length).set(words);
    return { block: at, offset: block.offset + i * leaves, leaves };
  });
}

/** The last three axes after joining, and those before them. The last one's cells are neighbours. */
function joinAxes(axes: readonly Axis[]): { outer: Axis[]; axes: [Axis, Axis, Axis] } {
  const joined: Axis[] = [];
  // an axis of one cell parts nothing, but the last one's cells are neighbours
  const long = axes.filter(({ size }) => size > 1);
  if (long.at(-1)?.stride !== 1) long.push({ size: 1, stride: 1 });
  for (const axis of long.reverse()) {
    const last = joined[0];
    const isWhole = last !== undefined && last.size === 2 ** bitsFor(last.size);
    if (isWhole && axis.stride === last.size * last.stride) {
      joined[0] = { size: axis.size * last.size, stride: last.stride };
    } else joined.unshift(axis);
  }
  while (joined.length < 3) joined.unshift({ size: 1, stride: 0 });
  return { outer: joined.slice(0, -3), axes: joined.slice(-3) as [Axis, Axis, Axis] };
}

/** The cell of a flat index over axes padded to powers of two, from the first one on; undefined outside. */
function cellAt(padded: number, axes: readonly Axis[]): number | undefined {
  let rest = padded;
  let cell = 0;
  for (const { size, stride } of [...axes].reverse()) {
    const i = rest % 2 ** bitsFor(size);
    if (i >= size) return undefined;
    cell += i * stride;
    rest = Math.floor(rest / 2 ** bitsFor(size));
  }
  return cell;
}

/** The leaves of small blocks, one after the other from `offset` on, and empty ones up to `count`. */
export function spelledOut(
  hand: Hand,
  blocks: readonly Block[],
  count: number,
  offset: number,
  beta: Ext,
  constantOf: (b: Block) => Ext,
): Fraction[] {
  const leaves: Fraction[] = new Array(count).fill(EMPTY);
  for (const b of blocks) {
    const source = leafSource(hand, b);
    const read = (ptr: number, kind: number, cell: number): Ext => {
      const view = kind === 2 ? hand.machine.i16(ptr, cell + 1) : hand.machine.i32(ptr, cell + 1);
      return Ext.of(view[cell]!);
    };
    const axes = axesOf(b);
    const first = firstCell(b);
    for (let i = 0; i < 2 ** b.bits; i++) {
      const index = cellAt(i, axes);
      if (index === undefined) continue;
      const cell = first + index;
      let q = constantOf(b).sub(read(source.x0, source.kind0, cell));
      if (source.kind1 !== 0) q = q.sub(beta.mul(read(source.x1, source.kind1, cell)));
      const p = source.m === 0 ? Ext.ONE : Ext.ZERO.sub(read(source.m, 4, cell));
      leaves[b.offset - offset + i] = { p, q };
    }
  }
  return leaves;
}
