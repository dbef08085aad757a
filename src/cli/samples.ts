/**
 * Calibration samples: a folder with one file a sample, a JSON list of inputs, or a .npy or .bin file that holds one after the other.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isNpy, readNpy } from '../bytes/npy.ts';
import { cellsOf } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { TensorValues } from '../values.ts';
import type { Normalisation } from './image.ts';
import { complete, floatsOf, fromJsonFile, fromRaw, type Port, parseJson, readTensors } from './input.ts';
import { fileError, inFile, readWhole } from './read.ts';

/** Real values by input name. */
export type Sample = Readonly<Record<string, Float32Array>>;

/** @throws TesseraError E_INPUT, E_SHAPE, E_DTYPE, E_NAN */
export async function readSamples(
  path: string,
  ports: readonly Port[],
  normalisation: Normalisation,
): Promise<Sample[]> {
  const found = await stat(path).catch((cause) => Promise.reject(fileError(path, cause)));
  if (found.isDirectory()) return fromFolder(path, ports, normalisation);
  const bytes = await readWhole(path);
  return inFile(path, () => {
    if (isNpy(bytes)) return fromNpy(bytes, ports, path);
    if (/\.bin$/i.test(path)) return fromBin(bytes, ports, path, normalisation);
    return fromJson(parseJson(bytes, path), ports, path);
  });
}

/** One class index a sample, from a JSON list, .npy, or a .bin of bytes. @throws TesseraError E_INPUT */
export async function readLabels(path: string): Promise<number[]> {
  const bytes = await readWhole(path);
  if (/\.bin$/i.test(path)) return [...bytes];
  const labels = await inFile(path, () => (isNpy(bytes) ? Array.from(readNpy(bytes).data) : parseJson(bytes, path)));
  const isLabel = (label: unknown) => Number.isInteger(label) && Number(label) >= 0;
  if (Array.isArray(labels) && labels.every(isLabel)) return labels;
  throw new TesseraError('E_INPUT', 'A list of class indices is expected.', { where: path });
}

async function fromFolder(folder: string, ports: readonly Port[], normalisation: Normalisation): Promise<Sample[]> {
  const names = (await readdir(folder)).filter((name) => /\.(json|npy|bin|png|jpe?g)$/i.test(name)).sort();
  if (names.length === 0) throw new TesseraError('E_INPUT', 'The folder has no samples.', { where: folder });
  const samples: Sample[] = [];
  for (const name of names) samples.push(real(await readTensors([join(folder, name)], ports, normalisation), name));
  return samples;
}

function fromJson(json: unknown, ports: readonly Port[], path: string): Sample[] {
  if (!Array.isArray(json) || json.length === 0) {
    throw new TesseraError('E_INPUT', 'A list of inputs is expected, at least one.', { where: path });
  }
  return json.map((sample, i) => {
    const where = `${path}, sample ${i}`;
    return real(complete(new Map(fromJsonFile(sample, ports, where)), ports), where);
  });
}

/** (samples, ..) for a model with one input: its cells are cut into inputs in their order. */
function fromNpy(bytes: Uint8Array, ports: readonly Port[], path: string): Sample[] {
  const { data } = readNpy(bytes);
  const port = onlyPort(ports, path);
  return pieces(data.length, cellsOf(port.shape), path).map(([from, to]) => ({
    [port.name]: floatsOf(data.subarray(from, to), port),
  }));
}

/** As fromNpy, of pixels: one byte a cell. */
function fromBin(bytes: Uint8Array, ports: readonly Port[], path: string, normalisation: Normalisation): Sample[] {
  const port = onlyPort(ports, path);
  return pieces(bytes.length, cellsOf(port.shape), path).map(([from, to]) => ({
    [port.name]: fromRaw(bytes.subarray(from, to), port, normalisation),
  }));
}

function onlyPort(ports: readonly Port[], path: string): Port {
  if (ports.length === 1) return ports[0]!;
  const hint = 'Give a folder with one JSON file a sample.';
  throw new TesseraError('E_INPUT', `The model has ${ports.length} inputs, the file has one array.`, {
    where: path,
    hint,
  });
}

function pieces(length: number, cells: number, path: string): [number, number][] {
  if (length > 0 && length % cells === 0) {
    return Array.from({ length: length / cells }, (_, i) => [i * cells, (i + 1) * cells]);
  }
  throw new TesseraError('E_INPUT', `${length} values cannot be cut into inputs of ${cells}.`, { where: path });
}

function real(values: TensorValues, where: string): Sample {
  return Object.fromEntries(
    Object.entries(values).map(([name, v]) => {
      if (v instanceof Float32Array) return [name, v];
      throw new TesseraError('E_DTYPE', `Samples are real values; "${name}" has integers.`, { where });
    }),
  );
}
