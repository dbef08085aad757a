/**
 * Proves that no integer of a circuit can wrap in the field: every declared range follows from definitions and lookups.
 *
 * The one place where the field could lie is a division: q = S 2^-s mod p, S = c + sum a_i t_i. Let S lie in [l, u] by the ranges of
 * its terms, and q in [a, b] by lookups. Then 2^s q = S as integers, hence q is the exact quotient, if no two values of S and 2^s q
 * are p apart:
 *   u - 2^s a < p   and   2^s b - l < p
 * (protocol 10, where S = acc + 2^(s-1) - r with r in [0, 2^s)). Likewise zero(v) means v = 0 because |v| < p.
 */
import { TesseraError } from '../errors.ts';
import type { Weights } from './infer.ts';
import { productRange, rangeOfContract, shiftRange, sumRange, viewRange } from './infer.ts';
import { BIT, containsRange, isBelow, MAGNITUDE, MODULUS, meetRange, rangeOfValues, showRange } from './interval.ts';
import { lookupRanges, pinnedRanges } from './pins.ts';
import { operandsOf } from './reads.ts';
import type { Circuit, Contract, Definition, Range, Tensor, TensorId, WeightVisibility } from './types.ts';

type Linear = Extract<Definition, { kind: 'linear' }>;

/** What the inference reads. */
interface Context {
  readonly circuit: Circuit;
  readonly weights: Weights | undefined;
  readonly lookups: ReadonlyMap<TensorId, Range>;
  readonly pinned: ReadonlyMap<TensorId, Range>;
}

/**
 * For a circuit that `checkCircuit` accepts.
 * Of private weights only the declared range counts, which a certificate proves of the committed ones.
 * @param weights the integers of weights, as far as they are known. Of committed ones that are not, the declared ranges, and those of
 * contractions of them, are taken on trust: whoever built the key checked them with these weights.
 * @throws TesseraError E_RANGE naming the tensor whose range does not follow
 */
export function checkRanges(circuit: Circuit, weights?: Weights): void {
  const context: Context = { circuit, weights, lookups: lookupRanges(circuit), pinned: pinnedRanges(circuit) };
  const multiplicities = new Set(circuit.tables.map((t) => t.multiplicity));
  const operands = readTensors(circuit);
  circuit.tensors.forEach((tensor, id) => {
    checkDeclared(tensor, operands.has(id) ? MAGNITUDE : MODULUS);
    if (multiplicities.has(id)) return;
    const inferred = inferRange(context, tensor, id);
    if (containsRange(tensor.range, inferred)) return;
    fail(tensor, `values may lie in ${showRange(inferred)}, the declared range is ${showRange(tensor.range)}`);
  });
}

function fail({ name }: Tensor, sentence: string): never {
  throw new TesseraError('E_RANGE', sentence, { where: name, hint: 'Use fewer bits for weights or activations.' });
}

/** Every tensor that something other than a zero reads. */
function readTensors(circuit: Circuit): ReadonlySet<TensorId> {
  const read = new Set<TensorId>(circuit.lookups.flatMap((l) => l.tensors));
  for (const { def } of circuit.tensors) for (const id of operandsOf(def)) read.add(id);
  return read;
}

function checkDeclared(tensor: Tensor, bound: number): void {
  const { lo, hi } = tensor.range;
  if (!(Number.isInteger(lo) && Number.isInteger(hi) && lo <= hi))
    fail(tensor, 'the declared range is no interval of integers');
  if (!isBelow(tensor.range, bound)) {
    fail(tensor, `the declared range ${showRange(tensor.range)} reaches ${bound === MODULUS ? 'the modulus' : '2^30'}`);
  }
}

/** The least interval that is known to hold a tensor's cells. */
function inferRange(context: Context, tensor: Tensor, id: TensorId): Range {
  const { circuit, weights, pinned } = context;
  const { tensors } = circuit;
  const { def } = tensor;
  switch (def.kind) {
    case 'input':
    case 'witness':
      return pinned.get(id) ?? fail(tensor, 'no lookup bounds this column');
    case 'weight': {
      const values = weights?.get(id);
      return values === undefined ? tensor.range : rangeOfValues(values);
    }
    case 'output':
      return def.derive.kind === 'onehot' ? BIT : circuit.outputs[def.output]!.range;
    case 'constant':
      return { lo: def.value, hi: def.value };
    case 'linear':
      return inferLinear(context, tensor, id, def);
    case 'product':
      return productRange(tensors, def.a, def.b);
    case 'contract':
      return inferContract(context, tensor, def);
    case 'view':
      return viewRange(tensors[def.source]!, tensor.shape, def);
  }
}

function inferLinear({ circuit, lookups }: Context, tensor: Tensor, id: TensorId, def: Linear): Range {
  const sum = sumRange(circuit.tensors, def.terms, def.constant);
  if (!isBelow(sum, MODULUS)) fail(tensor, `the sum may reach ${showRange(sum)}, beyond the modulus`);
  if (def.shift === 0) return sum;
  const bound = lookups.get(id) ?? fail(tensor, 'a quotient is bounded by no lookup');
  const above = sum.hi - 2 ** def.shift * bound.lo;
  const below = 2 ** def.shift * bound.hi - sum.lo;
  if (above >= MODULUS || below >= MODULUS) {
    fail(tensor, `a sum in ${showRange(sum)} and a quotient in ${showRange(bound)} may differ by the modulus`);
  }
  return meetRange(bound, shiftRange(sum, def.shift));
}

function inferContract({ circuit, weights }: Context, tensor: Tensor, def: Contract): Range {
  const visible = new Map([...(weights ?? [])].filter(([id]) => visibilityOf(circuit, id) !== 'private'));
  const isOnTrust = [def.a, def.b].some((id) => visibilityOf(circuit, id) === 'committed' && !visible.has(id));
  if (isOnTrust) return tensor.range;
  return rangeOfContract(circuit.tensors, def, tensor.shape, visible, tensor.name);
}

function visibilityOf({ tensors }: Circuit, id: TensorId): WeightVisibility | undefined {
  const { def } = tensors[id]!;
  return def.kind === 'weight' ? def.visibility : undefined;
}
