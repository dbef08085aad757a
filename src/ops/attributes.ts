/** Attributes of a node, typed. The importer has filled in defaults and resolved negative axes (onnx/normal.ts). */
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';

/** @throws TesseraError E_ONNX_GRAPH where the attribute is absent or no number */
export function numberOf(node: Node, name: string): number {
  const value = node.attributes.get(name);
  return typeof value === 'number' ? value : missing(node, name);
}

/** @throws TesseraError E_ONNX_GRAPH where the attribute is absent or no list of numbers */
export function numbersOf(node: Node, name: string): readonly number[] {
  const value = node.attributes.get(name);
  if (!Array.isArray(value)) return missing(node, name);
  return value.map((v) => (typeof v === 'number' ? v : missing(node, name)));
}

/** A number, or `fallback` where the attribute is absent. */
export function numberOr(node: Node, name: string, fallback: number): number {
  return node.attributes.has(name) ? numberOf(node, name) : fallback;
}

function missing(node: Node, name: string): never {
  throw new TesseraError('E_ONNX_GRAPH', `attribute ${name} is missing or of another type`, { where: node.name });
}
