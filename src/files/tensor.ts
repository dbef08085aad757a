/**
 * A tensor that is committed on its own: what everybody may have of it (.tsc), and what opens it (.tso), which is as confidential as the tensor.
 * Commitment body: shape · scale · root. Opening body: the commitment · secret · values.
 */

import { hashFor } from '../bytes/blake3.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { cellsOf, type IntArray } from '../circuit/types.ts';
import { seal, unseal } from './container.ts';
import { ROOT_BYTES } from './key.ts';

const SECRET_BYTES = 32;
const MAX_AXES = 32;
const MAX_SIZE = 2 ** 31 - 1;

/** What everybody may have. */
export interface CommitmentFile {
  readonly shape: readonly number[];
  /** real value = integer * 2^-scale */
  readonly scale: number;
  /** Hiding root, 32 bytes. */
  readonly root: Uint8Array;
}

/** What opens it. */
export interface OpeningFile extends CommitmentFile {
  /** All randomness of the commitment. */
  readonly secret: Uint8Array;
  /** Row-major. */
  readonly values: IntArray;
}

export function encodeCommitment(file: CommitmentFile): Uint8Array<ArrayBuffer> {
  return seal('commitment', writeCommitment(new Writer(), file).finish());
}

/** @throws TesseraError E_FILE, E_VERSION */
export function decodeCommitment(bytes: Uint8Array): CommitmentFile {
  const reader = new Reader(unseal('commitment', bytes), { name: 'commitment file' });
  const file = readCommitment(reader);
  reader.finish();
  return file;
}

export function encodeOpening(file: OpeningFile): Uint8Array<ArrayBuffer> {
  const writer = writeCommitment(new Writer(4 * file.values.length + 256), file).raw(file.secret);
  return seal('opening', writer.int32s(Int32Array.from(file.values)).finish());
}

/** @throws TesseraError E_FILE, E_VERSION */
export function decodeOpening(bytes: Uint8Array): OpeningFile {
  const reader = new Reader(unseal('opening', bytes), { name: 'opening file' });
  const file = readCommitment(reader);
  const secret = reader.raw(SECRET_BYTES).slice();
  const cells = cellsOf(file.shape);
  const values = reader.int32s(cells);
  if (values.length !== cells) reader.fail(`There are ${values.length} values, ${cells} are due.`);
  reader.finish();
  return { ...file, secret, values };
}

/**
 * 32 bytes that name a commitment: of its shape, scale and root. Whoever compares commitments compares these, or whole files: one root alone may
 * stand for the same cells in another shape or at another scale.
 */
export function commitmentId(file: CommitmentFile): Uint8Array {
  const bytes = writeCommitment(new Writer(), file).finish();
  return hashFor('tessera 2 commitment id', bytes);
}

function writeCommitment(writer: Writer, { shape, scale, root }: CommitmentFile): Writer {
  return writer
    .list(shape, (size) => writer.varint(size))
    .int(scale)
    .raw(root);
}

function readCommitment(reader: Reader): CommitmentFile {
  const shape = reader.list(MAX_AXES, () => reader.varint(MAX_SIZE));
  return { shape, scale: reader.int(), root: reader.raw(ROOT_BYTES).slice() };
}
