/**
 * The value of a node in normal form whose inputs are all constants.
 */
import type { Info } from '../draft.ts';
import type { Constant, Node } from '../graph.ts';

/** Data of each output, row-major in the shape that `outputs` gives. May return the data of an input itself. */
export type Evaluator = (
  node: Node,
  inputs: readonly Constant[],
  outputs: readonly Info[],
) => readonly Constant['data'][];
