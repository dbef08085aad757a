/**
 * What a verifier would have to do for a circuit, before it does any of it: a hostile key of a few hundred bytes must not buy seconds.
 *
 * Claims: a tensor collects one for each box of a lookup, each zero and each reader's claim; a virtual tensor passes each of its claims on. Work, in
 * field operations: for each claim, the weights of windows and views, the cells of a public column, the pieces of a committed one, and
 * a comparison with every other claim on the tensor, which may be the same.
 */
import { bitsFor } from '../field/mle.ts';
import { boxesOf } from './boxes.ts';
import { refuse } from './legal.ts';
import { operandsOf } from './reads.ts';
import { type AxisMap, type Circuit, cellsOf, type Definition, type Tensor } from './types.ts';

/** Claims of a whole proof: no batch has more, which the soundness term of batching relies on. */
export const MAX_CLAIMS = 2 ** 20;

/** Field operations, about 0.1 us each; gpt2 over 64 tokens would take 2^22. */
export const MAX_WORK = 2 ** 24;

/** Operations of a claim that has next to nothing to add up: 16 us for one cell's view (2026-11-22). */
const LEAST_WORK = 2 ** 7;

/** Operations for a weight of an axis that a view lists (0.45 us, 2026-11-25). */
const TO_WORK = 4;

/** Rows have at least this many cells (soundness/parameters.ts); a row takes 0.4 us and 90 bytes. */
const SHORTEST_ROW = 2 ** 12;
const ROW_WORK = 2 ** 3;

/** Operations to place a piece of a committed column (1.7 us), and for each claim on it (15 us; all 2026-11-22). */
const PIECE_WORK = 2 ** 5;
const PIECE_CLAIM_WORK = 2 ** 7;

/** For a circuit whose definitions are legal. @throws TesseraError E_CIRCUIT */
export function checkWork(circuit: Circuit): void {
  const claims = new Float64Array(circuit.tensors.length);
  for (const id of circuit.zeros) claims[id]! += 1;
  for (const { tensors } of circuit.lookups) {
    const boxes = boxesOf(circuit.tensors[tensors[0]!]!.shape).length;
    for (const id of tensors) claims[id]! += boxes;
  }
  for (const table of circuit.tables) claims[table.multiplicity]! += 1;
  let total = 0;
  let work = 0;
  for (let id = circuit.tensors.length - 1; id >= 0; id--) {
    const tensor = circuit.tensors[id]!;
    total += claims[id]!;
    work += fixedWork(tensor) + claims[id]! * (claims[id]! + LEAST_WORK + claimWork(circuit, tensor));
    if (total > MAX_CLAIMS) refuse(tensor.name, `a proof would make more than ${MAX_CLAIMS} claims`);
    if (work > MAX_WORK) refuse(tensor.name, `checking a proof would take more than ${MAX_WORK} operations`);
    // a sum claims each of its terms once, at its own point; a product of a tensor with itself claims it twice
    const reads = operandsOf(tensor.def);
    for (const read of tensor.def.kind === 'linear' ? new Set(reads) : reads) claims[read]! += claims[id]!;
  }
}

/** Once a tensor, whatever is claimed: a committed column's rows and pieces, a public one's cells. */
function fixedWork({ shape, def }: Tensor): number {
  if (isCommitted(def)) {
    return (ROW_WORK * cellsOf(shape)) / SHORTEST_ROW + PIECE_WORK * pieces(shape);
  }
  return def.kind === 'input' || def.kind === 'output' || def.kind === 'weight' ? cellsOf(shape) : 1;
}

function isCommitted(def: Definition): boolean {
  return def.kind === 'witness' || (def.kind === 'weight' && def.visibility !== 'public');
}

/** For every claim. */
function claimWork(circuit: Circuit, { shape, def }: Tensor): number {
  const bits = shape.reduce((n, size) => n + bitsFor(size), 1);
  switch (def.kind) {
    case 'view': {
      const source = circuit.tensors[def.source]!.shape;
      return def.maps.reduce((n, map) => n + mapWork(map, shape, source), bits);
    }
    case 'contract': {
      const a = circuit.tensors[def.a]!.shape;
      const b = circuit.tensors[def.b]!.shape;
      return def.bAxes.reduce((n, axis, i) => {
        if (typeof axis === 'string') return n;
        return n + shape[def.out.indexOf(axis.out)]! * a[def.aAxes.indexOf(axis.kernel)]! + 2 * b[i]!;
      }, bits);
    }
    case 'weight':
    case 'witness':
      return isCommitted(def) ? (PIECE_CLAIM_WORK + bits) * pieces(shape) : cellsOf(shape);
    case 'input':
    case 'output':
      return cellsOf(shape);
    default:
      return bits;
  }
}

function mapWork(map: AxisMap, shape: readonly number[], source: readonly number[]): number {
  if (map.kind === 'keep' || map.kind === 'broadcast') return 0;
  const to = map.kind === 'affine' ? [map.to] : map.to;
  const from = map.kind === 'affine' ? [map.from] : map.from;
  return TO_WORK * to.reduce((n, a) => n * shape[a]!, 1) + 2 * from.reduce((n, a) => n * source[a]!, 1);
}

/** Pieces of a committed column: a product of powers of two for each combination of its sizes' binary digits. */
function pieces(shape: readonly number[]): number {
  return shape.reduce((n, size) => n * binaryOnes(size), 1);
}

function binaryOnes(size: number): number {
  return size.toString(2).replaceAll('0', '').length;
}
