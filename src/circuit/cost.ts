/**
 * What a circuit will cost, before anything runs: cells, lookups, leaves, multiply-adds, memory.
 *
 * A proof's memory is at its peak in the lookups: the run's tensors, every committed cell as a word and as two words of a codeword
 * (rate 1/2), and the fraction tree.
 */
import { bitsFor, variables } from '../field/mle.ts';
import { labelsOf } from './contract.ts';
import { livenessOf } from './liveness.ts';
import { outputBindings } from './outputs.ts';
import type { Arena, Stored } from './storage.ts';
import { kindOf, Storage } from './storage.ts';
import type { Circuit, Contract, Definition, TableId, Tensor, TensorId } from './types.ts';
import { cellsOf } from './types.ts';

export interface Cost {
  /** Cells committed for every proof: advice, private inputs, multiplicities. */
  readonly witnessCells: number;
  /** Cells committed once with the model. */
  readonly weightCells: number;
  /** Tuples looked up. */
  readonly lookups: number;
  /** Rows of all tables. */
  readonly rows: number;
  /** Leaves of the fraction tree: lookups and tables, each padded to a power of two, and so is their sum. */
  readonly leaves: number;
  /** Multiply-adds of the exact run. */
  readonly multiplyAdds: number;
  /** Bytes of the machine's memory that a run takes at most, weights included, but for the gathered rows of a contraction. */
  readonly runBytes: number;
  /** Estimate of the bytes that a proof takes at most. */
  readonly peakBytes: number;
}

/** Bytes of a cell as a word of the field and in a codeword of rate 1/2. */
const MATRIX_BYTES = 4 + 8;

/** Bytes of a leaf, p and q, with all layers above it. */
const LEAF_BYTES = 64;

/**
 * Merkle trees, twiddles and vectors of the sumchecks come on top. Measured 2026-11-22: 1.21 (blazeface, 200 MB), 1.35 (fashion-cnn,
 * 14 MB).
 */
const OVERHEAD = 1.25;

/** The cost of a circuit that `checkCircuit` accepts. */
export function costOf(circuit: Circuit): Cost {
  const { tensors, tables, lookups } = circuit;
  const cells = (kinds: readonly string[]): number =>
    tensors.reduce((n, t) => n + (kinds.includes(t.def.kind) ? cellsOf(t.shape) : 0), 0);
  const lookedUp = lookups.map((l) => tensors[l.tensors[0]!]!.shape);
  const blocks = [...lookedUp.map(variables), ...tables.map((t) => bitsFor(t.rows))];
  const leaves = 2 ** bitsFor(blocks.reduce((n, bits) => n + 2 ** bits, 0));
  const [witnessCells, weightCells] = [cells(['witness', 'input']), cells(['weight'])];
  const runBytes = runBytesOf(circuit);
  return {
    witnessCells,
    weightCells,
    lookups: lookedUp.reduce((n, shape) => n + cellsOf(shape), 0),
    rows: tables.reduce((n, t) => n + t.rows, 0),
    leaves,
    multiplyAdds: tensors.reduce((n, t) => n + (t.def.kind === 'contract' ? multiplyAdds(circuit, t, t.def) : 0), 0),
    runBytes,
    peakBytes: Math.ceil(OVERHEAD * (runBytes + MATRIX_BYTES * (witnessCells + weightCells) + LEAF_BYTES * leaves)),
  };
}

export function multiplyAdds({ tensors }: Circuit, { name, shape }: Tensor, def: Contract): number {
  const { k, sizes } = labelsOf(def, { a: tensors[def.a]!.shape, b: tensors[def.b]!.shape, out: shape }, name);
  return cellsOf(shape) * cellsOf(k.map((label) => sizes.get(label)!));
}

/** Goes through the circuit as `evaluate` does, on an arena that only counts. */
function runBytesOf(circuit: Circuit): number {
  let top = 0;
  const arena: Arena = {
    mark: () => top,
    alloc(bytes) {
      top += bytes;
      return top - bytes;
    },
  };
  const storage = new Storage(arena);
  const liveness = livenessOf(circuit, outputBindings(circuit));
  const places = new Map<TensorId, Stored>();
  const listed = new Set<TableId>();
  circuit.tensors.forEach((tensor, id) => {
    if (!liveness.isComputed(id)) return;
    const table = tableOf(tensor.def);
    if (table !== undefined && !listed.has(table)) {
      storage.alloc(4, circuit.tables[table]!.rows);
      listed.add(table);
    }
    const place = storage.alloc(kindOf(tensor.range), cellsOf(tensor.shape));
    if (place.kind === 2 && isThroughI32(tensor.def)) storage.release(storage.alloc(4, place.length));
    places.set(id, place);
    for (const done of liveness.readBy(id)) storage.release(places.get(done)!);
  });
  for (const { rows } of circuit.tables) storage.alloc(4, rows);
  return top;
}

/** The table whose values a hint needs. */
function tableOf(def: Definition): TableId | undefined {
  return def.kind === 'witness' && def.hint.kind === 'table' ? def.hint.table : undefined;
}

/** Definitions that are computed in 32 bits before they are kept in 16. */
function isThroughI32(def: Definition): boolean {
  if (def.kind === 'witness') return ['bits', 'quotient', 'root'].includes(def.hint.kind);
  return def.kind === 'linear' || def.kind === 'contract';
}
