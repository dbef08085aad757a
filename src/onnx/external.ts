/**
 * Weights beside the model file. The caller hands over the bytes of a location; that the location stays in the model's
 * folder is decided here, before the caller sees it.
 */
import type { StringStringEntryProto } from 'onnx-buf';
import { TesseraError } from '../errors.ts';

export type ExternalData = (location: string) => Uint8Array;

/** Calls `externalData` once for each location. */
export function rememberFiles(externalData: ExternalData | undefined): ExternalData {
  const files = new Map<string, Uint8Array>();
  return (location) => {
    const known = files.get(location);
    if (known !== undefined) return known;
    const bytes = readFile(externalData, location);
    files.set(location, bytes);
    return bytes;
  };
}

/**
 * The bytes that a tensor's external_data entries name; a view, not a copy.
 *
 * @param size bytes that the tensor needs
 * @throws E_EXTERNAL_DATA
 */
export function externalBytes(
  entries: readonly StringStringEntryProto[],
  size: number,
  files: ExternalData,
  where: string,
): Uint8Array {
  const fields = new Map(entries.map((e) => [e.key, e.value]));
  const location = fields.get('location') ?? '';
  checkLocation(location, where);
  const offset = count(fields.get('offset') ?? '0', 'offset', where);
  const length = count(fields.get('length') ?? String(size), 'length', where);
  if (length !== size) refuse(`its external length is ${length}, its shape needs ${size} bytes`, where);
  const file = files(location);
  if (offset + length > file.length) {
    refuse(`it ends at byte ${offset + length} of "${location}", which has ${file.length}`, where);
  }
  return file.subarray(offset, offset + length);
}

/**
 * A location is a relative path with forward slashes that never leaves its folder: not absolute, no "..", no backslash,
 * no colon (drive letters, URL schemes, streams of files), no control character.
 *
 * @throws E_EXTERNAL_DATA
 */
export function checkLocation(location: string, where: string): void {
  const segments = location.split('/');
  const leaves = segments.includes('..') || segments.includes('');
  const foreign = location.includes(':') || location.includes('\\');
  const control = [...location].some((c) => c < ' ');
  if (leaves || foreign || control)
    refuse(`its location ${JSON.stringify(location)} is not a file beside the model`, where);
}

function readFile(externalData: ExternalData | undefined, location: string): Uint8Array {
  if (externalData === undefined) {
    throw new TesseraError('E_EXTERNAL_DATA', `the model keeps weights in "${location}", which was not given`, {
      hint: 'Pass externalData: (location) => bytes of that file.',
    });
  }
  try {
    const bytes = externalData(location);
    if (bytes instanceof Uint8Array) return bytes;
  } catch (cause) {
    throw new TesseraError('E_EXTERNAL_DATA', `"${location}" could not be read`, {
      hint: 'Put the file beside the model.',
      cause,
    });
  }
  throw new TesseraError('E_EXTERNAL_DATA', `externalData("${location}") did not return a Uint8Array`);
}

function count(text: string, name: string, where: string): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value)) refuse(`its external ${name} ${JSON.stringify(text)} is no number of bytes`, where);
  return value;
}

function refuse(sentence: string, where: string): never {
  throw new TesseraError('E_EXTERNAL_DATA', sentence, { where });
}
