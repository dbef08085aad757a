/**
 * Tensor values from files: JSON (nested or flat lists by tensor name), .npy, raw little-endian .bin, PNG and JPEG. A source is
 * FILE or NAME=FILE; a file without names is for the only tensor there is.
 */
import { isNpy, readNpy } from '../bytes/npy.ts';
import { cellsOf, type IntArray } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { TensorValues } from '../values.ts';
import { isImage, type Normalisation, readImage, readPixels } from './image.ts';
import { SCHEMA } from './output.ts';
import { inFile, readWhole } from './read.ts';

/** A tensor that needs values. */
export interface Port {
  readonly name: string;
  readonly shape: readonly number[];
  /** A real value is an integer times 2^-scale; undefined where only real values are read. */
  readonly scale?: number;
}

export type Values = Float32Array | IntArray;

/**
 * Values for exactly the ports.
 * @throws TesseraError E_INPUT for missing, extra, doubled or unreadable inputs, E_SHAPE, E_DTYPE, E_NAN
 */
export async function readTensors(
  sources: readonly string[],
  ports: readonly Port[],
  normalisation: Normalisation,
): Promise<TensorValues> {
  return complete(await readSources(sources, ports, (source) => valuesIn(source, ports, normalisation)), ports);
}

/** A file that is named for a port, or for those that it names itself. */
export interface Source {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly name?: string;
}

/** What `read` finds in every source, by port. @throws TesseraError E_INPUT for a port that is given twice, E_FILE */
export async function readSources<T>(
  sources: readonly string[],
  ports: readonly Port[],
  read: (source: Source) => Promise<readonly (readonly [string, T])[]>,
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (const text of sources) {
    const source = splitSource(text, ports);
    const bytes = await readWhole(source.path).catch((error) => Promise.reject(aboutSource(error, source.path, ports)));
    for (const [name, value] of await inFile(source.path, () => read({ ...source, bytes }))) {
      if (found.has(name)) throw new TesseraError('E_INPUT', 'It is given twice.', { where: `tensor "${name}"` });
      found.set(name, value);
    }
  }
  return found;
}

/** @throws TesseraError E_INPUT when a port has no values. */
export function complete<T>(found: ReadonlyMap<string, T>, ports: readonly Port[]): Readonly<Record<string, T>> {
  const missing = ports.filter((port) => !found.has(port.name));
  if (missing.length > 0) throw new TesseraError('E_INPUT', `No values for ${describe(missing)}.`);
  return Object.fromEntries(found);
}

/** Values in a file, by port. @throws TesseraError E_INPUT, E_SHAPE, E_DTYPE, E_NAN */
export async function valuesIn(
  { path, bytes, name }: Source,
  ports: readonly Port[],
  normalisation: Normalisation,
): Promise<readonly (readonly [string, Values])[]> {
  if (/\.json$/i.test(path) && name === undefined) return fromJsonFile(parseJson(bytes, path), ports, path);
  const port = portOf({ path, name }, ports);
  return [[port.name, await valuesFor(port, bytes, path, normalisation)]];
}

/** The port of a file that holds one tensor. @throws TesseraError E_INPUT */
export function portOf(
  { path, name }: { readonly path: string; readonly name?: string | undefined },
  ports: readonly Port[],
): Port {
  return name === undefined ? onlyPort(ports, path) : portNamed(ports, name, path);
}

/** Values of one port from a file that holds nothing else. */
export async function valuesFor(
  port: Port,
  bytes: Uint8Array,
  path: string,
  normalisation: Normalisation,
): Promise<Values> {
  if (isImage(path)) return readImage(bytes, path, port, normalisation);
  if (/\.json$/i.test(path)) return fromJson(parseJson(bytes, path), port);
  if (isNpy(bytes)) return fromNpy(bytes, port);
  if (/\.bin$/i.test(path)) return fromRaw(bytes, port, normalisation);
  throw new TesseraError('E_INPUT', 'The kind of file is unknown.', {
    where: path,
    hint: 'Give .json, .npy, .bin, .png or .jpg.',
  });
}

