/**
 * What an ONNX file may ask of this machine. Every bound is checked before the work that it bounds.
 */
import { TesseraError } from '../errors.ts';

export interface Limits {
  /** Bytes of the ModelProto, without external data. Protobuf itself ends at 2^31. */
  readonly bytes: number;
  /** Protobuf messages and strings in the file; each becomes an object. */
  readonly messages: number;
  /** Bytes of integer lists that are not raw data; each number becomes an object. */
  readonly listBytes: number;
  /** Nodes, those of subgraphs included. */
  readonly nodes: number;
  /** Graphs inside graphs (If branches). */
  readonly depth: number;
  /** Axes of a tensor. */
  readonly rank: number;
  /** Elements of one tensor. */
  readonly tensorElements: number;
  /** Elements of all constants that folding computes together. */
  readonly foldedElements: number;
}

export const DEFAULT_LIMITS: Limits = {
  bytes: 2 ** 31 - 1,
  messages: 2 ** 20,
  listBytes: 2 ** 26,
  nodes: 2 ** 17,
  depth: 8,
  rank: 16,
  tensorElements: 2 ** 30,
  foldedElements: 2 ** 27,
};

/** @throws E_LIMIT when `value` is above the limit of that name. */
export function checkLimit(limits: Limits, name: keyof Limits, value: number, where?: string): void {
  if (value <= limits[name]) return;
  throw new TesseraError('E_LIMIT', `${value} is above the limit of ${limits[name]} (${name})`, {
    ...(where === undefined ? {} : { where }),
    hint: `If the model is trusted, raise limits.${name}.`,
  });
}
