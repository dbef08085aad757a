/**
 * The values of advice columns. Nothing here is trusted: relations pin what hints find.
 */
import { TesseraError } from '../errors.ts';
import type { Run } from './evaluate-run.ts';
import { allocTensor, outside, requireRange, throughI32 } from './evaluate-run.ts';
import type { Stored } from './storage.ts';
import { cellsAt, inParallel } from './storage.ts';
import type { Hint, Lookup, TableId, Tensor } from './types.ts';
import { tableValue } from './types.ts';

type HintOf<K extends Hint['kind']> = Extract<Hint, { kind: K }>;

/** Computes an advice column; multiplicities are counted after the run (`countLookups`). */
export function evaluateHint(run: Run, tensor: Tensor, hint: Hint): Stored {
  switch (hint.kind) {
    case 'bits':
      return bits(run, tensor, hint);
    case 'table':
      return table(run, tensor, hint);
    case 'quotient':
      return quotient(run, tensor, hint);
    case 'root':
      return root(run, tensor, hint);
    case 'max':
      return maximum(run, tensor, hint);
    case 'argmax':
      return firstMaximum(run, tensor, hint);
    case 'multiplicity':
      throw new TesseraError('E_CIRCUIT', 'multiplicities are read by nothing but their table', { where: tensor.name });
  }
}

function bits(run: Run, tensor: Tensor, hint: HintOf<'bits'>): Stored {
  const of = run.tensors.get(hint.of)!;
  return throughI32(run, tensor, (out) => {
    const task = (from: number, to: number) => [of.ptr, of.kind, hint.from, hint.count, out.ptr, from, to];
    inParallel(run.machine, 'bitsInt', of.length, 1, task);
  });
}

function table(run: Run, tensor: Tensor, hint: HintOf<'table'>): Stored {
  const { rows } = run.circuit.tables[hint.table]!;
  const of = run.tensors.get(hint.of)!;
  const values = valuesOf(run, hint.table);
  const start = argumentStart(run, hint.table);
  const out = allocTensor(run, tensor);
  const task = (from: number, to: number) => [of.ptr, of.kind, values.ptr, start, rows, out.ptr, out.kind, from, to];
  requireInside(run, hint.of, start, rows, inParallel(run.machine, 'tableInt', of.length, 2, task));
  return out;
}

/** Column 1 of a table as an i32 vector, written once a run. */
function valuesOf(run: Run, id: TableId): Stored {
  const known = run.tableValues.get(id);
  if (known !== undefined) return known;
  const { rows, columns } = run.circuit.tables[id]!;
  const at = run.storage.alloc(4, rows);
  const cells = cellsAt(run.machine, at);
  for (let row = 0; row < rows; row++) cells[row] = tableValue(columns[1]!, row);
  run.tableValues.set(id, at);
  return at;
}

/** Column 0 is consecutive: row = value - start. */
function argumentStart(run: Run, id: TableId): number {
  return tableValue(run.circuit.tables[id]!.columns[0]!, 0);
}

/** @throws TesseraError E_RANGE where a kernel found a cell outside the rows; `found`: its index, or -1 */
function requireInside(run: Run, of: number, start: number, rows: number, found: readonly number[]): void {
  const cell = found.find((i) => i >= 0);
  if (cell === undefined) return;
  const value = cellsAt(run.machine, run.tensors.get(of)!)[cell]!;
  throw outside(run.circuit.tensors[of]!, cell, value, { lo: start, hi: start + rows - 1 });
}

/** floor(n / d), exact in doubles: n / d is at least 1/(n d) relative from the next integer, and |n|, d < 2^30. */
function quotient(run: Run, tensor: Tensor, hint: HintOf<'quotient'>): Stored {
  const [n, d] = [hint.numerator, hint.denominator].map((id) => run.tensors.get(id)!);
  return throughI32(run, tensor, (out) => {
    const [q, numerators, denominators] = [out, n!, d!].map((at) => cellsAt(run.machine, at));
    requireRange(run.circuit.tensors[hint.denominator]!, denominators!, { lo: 1, hi: 2 ** 30 });
    for (let i = 0; i < out.length; i++) q![i] = Math.floor(numerators![i]! / denominators![i]!);
    requireRange(tensor, q!);
  });
}