/** NAME=FILE where NAME is a tensor's name: a path may have an equals sign too. */
export function splitSource(source: string, ports: readonly Port[]): { name?: string; path: string } {
  const port = ports.find(({ name }) => source.startsWith(`${name}=`));
  return port === undefined ? { path: source } : { name: port.name, path: source.slice(port.name.length + 1) };
}

/** NAME=FILE with a name that no tensor has looks like a path that is not there. */
function aboutSource(error: TesseraError, path: string, ports: readonly Port[]): TesseraError {
  if (!path.includes('=')) return error;
  const hint = `NAME=FILE is for a tensor of that name: there is ${describe(ports)}.`;
  return new TesseraError(error.code, error.message, { where: path, hint, cause: error.cause });
}

function onlyPort(ports: readonly Port[], path: string): Port {
  if (ports.length === 1) return ports[0]!;
  throw new TesseraError('E_INPUT', `The file does not say for which tensor it is: ${describe(ports)}.`, {
    where: path,
    hint: 'Write NAME=FILE.',
  });
}

export function portNamed(ports: readonly Port[], name: string, where: string): Port {
  const port = ports.find((candidate) => candidate.name === name);
  if (port !== undefined) return port;
  throw new TesseraError('E_INPUT', `There is no tensor "${name}"; there is ${describe(ports)}.`, { where });
}

function describe(ports: readonly Port[]): string {
  return ports.map((port) => `"${port.name}" [${port.shape.join(', ')}]`).join(', ');
}

// ---- JSON --------------------------------------------------------------------------------------------------------------

export function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new TesseraError('E_INPUT', `This is not JSON: ${(cause as Error).message}`, { where: path, cause });
  }
}

/** { name: values, .. }, or what `run` and `prove` write: { outputs: { name: { integers, .. }, .. } }; a bare list for one port. */
export function fromJsonFile(json: unknown, ports: readonly Port[], path: string): [string, Values][] {
  if (Array.isArray(json)) {
    const port = onlyPort(ports, path);
    return [[port.name, fromJson(json, port)]];
  }
  if (!isObject(json)) throw new TesseraError('E_INPUT', 'An object by tensor name is expected.', { where: path });
  const byName = 'schema' in json && isObject(json.outputs) ? json.outputs : json;
  if (byName !== json && json.schema !== SCHEMA) {
    const sentence = `The outputs have schema ${JSON.stringify(json.schema)}, this program reads ${SCHEMA}.`;
    throw new TesseraError('E_VERSION', sentence, { where: path });
  }
  return Object.entries(byName).map(([name, value]) => [name, fromJson(value, portNamed(ports, name, path))]);
}

/** Real values as nested or flat lists, or { integers } for the exact integers. */
export function fromJson(value: unknown, port: Port): Values {
  if (!isObject(value)) return finite(Float32Array.from(numbersOf(value, port)), port);
  if (!('integers' in value)) throw typeProblem(port, 'a list of numbers, or an object with "integers"');
  const integers = numbersOf(value.integers, port);
  const bad = integers.find((v) => (v | 0) !== v);
  if (bad !== undefined) throw new TesseraError('E_DTYPE', `${bad} is no 32-bit integer.`, { where: whereOf(port) });
  checkBeside(value, integers, port);
  return Int32Array.from(integers);
}

