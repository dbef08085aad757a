/**
 * One run of a circuit: where its values are, and what its errors say.
 */
import { TesseraError } from '../errors.ts';
import type { Machine } from '../kernels/kernels.ts';
import { firstOutside, showRange } from './interval.ts';
import type { Storage, Stored } from './storage.ts';
import { inParallel, kindOf } from './storage.ts';
import type { Circuit, IntArray, Range, TableId, Tensor, TensorId } from './types.ts';
import { cellsOf } from './types.ts';

/** One run of a circuit. */
export interface Run {
  readonly machine: Machine;
  readonly storage: Storage;
  readonly circuit: Circuit;
  readonly weights: ReadonlyMap<TensorId, IntArray | Stored>;
  readonly inputs: readonly IntArray[];
  /** The tensor that each public output column equals. */
  readonly bound: ReadonlyMap<TensorId, TensorId>;
  /** Every value that is there now. */
  readonly tensors: Map<TensorId, Stored>;
  /** Value columns of function tables, as i32 vectors. */
  readonly tableValues: Map<TableId, Stored>;
}

/** Room for a tensor, by its range. */
export function allocTensor(run: Run, tensor: Tensor): Stored {
  return run.storage.alloc(kindOf(tensor.range), cellsOf(tensor.shape));
}

/** What `compute` writes to an i32 vector, kept as i16 where the tensor's range allows it. */
export function throughI32(run: Run, tensor: Tensor, compute: (wide: Stored) => void): Stored {
  const out = allocTensor(run, tensor);
  if (out.kind === 4) {
    compute(out);
    return out;
  }
  const wide = run.storage.alloc(4, out.length);
  compute(wide);
  inParallel(run.machine, 'shiftInt', out.length, 1, (from, to) => [wide.ptr, 0, out.ptr, 2, from, to]);
  run.storage.release(wide);
  return out;
}

/** @throws TesseraError E_RANGE naming the first cell outside the interval */
export function requireRange(tensor: Tensor, values: IntArray, range: Range = tensor.range): void {
  const cell = firstOutside(values, range);
  if (cell >= 0) throw outside(tensor, cell, values[cell]!, range);
}

export function outside(tensor: Tensor, cell: number, value: number, range: Range): TesseraError {
  const sentence = `the value ${value} of cell ${cell} is outside ${showRange(range)}`;
  return new TesseraError('E_RANGE', sentence, {
    where: tensor.name,
    hint: 'Calibrate with samples like this input, or give more headroom.',
  });
}
