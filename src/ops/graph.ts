/**
 * A float graph to a circuit: inputs, every node by its operator, outputs bound to their public columns.
 */
import { CircuitBuilder } from '../circuit/builder.ts';
import type { Circuit, IntArray, Port, TensorId } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Graph } from '../onnx/graph.ts';
import { operatorsByOp } from './index.ts';
import type { Value } from './layout.ts';
import { arrangeInOrder, coalesce, factorsOf, layoutOf } from './layout.ts';
import { type Choice, Lowering, operatorOf } from './lowering.ts';
import { type Interval, portOf, type Scheme, type VisibilityOf } from './scheme.ts';

/** @throws TesseraError E_UNSUPPORTED_OP for the first node without an operator */
export function checkOperators({ nodes, opset }: Graph): void {
  for (const node of nodes) operatorOf(operatorsByOp, node, opset);
}

export interface Lowered {
  readonly circuit: Circuit;
  readonly weights: ReadonlyMap<TensorId, IntArray>;
  /** Where the integers of every value of the graph are. */
  readonly values: ReadonlyMap<string, Value>;
}

/**
 * @param visibilityOf of an initializer by its name; default: all are committed
 * @param ranges real values of every tensor that the calibration knows, inputs included
 * @throws TesseraError E_UNSUPPORTED_OP before anything is lowered; E_QUANTIZE, E_RANGE where the integers do not fit; E_VISIBILITY
 * where an initializer cannot be private
 */
export function lowerGraph(
  graph: Graph,
  scheme: Scheme,
  ranges: ReadonlyMap<string, Interval>,
  visibilityOf?: VisibilityOf,
): Lowered {
  checkOperators(graph);
  const builder = new CircuitBuilder(graph.name, (name) => ctx.weightVisibility(name));
  const ctx: Lowering = new Lowering(builder, graph, scheme, operatorsByOp, ranges, visibilityOf);
  for (const { name, shape, dtype } of graph.inputs) {
    if (dtype !== 'float') throw new TesseraError('E_DTYPE', `input "${name}" is not of a float type`);
    const { range, scale } = portOf(ranges.get(name) ?? { min: -1, max: 1 }, scheme.bits);
    const tensor = builder.input({ name, shape, range, scale });
    ctx.set(name, { tensor, scale, layout: layoutOf(shape.map((size) => [size])) });
  }
  for (const node of graph.nodes) ctx.lower(node);
  for (const { name } of graph.outputs) {
    const choice = ctx.choice(name);
    if (choice === undefined) bindOutput(ctx, name);
    else bindChoice(ctx, name, choice);
  }
  const { circuit, weights } = builder.build();
  return { circuit, weights, values: ctx.values() };
}

/** The circuit tensor with its axes in the output's order has the output's cells in their order, whatever the ONNX shape. */
function bindOutput(ctx: Lowering, name: string): void {
  const value = ctx.value(name);
  const port: Port = { name, shape: ctx.shape(name), range: ctx.range(value), scale: value.scale };
  const layout = coalesce([value.layout.flat()], ctx.builder.shapeOf(value.tensor));
  const tensor = arrangeInOrder(ctx.builder, `${name}.ordered`, { ...value, layout }, factorsOf(layout));
  ctx.builder.output(port, tensor);
}

/** The output is the index of the one in every row. */
function bindChoice(ctx: Lowering, name: string, { tensor, size }: Choice): void {
  const port: Port = { name, shape: ctx.shape(name), range: { lo: 0, hi: size - 1 }, scale: 0 };
  ctx.builder.output(port, tensor, { kind: 'onehot', size });
}
