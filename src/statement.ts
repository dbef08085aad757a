/**
 * What a proof says, as both sides build it for themselves (docs/spec/10-statement.md): the key's circuit under its parameters with the
 * weights of its root maps the public inputs, and inputs that the prover keeps, to these outputs, for this tag. Nothing here is read
 * from a proof.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { layoutTree } from './argue/layout.ts';
import type { Commitment, Network } from './argue/network.ts';
import { Writer } from './bytes/writer.ts';
import { checkCircuit } from './circuit/check.ts';
import { circuitDigest } from './circuit/encode.ts';
import { checkRanges } from './circuit/ranges.ts';
import { type Circuit, cellsOf, type IntArray, type Port, type TensorId } from './circuit/types.ts';
import { packColumns } from './commit/packing.ts';
import { TesseraError } from './errors.ts';
import { FORMAT_VERSION } from './files/container.ts';
import type { KeyFile } from './files/key.ts';
import { checkParameters, type Parameters } from './soundness/parameters.ts';
import { insist, type Soundness, soundness } from './soundness/terms.ts';

/** The caller's part. An input that is not given is private to the prover; integers in ONNX's row-major order. */
export interface Statement {
  readonly inputs: ReadonlyMap<number, IntArray>;
  readonly outputs: readonly IntArray[];
  readonly tag: Uint8Array;
}

/** Everything that follows from the key and from which inputs are public. */
export interface Plan extends Network {
  readonly parameters: Parameters;
  /** The model's columns, where there are weights, then the witness. */
  readonly commitments: readonly Commitment[];
  readonly soundness: Soundness;
}

/** @throws TesseraError E_CIRCUIT, E_RANGE, E_SOUNDNESS where the key is not one that a proof could be trusted under. */
export function planOf(key: KeyFile, publicInputs: ReadonlySet<number>): Plan {
  const parameters = unpackParameters(key.parameters);
  checkParameters(parameters);
  checkCircuit(key.circuit);
  checkRanges(key.circuit);
  const circuit = {
    ...key.circuit,
    lookups: key.circuit.lookups.filter((l) => l.input === undefined || !publicInputs.has(l.input)),
  };
  const ids = circuit.tensors.map((_, id) => id);
  const kindOf = (id: TensorId) => circuit.tensors[id]!.def;
  const commitment = (content: Commitment['content'], columns: readonly TensorId[]): Commitment => ({
    content,
    columns,
    packing: packColumns(
      columns.map((id) => circuit.tensors[id]!.shape),
      parameters.rowBits,
    ),
  });
  const weights = ids.filter((id) => kindOf(id).kind === 'weight');
  const witness = ids.filter((id) => {
    const def = kindOf(id);
    return def.kind === 'witness' || (def.kind === 'input' && !publicInputs.has(def.input));
  });
  if (witness.length === 0) {
    throw new TesseraError('E_CIRCUIT', 'nothing is committed per proof: there is nothing to prove');
  }
  const commitments = [...(weights.length > 0 ? [commitment('weights', weights)] : []), commitment('witness', witness)];
  const tree = layoutTree(circuit);
  const terms = soundness({
    parameters,
    fractions: tree.blocks.reduce((n, b) => n + cellsOf(b.shape), 0),
    treeDepth: tree.depth,
    tupleWidth: tree.width,
    slabs: commitments.reduce((n, c) => n + c.packing.slabs.length, 0),
  });
  insist(terms);
  return { circuit, parameters, tree, commitments, soundness: terms };
}

export function packParameters(p: Parameters): number[] {
  return [p.rowBits, p.rateBits, ...p.folds];
}

export function unpackParameters(list: readonly number[]): Parameters {
  return { rowBits: list[0] ?? 0, rateBits: list[1] ?? 0, folds: list.slice(2) };
}

/**
 * 32 bytes that every challenge of a proof depends on.
 * @throws TesseraError E_DTYPE for a tag that is not bytes: texts of one length would be the same tag
 */
export function statementDigest(key: KeyFile, statement: Statement): Uint8Array {
  if (!(statement.tag instanceof Uint8Array)) {
    throw new TesseraError('E_DTYPE', 'the tag is not a Uint8Array', {
      hint: 'Encode a text: new TextEncoder().encode(text).',
    });
  }
  const writer = new Writer().u16(FORMAT_VERSION).raw(circuitDigest(key.circuit)).raw(key.root);
  writer.list(key.parameters, (p) => writer.u32(p));
  key.circuit.inputs.forEach((_, i) => {
    const values = statement.inputs.get(i);
    writer.u8(values === undefined ? 0 : 1);
    if (values !== undefined) writePort(writer, key.circuit.inputs[i]!, values);
  });
  statement.outputs.forEach((values, i) => {
    writePort(writer, key.circuit.outputs[i]!, values);
  });
  return blake3(writer.bytes(statement.tag).finish(), { context: new TextEncoder().encode('tessera 1 statement') });
}

/** Two bytes a value where the port's range allows it, else four. */
function writePort(writer: Writer, { range }: Port, values: IntArray): void {
  if (range.lo >= -(2 ** 15) && range.hi < 2 ** 15) writer.int16s(Int16Array.from(values));
  else writer.int32s(Int32Array.from(values));
}

/**
 * The public columns' values, from the caller's integers.
 * @throws TesseraError E_INPUT, E_RANGE where these are not values that the ports can hold.
 */
export function publicColumns(circuit: Circuit, statement: Statement): Map<TensorId, ArrayLike<number>> {
  circuit.inputs.forEach((port, i) => {
    const values = statement.inputs.get(i);
    if (values !== undefined) checkPort(port, values);
  });
  if (statement.outputs.length !== circuit.outputs.length) {
    throw new TesseraError(
      'E_INPUT',
      `the model has ${circuit.outputs.length} outputs, ${statement.outputs.length} are given`,
    );
  }
  circuit.outputs.forEach((port, i) => {
    checkPort(port, statement.outputs[i]!);
  });
  const columns = new Map<TensorId, ArrayLike<number>>();
  circuit.tensors.forEach(({ def, shape, name }, id) => {
    if (def.kind === 'input' && statement.inputs.has(def.input)) columns.set(id, statement.inputs.get(def.input)!);
    if (def.kind !== 'output') return;
    const values = statement.outputs[def.output]!;
    const cells = new Int32Array(cellsOf(shape));
    if (def.derive.kind === 'gather') {
      const { map } = def.derive;
      for (let j = 0; j < cells.length; j++) cells[j] = values[map === null ? j : map[j]!]!;
    } else {
      const { size } = def.derive;
      values.forEach((index, i) => {
        if (index < 0 || index >= size)
          throw new TesseraError('E_RANGE', `index ${index} is not below ${size}`, { where: name });
        cells[i * size + index] = 1;
      });
    }
    columns.set(id, cells);
  });
  return columns;
}

function checkPort(port: Port, values: IntArray): void {
  if (values.length !== cellsOf(port.shape)) {
    const sentence = `${values.length} values are given for shape [${port.shape.join(', ')}]`;
    throw new TesseraError('E_INPUT', sentence, { where: port.name });
  }
  const bad = values.findIndex((v) => !(v >= port.range.lo && v <= port.range.hi));
  if (bad >= 0) {
    const sentence = `value ${values[bad]} at ${bad} is outside ${port.range.lo} .. ${port.range.hi}`;
    throw new TesseraError('E_RANGE', sentence, { where: port.name });
  }
}
