/**
 * What a legal circuit is. The verifier runs this on the circuit of a key it was given, so it takes nothing for granted beyond the
 * types, allocates no more than the circuit itself holds, and is linear in its size.
 */
import { bitsFor } from '../field/mle.ts';
import { checkDefinition } from './check-definition.ts';
import { isInteger, isValue, refuse, sameShape } from './legal.ts';
import type { Binding } from './outputs.ts';
import { outputBindings } from './outputs.ts';
import { pinnedRanges } from './pins.ts';
import { isColumn, operandsOf, operandsOfHint } from './reads.ts';
import type { Circuit, Port, Table, TableColumn, TensorId } from './types.ts';
import { cellsOf } from './types.ts';
import { checkWork } from './work.ts';

/** Axes of a tensor, and bits of all its axes together: indices stay in 31 bits. */
export const MAX_RANK = 12;
export const MAX_VARIABLES = 30;

/** Rows of a table, and listed rows of all tables, which the verifier evaluates one by one. */
export const MAX_ROWS = 2 ** 20;
export const MAX_LISTED_ROWS = 2 ** 16;

/** Cells of all lookups and tables, each rounded up to a power of two: leaves of one fraction tree, and multiplicities below p. */
export const MAX_LEAVES = 2 ** 29;

/**
 * Products and contractions in a row with no committed column between: few enough that no hash of the transcript can be computed
 * by virtual values (Khovratovich et al. 2025/118).
 */
export const MAX_DEPTH = 16;

/** @throws TesseraError E_CIRCUIT naming the tensor where a circuit is not legal */
export function checkCircuit(circuit: Circuit): void {
  for (const ports of [circuit.inputs, circuit.outputs]) checkPorts(ports);
  for (const { name, shape } of circuit.tensors) checkShape(shape, name);
  checkTables(circuit);
  checkLookups(circuit);
  for (let id = 0; id < circuit.tensors.length; id++) checkDefinition(circuit, id);
  checkZeros(circuit);
  checkInputs(circuit);
  checkWork(circuit);
  checkOutputs(circuit);
  checkPins(circuit);
  checkReads(circuit);
  checkDepth(circuit);
}

function checkShape(shape: readonly number[], where: string): void {
  if (shape.length > MAX_RANK) refuse(where, `${shape.length} axes are more than ${MAX_RANK}`);
  if (!shape.every((size) => isInteger(size, 1, 2 ** MAX_VARIABLES)))
    refuse(where, 'an axis size is not a positive integer');
  const bits = shape.reduce((n, size) => n + bitsFor(size), 0);
  if (bits > MAX_VARIABLES)
    refuse(where, `the shape [${shape.join(', ')}] takes more than ${MAX_VARIABLES} index bits`);
}

/** Callers speak of ports by name. */
function checkPorts(ports: readonly Port[]): void {
  const names = new Set<string>();
  for (const port of ports) {
    checkPort(port);
    if (names.has(port.name)) refuse(port.name, 'two inputs or two outputs have this name');
    names.add(port.name);
  }
}

function checkPort({ name, shape, range, scale }: Port): void {
  checkShape(shape, name);
  if (!isValue(range.lo) || !isValue(range.hi) || range.lo > range.hi)
    refuse(name, 'the range is not an interval below 2^30');
  if (!isInteger(scale, -128, 128)) refuse(name, 'the scale is not an integer exponent');
}

// ---- tables and lookups ------------------------------------------------------------------------------------------------

function checkTables(circuit: Circuit): void {
  const multiplicities = new Set<TensorId>();
  let listed = 0;
  for (const table of circuit.tables) {
    checkTable(table);
    listed += table.columns.reduce((n, c) => n + (c.kind === 'values' ? table.rows : 0), 0);
    const column = circuit.tensors[table.multiplicity];
    if (column?.def.kind !== 'witness' || !sameShape(column.shape, [table.rows])) {
      refuse(table.name, 'the multiplicity is not a witness column of one cell a row');
    }
    if (multiplicities.has(table.multiplicity)) refuse(table.name, 'the multiplicity belongs to another table');
    multiplicities.add(table.multiplicity);
  }
  if (listed > MAX_LISTED_ROWS) refuse(circuit.name, `tables list ${listed} rows, more than ${MAX_LISTED_ROWS}`);
}

