/**
 * Where lookups and tables are in the fraction tree, and the tables' columns: as extensions, which the verifier evaluates, and as
 * values, which the prover needs.
 */
import { boxesOf } from '../circuit/boxes.ts';
import { type Circuit, type TableColumn, type TensorId, tableValue } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { bitPoint, bitsFor, evaluateTensor, lessThan, type Point, prefixMoments, variables } from '../field/mle.ts';

export interface Block {
  readonly kind: 'lookup' | 'table';
  readonly table: number;
  /** Tensors of a lookup's tuple; empty for a table. */
  readonly tensors: readonly TensorId[];
  /** Sizes of the tensors, of which the block has a box. */
  readonly whole: readonly number[];
  readonly start: readonly number[];
  readonly shape: readonly number[];
  readonly bits: number;
  /** First leaf. */
  readonly offset: number;
}

export interface TreeLayout {
  readonly blocks: readonly Block[];
  readonly depth: number;
  /** W: the power of beta that carries a table's id. */
  readonly width: number;
}

/** Ids are positive: a missing id term cannot be mistaken for table 0. */
export function tableTag(table: number): number {
  return table + 1;
}

/** `least`: leaves that a cut of a lookup must save. */
export function layoutTree(circuit: Circuit, least?: number): TreeLayout {
  const blocks: Omit<Block, 'offset'>[] = [
    ...circuit.lookups.flatMap(({ table, tensors }) => {
      const whole = circuit.tensors[tensors[0]!]!.shape;
      return boxesOf(whole, least).map(({ start, shape }) => {
        return { kind: 'lookup' as const, table, tensors, whole, start, shape, bits: variables(shape) };
      });
    }),
    ...circuit.tables.map(({ rows }, table) => {
      const own = { whole: [rows], start: [0], shape: [rows], bits: bitsFor(rows) };
      return { kind: 'table' as const, table, tensors: [], ...own };
    }),
  ];
  blocks.sort((a, b) => b.bits - a.bits);
  let offset = 0;
  const placed = blocks.map((b) => {
    const at = { ...b, offset };
    offset += 2 ** b.bits;
    return at;
  });
  const width = circuit.tables.reduce((n, t) => Math.max(n, t.columns.length), 1);
  return { blocks: placed, depth: Math.max(1, bitsFor(offset)), width };
}

/** The point of a block's tensors at which they have its values at r: every axis's coordinates behind the bits of where the box starts. */
export function pointOf({ whole, start, shape }: Block, r: Point): Point {
  if (whole.every((size, axis) => size === shape[axis])) return r;
  let at = 0;
  return whole.flatMap((size, axis) => {
    const bits = bitsFor(shape[axis]!);
    const high = bitPoint(start[axis]! / 2 ** bits, bitsFor(size) - bits);
    at += bits;
    return [...high, ...r.slice(at - bits, at)];
  });
}

/** sum_(i < rows) eq(r, i) value_i: closed form for clamps, O(rows) for listed values. */
export function tableColumnAt(column: TableColumn, rows: number, r: Point): Ext {
  if (column.kind === 'values') return evaluateTensor(column.values, [rows], r);
  const { start, lo, hi } = column;
  const a = Math.min(Math.max(lo - start, 0), rows);
  const b = Math.max(a, Math.min(hi - start + 1, rows));
  const below = prefixMoments(a, r);
  const within = prefixMoments(b, r);
  const all = lessThan(rows, r);
  const middle = within.zeroth.sub(below.zeroth);
  return below.zeroth
    .mul(Ext.of(lo))
    .add(middle.mul(Ext.of(start)))
    .add(within.first.sub(below.first))
    .add(all.sub(within.zeroth).mul(Ext.of(hi)));
}

/** All rows of a table column, as the prover needs them. */
export function tableColumnValues(column: TableColumn, rows: number): Int32Array {
  const values = new Int32Array(rows);
  for (let i = 0; i < rows; i++) values[i] = tableValue(column, i);
  return values;
}