/** floor(sqrt(v)), exact: sqrt of a double below 2^30 is rounded correctly, and no square is nearer to the next integer than that. */
function root(run: Run, tensor: Tensor, hint: HintOf<'root'>): Stored {
  const of = run.tensors.get(hint.of)!;
  return throughI32(run, tensor, (out) => {
    const [r, values] = [cellsAt(run.machine, out), cellsAt(run.machine, of)];
    requireRange(run.circuit.tensors[hint.of]!, values, { lo: 0, hi: 2 ** 30 });
    for (let i = 0; i < out.length; i++) r[i] = Math.floor(Math.sqrt(values[i]!));
    requireRange(tensor, r);
  });
}

function maximum(run: Run, tensor: Tensor, hint: HintOf<'max'>): Stored {
  const out = allocTensor(run, tensor);
  const of = cellsAt(run.machine, run.tensors.get(hint.of)!);
  const cells = cellsAt(run.machine, out);
  const size = of.length / out.length;
  for (let i = 0; i < out.length; i++) cells[i] = of[i * size + argmax(of, i * size, size)]!;
  return out;
}

function firstMaximum(run: Run, tensor: Tensor, hint: HintOf<'argmax'>): Stored {
  const out = allocTensor(run, tensor);
  const of = cellsAt(run.machine, run.tensors.get(hint.of)!);
  const cells = cellsAt(run.machine, out).fill(0);
  const size = tensor.shape.at(-1)!;
  for (let i = 0; i < of.length; i += size) cells[i + argmax(of, i, size)] = 1;
  return out;
}

/** Index, from `start` on, of the first greatest of `size` values. */
function argmax(values: ArrayLike<number>, start: number, size: number): number {
  let best = 0;
  for (let j = 1; j < size; j++) if (values[start + j]! > values[start + best]!) best = j;
  return best;
}

// ---- multiplicities ----------------------------------------------------------------------------------------------------

/** How often each row of every table is looked up in the whole circuit. */
export function countLookups(run: Run): void {
  const { lookups } = run.circuit;
  run.circuit.tables.forEach(({ multiplicity, rows }, id) => {
    const counts = run.storage.alloc(4, rows);
    run.machine.raw.fillI32(counts.ptr, 0, 0, rows);
    run.tensors.set(multiplicity, counts);
    for (const lookup of lookups) if (lookup.table === id) countInto(run, lookup, rows, counts);
  });
}

/** Threads count into vectors of their own, where that is less work than the counting. */
function countInto(run: Run, lookup: Lookup, rows: number, counts: Stored): void {
  const { machine, storage } = run;
  const [argument] = lookup.tensors as [number];
  const of = run.tensors.get(argument)!;
  const start = argumentStart(run, lookup.table);
  const threads = of.length > 8 * rows ? machine.threads : 1;
  const own = Array.from({ length: threads - 1 }, () => storage.alloc(4, rows));
  for (const at of own) machine.raw.fillI32(at.ptr, 0, 0, rows);
  const size = Math.ceil(of.length / threads / 8) * 8;
  const tasks = [counts, ...own].map((at, t) => {
    const range = [t * size, (t + 1) * size].map((i) => Math.min(i, of.length));
    return [of.ptr, of.kind, start, rows, at.ptr, ...range];
  });
  requireInside(run, argument, start, rows, machine.fork('countInt', tasks));
  for (const at of own) {
    machine.raw.axpyInt(counts.ptr, at.ptr, 4, 1, 0, rows);
    storage.release(at);
  }
}
