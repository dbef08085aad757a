/**
 * ONNX bytes to the float graph: static shapes, constants folded, every node in the normal form of normal.ts.
 *
 *   bytes --protobuf--> ModelProto --read--> raw graph --simplify--> normal form --fuse--> fewer nodes --> Graph
 */
import type { ModelProto } from 'onnx-buf';
import { TesseraError } from '../errors.ts';
import { type ExternalData, rememberFiles } from './external.ts';
import { finish } from './finish.ts';
import type { Graph } from './graph.ts';
import { type GivenShapes, readInputs } from './inputs.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { readModel } from './protobuf.ts';
import { readGraph, type Source } from './read.ts';
import { simplify } from './simplify.ts';

export type { ExternalData } from './external.ts';
export type { Attribute, Constant, Graph, Node, Value } from './graph.ts';
export type { Limits } from './limits.ts';
export { DEFAULT_LIMITS } from './limits.ts';

export interface ImportOptions {
  /** Bytes of a file beside the model; asked once for each location. */
  readonly externalData?: ExternalData;
  /** Shapes of inputs by name. Without one, an unknown first size is 1 and any other unknown size is refused. */
  readonly shapes?: GivenShapes;
  readonly limits?: Partial<Limits>;
}

/** Opsets whose rules are known. */
const FIRST_OPSET = 7;
const LAST_OPSET = 25;

/**
 * Constants may be views of `bytes` and of the external files: leave these as they are while the graph is in use.
 *
 * @throws TesseraError: E_ONNX_READ, E_ONNX_GRAPH, E_VERSION, E_UNSUPPORTED_OP, E_UNSUPPORTED_ATTRIBUTE, E_EXTERNAL_DATA,
 *   E_LIMIT, E_SHAPE, E_DTYPE, E_RANGE
 */
export function importOnnx(bytes: Uint8Array, options: ImportOptions = {}): Graph {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const model = readModel(bytes, limits);
  const source: Source = { opset: readOpset(model), limits, files: rememberFiles(options.externalData) };
  const raw = readGraph(model.graph!, source);
  const inputs = readInputs(raw, options.shapes ?? {});
  const draft = simplify(raw, inputs, source);
  return finish(draft, raw, inputs);
}

/** @throws E_VERSION */
function readOpset(model: ModelProto): number {
  const opset = Number(model.opsetImport.find((o) => o.domain === '' || o.domain === 'ai.onnx')?.version ?? 0);
  if (opset >= FIRST_OPSET && opset <= LAST_OPSET) return opset;
  throw new TesseraError('E_VERSION', `the model is of opset ${opset}; ${FIRST_OPSET} to ${LAST_OPSET} are supported`, {
    hint: 'Export it again, or convert it with onnx.version_converter.',
  });
}
