/**
 * The verifier's key (.tsk): which network, under which parameters, with which weights. All that a verifier needs besides the
 * statement. Body: circuit · parameters · model root.
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { circuitDigest, decodeCircuit, encodeCircuit } from '../circuit/encode.ts';
import type { Circuit } from '../circuit/types.ts';
import { seal, unseal } from './container.ts';

export const ROOT_BYTES = 32;

/** More numbers than any parameter set has. */
const MAX_PARAMETERS = 256;
const CONTEXT = new TextEncoder().encode('tessera 1 model id');

export interface KeyFile {
  readonly circuit: Circuit;
  /** A parameter set as unsigned 32-bit numbers, in the order that soundness/ gives them. */
  readonly parameters: readonly number[];
  /** Root of the weights' commitment, 32 bytes. */
  readonly root: Uint8Array;
}

export function encodeKey(key: KeyFile): Uint8Array<ArrayBuffer> {
  return seal('key', writeKey(new Writer(), key).finish());
}

/** @throws TesseraError E_FILE, E_VERSION */
export function decodeKey(bytes: Uint8Array): KeyFile {
  const reader = new Reader(unseal('key', bytes), { name: 'key file' });
  const key = readKey(reader);
  reader.finish();
  return key;
}

/** 32 bytes that name a model: BLAKE3 of circuit digest, parameters, root. Names of tensors and hints do not enter it. */
export function modelId(key: KeyFile): Uint8Array {
  const writer = new Writer().raw(circuitDigest(key.circuit));
  return blake3(writeCommitment(writer, key).finish(), { context: CONTEXT });
}

export function writeKey(writer: Writer, key: KeyFile): Writer {
  return writeCommitment(writer.bytes(encodeCircuit(key.circuit)), key);
}

export function readKey(reader: Reader): KeyFile {
  const circuit = decodeCircuit(reader.bytes(reader.remaining));
  const parameters = reader.list(MAX_PARAMETERS, () => reader.u32());
  return { circuit, parameters, root: reader.raw(ROOT_BYTES).slice() };
}

function writeCommitment(writer: Writer, key: KeyFile): Writer {
  return writer.list(key.parameters, (parameter) => writer.u32(parameter)).raw(key.root);
}
