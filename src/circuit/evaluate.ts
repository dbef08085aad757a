/**
 * The exact integer run: every tensor from its definition, every advice column from its hint. What the prover reads again stays in
 * the machine's memory (columns, tensors in lookups, operands of products and contractions, sources of views); accumulators and other
 * passing values are given back as soon as their last reader is done.
 */
import { TesseraError } from '../errors.ts';
import type { Machine } from '../kernels/kernels.ts';
import { countLookups } from './evaluate-hint.ts';
import type { Run } from './evaluate-run.ts';
import { requireRange } from './evaluate-run.ts';
import { evaluateTensor } from './evaluate-tensor.ts';
import { livenessOf } from './liveness.ts';
import type { Binding } from './outputs.ts';
import { invertDerivation, outputBindings } from './outputs.ts';
import type { Stored } from './storage.ts';
import { cellsAt, Storage } from './storage.ts';
import type { Circuit, IntArray, TensorId } from './types.ts';
import { cellsOf } from './types.ts';

/** The values of a run, in the memory of the machine that made it. */
export interface Witness {
  readonly tensors: ReadonlyMap<TensorId, Stored>;
  /** One array a port, in the caller's order. */
  readonly outputs: readonly IntArray[];
}

/**
 * Runs a circuit, and counts how often each row of its tables is looked up: of a circuit whose pinning lookups have fallen away with
 * public inputs, those that are left.
 * @param weights the integers of every `weight` tensor, or where they already are in the machine's memory
 * @param inputs one array a port, row-major
 * @throws TesseraError E_INPUT for a wrong number of inputs or cells, E_RANGE for a value outside a port's or a table's range,
 * E_MEMORY
 */
export function evaluate(
  machine: Machine,
  circuit: Circuit,
  weights: ReadonlyMap<TensorId, IntArray | Stored>,
  inputs: readonly IntArray[],
): Witness {
  checkInputs(circuit, inputs);
  const bindings = outputBindings(circuit);
  const bound = new Map(bindings.map((b) => [b.column, b.tensor]));
  const storage = new Storage(machine);
  const run: Run = { machine, storage, circuit, weights, inputs, bound, tensors: new Map(), tableValues: new Map() };
  const liveness = livenessOf(circuit, bindings);
  const forget = (ids: readonly TensorId[]): void => {
    for (const id of ids) {
      storage.release(run.tensors.get(id)!);
      run.tensors.delete(id);
    }
  };
  for (let id = 0; id < circuit.tensors.length; id++) {
    if (!liveness.isComputed(id)) continue;
    run.tensors.set(id, evaluateTensor(run, id));
    forget(liveness.readBy(id));
  }
  countLookups(run);
  const outputs = readOutputs(run, bindings);
  forget(liveness.readByOutputs());
  for (const at of run.tableValues.values()) storage.release(at);
  return { tensors: storage.isSparse ? compacted(run) : run.tensors, outputs };
}

/** The values of a run where they take no more room than they need. */
function compacted({ storage, tensors }: Run): ReadonlyMap<TensorId, Stored> {
  const moved = storage.compact(tensors.values());
  return new Map([...tensors].map(([id, at]) => [id, moved(at)]));
}

function checkInputs(circuit: Circuit, inputs: readonly IntArray[]): void {
  if (inputs.length !== circuit.inputs.length) {
    throw new TesseraError('E_INPUT', `the model has ${circuit.inputs.length} inputs, ${inputs.length} are given`);
  }
  for (const { name, shape, def } of circuit.tensors) {
    if (def.kind !== 'input') continue;
    const values = inputs[def.input]!;
    const port = circuit.inputs[def.input]!;
    if (values.length !== cellsOf(shape)) {
      const sentence = `${values.length} values are given for shape [${shape.join(', ')}]`;
      throw new TesseraError('E_INPUT', sentence, { where: name });
    }
    requireRange({ ...port, def }, values);
  }
}

function readOutputs(run: Run, bindings: readonly Binding[]): IntArray[] {
  const outputs = run.circuit.outputs.map((port) => new Int32Array(cellsOf(port.shape)));
  for (const { output, tensor, derive } of bindings) {
    invertDerivation(derive, cellsAt(run.machine, run.tensors.get(tensor)!), outputs[output]!);
  }
  return outputs;
}
