/**
 * Calibration samples: a folder with one file a sample, a JSON list of inputs, or a .npy file whose first axis counts samples.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isNpy, readNpy } from '../bytes/npy.ts';
import { cellsOf } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { TensorValues } from '../values.ts';
import type { Normalisation } from './image.ts';
import { complete, floatsOf, fromJsonFile, type Port, parseJson, readTensors } from './input.ts';

/** @throws TesseraError E_INPUT, E_SHAPE, E_DTYPE, E_NAN */
export async function readSamples(
  path: string,
  ports: readonly Port[],
  normalisation: Normalisation,
): Promise<TensorValues[]> {
  if ((await stat(path)).isDirectory()) return fromFolder(path, ports, normalisation);
  const bytes = await readFile(path);
  return isNpy(bytes) ? fromNpy(bytes, ports, path) : fromJson(parseJson(bytes, path), ports, path);
}

/** One class index a sample, from a JSON list or .npy. @throws TesseraError E_INPUT */
export async function readLabels(path: string): Promise<number[]> {
  const bytes = await readFile(path);
  const labels = isNpy(bytes) ? Array.from(readNpy(bytes).data) : parseJson(bytes, path);
  const isLabel = (label: unknown) => Number.isInteger(label) && Number(label) >= 0;
  if (Array.isArray(labels) && labels.every(isLabel)) return labels;
  throw new TesseraError('E_INPUT', 'A list of class indices is expected.', { where: path });
}

async function fromFolder(folder: string, ports: readonly Port[], normalisation: Normalisation) {
  const names = (await readdir(folder)).filter((name) => /\.(json|npy|bin|png|jpe?g)$/i.test(name)).sort();
  if (names.length === 0) throw new TesseraError('E_INPUT', 'The folder has no samples.', { where: folder });
  const samples: TensorValues[] = [];
  for (const name of names) samples.push(await readTensors([join(folder, name)], ports, normalisation));
  return samples;
}

function fromJson(json: unknown, ports: readonly Port[], path: string): TensorValues[] {
  if (!Array.isArray(json)) throw new TesseraError('E_INPUT', 'A list of inputs is expected.', { where: path });
  return json.map((sample, i) => complete(new Map(fromJsonFile(sample, ports, `${path}, sample ${i}`)), ports));
}

/** (samples, ...) for a model with one input: its cells are cut into inputs in their order. */
function fromNpy(bytes: Uint8Array, ports: readonly Port[], path: string): TensorValues[] {
  const { shape, data } = readNpy(bytes);
  const [port] = ports;
  const cells = port === undefined ? 0 : cellsOf(port.shape);
  if (port === undefined || ports.length > 1 || data.length === 0 || data.length % cells !== 0) {
    const sentence = `An array of shape [${shape.join(', ')}] cannot be cut into inputs.`;
    throw new TesseraError('E_INPUT', sentence, { where: path, hint: 'Give a folder with one JSON file a sample.' });
  }
  const count = data.length / cells;
  return Array.from({ length: count }, (_, i) => ({
    [port.name]: floatsOf(data.subarray(i * cells, (i + 1) * cells), port),
  }));
}
