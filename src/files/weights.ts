/** The integers of one weight tensor, as models and keys hold them: width in bytes, then the values. */
import type { Reader } from '../bytes/reader.ts';
import type { Writer } from '../bytes/writer.ts';
import type { Circuit, IntArray, TensorId } from '../circuit/types.ts';
import { cellsOf } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';

/** @throws TesseraError E_CIRCUIT when the tensor has no values, or not as many as cells. */
export function writeWeight(writer: Writer, circuit: Circuit, id: TensorId, values: IntArray | undefined): void {
  const { name, shape } = circuit.tensors[id]!;
  if (values === undefined || values.length !== cellsOf(shape)) {
    throw new TesseraError('E_CIRCUIT', `A weight of shape [${shape}] has ${values?.length ?? 'no'} values.`, {
      where: name,
    });
  }
  writer.u8(values.BYTES_PER_ELEMENT);
  if (values instanceof Int16Array) writer.int16s(values);
  else writer.int32s(values);
}

/** @throws TesseraError E_FILE */
export function readWeight(reader: Reader, circuit: Circuit, id: TensorId): IntArray {
  const { name, shape } = circuit.tensors[id]!;
  const cells = cellsOf(shape);
  const width = reader.u8();
  if (width !== 2 && width !== 4) reader.fail(`Weight ${name} has ${width} bytes a value.`);
  const values = width === 2 ? reader.int16s(cells) : reader.int32s(cells);
  return values.length === cells
    ? values
    : reader.fail(`Weight ${name} has ${values.length} values, ${cells} are due.`);
}
