/**
 * fr_feature with a comparison behind it, one network with two inputs, the face and the enrolled embedding t:
 *
 *   e = fr_feature(face),   same = [max(e t, 0)^2 > c^2 (e e) (t t)] [e e < L] [t t < L],
 *
 * which is cos(e, t) > c for c > 0, without a division or a root. Integers saturate beyond what calibration saw, which would lower the
 * right side alone: embeddings longer than L are nobody's.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { floats, graph, node } from '../../test/support/onnx-builder.ts';

export interface Limits {
  /** Least cosine, above 0. */
  readonly cosine: number;
  /** Largest squared length of an embedding. */
  readonly length: number;
}

/** `outputs`: `same` alone for what is proved; products of the embeddings (et, ee, tt) for a look at the integers. */
export function comparison(embedding: Uint8Array, limits: Limits, outputs: readonly string[] = ['same']): Uint8Array {
  const model = fromBinary(ModelProtoSchema, embedding);
  const whole = model.graph!;
  const e = whole.output[0]!.name;
  const product = (a: string, b: string, y: string) => node('Gemm', [a, b, 'zero'], [y], { transB: 1 });
  const truth = (op: string, a: string, b: string, y: string) => [
    node(op, [a, b], [`${y}.is`]),
    node('Cast', [`${y}.is`], [y], { to: 1 }),
  ];
  const head = graph({ outputs: [], nodes: [node('Identity', ['face'], [whole.input[0]!.name])] });
  const tail = graph({
    inputs: { face: [1, 3, 112, 112], enrolled: [1, 512] },
    outputs,
    nodes: [
      product(e, 'enrolled', 'et'),
      product(e, e, 'ee'),
      product('enrolled', 'enrolled', 'tt'),
      node('Relu', ['et'], ['toward']),
      node('Mul', ['toward', 'toward'], ['square']),
      node('Mul', ['ee', 'tt'], ['lengths']),
      node('Mul', ['lengths', 'least'], ['bound']),
      ...truth('Greater', 'square', 'bound', 'near'),
      ...truth('Less', 'ee', 'longest', 'face.fits'),
      ...truth('Less', 'tt', 'longest', 'enrolled.fits'),
      node('Mul', ['face.fits', 'enrolled.fits'], ['fit']),
      node('Mul', ['near', 'fit'], ['same']),
    ],
    initializers: {
      least: floats([1], [limits.cosine ** 2]),
      longest: floats([1, 1], [limits.length]),
      zero: floats([1], [0]),
    },
  });
  whole.node.unshift(...head.node);
  whole.node.push(...tail.node);
  whole.initializer.push(...tail.initializer);
  whole.input.splice(0, 1, ...tail.input);
  whole.output.splice(0, whole.output.length, ...tail.output);
  return toBinary(ModelProtoSchema, model);
}
