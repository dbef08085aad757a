/**
 * What a proof says, as both sides build it for themselves (docs/spec/10-statement.md): the key's circuit under its parameters with the
 * weights of its roots maps the inputs to the outputs, each public, committed or the prover's own, for this tag. Nothing here is read
 * from a proof.
 */

import { hashFor } from '../bytes/blake3.ts';
import { Writer } from '../bytes/writer.ts';
import { sameShape } from '../circuit/legal.ts';
import { checkPort } from '../circuit/ports.ts';
import { type Circuit, cellsOf, type Derivation, type IntArray, type Port, type TensorId } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import { FORMAT_VERSION } from '../files/container.ts';
import { type KeyFile, modelId } from '../files/key.ts';
import type { CommitmentFile } from '../files/tensor.ts';
import type { Disclosure, Visibility } from './plan.ts';

/** What the caller says of one input or output. Integers in ONNX's row-major order. */
export type PortStatement =
  | { readonly kind: 'public'; readonly values: IntArray }
  | { readonly kind: 'private' }
  /** `root`: of the commitment that stands for the tensor. */
  | { readonly kind: 'committed'; readonly root: Uint8Array };

/** The caller's part. */
export interface Statement {
  readonly inputs: readonly PortStatement[];
  readonly outputs: readonly PortStatement[];
  readonly tag: Uint8Array;
}

export function disclosureOf(statement: Statement, zk: boolean): Disclosure {
  return { inputs: statement.inputs.map((p) => p.kind), outputs: statement.outputs.map((p) => p.kind), zk };
}

// Position in the list = number in the bytes.
const visibilities = ['private', 'public', 'committed'] as const satisfies Visibility[];

/**
 * 32 bytes that every challenge of a proof depends on.
 * @throws TesseraError E_DTYPE for a tag that is not bytes: texts of one length would be the same tag
 */
export function statementDigest(key: KeyFile, statement: Statement, zk: boolean): Uint8Array {
  if (!(statement.tag instanceof Uint8Array)) {
    throw new TesseraError('E_DTYPE', 'the tag is not a Uint8Array', {
      hint: 'Encode a text: new TextEncoder().encode(text).',
    });
  }
  const writer = new Writer()
    .u16(FORMAT_VERSION)
    .raw(modelId(key))
    .u8(zk ? 1 : 0);
  statement.inputs.forEach((said, i) => {
    writePort(writer, key.circuit.inputs[i]!, said);
  });
  statement.outputs.forEach((said, i) => {
    writePort(writer, key.circuit.outputs[i]!, said);
  });
  return hashFor('tessera 2 statement', writer.bytes(statement.tag).finish());
}

function writePort(writer: Writer, port: Port, said: PortStatement): void {
  writer.u8(visibilities.indexOf(said.kind));
  if (said.kind === 'committed') writer.raw(said.root);
  if (said.kind === 'public') writeValues(writer, port, said.values);
}

/** A tensor that was committed on its own can stand for a port of its shape and scale only. @throws TesseraError E_COMMITMENT */
export function checkFits(port: Port, { shape, scale }: CommitmentFile): void {
  const said = (s: readonly number[], f: number) => `shape [${s.join(', ')}] and scale 2^-${f}`;
  if (sameShape(shape, port.shape) && scale === port.scale) return;
  const sentence = `the commitment is to a tensor of ${said(shape, scale)}, the model has ${said(port.shape, port.scale)}`;
  throw new TesseraError('E_COMMITMENT', sentence, { where: port.name, hint: 'Commit to the tensor for this model.' });
}

/** Two bytes a value where the port's range allows it, else four. */
function writeValues(writer: Writer, { range }: Port, values: IntArray): void {
  if (range.lo >= -(2 ** 15) && range.hi < 2 ** 15) writer.int16s(Int16Array.from(values));
  else writer.int32s(Int32Array.from(values));
}

/**
 * The public columns' values, from the caller's integers.
 * @throws TesseraError E_INPUT, E_RANGE where these are not values that the ports can hold.
 */
export function publicColumns(circuit: Circuit, statement: Statement): Map<TensorId, ArrayLike<number>> {
  checkPorts('input', circuit.inputs, statement.inputs);
  checkPorts('output', circuit.outputs, statement.outputs);
  const columns = new Map<TensorId, ArrayLike<number>>();
  circuit.tensors.forEach(({ def, shape, name }, id) => {
    if (def.kind !== 'input' && def.kind !== 'output') return;
    const said = def.kind === 'input' ? statement.inputs[def.input]! : statement.outputs[def.output]!;
    if (said.kind !== 'public') return;
    if (def.kind === 'input') columns.set(id, said.values);
    else columns.set(id, derived(def.derive, said.values, cellsOf(shape), name));
  });
  return columns;
}

/** A public output column from the caller's output. @throws TesseraError E_RANGE */
function derived(derive: Derivation, values: IntArray, count: number, where: string): Int32Array {
  const cells = new Int32Array(count);
  if (derive.kind === 'gather') {
    const { map } = derive;
    if (map === null) for (let j = 0; j < count; j++) cells[j] = values[j]!;
    else for (let j = 0; j < count; j++) cells[j] = values[map[j]!]!;
    return cells;
  }
  const { size } = derive;
  values.forEach((index, i) => {
    if (index < 0 || index >= size) throw new TesseraError('E_RANGE', `index ${index} is not below ${size}`, { where });
    cells[i * size + index] = 1;
  });
  return cells;
}

function checkPorts(what: 'input' | 'output', ports: readonly Port[], said: readonly PortStatement[]): void {
  if (said.length !== ports.length) {
    throw new TesseraError('E_INPUT', `the model has ${ports.length} ${what}s, ${said.length} are given`);
  }
  ports.forEach((port, i) => {
    const one = said[i]!;
    if (one.kind === 'public') checkPort(port, one.values);
  });
}
