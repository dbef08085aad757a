/**
 * Tensors as bytes: definitions go to the statement stream, hints and names to their own (encode.ts). Writers and readers are
 * neighbours and mirror each other line by line.
 */
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type {
  AxisMap,
  Definition,
  Derivation,
  Hint,
  Range,
  Tensor,
  TensorId,
  WeightVisibility,
  Window,
} from './types.ts';

// Position in the list = number in the bytes. Append only.
const definitionKinds = [
  'input',
  'witness',
  'weight',
  'output',
  'constant',
  'linear',
  'product',
  'contract',
  'view',
] as const satisfies Definition['kind'][];
const hintKinds = [
  'bits',
  'table',
  'quotient',
  'max',
  'argmax',
  'multiplicity',
  'root',
] as const satisfies Hint['kind'][];
const mapKinds = ['keep', 'broadcast', 'affine', 'index'] as const satisfies AxisMap['kind'][];
const weightVisibilities = ['committed', 'public', 'private'] as const satisfies WeightVisibility[];
const derivationKinds = ['gather', 'onehot'] as const satisfies Derivation['kind'][];

/** Counts above these are no circuit; the reader also holds every count against the bytes that are left. */
export const MANY = 2 ** 24;
export const CELLS = 2 ** 31 - 1;
const AXES = 32;
const INTEGER = 2 ** 52 - 1;

export interface Streams {
  readonly statement: Writer;
  readonly names: Writer;
  readonly hints: Writer;
}

export interface Sources {
  readonly statement: Reader;
  readonly names: Reader;
  readonly hints: Reader;
  /** Number of tensors and of tables: every reference is below. */
  readonly tensors: number;
  readonly tables: number;
}

export function writeTensor(to: Streams, tensor: Tensor): Writer {
  to.names.text(tensor.name);
  writeShape(to.statement, tensor.shape);
  writeRange(to.statement, tensor.range);
  return writeDefinition(to, tensor.def);
}

export function readTensor(from: Sources): Tensor {
  const name = from.names.text();
  const shape = readShape(from.statement);
  const range = readRange(from.statement);
  return { name, shape, range, def: readDefinition(from) };
}

function writeDefinition(to: Streams, def: Definition): Writer {
  const w = to.statement;
  w.u8(definitionKinds.indexOf(def.kind));
  switch (def.kind) {
    case 'input':
      return w.varint(def.input);
    case 'witness':
      return writeHint(to.hints, def.hint);
    case 'weight':
      return w.u8(weightVisibilities.indexOf(def.visibility));
    case 'output':
      w.varint(def.output);
      return writeDerivation(w, def.derive);
    case 'constant':
      return w.int(def.value);
    case 'linear':
      w.list(def.terms, (term) => w.varint(term.tensor).int(term.coefficient));
      return w.int(def.constant).varint(def.shift);
    case 'product':
      return w.varint(def.a).varint(def.b);
    case 'contract':
      w.varint(def.a).varint(def.b);
      w.list(def.aAxes, (label) => w.text(label));
      w.list(def.bAxes, (axis) => writeBAxis(w, axis));
      return w.list(def.out, (label) => w.text(label));
    case 'view':
      w.varint(def.source).list(def.maps, (map) => writeAxisMap(w, map));
      return w.int(def.fill);
  }
}

function readDefinition(from: Sources): Definition {
  const r = from.statement;
  const kind = readKind(r, definitionKinds);
  switch (kind) {
    case 'input':
      return { kind, input: r.varint(MANY) };
    case 'witness':
      return { kind, hint: readHint(from) };
    case 'weight':
      return { kind, visibility: readKind(r, weightVisibilities) };
    case 'output':
      return { kind, output: r.varint(MANY), derive: readDerivation(r) };
    case 'constant':
      return { kind, value: readInteger(r) };
    case 'linear': {
      const terms = r.list(MANY, () => ({ tensor: readId(from), coefficient: readInteger(r) }));
      return { kind, terms, constant: readInteger(r), shift: r.varint(CELLS) };
    }
    case 'product':
      return { kind, a: readId(from), b: readId(from) };
    case 'contract': {
      const operands = { a: readId(from), b: readId(from), aAxes: r.list(AXES, () => r.text()) };
      return { kind, ...operands, bAxes: r.list(AXES, () => readBAxis(r)), out: r.list(AXES, () => r.text()) };
    }
    case 'view':
      return { kind, source: readId(from), maps: r.list(AXES, () => readAxisMap(r)), fill: readInteger(r) };
  }
}

/** An axis of B: a label, or a window, which is marked. */
function writeBAxis(w: Writer, axis: string | Window): Writer {
  if (typeof axis === 'string') return w.u8(0).text(axis);
  return w.u8(1).text(axis.out).text(axis.kernel).varint(axis.stride).varint(axis.dilation).int(axis.pad);
}

