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
import type { Binding } from './outputs.ts';
import { invertDerivation, outputBindings } from './outputs.ts';
import { operandsOf, operandsOfHint } from './reads.ts';
import type { Stored } from './storage.ts';
import { cellsAt, Storage } from './storage.ts';
import type { Circuit, Definition, IntArray, TensorId } from './types.ts';
import { cellsOf } from './types.ts';

/** The values of a run, in the memory of the machine that made it. */
export interface Witness {
  readonly tensors: ReadonlyMap<TensorId, Stored>;
  /** One array a port, in the caller's order. */
  readonly outputs: readonly IntArray[];
}

export interface EvaluateOptions {
  /** Inputs, by index, that are public: their pinning lookups fall away and are not counted. */
  readonly publicInputs?: ReadonlySet<number>;
}

/**
 * Runs a circuit.
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
  { publicInputs = new Set() }: EvaluateOptions = {},
): Witness {
  checkInputs(circuit, inputs);
  const bindings = outputBindings(circuit);
  const bound = new Map(bindings.map((b) => [b.column, b.tensor]));
  const storage = new Storage(machine);
  const run: Run = { machine, storage, circuit, weights, inputs, bound, tensors: new Map(), tableValues: new Map() };
  const lookups = circuit.lookups.filter((l) => l.input === undefined || !publicInputs.has(l.input));

  const readers = countReaders(circuit, bound, bindings);
  const finish = (id: TensorId): void => {
    if (--readers[id]! === 0) release(run, id);
  };
  circuit.tensors.forEach(({ def }, id) => {
    if (readers[id] === 0 || isMultiplicity(def)) return;
    run.tensors.set(id, evaluateTensor(run, id));
    readsOf(def, bound.get(id)).forEach(finish);
  });
  countLookups(run, lookups);
  const outputs = readOutputs(run, bindings);
  for (const { tensor } of bindings) finish(tensor);
  for (const at of run.tableValues.values()) storage.release(at);
  return { tensors: run.tensors, outputs };
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

function isMultiplicity(def: Definition): boolean {
  return def.kind === 'witness' && def.hint.kind === 'multiplicity';
}

/** Tensors that must be there before this one. `bound`: what an output column equals. */
function readsOf(def: Definition, bound: TensorId | undefined): readonly TensorId[] {
  if (def.kind === 'witness') return operandsOfHint(def.hint);
  if (def.kind === 'output') return bound === undefined ? [] : [bound];
  return operandsOf(def);
}

/** Tensors that the prover reads after the run. */
function keptTensors(circuit: Circuit): ReadonlySet<TensorId> {
  const kept = new Set<TensorId>(circuit.lookups.flatMap((l) => l.tensors));
  circuit.tensors.forEach(({ def }, id) => {
    if (def.kind === 'input' || def.kind === 'witness' || def.kind === 'weight') kept.add(id);
    if (def.kind === 'product' || def.kind === 'contract') kept.add(def.a).add(def.b);
    if (def.kind === 'view') kept.add(def.source);
  });
  return kept;
}

/** How often each tensor is read, counting only readers that are needed themselves; what is kept has one reader too many. */
function countReaders(
  circuit: Circuit,
  bound: ReadonlyMap<TensorId, TensorId>,
  bindings: readonly Binding[],
): Int32Array {
  const readers = new Int32Array(circuit.tensors.length);
  for (const id of keptTensors(circuit)) readers[id]!++;
  for (const { tensor } of bindings) readers[tensor]!++;
  for (let id = circuit.tensors.length - 1; id >= 0; id--) {
    if (readers[id] === 0) continue;
    for (const read of readsOf(circuit.tensors[id]!.def, bound.get(id))) readers[read]!++;
  }
  return readers;
}

function release(run: Run, id: TensorId): void {
  run.storage.release(run.tensors.get(id)!);
  run.tensors.delete(id);
}

function readOutputs(run: Run, bindings: readonly Binding[]): IntArray[] {
  const outputs = run.circuit.outputs.map((port) => new Int32Array(cellsOf(port.shape)));
  for (const { output, tensor, derive } of bindings) {
    invertDerivation(derive, cellsAt(run.machine, run.tensors.get(tensor)!), outputs[output]!);
  }
  return outputs;
}