/** What stands beside the integers for people to read must be what they mean: nobody should believe another value or shape. */
function checkBeside({ shape, values }: Record<string, unknown>, integers: readonly number[], port: Port): void {
  if (shape !== undefined && JSON.stringify(shape) !== JSON.stringify(port.shape)) {
    const sentence = `The file says shape ${JSON.stringify(shape)}, the model has [${port.shape.join(', ')}].`;
    throw new TesseraError('E_SHAPE', sentence, { where: whereOf(port) });
  }
  if (values === undefined || port.scale === undefined) return;
  const { scale } = port;
  const real = numbersOf(values, port);
  const at = integers.findIndex((v, i) => Math.fround(v * 2 ** -scale) !== Math.fround(real[i]!));
  if (at < 0) return;
  const sentence = `Value ${at} is ${real[at]}, its integer ${integers[at]} means ${integers[at]! * 2 ** -scale}.`;
  throw new TesseraError('E_INPUT', sentence, { where: whereOf(port), hint: 'Leave "values" out, or correct them.' });
}

function numbersOf(value: unknown, port: Port): number[] {
  const flat = Array.isArray(value) && value.length === cellsOf(port.shape) && !value.some(Array.isArray);
  const numbers: number[] = [];
  collect(value, flat ? [value.length] : port.shape, 0, numbers, port);
  return numbers;
}

/** Row-major cells of nested lists. As deep as the shape, whatever the file's depth. */
function collect(value: unknown, shape: readonly number[], axis: number, into: number[], port: Port): void {
  if (axis === shape.length) {
    if (typeof value !== 'number') throw typeProblem(port, 'numbers');
    into.push(value);
    return;
  }
  if (!Array.isArray(value) || value.length !== shape[axis]) {
    const what = Array.isArray(value) ? `a list of ${value.length}` : JSON.stringify(value)?.slice(0, 40);
    const sentence = `Axis ${axis} has ${shape[axis]} entries, the file has ${what} there.`;
    throw new TesseraError('E_SHAPE', sentence, {
      where: whereOf(port),
      hint: `The shape is [${port.shape.join(', ')}].`,
    });
  }
  for (const item of value) collect(item, shape, axis + 1, into, port);
}

// ---- binary ------------------------------------------------------------------------------------------------------------

function fromNpy(bytes: Uint8Array, port: Port): Float32Array {
  const array = readNpy(bytes);
  if (array.shape.join() !== port.shape.join()) {
    const sentence = `The array has shape [${array.shape.join(', ')}], the model takes [${port.shape.join(', ')}].`;
    throw new TesseraError('E_SHAPE', sentence, { where: whereOf(port) });
  }
  return floatsOf(array.data, port);
}

/** Real values that are exact in the model's float32, or rounded to it where they are floats anyway. */
export function floatsOf(data: Float64Array, port: Port): Float32Array {
  const values = Float32Array.from(data);
  const lost = data.findIndex((v, i) => Number.isInteger(v) && Number.isSafeInteger(v) && values[i] !== v);
  if (lost >= 0)
    throw new TesseraError('E_DTYPE', `The integer ${data[lost]} does not fit float32.`, { where: whereOf(port) });
  return finite(values, port);
}

/** 4 bytes a cell: float32; 1 byte a cell: pixels. */
export function fromRaw(bytes: Uint8Array, port: Port, normalisation: Normalisation): Float32Array {
  const cells = cellsOf(port.shape);
  if (bytes.length === cells) return readPixels(bytes, port, normalisation);
  if (bytes.length === 4 * cells) return finite(new Float32Array(Uint8Array.from(bytes).buffer), port);
  const sentence = `The file has ${bytes.length} bytes; ${4 * cells} (float32) or ${cells} (pixels) are expected.`;
  throw new TesseraError('E_SHAPE', sentence, { where: whereOf(port) });
}

function finite(values: Float32Array, port: Port): Float32Array {
  const at = values.findIndex((v) => !Number.isFinite(v));
  if (at < 0) return values;
  throw new TesseraError('E_NAN', `Cell ${at} is ${values[at]}.`, { where: whereOf(port) });
}

function typeProblem(port: Port, expected: string): TesseraError {
  return new TesseraError('E_DTYPE', `The values are not ${expected}.`, { where: whereOf(port) });
}

function whereOf(port: Port): string {
  return `tensor "${port.name}"`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
