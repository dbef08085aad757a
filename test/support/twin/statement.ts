/**
 * What a verifier knows before it reads a proof: the key, what the caller says, and all that follows from them
 * (docs/spec/10-statement.md). The checks of the key alone, S6 (what is legal) and S7 (no integer wraps), are not made here: the twin takes a key whose
 * circuit was accepted beforehand, and says whether a proof is one for it.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { type Circuit, cellsOf, type Lookup, type Port, type TensorId } from '../../../src/circuit/types.ts';
import { type KeyFile, modelId } from '../../../src/files/key.ts';
import { bits, type E, extension, indexBits, type Point } from './field.ts';
import { blocksOf } from './lookup.ts';
import { type Slab, slabsOf } from './packing.ts';
import { arguedCircuit, checkVisibilities, type Group, groupsOf, type Ports, type Said } from './ports.ts';
import { ALONE, type Code, codeOf, securityOf } from './soundness.ts';
import { ascii, little, must } from './transcript.ts';

export interface Commitment extends Group {
  readonly slabs: readonly Slab[];
}

/** Commitments of one code, opened together. */
export interface OpeningClass extends Code {
  readonly etaGrinding: number;
}

export interface Statement {
  /** As it is argued. */
  readonly circuit: Circuit;
  readonly zk: boolean;
  readonly digest: Uint8Array;
  /** Those that stand. */
  readonly lookups: readonly Lookup[];
  /** Most columns of any table, at least 1. */
  readonly width: number;
  readonly depth: number;
  readonly commitments: readonly Commitment[];
  readonly classes: readonly OpeningClass[];
  readonly lookupGrinding: number;
  /** Least soundness term. */
  readonly bits: number;
  /** The value at a point of a tensor that the verifier holds; undefined for any other. */
  readonly held: (tensor: TensorId, point: Point) => E | undefined;
}

export function statementOf(key: KeyFile, ports: Ports, tag: Uint8Array, zk: boolean): Statement {
  codeOf(key.parameters, zk); // S5
  checkVisibilities(key, ports, zk); // S8
  const circuit = arguedCircuit(key.circuit, ports);
  const groups = groupsOf(circuit, key, ports);
  must(zk || groups.at(-1)!.columns.length > 0, 'E_CIRCUIT');
  const isAlone = [...ports.inputs, ...ports.outputs].some((said) => said.kind === 'committed');
  const parameters = [key.parameters, ...(isAlone ? [ALONE] : [])];
  const digest = digestOf(key, ports, tag, zk);
  return { ...arrange(circuit, groups, parameters, zk), digest, held: heldBy(circuit, key, ports) }; // S10
}

/** All that follows from a circuit, its commitments, and the parameters of their classes. S9 */
export function arrange(
  circuit: Circuit,
  groups: readonly Group[],
  parameters: readonly (readonly number[])[],
  zk: boolean,
): Omit<Statement, 'digest' | 'held'> {
  const { lookups, tables } = circuit;
  const shapeOf = (t: TensorId) => circuit.tensors[t]!.shape;
  const blocks = blocksOf({ circuit, lookups });
  const depth = Math.max(1, bits(blocks.reduce((n, { shape }) => n + 2 ** indexBits(shape), 0)));
  const width = Math.max(1, ...tables.map((t) => t.columns.length));
  const codes = parameters.map((list) => codeOf(list, zk));
  const commitments = groups.map((group): Commitment => {
    const columns = group.columns.map((t) => [t, shapeOf(t)] as const);
    return { ...group, slabs: slabsOf(columns, codes[group.class]!.m) };
  });
  const security = securityOf({
    looked: blocks.reduce((n, { shape }) => n + cellsOf(shape), 0),
    width,
    depth,
    classes: codes.map(({ levels }, i) => {
      const own = commitments.filter((c) => c.class === i);
      return { levels, slabs: own.reduce((n, c) => n + c.slabs.length, 0) };
    }),
    zk,
  });
  const classes = codes.map((code, i) => ({ ...code, etaGrinding: security.etaGrinding[i]! }));
  const { lookupGrinding, bits: least } = security;
  return { circuit, zk, lookups, width, depth, commitments, classes, lookupGrinding, bits: least };
}

// ---- digest ------------------------------------------------------------------------------------------------------------

function digestOf(key: KeyFile, { inputs, outputs }: Ports, tag: Uint8Array, zk: boolean): Uint8Array {
  const { circuit } = key;
  const statement = [
    ...little(3, 2),
    ...modelId(key),
    zk ? 1 : 0,
    ...inputs.flatMap((said, i) => saidBytes(circuit.inputs[i]!, said)),
    ...outputs.flatMap((said, i) => saidBytes(circuit.outputs[i]!, said)),
    ...varint(tag.length),
    ...tag,
  ];
  return blake3(Uint8Array.from(statement), { context: ascii('tessera 2 statement') });
}

function saidBytes(port: Port, said: Said): number[] {
  if (said.kind === 'private') return [0];
  return said.kind === 'public' ? [1, ...valuesOf(port, said.cells)] : [2, ...said.root];
}

function varint(v: number): number[] {
  return v < 128 ? [v] : [128 + (v % 128), ...varint(Math.floor(v / 128))];
}

function valuesOf({ range }: Port, cells: readonly number[]): number[] {
  const width = range.lo >= -(2 ** 15) && range.hi < 2 ** 15 ? 2 : 4;
  return [...varint(cells.length), ...cells.flatMap((v) => little(v, width))];
}

// ---- tensors that the verifier holds -----------------------------------------------------------------------------------

function heldBy({ tensors }: Circuit, { publicWeights }: KeyFile, { inputs, outputs }: Ports): Statement['held'] {
  const columns = tensors.map(({ def, shape }, t) => {
    if (def.kind === 'weight') return publicWeights.has(t) ? Array.from(publicWeights.get(t)!) : undefined;
    if (def.kind === 'input') return cellsIn(inputs[def.input]!);
    if (def.kind === 'constant') return Array<number>(cellsOf(shape)).fill(def.value);
    if (def.kind !== 'output') return undefined;
    const output = cellsIn(outputs[def.output]!);
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
    return cells && extension(tensors[t]!.shape, cells, point);
  };
}

const cellsIn = (said: Said): readonly number[] | undefined => (said.kind === 'public' ? said.cells : undefined);
