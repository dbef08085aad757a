/**
 * Bytes to ModelProto. A first walk over the wire format counts what the file holds and checks that every message lies
 * inside its parent, so that a cut, foreign or hostile file is refused before anything is allocated for it.
 */
import { type DescMessage, fromBinary, ScalarType } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type ModelProto, ModelProtoSchema } from 'onnx-buf';
import { TesseraError } from '../errors.ts';
import { checkLimit, type Limits } from './limits.ts';

/** Messages inside messages: a graph in a graph takes three levels, and types nest too. */
const MAX_MESSAGE_DEPTH = 64;

const HINT = 'Check that this is an .onnx file and that it was copied whole.';

/**
 * @throws E_ONNX_READ when the bytes are not a ModelProto with a graph.
 * @throws E_LIMIT when the file is larger than the limits.
 */
export function readModel(bytes: Uint8Array, limits: Limits): ModelProto {
  checkLimit(limits, 'bytes', bytes.length);
  const model = guard(() => {
    const counts = { messages: 0, listBytes: 0 };
    scan(ModelProtoSchema, new BinaryReader(bytes), bytes.length, counts, limits, 0);
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false, recursionLimit: MAX_MESSAGE_DEPTH + 1 });
  });
  if (model.graph === undefined || model.opsetImport.length === 0) {
    throw new TesseraError('E_ONNX_READ', 'the bytes are no ONNX model: they hold no graph or no opset', {
      hint: HINT,
    });
  }
  return model;
}

function guard<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TesseraError) throw cause;
    throw new TesseraError('E_ONNX_READ', 'the bytes are no ONNX model, or are cut or damaged', { hint: HINT, cause });
  }
}

/** Walks one message that ends at `end`. Scalars are only skipped. */
function scan(
  schema: DescMessage,
  reader: BinaryReader,
  end: number,
  counts: { messages: number; listBytes: number },
  limits: Limits,
  depth: number,
): void {
  if (depth > MAX_MESSAGE_DEPTH) {
    throw new TesseraError('E_LIMIT', `messages are nested deeper than ${MAX_MESSAGE_DEPTH}`);
  }
  const fields = fieldsOf(schema);
  while (reader.pos < end) {
    const [number, wireType] = reader.tag();
    const field = fields.get(number);
    const start = reader.pos;
    if (field === undefined || field === 'list') {
      reader.skip(wireType, number);
      if (field === 'list') counts.listBytes += reader.pos - start;
      checkLimit(limits, 'listBytes', counts.listBytes);
    } else {
      if (wireType !== WireType.LengthDelimited) throw new Error(`field ${number} has wire type ${wireType}`);
      const stop = reader.uint32() + reader.pos;
      if (stop > end) throw new Error(`field ${number} ends after its message`);
      checkLimit(limits, 'messages', ++counts.messages);
      if (field === 'string') reader.pos = stop;
      else scan(field, reader, stop, counts, limits, depth + 1);
    }
    if (reader.pos > end) throw new Error(`field ${number} ends after its message`);
  }
}

/** What the walk must look into: messages, strings and lists of varints. Other scalars cost no more than their bytes. */
function fieldsOf(schema: DescMessage): Map<number, DescMessage | 'string' | 'list'> {
  const fields = new Map<number, DescMessage | 'string' | 'list'>();
  for (const field of schema.fields) {
    if (field.message !== undefined) fields.set(field.number, field.message);
    else if (field.scalar === ScalarType.STRING) fields.set(field.number, 'string');
    else if (field.fieldKind === 'list' && field.scalar === ScalarType.BYTES) fields.set(field.number, 'string');
    else if (field.fieldKind === 'list' && !isFixed(field.scalar)) fields.set(field.number, 'list');
  }
  return fields;
}

function isFixed(scalar: ScalarType | undefined): boolean {
  return scalar === ScalarType.FLOAT || scalar === ScalarType.DOUBLE;
}
