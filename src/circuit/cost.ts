/**
 * What a circuit will cost, before anything runs: cells, lookups, leaves, multiply-adds, memory.
 *
 * A proof holds the run's tensors, every committed cell as a word and in a codeword, and the hashes of both commitments. On top of that
 * its memory is at its peak in the lookups (17 bytes a leaf: the layer above the leaves or their factors, and ids of patterns) or, where
 * lookups are few, in the opening (the vector, its weights, and the codewords of the recursion). Where that is more than there is, codewords
 * are made again when they are opened, and the lookups' longest tables as often as there are rounds without room for them.
 */
import { bitsFor, variables } from '../field/mle.ts';
import { boxesOf } from './boxes.ts';
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
  /** Bytes of what is left of a run: what its proof reads. */
  readonly keptBytes: number;
  /** Estimate of the bytes that a proof takes at most, where it may. */
  readonly peakBytes: number;
  /** Estimate of the bytes that a proof can do with, at the price of time. */
  readonly leastBytes: number;
}

/** The code that commitments are made with, as soundness/parameters.ts has it. */
export interface CodeSize {
  readonly rowBits: number;
  readonly rateBits: number;
  readonly tailRows: number;
  readonly folds: readonly number[];
}

/** Bytes of a leaf, the least of them (ids, and the layers that are always stored), and of a table's row: columns, and its eighth of patterns and their products. */
const LEAF_BYTES = 17;
const LEAST_LEAF_BYTES = 1.5;
const ROW_BYTES = 80;

/** What rounds need besides their tables at most: windows, equality tables, patterns. */
export const ROUND_BYTES = 2 ** 25;

/** Whatever the circuit: scratch memory of the threads, pads and their code (wdbc-mlp, 5.5 MB without: 6.6, 2026-11-25). */
const FIXED_BYTES = 2 ** 20;

/** Rows that are encoded at a time: a multiple of the words that hashing takes, and more than threads could share out. */
export const GROUP_ROWS = 32;

/** Bytes of a digest with all that are above it, and of an E vector's element. */
const HASH_BYTES = 64;
const EXT_BYTES = 16;

/** The cost of a circuit that `checkCircuit` accepts. */
export function costOf(circuit: Circuit, code: CodeSize): Cost {
  const { tensors, tables, lookups } = circuit;
  const lookedUp = lookups.map((l) => tensors[l.tensors[0]!]!.shape);
  const boxes = lookedUp.flatMap((shape) => boxesOf(shape));
  const blocks = [...boxes.map(({ shape }) => variables(shape)), ...tables.map((t) => bitsFor(t.rows))];
  const stored = blocks.reduce((n, bits) => n + 2 ** bits, 0);
  const rows = tables.reduce((n, t) => n + t.rows, 0);
  const committed = committedCells(circuit);
  const run = runBytesOf(circuit);
  const commitments = commitmentBytes(committed, code);
  const least = Math.max(
    LEAST_LEAF_BYTES * stored + ROW_BYTES * rows + ROUND_BYTES,
    openingBytes(code) + commitments.group,
  );
  const most = Math.max(LEAF_BYTES * stored + ROW_BYTES * rows, openingBytes(code)) + commitments.codewords;
  const peakBytes = Math.max(run.peak, run.kept + commitments.always + most);
  return {
    ...committed,
    lookups: lookedUp.reduce((n, shape) => n + cellsOf(shape), 0),
    rows,
    leaves: 2 ** bitsFor(stored),
    multiplyAdds: tensors.reduce((n, t) => n + (t.def.kind === 'contract' ? multiplyAdds(circuit, t, t.def) : 0), 0),
    runBytes: run.peak,
    keptBytes: run.kept,
    peakBytes,
    leastBytes: Math.min(peakBytes, Math.max(run.peak, run.kept + commitments.always + least)),
  };
}

/** Cells committed for every proof and once with the model: what the code is chosen by. */
export function committedCells({ tensors }: Circuit): Pick<Cost, 'witnessCells' | 'weightCells'> {
  const cells = (is: (def: Definition) => boolean): number =>
    tensors.reduce((n, t) => n + (is(t.def) ? cellsOf(t.shape) : 0), 0);
  return {
    witnessCells: cells((def) => def.kind === 'witness' || def.kind === 'input'),
    weightCells: cells((def) => def.kind === 'weight' && def.visibility !== 'public'),
  };
}

/** Rows of the mask, and words of a salt, which hiding adds to the witness's matrix. */
const MASK_ROWS = 4;
const SALT_ROWS = 8;

/** Twiddles, message rows with their tails and hashes; codewords; those of a group of rows. */
function commitmentBytes(
  cells: Pick<Cost, 'witnessCells' | 'weightCells'>,
  code: CodeSize,
): { readonly always: number; readonly codewords: number; readonly group: number } {
  const { rowBits, rateBits, tailRows, folds } = code;
  const [message, codeword] = [2 ** rowBits + tailRows * 2 ** (rowBits - folds[0]!), 2 ** (rowBits + rateBits)];
  const matrices = [cells.weightCells, cells.witnessCells].filter((n) => n > 0);
  const hiding = tailRows > 0 ? MASK_ROWS + SALT_ROWS : 0;
  const rows = matrices.reduce((n, count) => n + Math.ceil(count / 2 ** rowBits), hiding);
  return {
    always: FIXED_BYTES + 4 * codeword + 4 * rows * message + HASH_BYTES * codeword * matrices.length,
    codewords: 4 * rows * codeword,
    group: 4 * Math.min(GROUP_ROWS, rows) * codeword,
  };
}

/** The vector, its weights and its planes; of every fold the rows over E on half the domain of the last, and their hashes. */
function openingBytes({ rowBits, rateBits, tailRows, folds }: CodeSize): number {
  return folds.reduce(
    (n, k, i) => n + 2 ** (rowBits + rateBits - 1 - i) * (EXT_BYTES * 2 ** k + HASH_BYTES),
    3 * EXT_BYTES * 2 ** (rowBits + (tailRows > 0 ? 1 : 0)),
  );
}

export function multiplyAdds({ tensors }: Circuit, { name, shape }: Tensor, def: Contract): number {
  const { k, sizes } = labelsOf(def, { a: tensors[def.a]!.shape, b: tensors[def.b]!.shape, out: shape }, name);
  return cellsOf(shape) * cellsOf(k.map((label) => sizes.get(label)!));
}

/** Goes through the circuit as `evaluate` does, on an arena that only counts: what it takes at most, and what stays. */
function runBytesOf(circuit: Circuit): { readonly peak: number; readonly kept: number } {
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
  const listed = new Map<TableId, Stored>();
  circuit.tensors.forEach((tensor, id) => {
    if (!liveness.isComputed(id)) return;
    const table = tableOf(tensor.def);
    if (table !== undefined && !listed.has(table)) {
      listed.set(table, storage.alloc(4, circuit.tables[table]!.rows));
    }
    const place = storage.alloc(kindOf(tensor.range), cellsOf(tensor.shape));
    if (place.kind === 2 && isThroughI32(tensor.def)) storage.release(storage.alloc(4, place.length));
    places.set(id, place);
    for (const done of liveness.readBy(id)) storage.release(places.get(done)!);
  });
  for (const { rows } of circuit.tables) storage.alloc(4, rows);
  for (const done of liveness.readByOutputs()) storage.release(places.get(done)!);
  for (const at of listed.values()) storage.release(at);
  return { peak: top, kept: storage.isSparse ? storage.bytes.taken : top };
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
