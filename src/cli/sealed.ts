/**
 * Inputs and outputs that are given as files of ours: what opens a commitment (.tso) for the prover, the commitment itself (.tsc) for
 * the verifier, and outputs that nobody is to know.
 */

import type { Port as ModelPort } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import { type FileKind, fileKind } from '../files/container.ts';
import { type CommitmentFile, decodeCommitment, decodeOpening, type OpeningFile } from '../files/tensor.ts';
import { checkFits } from '../statement.ts';
import type { TensorValues } from '../values.ts';
import type { Normalisation } from './image.ts';
import { complete, portOf, readSources, type Source, splitSource, valuesIn } from './input.ts';

/** Of a tensor that is given as a commitment's file. */
export interface Sealed<File> {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly file: File;
}

type Given<File> = TensorValues[string] | Sealed<File>;

/** What the prover is given: values, and openings by input. @throws TesseraError as `readTensors`; E_COMMITMENT where an opening does not fit */
export async function readProverInputs(
  sources: readonly string[],
  ports: readonly ModelPort[],
  normalisation: Normalisation,
): Promise<{ values: TensorValues; sealed: ReadonlyMap<string, Sealed<OpeningFile>> }> {
  const read = (source: Source) => givenIn(source, ports, normalisation, 'opening', decodeOpening);
  return parted(complete(await readSources(sources, ports, read), ports));
}

/** What the verifier says of some ports. @throws TesseraError as `readTensors`; E_COMMITMENT where a commitment does not fit */
export async function readStated(
  sources: readonly string[],
  ports: readonly ModelPort[],
  normalisation: Normalisation,
): Promise<Record<string, Stated>> {
  const read = (source: Source) => givenIn(source, ports, normalisation, 'commitment', decodeCommitment);
  const { values, sealed } = parted(Object.fromEntries(await readSources(sources, ports, read)));
  const commitments = [...sealed].map(([name, { bytes }]) => [name, { commitment: bytes }] as const);
  return { ...values, ...Object.fromEntries(commitments) };
}

export type Stated = TensorValues[string] | { readonly commitment: Uint8Array };

/**
 * `private` is every output that has no file, `NAME=private` is one.
 * @throws TesseraError E_INPUT for an output that is private and given
 */
export function splitPrivate(
  sources: readonly string[],
  ports: readonly ModelPort[],
): { files: readonly string[]; privateNames: (given: readonly string[]) => readonly string[] } {
  const split = sources.map((source) => ({ source, ...splitSource(source, ports) }));
  const words = split.filter(({ path }) => path === 'private');
  const all = words.some(({ name }) => name === undefined);
  const named = words.flatMap(({ name }) => name ?? []);
  const privateNames = (given: readonly string[]) => {
    const both = named.find((name) => given.includes(name));
    if (both !== undefined)
      throw new TesseraError('E_INPUT', 'It is private, and given.', { where: `tensor "${both}"` });
    return all ? ports.map(({ name }) => name).filter((name) => !given.includes(name)) : named;
  };
  return { files: split.filter((s) => s.path !== 'private').map(({ source }) => source), privateNames };
}

async function givenIn<File extends CommitmentFile>(
  source: Source,
  ports: readonly ModelPort[],
  normalisation: Normalisation,
  kind: FileKind,
  decode: (bytes: Uint8Array) => File,
): Promise<readonly (readonly [string, Given<File>])[]> {
  const { path, bytes } = source;
  if (!/\.ts[co]$/i.test(path) && fileKind(bytes) === undefined) return valuesIn(source, ports, normalisation);
  if (fileKind(bytes) === 'opening' && kind === 'commitment') {
    throw new TesseraError('E_INPUT', 'This is an opening, which tells all: nobody but the prover should have it.', {
      hint: 'Verify with the commitment (.tsc).',
    });
  }
  const { name } = portOf(source, ports);
  const file = decode(bytes);
  checkFits(ports.find((port) => port.name === name)!, file);
  return [[name, { path, bytes, file }]];
}

function parted<File>(given: Readonly<Record<string, Given<File>>>) {
  const isSealed = (value: Given<File>): value is Sealed<File> => 'file' in value;
  const values: Record<string, TensorValues[string]> = {};
  const sealed = new Map<string, Sealed<File>>();
  for (const [name, value] of Object.entries(given)) {
    if (isSealed(value)) sealed.set(name, value);
    else values[name] = value;
  }
  return { values, sealed };
}
