/**
 * Which tensors a run computes, and when each may be forgotten.
 */
import type { Binding } from './outputs.ts';
import { operandsOf, operandsOfHint } from './reads.ts';
import type { Circuit, Definition, TensorId } from './types.ts';

/** The readers still to come of every tensor, while a run goes through the tensors in order. */
export interface Liveness {
  /** True for a tensor that something needs. Multiplicities are counted, not computed. */
  isComputed(id: TensorId): boolean;
  /** Tensors that have lost their last reader, now that this one is computed. */
  readBy(id: TensorId): readonly TensorId[];
  /** Tensors that have lost their last reader, now that the outputs are read. */
  readByOutputs(): readonly TensorId[];
}

export function livenessOf(circuit: Circuit, bindings: readonly Binding[]): Liveness {
  const bound = new Map(bindings.map((b) => [b.column, b.tensor]));
  const reads = (id: TensorId): readonly TensorId[] => readsOf(circuit.tensors[id]!.def, bound.get(id));
  const readers = new Int32Array(circuit.tensors.length);
  for (const id of keptTensors(circuit)) readers[id]!++;
  for (const { tensor } of bindings) readers[tensor]!++;
  for (let id = readers.length - 1; id >= 0; id--) if (readers[id]! > 0) for (const read of reads(id)) readers[read]!++;
  const finish = (ids: readonly TensorId[]): TensorId[] => ids.filter((id) => --readers[id]! === 0);
  return {
    isComputed: (id) => readers[id]! > 0 && !isMultiplicity(circuit.tensors[id]!.def),
    readBy: (id) => finish(reads(id)),
    readByOutputs: () => finish(bindings.map((b) => b.tensor)),
  };
}

/** Tensors that the prover reads after the run: columns, tensors in lookups, operands of products and contractions, sources of views. */
export function keptTensors(circuit: Circuit): ReadonlySet<TensorId> {
  const kept = new Set<TensorId>(circuit.lookups.flatMap((l) => l.tensors));
  circuit.tensors.forEach(({ def }, id) => {
    if (def.kind === 'input' || def.kind === 'witness' || def.kind === 'weight') kept.add(id);
    if (def.kind === 'product' || def.kind === 'contract') kept.add(def.a).add(def.b);
    if (def.kind === 'view') kept.add(def.source);
  });
  return kept;
}

export function isMultiplicity(def: Definition): boolean {
  return def.kind === 'witness' && def.hint.kind === 'multiplicity';
}

/** Tensors that must be there before this one. `bound`: what an output column equals. */
function readsOf(def: Definition, bound: TensorId | undefined): readonly TensorId[] {
  if (def.kind === 'witness') return operandsOfHint(def.hint);
  if (def.kind === 'output') return bound === undefined ? [] : [bound];
  return operandsOf(def);
}
