/**
 * Integer weights of a sum  acc = sum_k w_k x_k + b.  With x at scale f_x and weights at f_w the sum has scale f_x + f_w; f_w is the
 * largest that keeps
 *
 *   |w| < 2^(weightBits - 1)   and   |acc| < 2^30 (2^29 where another sum joins) for every x in its range, by the true sums of |w| at every output,
 *
 * (for private weights by their number and bits, which is all that a verifier knows of them)
 * but not larger than the readers' scale + the scheme's shift - f_x, so that one shift brings the sum to what they want.
 */
import { weightedRange } from '../circuit/contract.ts';
import { multiplyRange, scaleRange, signedRangeOf } from '../circuit/interval.ts';
import type { IntArray, Range } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import type { Lowering } from './lowering.ts';
import { magnitude, quantise } from './scheme.ts';

/** Axes of weights, of which `kept` are outputs of the sum and the others are summed. */
export interface WeightAxes {
  readonly shape: readonly number[];
  readonly kept: readonly boolean[];
  /** Added to the sum, of any length. */
  readonly bias: ArrayLike<number> | undefined;
}

/** Real weights, row-major. */
export interface RealWeights extends WeightAxes {
  readonly values: ArrayLike<number>;
}

export interface IntWeights {
  readonly values: IntArray;
  readonly scale: number;
}

/** Real weights of one operand, and its integers. */
export interface Summand {
  readonly values: ArrayLike<number>;
  readonly range: Range;
}

/**
 * Weights of the sum that a node writes to its output 0, over operands x.
 * @throws TesseraError E_QUANTIZE where not even weights of one bit keep the sum below 2^29, E_NAN for a weight that is no number
 */
export function chooseWeights(
  node: Node,
  ctx: Lowering,
  real: RealWeights,
  x: { readonly range: Range; readonly scale: number },
): IntWeights {
  const { values, scale } = chooseTogether(node, ctx, real, [{ values: real.values, range: x.range }], x.scale);
  return { values: values[0]!, scale };
}

/** Weights of several operands of one scale in one sum, at a common scale. @throws as `chooseWeights` */
export function chooseTogether(
  node: Node,
  ctx: Lowering,
  { shape, kept, bias }: WeightAxes,
  summands: readonly Summand[],
  scaleX: number,
): { values: IntArray[]; scale: number } {
  const result = node.outputs[0]!;
  const where = node.name;
  const largest = Math.max(...summands.map((s) => magnitude(s.values)));
  const fit = largest === 0 ? 0 : Math.floor(Math.log2((2 ** (ctx.scheme.weightBits - 1) - 1) / largest));
  const constant = bias === undefined ? 0 : magnitude(bias);
  const isPrivate = ctx.isPrivate(node);
  const from = Math.min(fit, (ctx.sumScale(result) ?? Number.POSITIVE_INFINITY) - scaleX);
  for (let scale = from; scale > from - 64; scale--) {
    const values = summands.map((s) => quantise(s.values, scale, where));
    const sum = values
      .map((v, i) => {
        const inputs = withZero(summands[i]!.range);
        return isPrivate ? boxRange(v, shape, kept, inputs) : weightedRange(v, shape, kept, inputs);
      })
      .reduce((a, b) => ({ lo: a.lo + b.lo, hi: a.hi + b.hi }));
    const largestBias = constant * 2 ** (scale + scaleX) + 1;
    const room = isPrivate ? 2 ** Math.ceil(Math.log2(largestBias)) : largestBias;
    const reach = Math.max(-sum.lo, sum.hi) + room;
    if (reach < ctx.sumLimit(result, scale + scaleX)) return { values, scale };
  }
  throw new TesseraError('E_QUANTIZE', 'the sum does not fit 30 bits with any weights', {
    where,
    hint: 'Compile with fewer bits for activations.',
  });
}

function withZero({ lo, hi }: Range): Range {
  return { lo: Math.min(lo, 0), hi: Math.max(hi, 0) };
}

/** Bounds of the sum for all weights of as many bits: what is proved of private ones. */
function boxRange(values: IntArray, shape: readonly number[], kept: readonly boolean[], inputs: Range): Range {
  const terms = shape.reduce((n, size, axis) => (kept[axis] ? n : n * size), 1);
  return scaleRange(multiplyRange(signedRangeOf(values), inputs), terms);
}
