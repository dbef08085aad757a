/**
 * What a verifier knows before it reads a proof: the key, the caller's integers, and all that follows from them
 * (docs/spec/10-statement.md, 90-soundness.md). The checks of the key alone, S2 (private weights lie in their ranges), S6 (what is legal)
 * and S7 (no integer wraps), are not made here: the twin takes a key that was accepted beforehand, and says whether a proof is one for it.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { type Circuit, cellsOf, type Lookup, type Port, type TensorId } from '../../../src/circuit/types.ts';
import { type KeyFile, modelId } from '../../../src/files/key.ts';
import { bits, type E, extension, indexBits, type Point } from './field.ts';
import { type Slab, slabsOf } from './packing.ts';
import { ascii, little, must } from './transcript.ts';

/** Integers by port name, row-major. */
export type Integers = Readonly<Record<string, ArrayLike<number>>>;

/** Integers of each port in order; undefined where they are private. */
type Given = readonly (readonly number[] | undefined)[];

export interface Ports {
  readonly inputs: Given;
  readonly outputs: Given;
}

export interface Level {
  /** The code: 2^message cells over D_domain. */
  readonly message: number;
  readonly domain: number;
  readonly queries: number;
}

/** Columns under one root; the witness's root is in the proof. */
export interface Commitment {
  readonly root: Uint8Array | undefined;
  readonly slabs: readonly Slab[];
}

export interface Statement {
  /** The key's, without zeros that bind a private output. */
  readonly circuit: Circuit;
  readonly digest: Uint8Array;
  /** Those that stand. */
  readonly lookups: readonly Lookup[];
  /** Most columns of any table, at least 1. */
  readonly width: number;
  readonly depth: number;
  readonly commitments: readonly Commitment[];
  /** Of all commitments. */
  readonly slabs: readonly Slab[];
  readonly m: number;
  /** k_1, k_2, .. */
  readonly folds: readonly number[];
  /** Level 0 is the commitments'. */
  readonly levels: readonly Level[];
  readonly lookupGrinding: number;
  readonly etaGrinding: number;
  /** Least soundness term. */
  readonly bits: number;
  /** The value at a point of a tensor that the verifier holds; undefined for any other. */
  readonly held: (tensor: TensorId, point: Point) => E | undefined;
}

/** The 16 bits of work before a level's positions, and what every term must reach. */
export const QUERY_GRINDING = 16;
const TARGET = 100;

export function statementOf(key: KeyFile, { inputs, outputs }: Ports, tag: Uint8Array): Statement {
  const { circuit, parameters } = key;
  const [m = 0, rate = 0, tail = 0, ...folds] = parameters;
  const levels = levelsOf(m, rate, tail, folds); // S5
  must(
    circuit.tensors.every(({ def }) => def.kind !== 'weight' || def.visibility !== 'private'),
    'E_VISIBILITY',
  ); // S8
  const lookups = circuit.lookups.filter(({ input }) => input === undefined || inputs[input] === undefined);
  const zeros = circuit.zeros.filter((t) => !readsHidden(circuit, t, outputs));
  const leaves = [
    ...lookups.map(({ tensors }) => shapeOf(circuit, tensors[0]!)),
    ...circuit.tables.map((t) => [t.rows]),
  ];
  const depth = Math.max(1, bits(leaves.reduce((n, shape) => n + 2 ** indexBits(shape), 0)));
  const commitments = commitmentsOf(key, inputs, m);
  const width = Math.max(1, ...circuit.tables.map((t) => t.columns.length));
  const slabs = commitments.flatMap((c) => c.slabs);
  const looked = leaves.reduce((n, shape) => n + cellsOf(shape), 0);
  const digest = digestOf(key, inputs, outputs, tag);
  const security = securityOf({ looked, width, depth, slabs: slabs.length, levels }); // S9
  const held = heldBy(key, inputs, outputs); // S10
  return {
    circuit: { ...circuit, zeros },
    digest,
    lookups,
    width,
    depth,
    commitments,
    slabs,
    m,
    folds,
    levels,
    held,
    ...security,
  };
}

const shapeOf = (circuit: Circuit, t: TensorId): readonly number[] => circuit.tensors[t]!.shape;

