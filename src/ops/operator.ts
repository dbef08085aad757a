/**
 * What an operator is: the ONNX ops it covers, its integer meaning in a sentence, and its lowering to circuit relations. There is
 * no second definition of an operator: the exact integer run is the evaluation of the circuit that it writes.
 */
import type { Node } from '../onnx/graph.ts';
import type { Lowering } from './lowering.ts';

export interface Operator {
  /** ONNX op types. */
  readonly ops: readonly string[];
  /** Integer meaning: a sentence for the operator table of the documentation. */
  readonly meaning: string;
  /** Reads the node's inputs, states its relations, sets the values of its outputs. */
  readonly lower: (node: Node, ctx: Lowering) => void;
  /**
   * How wide its operands may be: `narrow` for factors of products and what is compared, `wide` for sums and functions, which take
   * accumulators as they come, `same` where the cells are only moved and the readers decide, `parts` for narrow ones or sums of narrow
   * parts with factors a channel, which weights take.
   */
  readonly takes: Takes | ((node: Node, ctx: Lowering) => Takes);
  /**
   * Scale that the operand `name`, a weighted sum read by this node alone, should be requantised to, so that the sum can choose the
   * scale of its weights. Undefined: any, the sum is not requantised at all (it only reaches a model output).
   */
  readonly demand: Demand;
}

export type Takes = 'narrow' | 'parts' | 'wide' | 'same';

export type Demand = (node: Node, ctx: Lowering, name: string) => number | undefined;

/** Of an operator that takes its operands narrow: their own scale. */
export const ownScale: Demand = (_, ctx, name) => ctx.scaleOf(name);

/** Of an operator that passes values on: what the readers of its result want. */
export const readersScale: Demand = (node, ctx) => ctx.demandOn(node.outputs[0]!);
