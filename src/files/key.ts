/**
 * The verifier's key (.tsk): which network, under which parameters, with which weights. All that a verifier needs besides the
 * statement. Body: circuit · parameters · root · private root · public weights · certificate.
 */

import { hashFor } from '../bytes/blake3.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { circuitDigest, decodeCircuit, encodeCircuit } from '../circuit/encode.ts';
import type { Circuit, IntArray, TensorId, WeightVisibility } from '../circuit/types.ts';
import { seal, unseal } from './container.ts';
import { readWeight, writeWeight } from './weights.ts';

export const ROOT_BYTES = 32;

/** More numbers than any parameter set has. */
const MAX_PARAMETERS = 256;
const CONTEXT = 'tessera 2 model id';

export interface KeyFile {
  readonly circuit: Circuit;
  /** A parameter set as unsigned 32-bit numbers, in the order that plan.ts gives them. */
  readonly parameters: readonly number[];
  /** Root of the committed weights, which anybody can make of them; 32 zero bytes where there are none. */
  readonly root: Uint8Array;
  /** Hiding root of the private weights; 32 zero bytes where there are none. */
  readonly privateRoot: Uint8Array;
  readonly publicWeights: ReadonlyMap<TensorId, IntArray>;
  /** A proof that the private weights lie in their declared ranges; empty where there are none. Not part of the model's id. */
  readonly certificate: Uint8Array;
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

/**
 * 32 bytes that name a model: BLAKE3 of circuit digest, parameters, roots, public weights. Names of tensors and hints do not enter it, nor
 * does the certificate, which a verifier checks for itself.
 */
export function modelId(key: KeyFile): Uint8Array {
  const writer = new Writer().raw(circuitDigest(key.circuit));
  return hashFor(CONTEXT, writeCommitments(writer, key).finish());
}

export function writeKey(writer: Writer, key: KeyFile): Writer {
  return writeCommitments(writer.bytes(encodeCircuit(key.circuit)), key).bytes(key.certificate);
}

export function readKey(reader: Reader): KeyFile {
  const circuit = decodeCircuit(reader.bytes(reader.remaining));
  const parameters = reader.list(MAX_PARAMETERS, () => reader.u32());
  const root = reader.raw(ROOT_BYTES).slice();
  const privateRoot = reader.raw(ROOT_BYTES).slice();
  const publicWeights = new Map(weightIds(circuit, 'public').map((id) => [id, readWeight(reader, circuit, id)]));
  return { circuit, parameters, root, privateRoot, publicWeights, certificate: reader.bytes(reader.remaining).slice() };
}

/** The weights of one visibility, in tensor order. */
export function weightIds(circuit: Circuit, visibility: WeightVisibility): TensorId[] {
  return circuit.tensors.flatMap(({ def }, id) => (def.kind === 'weight' && def.visibility === visibility ? [id] : []));
}

function writeCommitments(writer: Writer, key: KeyFile): Writer {
  writer
    .list(key.parameters, (parameter) => writer.u32(parameter))
    .raw(key.root)
    .raw(key.privateRoot);
  for (const id of weightIds(key.circuit, 'public')) writeWeight(writer, key.circuit, id, key.publicWeights.get(id));
  return writer;
}
