/**
 * A circuit as bytes, in three streams so that what a proof says stands alone:
 *
 *   statement   tensors without names and hints, tables, lookups, zeros, ports    digest = BLAKE3 of these bytes
 *   names       of the circuit, its tensors and tables: for messages only
 *   hints       how the prover finds advice: never trusted, so not part of what is said
 *
 * One encoding a circuit: decode(encode(c)) = c, encode(decode(b)) = b. Decoding is total and checks structure only (kinds,
 * counts, references in range); `checkCircuit` decides what is legal.
 */

import { hashFor } from '../bytes/blake3.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import {
  CELLS,
  MANY,
  readId,
  readInteger,
  readKind,
  readRange,
  readReference,
  readShape,
  readTensor,
  type Sources,
  type Streams,
  writeRange,
  writeShape,
  writeTensor,
} from './encode-tensor.ts';
import type { Circuit, Lookup, Port, Table, TableColumn } from './types.ts';

/** BLAKE3's key derivation context: a circuit digest is no other hash. */
const CONTEXT = 'tessera 2 circuit';

// Position in the list = number in the bytes. Append only.
const columnKinds = ['clamp', 'values'] as const satisfies TableColumn['kind'][];

/** Digests of circuits, which nothing changes: a check asks twice, and of fr_detect's it takes 2.5 ms. */
const digests = new WeakMap<Circuit, Uint8Array>();

/** BLAKE3 of what the circuit says: 32 bytes. Names of tensors and hints do not enter it, names of inputs and outputs do. */
export function circuitDigest(circuit: Circuit): Uint8Array {
  const known = digests.get(circuit);
  if (known !== undefined) return known;
  const digest = hashFor(CONTEXT, writeStreams(circuit).statement.finish());
  digests.set(circuit, digest);
  return digest;
}

export function encodeCircuit(circuit: Circuit): Uint8Array<ArrayBuffer> {
  const { statement, names, hints } = writeStreams(circuit);
  return new Writer(statement.length + names.length + hints.length + 32)
    .bytes(statement.finish())
    .bytes(names.finish())
    .bytes(hints.finish())
    .finish();
}

/** @throws TesseraError E_FILE for bytes that no circuit encodes to. */
export function decodeCircuit(bytes: Uint8Array): Circuit {
  const whole = new Reader(bytes, { name: 'circuit' });
  const stream = (name: string) => new Reader(whole.bytes(bytes.length), { name: `circuit ${name}` });
  const statement = stream('statement');
  const names = stream('names');
  const hints = stream('hints');
  whole.finish();
  const tensors = statement.varint(MANY);
  const tables = statement.varint(MANY);
  const circuit = readCircuit({ statement, names, hints, tensors, tables });
  for (const reader of [statement, names, hints]) reader.finish();
  return circuit;
}

function writeStreams(circuit: Circuit): Streams {
  const streams = { statement: new Writer(), names: new Writer(), hints: new Writer() };
  const { statement, names } = streams;
  statement.varint(circuit.tensors.length).varint(circuit.tables.length);
  names.text(circuit.name);
  for (const tensor of circuit.tensors) writeTensor(streams, tensor);
  for (const table of circuit.tables) writeTable(streams, table);
  statement
    .list(circuit.lookups, (lookup) => writeLookup(statement, lookup))
    .list(circuit.zeros, (id) => statement.varint(id))
    .list(circuit.inputs, (port) => writePort(statement, port))
    .list(circuit.outputs, (port) => writePort(statement, port));
  return streams;
}

function readCircuit(from: Sources): Circuit {
  const { statement, names } = from;
  const name = names.text();
  const tensors = times(from.tensors, () => readTensor(from));
  const tables = times(from.tables, () => readTable(from));
  const lookups = statement.list(MANY, () => readLookup(from));
  const zeros = statement.list(MANY, () => readId(from));
  const inputs = statement.list(MANY, () => readPort(statement));
  const outputs = statement.list(MANY, () => readPort(statement));
  return { name, tensors, tables, lookups, zeros, inputs, outputs };
}

// ---- tables, lookups, ports --------------------------------------------------------------------------------------------

function writeTable(to: Streams, table: Table): Writer {
  const w = to.statement;
  to.names.text(table.name);
  w.varint(table.rows).list(table.columns, (column) => {
    w.u8(columnKinds.indexOf(column.kind));
    if (column.kind === 'values') w.series(column.values);
    else w.int(column.start).int(column.lo).int(column.hi);
  });
  return w.varint(table.multiplicity);
}

function readTable(from: Sources): Table {
  const r = from.statement;
  const name = from.names.text();
  const rows = r.varint(CELLS);
  const columns = r.list(MANY, (): TableColumn => {
    const kind = readKind(r, columnKinds);
    return kind === 'values'
      ? { kind, values: r.series(CELLS) }
      : { kind, start: readInteger(r), lo: readInteger(r), hi: readInteger(r) };
  });
  return { name, rows, columns, multiplicity: readId(from) };
}

function writeLookup(w: Writer, lookup: Lookup): Writer {
  w.varint(lookup.table).list(lookup.tensors, (id) => w.varint(id));
  return w.varint(lookup.input === undefined ? 0 : lookup.input + 1);
}

function readLookup(from: Sources): Lookup {
  const r = from.statement;
  const lookup = { table: readReference(r, from.tables), tensors: r.list(MANY, () => readId(from)) };
  const input = r.varint(MANY);
  return input === 0 ? lookup : { ...lookup, input: input - 1 };
}

function writePort(w: Writer, port: Port): Writer {
  w.text(port.name);
  writeShape(w, port.shape);
  writeRange(w, port.range);
  return w.int(port.scale);
}

function readPort(r: Reader): Port {
  return { name: r.text(), shape: readShape(r), range: readRange(r), scale: r.int() };
}

function times<T>(count: number, make: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(make());
  return items;
}
