/**
 * Tiny ONNX models for tests: a plain description in, the bytes of a ModelProto out.
 *
 *   model({
 *     opset: 13,
 *     inputs: { x: [1, 3] },
 *     outputs: { y: [1, 3] },
 *     nodes: [node('Add', ['x', 'c'], ['y'])],
 *     initializers: { c: floats([3], [1, 2, 3]) },
 *   })
 */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  TensorProto_DataType as ElementType,
  type GraphProto,
  GraphProtoSchema,
  AttributeProto_AttributeType as Kind,
  ModelProtoSchema,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from 'onnx-buf';

export { ElementType };

/** A size, or the name of a symbolic size. */
export type Dim = number | string;

/** Sizes of a float value, or sizes with an element type; `shape: undefined` leaves the shape out. */
export type ValueDescription = readonly Dim[] | { readonly shape?: readonly Dim[]; readonly type: ElementType };

/** An integral number is INT and any other FLOAT; `float(1)` where a FLOAT happens to be integral. */
export type AttributeDescription =
  | number
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | readonly number[]
  | readonly string[]
  | TensorProto
  | GraphProto;

export interface NodeDescription {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeDescription>>;
  readonly name: string;
  readonly domain: string;
}

export interface GraphDescription {
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, ValueDescription>>;
  /** With shapes, or names only. */
  readonly outputs: Readonly<Record<string, ValueDescription>> | readonly string[];
  readonly nodes: readonly NodeDescription[];
  readonly initializers?: Readonly<Record<string, TensorProto>>;
}

export interface ModelDescription extends GraphDescription {
  readonly opset?: number;
}

export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeDescription>> = {},
  detail: { readonly name?: string; readonly domain?: string } = {},
): NodeDescription {
  return { op, inputs, outputs, attributes, name: detail.name ?? '', domain: detail.domain ?? '' };
}

export function float(value: number): { readonly float: number } {
  return { float: value };
}

/** A float32 tensor in raw_data. */
export function floats(shape: readonly number[], values: ArrayLike<number>): TensorProto {
  return rawTensor(ElementType.FLOAT, shape, new Uint8Array(Float32Array.from(values).buffer));
}

/** An int64 tensor in raw_data. */
export function ints(shape: readonly number[], values: readonly (number | bigint)[]): TensorProto {
  return rawTensor(ElementType.INT64, shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/** A bool tensor in raw_data. */
export function bools(shape: readonly number[], values: readonly boolean[]): TensorProto {
  return rawTensor(ElementType.BOOL, shape, Uint8Array.from(values, Number));
}

export function rawTensor(type: ElementType, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): TensorProto {
  return tensor({ dataType: type, dims: shape.map(BigInt), rawData: bytes });
}

/** Any TensorProto, field by field. */
export function tensor(fields: MessageInitShape<typeof TensorProtoSchema>): TensorProto {
  return create(TensorProtoSchema, fields);
}

export function graph(description: GraphDescription): GraphProto {
  const { inputs = {}, outputs, initializers = {} } = description;
  const outputInfos = Array.isArray(outputs)
    ? outputs.map((name: string) => create(ValueInfoProtoSchema, { name }))
    : Object.entries(outputs).map(([name, value]) => valueInfo(name, value));
  return create(GraphProtoSchema, {
    name: description.name ?? 'test',
    input: Object.entries(inputs).map(([name, value]) => valueInfo(name, value)),
    output: outputInfos,
    initializer: Object.entries(initializers).map(([name, value]) => ({ ...value, name })),
    node: description.nodes.map((n) =>
      create(NodeProtoSchema, {
        name: n.name,
        opType: n.op,
        domain: n.domain,
        input: [...n.inputs],
        output: [...n.outputs],
        attribute: Object.entries(n.attributes).map(([name, value]) => attribute(name, value)),
      }),
    ),
  });
}

/** The bytes of a ModelProto; opset 13 unless said. */
export function model(description: ModelDescription): Uint8Array<ArrayBuffer> {
  const message = create(ModelProtoSchema, {
    irVersion: 8n,
    producerName: 'test',
    opsetImport: [{ domain: '', version: BigInt(description.opset ?? 13) }],
    graph: graph(description),
  });
  return toBinary(ModelProtoSchema, message);
}

function valueInfo(name: string, value: ValueDescription): ValueInfoProto {
  const { shape, type } = 'type' in value ? value : { shape: value, type: ElementType.FLOAT };
  const dim = shape?.map((d) =>
    typeof d === 'number'
      ? { value: { case: 'dimValue' as const, value: BigInt(d) } }
      : { value: { case: 'dimParam' as const, value: d } },
  );
  const tensorType = { elemType: type, ...(dim === undefined ? {} : { shape: { dim } }) };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: 'tensorType', value: tensorType } } });
}

function attribute(name: string, value: AttributeDescription): AttributeProto {
  return create(AttributeProtoSchema, { name, ...attributeValue(value) });
}

function attributeValue(value: AttributeDescription): MessageInitShape<typeof AttributeProtoSchema> {
  const bytes = (s: string) => new TextEncoder().encode(s);
  if (typeof value === 'string') return { type: Kind.STRING, s: bytes(value) };
  if (typeof value === 'number') {
    return Number.isInteger(value) ? { type: Kind.INT, i: BigInt(value) } : { type: Kind.FLOAT, f: value };
  }
  if ('float' in value) return { type: Kind.FLOAT, f: value.float };
  if ('floats' in value) return { type: Kind.FLOATS, floats: [...value.floats] };
  if ('$typeName' in value) {
    return value.$typeName === 'onnx.TensorProto' ? { type: Kind.TENSOR, t: value } : { type: Kind.GRAPH, g: value };
  }
  if (value.length > 0 && typeof value[0] === 'string')
    return { type: Kind.STRINGS, strings: value.map((s) => bytes(s as string)) };
  return { type: Kind.INTS, ints: value.map((v) => BigInt(v)) };
}