/** What the caller says of every port: an input that is not given is private, an output is said to be. */
export function portsOf(
  { inputs, outputs }: Circuit,
  givenInputs: Integers,
  givenOutputs: Readonly<Record<string, ArrayLike<number> | 'private'>>,
): Ports {
  const given = integersOf(inputs, givenInputs);
  const shown = Object.entries(givenOutputs).filter(([, v]) => v !== 'private');
  const results = integersOf(outputs, Object.fromEntries(shown) as Integers);
  const isSaid = Object.keys(givenOutputs).every((name) => outputs.some((port) => port.name === name));
  must(isSaid && outputs.every(({ name }) => Object.hasOwn(givenOutputs, name)), 'E_INPUT');
  return { inputs: given, outputs: results };
}

function integersOf(ports: readonly Port[], values: Integers): Given {
  must(
    Object.keys(values).every((name) => ports.some((port) => port.name === name)),
    'E_INPUT',
  );
  return ports.map((port) => {
    const cells = values[port.name] && Array.from(values[port.name]!);
    must(cells === undefined || cells.length === cellsOf(port.shape), 'E_INPUT');
    must(cells === undefined || cells.every((v) => port.range.lo <= v && v <= port.range.hi), 'E_RANGE');
    return cells;
  });
}

/** Whether a zero binds a private output, of which the verifier holds no column. */
function readsHidden({ tensors }: Circuit, zero: TensorId, outputs: Given): boolean {
  const { def } = tensors[zero]!;
  if (def.kind !== 'linear') return false;
  return def.terms.some(({ tensor }) => {
    const read = tensors[tensor]!.def;
    return read.kind === 'output' && outputs[read.output] === undefined;
  });
}

// ---- digest ------------------------------------------------------------------------------------------------------------

function digestOf(key: KeyFile, inputs: Given, outputs: Given, tag: Uint8Array): Uint8Array {
  const said = (ports: readonly Port[], given: Given) =>
    ports.flatMap((port, i) => (given[i] === undefined ? [0] : [1, ...valuesOf(port, given[i])]));
  const statement = [
    ...little(2, 2),
    ...modelId(key),
    0, // a plain proof
    ...said(key.circuit.inputs, inputs),
    ...said(key.circuit.outputs, outputs),
    ...varint(tag.length),
    ...tag,
  ];
  return blake3(Uint8Array.from(statement), { context: ascii('tessera 2 statement') });
}

function varint(v: number): number[] {
  return v < 128 ? [v] : [128 + (v % 128), ...varint(Math.floor(v / 128))];
}

function valuesOf({ range }: Port, cells: readonly number[]): number[] {
  const width = range.lo >= -(2 ** 15) && range.hi < 2 ** 15 ? 2 : 4;
  return [...varint(cells.length), ...cells.flatMap((v) => little(v, width))];
}

// ---- tensors that the verifier holds -----------------------------------------------------------------------------------

function heldBy({ circuit, publicWeights }: KeyFile, inputs: Given, outputs: Given): Statement['held'] {
  const columns = circuit.tensors.map(({ def, shape }, t) => {
    if (def.kind === 'weight') return publicWeights.has(t) ? Array.from(publicWeights.get(t)!) : undefined;
    if (def.kind === 'input') return inputs[def.input];
    if (def.kind === 'constant') return Array<number>(cellsOf(shape)).fill(def.value);
    if (def.kind !== 'output') return undefined;
    const output = outputs[def.output];
    const { derive } = def;
    if (output === undefined) return undefined;
    if (derive.kind === 'gather') return derive.map === null ? output : Array.from(derive.map, (j) => output[j]!);
    must(
      output.every((v) => v >= 0 && v < derive.size),
      'E_RANGE',
    );
    return output.flatMap((v) => Array.from({ length: derive.size }, (_, j) => (j === v ? 1 : 0)));
  });
  return (t, point) => {
    const cells = columns[t];
    return cells && extension(shapeOf(circuit, t), cells, point);
  };
}