function readBAxis(r: Reader): string | Window {
  if (!readFlag(r)) return r.text();
  const [out, kernel] = [r.text(), r.text()];
  return { out, kernel, stride: r.varint(CELLS), dilation: r.varint(CELLS), pad: r.int() };
}

function writeAxisMap(w: Writer, map: AxisMap): Writer {
  w.u8(mapKinds.indexOf(map.kind));
  switch (map.kind) {
    case 'keep':
      return w.varint(map.from).varint(map.to);
    case 'broadcast':
      return w.varint(map.to);
    case 'affine':
      return w.varint(map.from).varint(map.to).int(map.stride).int(map.offset);
    case 'index':
      w.list(map.from, (axis) => w.varint(axis)).list(map.to, (axis) => w.varint(axis));
      return writeMap(w, map.map);
  }
}

function readAxisMap(r: Reader): AxisMap {
  const kind = readKind(r, mapKinds);
  const axis = () => r.varint(AXES);
  switch (kind) {
    case 'keep':
      return { kind, from: axis(), to: axis() };
    case 'broadcast':
      return { kind, to: axis() };
    case 'affine':
      return { kind, from: axis(), to: axis(), stride: r.int(), offset: r.int() };
    case 'index':
      return { kind, from: r.list(AXES, axis), to: r.list(AXES, axis), map: readMap(r) };
  }
}

function writeDerivation(w: Writer, derive: Derivation): Writer {
  w.u8(derivationKinds.indexOf(derive.kind));
  return derive.kind === 'onehot' ? w.varint(derive.size) : writeMap(w, derive.map);
}

function readDerivation(r: Reader): Derivation {
  const kind = readKind(r, derivationKinds);
  return kind === 'onehot' ? { kind, size: r.varint(CELLS) } : { kind, map: readMap(r) };
}

// ---- hints -------------------------------------------------------------------------------------------------------------

function writeHint(w: Writer, hint: Hint): Writer {
  w.u8(hintKinds.indexOf(hint.kind));
  switch (hint.kind) {
    case 'bits':
      return w.varint(hint.of).varint(hint.from).varint(hint.count);
    case 'table':
      return w.varint(hint.table).varint(hint.of);
    case 'quotient':
      return w.varint(hint.numerator).varint(hint.denominator);
    case 'multiplicity':
      return w.varint(hint.table);
    default:
      return w.varint(hint.of);
  }
}

function readHint(from: Sources): Hint {
  const r = from.hints;
  const kind = readKind(r, hintKinds);
  const tensor = () => readId(from, r);
  const table = () => readReference(r, from.tables);
  switch (kind) {
    case 'bits':
      return { kind, of: tensor(), from: r.varint(MANY), count: r.varint(MANY) };
    case 'table':
      return { kind, table: table(), of: tensor() };
    case 'quotient':
      return { kind, numerator: tensor(), denominator: tensor() };
    case 'multiplicity':
      return { kind, table: table() };
    default:
      return { kind, of: tensor() };
  }
}

// ---- small things ------------------------------------------------------------------------------------------------------

export function writeShape(w: Writer, shape: readonly number[]): Writer {
  return w.list(shape, (size) => w.varint(size));
}

export function readShape(r: Reader): number[] {
  return r.list(AXES, () => r.varint(CELLS) || r.fail('An axis has no cells.'));
}

export function writeRange(w: Writer, range: Range): Writer {
  return w.int(range.lo).int(range.hi);
}

export function readRange(r: Reader): Range {
  return { lo: readInteger(r), hi: readInteger(r) };
}

/** An optional index map. */
function writeMap(w: Writer, map: Int32Array | null): Writer {
  return map === null ? w.u8(0) : w.u8(1).series(map);
}

function readMap(r: Reader): Int32Array | null {
  return readFlag(r) ? r.series(CELLS) : null;
}

export function readInteger(r: Reader): number {
  return r.int(-INTEGER, INTEGER);
}

function readFlag(r: Reader): boolean {
  const flag = r.u8();
  return flag <= 1 ? flag === 1 : r.fail(`A flag is ${flag}.`);
}

export function readKind<K>(r: Reader, kinds: readonly K[]): K {
  return kinds[r.u8()] ?? r.fail('A kind is unknown.');
}

export function readId(from: Sources, r: Reader = from.statement): TensorId {
  return readReference(r, from.tensors);
}

/** The index of one of `count` things. */
export function readReference(r: Reader, count: number): number {
  const id = r.varint();
  return id < count ? id : r.fail(`${id} refers to one of ${count}.`);
}
