/**
 * The prover's model (.tsm): the key and what only the prover holds, the weights. Body: key · report · weights in tensor order.
 */
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import type { Circuit, IntArray, TensorId } from '../circuit/types.ts';
import { cellsOf } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import { seal, unseal } from './container.ts';
import { type KeyFile, readKey, writeKey } from './key.ts';

const MAX_REPORT_BYTES = 1 << 26;

export interface ModelFile extends KeyFile {
  /** Values of every weight tensor, row-major. */
  readonly weights: ReadonlyMap<TensorId, IntArray>;
  /** What `compile` found, as JSON text. */
  readonly report: string;
}

/** @throws TesseraError E_CIRCUIT when a weight tensor has no values, or not as many as cells. */
export function encodeModel(model: ModelFile): Uint8Array<ArrayBuffer> {
  const ids = weightIds(model.circuit);
  const cells = ids.reduce((n, id) => n + cellsOf(model.circuit.tensors[id]!.shape), 0);
  const writer = writeKey(new Writer(4 * cells + (1 << 16)), model).text(model.report, MAX_REPORT_BYTES);
  for (const id of ids) writeWeight(writer, model, id);
  return seal('model', writer.finish());
}

/** @throws TesseraError E_FILE, E_VERSION */
export function decodeModel(bytes: Uint8Array): ModelFile {
  const reader = new Reader(unseal('model', bytes), { name: 'model file' });
  const key = readKey(reader);
  const report = readReport(reader);
  const weights = new Map(weightIds(key.circuit).map((id) => [id, readWeight(reader, key.circuit, id)]));
  reader.finish();
  return { ...key, report, weights };
}

/** The key in a model file, without its weights. @throws TesseraError E_FILE, E_VERSION */
export function keyOf(bytes: Uint8Array): KeyFile {
  return readKey(new Reader(unseal('model', bytes), { name: 'model file' }));
}

function weightIds(circuit: Circuit): TensorId[] {
  return circuit.tensors.flatMap((tensor, id) => (tensor.def.kind === 'weight' ? [id] : []));
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

/** Width in bytes, then the values. */
function writeWeight(writer: Writer, model: ModelFile, id: TensorId): void {
  const { name, shape } = model.circuit.tensors[id]!;
  const values = model.weights.get(id);
  if (values === undefined || values.length !== cellsOf(shape)) {
    throw new TesseraError('E_CIRCUIT', `A weight of shape [${shape}] has ${values?.length ?? 'no'} values.`, {
      where: name,
    });
  }
  writer.u8(values.BYTES_PER_ELEMENT);
  if (values instanceof Int16Array) writer.int16s(values);
  else writer.int32s(values);
}

function readWeight(reader: Reader, circuit: Circuit, id: TensorId): IntArray {
  const { name, shape } = circuit.tensors[id]!;
  const cells = cellsOf(shape);
  const width = reader.u8();
  if (width !== 2 && width !== 4) reader.fail(`Weight ${name} has ${width} bytes a value.`);
  const values = width === 2 ? reader.int16s(cells) : reader.int32s(cells);
  return values.length === cells
    ? values
    : reader.fail(`Weight ${name} has ${values.length} values, ${cells} are due.`);
}
