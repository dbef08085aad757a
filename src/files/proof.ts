/**
 * A proof (.tsp). Body: the id of the model that it speaks of · how it was made · the transcript's bytes. The id only lets a verifier say
 * plainly that a proof belongs to another model; what is proved is decided by the verifier's key and statement, never by this file. Whether
 * it is in zero knowledge changes how it is read, not what it says, and is part of what every challenge depends on.
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { seal, unseal } from './container.ts';

const ID_BYTES = 32;

export interface ProofFile {
  /** `modelId` of the key, 32 bytes. */
  readonly model: Uint8Array;
  /** Whether it is in zero knowledge. */
  readonly zk: boolean;
  readonly proof: Uint8Array;
}

export function encodeProof(file: ProofFile): Uint8Array<ArrayBuffer> {
  return seal(
    'proof',
    new Writer(file.proof.length + 64)
      .raw(file.model)
      .u8(file.zk ? 1 : 0)
      .bytes(file.proof)
      .finish(),
  );
}

/** @throws TesseraError E_FILE, E_VERSION */
export function decodeProof(bytes: Uint8Array): ProofFile {
  const reader = new Reader(unseal('proof', bytes), { name: 'proof file' });
  const model = reader.raw(ID_BYTES).slice();
  const mode = reader.u8();
  if (mode > 1) reader.fail('How the proof was made is unknown.');
  const proof = reader.bytes(reader.remaining).slice();
  reader.finish();
  return { model, zk: mode === 1, proof };
}