/** Committed weights, then witness with the private inputs: each where it has columns. */
function commitmentsOf({ circuit, root }: KeyFile, inputs: Given, m: number): Commitment[] {
  const columns = (isCommitted: (def: Circuit['tensors'][number]['def']) => boolean) =>
    circuit.tensors.flatMap(({ def, shape }, t) => (isCommitted(def) ? [[t, shape] as const] : []));
  const weights = columns((def) => def.kind === 'weight' && def.visibility === 'committed');
  const witness = columns((d) => d.kind === 'witness' || (d.kind === 'input' && inputs[d.input] === undefined));
  must(witness.length > 0, 'E_CIRCUIT');
  const proved = { root: undefined, slabs: slabsOf(witness, m) };
  return weights.length === 0 ? [proved] : [{ root, slabs: slabsOf(weights, m) }, proved];
}

// ---- parameters and soundness ------------------------------------------------------------------------------------------

/** b_i = m - k_1 - .. - k_i,  n_i = m + rateBits - i,  t_i = ceil((100 - 16) / -log2((1 + rho_i)/2)), in a plain proof */
function levelsOf(m: number, rate: number, tail: number, folds: readonly number[]): Level[] {
  const last = m - folds.reduce((a, k) => a + k, 0);
  const isListed = m >= 12 && m <= 22 && rate >= 1 && rate <= 3 && folds.length >= 1 && folds.length <= 4;
  must(isListed && folds.every((k) => k >= 2 && k <= 4) && last >= 6 && last <= 11, 'E_SOUNDNESS');
  must(tail <= 2 ** folds[0]! && (tail === 0 || isWideEnough(m, rate, tail * 2 ** (m - folds[0]!))), 'E_SOUNDNESS');
  return [0, ...folds].map((_, i) => {
    const message = m - folds.slice(0, i).reduce((a, k) => a + k, 0);
    const domain = m + rate - i;
    const queries = Math.ceil((TARGET - QUERY_GRINDING) / bitsPerQuery(message, domain));
    must(queries <= 2 ** domain, 'E_SOUNDNESS');
    return { message, domain, queries };
  });
}

/** In zero knowledge rows have T more coefficients: more than one proof opens positions of its code, and no more positions than there are. */
function isWideEnough(m: number, rate: number, coefficients: number): boolean {
  const rho = (2 ** m + coefficients) / 2 ** (m + rate);
  const queries = Math.ceil((TARGET - QUERY_GRINDING) / -Math.log2((1 + rho) / 2));
  return rho < 1 && queries < coefficients && queries <= 2 ** (m + rate);
}

const bitsPerQuery = (message: number, domain: number): number => -Math.log2((1 + 2 ** (message - domain)) / 2);

/** Every term in bits: -log2(error) plus the work before its challenge. */
function securityOf(counts: {
  readonly looked: number;
  readonly width: number;
  readonly depth: number;
  readonly slabs: number;
  readonly levels: readonly Level[];
}): Pick<Statement, 'lookupGrinding' | 'etaGrinding' | 'bits'> {
  const { looked, width, depth, slabs, levels } = counts;
  const over = (numerator: number) => 4 * Math.log2(2 ** 31 - 1) - Math.log2(numerator);
  const reach = ({ message, domain }: Level) => ((1 - 2 ** (message - domain)) / 2) * 2 ** domain + 1;
  const etas = Math.max(1, bits(slabs + 1));
  const fingerprint = over(looked * (width + 2));
  const rows = over(etas * reach(levels[0]!));
  const work = (term: number) => Math.max(0, Math.ceil(TARGET - term));
  const terms = [
    fingerprint + work(fingerprint),
    over((depth * (3 * depth + 1)) / 2),
    over(3),
    over(30),
    over(2 ** 20),
    over(etas),
    rows + work(rows),
    ...levels.map((level) => over(reach(level))),
    ...levels.map(({ message, domain, queries }) => queries * bitsPerQuery(message, domain) + QUERY_GRINDING),
    ...levels.map(({ queries }) => over(queries + 1)),
  ];
  must(Math.min(...terms) >= TARGET, 'E_SOUNDNESS');
  return { lookupGrinding: work(fingerprint), etaGrinding: work(rows), bits: Math.min(...terms) };
}
