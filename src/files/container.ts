/**
 * The envelope of our files:
 *
 *   'tessera' 0x00 · version u16 · kind u8 · zeros (5) · body length u64 · body · checksum (16 bytes, of all before)
 *
 * A cut or flipped file is recognised before anything in it is believed. The body starts at byte 24.
 */
import { CHECKSUM_BYTES, checksum } from '../bytes/checksum.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { TesseraError } from '../errors.ts';

/** Of files and of the protocol: a proof is checked by the version that made it. */
export const FORMAT_VERSION = 3;

const MAGIC = new TextEncoder().encode('tessera\0');
const PADDING = new Uint8Array(5);
const HEADER_BYTES = 24;

// Position in the list = number in the bytes, from 1. Append only.
const kinds = ['model', 'key', 'proof', 'commitment', 'opening'] as const;

export type FileKind = (typeof kinds)[number];

const extensions: Readonly<Record<FileKind, string>> = {
  model: '.tsm',
  key: '.tsk',
  proof: '.tsp',
  commitment: '.tsc',
  opening: '.tso',
};

export function seal(kind: FileKind, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const writer = new Writer(HEADER_BYTES + body.length + CHECKSUM_BYTES).raw(MAGIC).u16(FORMAT_VERSION);
  const file = writer
    .u8(kinds.indexOf(kind) + 1)
    .raw(PADDING)
    .u64(body.length)
    .raw(body)
    .finish();
  return new Writer(file.length + CHECKSUM_BYTES).raw(file).raw(checksum(file)).finish();
}

/**
 * The body of a file of this kind: a view.
 * @throws TesseraError E_FILE for another kind and for a damaged file, E_VERSION for another version.
 */
export function unseal(kind: FileKind, bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TesseraError('E_FILE', `a ${kind} file is a Uint8Array`);
  const reader = new Reader(bytes, { name: `${kind} file` });
  const found = readHeader(reader);
  if (found !== kind) reader.fail(`This is ${named(found)}, ${named(kind)} is expected.`);
  const body = reader.raw(reader.u64());
  const covered = reader.offset;
  const trailer = reader.raw(CHECKSUM_BYTES);
  reader.finish();
  if (!equal(trailer, checksum(bytes.subarray(0, covered)))) reader.fail('The file is damaged: its checksum differs.');
  return body;
}

/** What kind of file these bytes begin; undefined for files that are not ours. @throws TesseraError E_VERSION, E_FILE */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  if (!equal(bytes.subarray(0, MAGIC.length), MAGIC)) return undefined;
  return readHeader(new Reader(bytes, { name: 'file' }));
}

function named(kind: FileKind): string {
  return `${kind === 'opening' ? 'an' : 'a'} ${kind} (${extensions[kind]})`;
}

function readHeader(reader: Reader): FileKind {
  if (reader.remaining < MAGIC.length || !equal(reader.raw(MAGIC.length), MAGIC)) {
    throw notOurs();
  }
  const version = reader.u16();
  if (version !== FORMAT_VERSION) {
    const sentence = `The file has format version ${version}, this program reads version ${FORMAT_VERSION}.`;
    throw new TesseraError('E_VERSION', sentence, {
      hint: 'Use the Tessera version that wrote it, or make the file anew.',
    });
  }
  const kind = kinds[reader.u8() - 1] ?? reader.fail('The kind of file is unknown.');
  if (!equal(reader.raw(PADDING.length), PADDING)) reader.fail('Bytes that must be zero are not.');
  return kind;
}

/** The error for a file of somebody else's. */
export function notOurs(): TesseraError {
  return new TesseraError('E_FILE', 'This is no Tessera file.', {
    hint: '`compile` makes models (.tsm) and keys (.tsk), `prove` makes proofs (.tsp), `commit` commitments (.tsc) and openings (.tso).',
  });
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
