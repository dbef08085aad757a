/**
 * What a verifier knows before it reads a proof: the key, the caller's integers, and all that follows from them
 * (docs/spec/10-statement.md, 90-soundness.md). The checks of the key alone, S4 (what is legal) and S5 (no integer wraps), are not
 * made here: the twin takes a key that was accepted beforehand, and says whether a proof is one for it.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { circuitDigest } from '../../../src/circuit/encode.ts';
import { type Circuit, cellsOf, type Lookup, type Port, type TensorId } from '../../../src/circuit/types.ts';
import type { KeyFile } from '../../../src/files/key.ts';
import { bits, type E, extension, indexBits, type Point } from './field.ts';
import { type Slab, slabsOf } from './packing.ts';
import { ascii, little, must } from './transcript.ts';

/** Integers by port name, row-major. */
export type Integers = Readonly<Record<string, ArrayLike<number>>>;

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
  readonly circuit: Circuit;
  readonly digest: Uint8Array;
  /** Those that stand. */
  readonly lookups: readonly Lookup[];
  /** Most columns of any table, at least 1. */
  readonly width: number;
  readonly depth: number;
  readonly commitments: readonly Commitment[];
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

export function statementOf(key: KeyFile, inputs: Integers, outputs: Integers, tag: Uint8Array): Statement {
  const { circuit, parameters } = key;
  const [m = 0, rate = 0, ...folds] = parameters;
  const given = portsOf(circuit.inputs, inputs); // S2
  const results = portsOf(circuit.outputs, outputs);
  must(
    results.every((v) => v !== undefined),
    'E_INPUT',
  );
  const levels = levelsOf(m, rate, folds); // S3
  const lookups = circuit.lookups.filter(({ input }) => input === undefined || given[input] === undefined);
  const leaves = [
    ...lookups.map(({ tensors }) => shapeOf(circuit, tensors[0]!)),
    ...circuit.tables.map((t) => [t.rows]),
  ];
  const depth = Math.max(1, bits(leaves.reduce((n, shape) => n + 2 ** indexBits(shape), 0)));
  const commitments = commitmentsOf(key, given, m);
  const width = Math.max(1, ...circuit.tables.map((t) => t.columns.length));
  const slabs = commitments.flatMap((c) => c.slabs);
  const looked = leaves.reduce((n, shape) => n + cellsOf(shape), 0);
  const digest = digestOf(key, given, results, tag);
  const security = securityOf({ looked, width, depth, slabs: slabs.length, levels }); // S6
  const held = heldBy(circuit, given, results); // S7
  return { circuit, digest, lookups, width, depth, commitments, slabs, m, folds, levels, held, ...security };
}

const shapeOf = (circuit: Circuit, t: TensorId): readonly number[] => circuit.tensors[t]!.shape;

/** Integers of each port in order; undefined where the caller gives none. */
function portsOf(ports: readonly Port[], values: Integers): (readonly number[] | undefined)[] {
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

// ---- digest ------------------------------------------------------------------------------------------------------------

function digestOf(
  { circuit, parameters, root }: KeyFile,
  inputs: readonly (readonly number[] | undefined)[],
  outputs: readonly (readonly number[] | undefined)[],
  tag: Uint8Array,
): Uint8Array {
  const statement = [
    ...little(1, 2),
    ...circuitDigest(circuit),
    ...root,
    ...varint(parameters.length),
    ...parameters.flatMap((v) => little(v, 4)),
    ...circuit.inputs.flatMap((port, i) => (inputs[i] ? [1, ...valuesOf(port, inputs[i])] : [0])),
    ...circuit.outputs.flatMap((port, i) => valuesOf(port, outputs[i]!)),
    ...varint(tag.length),
    ...tag,
  ];
  return blake3(Uint8Array.from(statement), { context: ascii('tessera 1 statement') });
}

function varint(v: number): number[] {
  return v < 128 ? [v] : [128 + (v % 128), ...varint(Math.floor(v / 128))];
}

function valuesOf({ range }: Port, cells: readonly number[]): number[] {
  const width = range.lo >= -(2 ** 15) && range.hi < 2 ** 15 ? 2 : 4;
  return [...varint(cells.length), ...cells.flatMap((v) => little(v, width))];
}

// ---- tensors that the verifier holds -----------------------------------------------------------------------------------

function heldBy(
  circuit: Circuit,
  inputs: readonly (readonly number[] | undefined)[],
  outputs: readonly (readonly number[] | undefined)[],
): Statement['held'] {
  const columns = circuit.tensors.map(({ def, shape }) => {
    if (def.kind === 'input') return inputs[def.input];
    if (def.kind === 'constant') return Array<number>(cellsOf(shape)).fill(def.value);
    if (def.kind !== 'output') return undefined;
    const output = outputs[def.output]!;
    const { derive } = def;
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

/** Weights, then witness with the private inputs: each where it has columns. */
function commitmentsOf({ circuit, root }: KeyFile, inputs: readonly unknown[], m: number): Commitment[] {
  const columns = (isCommitted: (def: Circuit['tensors'][number]['def']) => boolean) =>
    circuit.tensors.flatMap(({ def, shape }, t) => (isCommitted(def) ? [[t, shape] as const] : []));
  const weights = columns((def) => def.kind === 'weight');
  const witness = columns((d) => d.kind === 'witness' || (d.kind === 'input' && inputs[d.input] === undefined));
  must(witness.length > 0, 'E_CIRCUIT');
  const proved = { root: undefined, slabs: slabsOf(witness, m) };
  return weights.length === 0 ? [proved] : [{ root, slabs: slabsOf(weights, m) }, proved];
}

// ---- parameters and soundness ------------------------------------------------------------------------------------------

/** b_i = m - k_1 - .. - k_i,  n_i = m + rateBits - i,  t_i = ceil((100 - 16) / -log2((1 + rho_i)/2)) */
function levelsOf(m: number, rate: number, folds: readonly number[]): Level[] {
  const last = m - folds.reduce((a, k) => a + k, 0);
  const isListed = m >= 12 && m <= 22 && rate >= 1 && rate <= 2 && folds.length >= 1 && folds.length <= 4;
  must(isListed && folds.every((k) => k >= 2 && k <= 4) && last >= 6 && last <= 11, 'E_SOUNDNESS');
  return [0, ...folds].map((_, i) => {
    const message = m - folds.slice(0, i).reduce((a, k) => a + k, 0);
    const domain = m + rate - i;
    const queries = Math.ceil((TARGET - QUERY_GRINDING) / bitsPerQuery(message, domain));
    must(queries <= 2 ** domain, 'E_SOUNDNESS');
    return { message, domain, queries };
  });
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
