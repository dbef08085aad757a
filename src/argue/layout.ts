/**
 * Where lookups and tables are in the fraction tree, and the tables' columns: as extensions, which the verifier evaluates, and as
 * values, which the prover needs.
 */
import {
  type Circuit,
  type Lookup,
  type Table,
  type TableColumn,
  type TensorId,
  tableValue,
} from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { bitsFor, evaluateTensor, lessThan, type Point, prefixMoments, variables } from '../field/mle.ts';

export interface Block {
  readonly kind: 'lookup' | 'table';
  readonly table: number;
  /** Tensors of a lookup's tuple; empty for a table. */
  readonly tensors: readonly TensorId[];
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

export function layoutTree(circuit: Circuit): TreeLayout {
  const blocks: Omit<Block, 'offset'>[] = [
    ...circuit.lookups.map((l: Lookup) => {
      const { shape } = circuit.tensors[l.tensors[0]!]!;
      return { kind: 'lookup' as const, table: l.table, tensors: l.tensors, shape, bits: variables(shape) };
    }),
    ...circuit.tables.map((t: Table, i) => {
      return { kind: 'table' as const, table: i, tensors: [], shape: [t.rows], bits: bitsFor(t.rows) };
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