function checkTable({ name, rows, columns }: Table): void {
  if (!isInteger(rows, 1, MAX_ROWS)) refuse(name, `the number of rows is not one of 1 .. ${MAX_ROWS}`);
  if (columns.length < 1 || columns.length > 2) refuse(name, 'a table has one or two columns');
  for (const column of columns) checkTableColumn(column, rows, name);
  const argument = columns[0]!;
  const isAscending =
    argument.kind === 'clamp' && argument.lo <= argument.start && argument.start + rows - 1 <= argument.hi;
  if (!isAscending) refuse(name, 'the first column is not consecutive');
}

function checkTableColumn(column: TableColumn, rows: number, where: string): void {
  const values = column.kind === 'values' ? column.values : [column.start, column.lo, column.hi];
  if (!values.every(isValue)) refuse(where, 'a table value is not an integer below 2^30');
  if (column.kind === 'values' && column.values.length !== rows) refuse(where, 'a column has not one value a row');
  if (column.kind === 'clamp' && column.lo > column.hi) refuse(where, 'a clamp has no values');
}

function checkLookups(circuit: Circuit): void {
  let leaves = circuit.tables.reduce((n, t) => n + 2 ** bitsFor(t.rows), 0);
  for (const { table: id, tensors, input } of circuit.lookups) {
    const table = circuit.tables[id] ?? refuse(circuit.name, `a lookup in table ${id}, which does not exist`);
    const shapes = tensors.map(
      (t) => circuit.tensors[t]?.shape ?? refuse(table.name, `a lookup of tensor ${t}, which does not exist`),
    );
    if (shapes.length !== table.columns.length) refuse(table.name, 'a lookup has not one tensor a column');
    const { name, def } = circuit.tensors[tensors[0]!]!;
    if (!shapes.every((shape) => sameShape(shape, shapes[0]!))) refuse(name, 'tensors of one lookup differ in shape');
    if (input !== undefined && !(tensors.length === 1 && def.kind === 'input' && def.input === input)) {
      refuse(name, 'a lookup that falls away with a public input does not pin that input');
    }
    leaves += 2 ** shapes[0]!.reduce((n, size) => n + bitsFor(size), 0);
  }
  if (leaves > MAX_LEAVES) refuse(circuit.name, `lookups and tables take ${leaves} leaves, more than ${MAX_LEAVES}`);
}

/** A zero is a relation: of a tensor that is computed, and once. */
function checkZeros(circuit: Circuit): void {
  const seen = new Set<TensorId>();
  for (const id of circuit.zeros) {
    const tensor = circuit.tensors[id] ?? refuse(circuit.name, `a zero of tensor ${id}, which does not exist`);
    if (operandsOf(tensor.def).length === 0) refuse(tensor.name, 'a zero of a tensor that is not computed from others');
    if (seen.has(id)) refuse(tensor.name, 'the tensor is twice among the zeros');
    seen.add(id);
  }
}

// ---- inputs, outputs, pins ---------------------------------------------------------------------------------------------

function checkInputs(circuit: Circuit): void {
  const seen = new Set<number>();
  for (const { name, shape, range, def } of circuit.tensors) {
    if (def.kind !== 'input') continue;
    const port = circuit.inputs[def.input] ?? refuse(name, `input ${def.input} does not exist`);
    if (!sameShape(shape, port.shape)) refuse(name, 'the shape is not that of the input');
    if (range.lo !== port.range.lo || range.hi !== port.range.hi) refuse(name, 'the range is not that of the input');
    if (seen.has(def.input)) refuse(name, `input ${def.input} has two tensors`);
    seen.add(def.input);
  }
}

