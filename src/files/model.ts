/**
 * The prover's model (.tsm): the key and what only the prover holds, the weights that are not in the key and the secret behind private ones.
 * Body: key · report · secret · committed and private weights in tensor order. With private weights the file is confidential.
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { Circuit, IntArray, TensorId } from '../circuit/types.ts';
import { cellsOf } from '../circuit/types.ts';
import { seal, unseal } from './container.ts';
import { type KeyFile, readKey, weightIds, writeKey } from './key.ts';
import { readWeight, writeWeight } from './weights.ts';

const MAX_REPORT_BYTES = 1 << 26;

/** 32 bytes, or none where no weight is private. */
const MAX_SECRET_BYTES = 32;

export interface ModelFile extends KeyFile {
  /** Values of every weight tensor, row-major, public ones included. */
  readonly weights: ReadonlyMap<TensorId, IntArray>;
  /** All randomness of the private weights' commitment; empty where there is none. */
  readonly secret: Uint8Array;
  /** What `compile` found, as JSON text. */
  readonly report: string;
}

/** @throws TesseraError E_CIRCUIT when a weight tensor has no values, or not as many as cells. */
export function encodeModel(model: ModelFile): Uint8Array<ArrayBuffer> {
  const ids = hiddenIds(model.circuit);
  const cells = ids.reduce((n, id) => n + cellsOf(model.circuit.tensors[id]!.shape), 0);
  const writer = writeKey(new Writer(4 * cells + (1 << 16)), model).text(model.report, MAX_REPORT_BYTES);
  writer.bytes(model.secret);
  for (const id of ids) writeWeight(writer, model.circuit, id, model.weights.get(id));
  return seal('model', writer.finish());
}

/** @throws TesseraError E_FILE, E_VERSION */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const reader = new Reader(unseal('model', bytes), { name: 'model file' });
  const key = readKey(reader);
  const report = readReport(reader);
  const secret = reader.bytes(MAX_SECRET_BYTES).slice();
  const isSecret = weightIds(key.circuit, 'private').length > 0;
  if (secret.length !== (isSecret ? MAX_SECRET_BYTES : 0)) reader.fail('The secret has a wrong length.');
  const weights = new Map(hiddenIds(key.circuit).map((id) => [id, readWeight(reader, key.circuit, id)]));
  reader.finish();
  return { ...key, report, secret, weights: new Map([...key.publicWeights, ...weights]) };
}

/** The key in a model file, without its weights. @throws TesseraError E_FILE, E_VERSION */
export function keyOf(bytes: Uint8Array): KeyFile {
  return readKey(new Reader(unseal('model', bytes), { name: 'model file' }));
}

/** Weights that are not in the key. */
function hiddenIds(circuit: Circuit): TensorId[] {
  return [...weightIds(circuit, 'committed'), ...weightIds(circuit, 'private')].sort((a, b) => a - b);
}

function readReport(reader: Reader): string {
  const report = reader.text(MAX_REPORT_BYTES);
  try {
    JSON.parse(report);
    return report;
  } catch (cause) {
    return reader.fail('The report is not JSON.', cause);
  }
}
