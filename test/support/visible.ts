/** What a circuit shows of the constants of a model: cells of weights by who may see them, and everything else that a key says in clear. */
import { Reader } from '../../src/bytes/reader.ts';
import { encodeCircuit } from '../../src/circuit/encode.ts';
import { type Circuit, cellsOf, type WeightVisibility } from '../../src/circuit/types.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { lowerGraph } from '../../src/ops/graph.ts';
import type { Interval, Scheme } from '../../src/ops/scheme.ts';
import { composeConvolutions } from '../../src/quantize/compose.ts';
import { fusePatterns } from '../../src/quantize/patterns.ts';
import { absorbScales } from '../../src/quantize/scales.ts';

/** Cells of weights. */
export function weightCells({ tensors }: Circuit): Record<WeightVisibility, number> {
  const cells = { public: 0, committed: 0, private: 0 };
  for (const { def, shape } of tensors) if (def.kind === 'weight') cells[def.visibility] += cellsOf(shape);
  return cells;
}

/** The streams of a circuit's bytes that say something of it: what is proved, and names. Hex. */
export function saidBy(circuit: Circuit): { readonly statement: string; readonly names: string } {
  const reader = new Reader(encodeCircuit(circuit), { name: 'circuit' });
  const stream = () => Buffer.from(reader.bytes(reader.remaining)).toString('hex');
  return { statement: stream(), names: stream() };
}

const scheme: Scheme = { bits: 10, weightBits: 16, headroom: 2, shift: 10 };
const INPUTS: Interval = { min: -1, max: 1 };
const INSIDE: Interval = { min: -3, max: 3 };

/** The circuit of a model as `quantizeModel` makes it, with the same ranges whatever its constants are. Floats of several elements are private. */
export function circuitOf(bytes: Uint8Array): Circuit {
  const graph = importOnnx(bytes);
  const ranges = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, INSIDE] as const)));
  for (const { name } of graph.inputs) ranges.set(name, INPUTS);
  const simpler = absorbScales({ graph: composeConvolutions(fusePatterns(graph)), ranges });
  const isTensor = (name: string) => (graph.initializers.get(name) ?? 0) > 1;
  const seenBy = (name: string) => (isTensor(name) ? 'private' : 'committed');
  return lowerGraph(simpler.graph, scheme, simpler.ranges, seenBy).circuit;
}
