/**
 * Blocks of lookups and tables as the kernels take them: where their integers are, and how their padded axes lie. Blocks of fewer leaves
 * than a kernel takes at a time are spelled out.
 */
import { Ext } from '../field/ext.ts';
import { bitsFor } from '../field/mle.ts';
import type { Machine } from '../kernels/kernels.ts';
import type { Hand } from './hand.ts';
import { type Block, tableColumnValues } from './layout.ts';

/** Bytes of a block for the kernels. */
const BLOCK_BYTES = 64;

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

/** A block as the kernels know it: axes that need no padding are joined with the next one; what has more than three is cut. */
export function partsOf(m: Machine, block: Block, source: LeafSource, pattern: number, constant: Ext): Part[] {
  const { outer, axes } = joinAxes(block.shape);
  const [planes, inner, rowLength] = axes;
  const cells = planes * inner * rowLength;
  const [innerBits, rowBits] = [bitsFor(inner), bitsFor(rowLength)];
  const leaves = 2 ** (bitsFor(planes) + innerBits + rowBits);
  const count = 2 ** outer.reduce((n, s) => n + bitsFor(s), 0);
  return Array.from({ length: count }, (_, i) => {
    const index = denseIndex(i, outer);
    const first = (index ?? 0) * cells;
    const { x0, kind0, x1, kind1 } = source;
    const at = m.alloc(BLOCK_BYTES);
    const of = (ptr: number, kind: number) => (ptr === 0 ? 0 : ptr + kind * first);
    const place = [of(x0, kind0), kind0, of(x1, kind1), kind1, of(source.m, 4)];
    const size = [rowLength, rowBits, inner, innerBits, index === undefined ? 0 : planes];
    m.u32(at, 16).set([...place, ...size, pattern, 0, ...constant.coordinates()]);
    return { block: at, offset: block.offset + i * leaves, leaves };
  });
}

/** The last three axes after joining, and those before them. */
function joinAxes(shape: readonly number[]): { outer: number[]; axes: [number, number, number] } {
  const joined: number[] = [];
  for (const size of [...shape].reverse()) {
    const last = joined[0];
    if (last !== undefined && last === 2 ** bitsFor(last)) joined[0] = size * last;
    else joined.unshift(size);
  }
  while (joined.length < 3) joined.unshift(1);
  return { outer: joined.slice(0, -3), axes: joined.slice(-3) as [number, number, number] };
}

/** The flat dense index of a flat index over axes padded to powers of two; undefined outside. */
function denseIndex(padded: number, shape: readonly number[]): number | undefined {
  let rest = padded;
  let index = 0;
  let scale = 1;
  for (const size of [...shape].reverse()) {
    const i = rest % 2 ** bitsFor(size);
    if (i >= size) return undefined;
    index += i * scale;
    scale *= size;
    rest = Math.floor(rest / 2 ** bitsFor(size));
  }
  return index;
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
    for (let i = 0; i < 2 ** b.bits; i++) {
      const cell = denseIndex(i, b.shape);
      if (cell === undefined) continue;
      let q = constantOf(b).sub(read(source.x0, source.kind0, cell));
      if (source.kind1 !== 0) q = q.sub(beta.mul(read(source.x1, source.kind1, cell)));
      const p = source.m === 0 ? Ext.ONE : Ext.ZERO.sub(read(source.m, 4, cell));
      leaves[b.offset - offset + i] = { p, q };
    }
  }
  return leaves;
}