/** Every public column equals a tensor, and every output is covered by one such column. */
function checkOutputs(circuit: Circuit): void {
  const bindings = [...new Map(outputBindings(circuit).map((b) => [b.column, b])).values()];
  const bound = new Set(bindings.map((b) => b.column));
  circuit.tensors.forEach(({ name, def }, id) => {
    if (def.kind !== 'output') return;
    if (circuit.outputs[def.output] === undefined) refuse(name, `output ${def.output} does not exist`);
    if (!bound.has(id)) refuse(name, 'the public column is bound to no tensor');
  });
  const covered = new Set(bindings.filter((b) => coversOutput(circuit, b)).map((b) => b.output));
  circuit.outputs.forEach((port, o) => {
    if (!covered.has(o)) refuse(port.name, 'the output is bound by nothing, or in part');
  });
}

/** True where the column's derivation is well-formed and reads every cell of the output. */
function coversOutput(circuit: Circuit, { column, output, derive }: Binding): boolean {
  const { name, shape } = circuit.tensors[column]!;
  const port = circuit.outputs[output]!;
  const cells = cellsOf(shape);
  const values = cellsOf(port.shape);
  if (derive.kind === 'onehot') {
    if (shape.at(-1) !== derive.size || cells !== values * derive.size)
      refuse(name, 'a one-hot does not have the axis of its index');
    if (port.range.lo < 0 || port.range.hi >= derive.size) refuse(name, 'the index may leave its axis');
    return true;
  }
  if (derive.map === null) return cells === values || refuse(name, 'the column has not the cells of the output');
  if (derive.map.length !== cells || !derive.map.every((i) => i >= 0 && i < values))
    refuse(name, 'a map leaves the output');
  return cells >= values && new Set(derive.map).size === values;
}

/** Every private cell is bounded by a lookup: nothing else keeps a field element from standing for a huge integer. */
function checkPins(circuit: Circuit): void {
  const pinned = pinnedRanges(circuit);
  const multiplicities = new Set(circuit.tables.map((t) => t.multiplicity));
  circuit.tensors.forEach(({ name, def }, id) => {
    if (def.kind !== 'witness' && def.kind !== 'input') return;
    if (!multiplicities.has(id) && !pinned.has(id)) refuse(name, 'no lookup bounds the cells of this column');
  });
}

/**
 * Every tensor is read; public output columns by their binding alone, so that none is bound to itself; multiplicities, which
 * nothing bounds, by no relation.
 */
function checkReads(circuit: Circuit): void {
  const reads = new Int32Array(circuit.tensors.length);
  const hints = new Set<TensorId>();
  for (const { def } of circuit.tensors) {
    for (const id of operandsOf(def)) reads[id]!++;
    if (def.kind === 'witness') for (const id of operandsOfHint(def.hint)) hints.add(id);
  }
  for (const id of [...circuit.zeros, ...circuit.lookups.flatMap((l) => l.tensors)]) reads[id]!++;
  const multiplicities = new Set(circuit.tables.map((t) => t.multiplicity));
  circuit.tensors.forEach(({ name, def }, id) => {
    const count = reads[id]!;
    if (multiplicities.has(id)) {
      if (count > 0) refuse(name, 'a multiplicity is read by a relation');
    } else if (count === 0 && !hints.has(id)) refuse(name, 'nothing reads this tensor');
    if (def.kind === 'output' && count !== 1) refuse(name, 'a public column is read by more than its binding');
  });
}

function checkDepth(circuit: Circuit): void {
  const depths: number[] = [];
  circuit.tensors.forEach(({ name, def }, id) => {
    const below = isColumn(def) ? 0 : operandsOf(def).reduce((depth, t) => Math.max(depth, depths[t]!), 0);
    depths[id] = below + (def.kind === 'product' || def.kind === 'contract' ? 1 : 0);
    if (depths[id]! > MAX_DEPTH)
      refuse(name, `more than ${MAX_DEPTH} products in a row with no committed column between`);
  });
}
