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
import { joinRange, multiplyRange, scaleRange, signedRangeOf } from '../circuit/interval.ts';
import type { IntArray, Range } from '../circuit/types.ts';
import { TesseraError } from '../errors.ts';
import type { Node } from '../onnx/graph.ts';
import type { Lowering } from './lowering.ts';
import { magnitude, quantise } from './scheme.ts';

/** Real weights, row-major, of which the axes `kept` are outputs of the sum and the others are summed. */
export interface RealWeights {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
  readonly kept: readonly boolean[];
  /** Added to the sum, of any length. */
  readonly bias: ArrayLike<number> | undefined;
}

export interface IntWeights {
  readonly values: IntArray;
  readonly scale: number;
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
  const result = node.outputs[0]!;
  const where = node.name;
  const { weightBits } = ctx.scheme;
  const largest = magnitude(real.values);
  const fit = largest === 0 ? 0 : Math.floor(Math.log2((2 ** (weightBits - 1) - 1) / largest));
  const bias = real.bias === undefined ? 0 : magnitude(real.bias);
  const inputs: Range = { lo: Math.min(x.range.lo, 0), hi: Math.max(x.range.hi, 0) };
  const isPrivate = ctx.isPrivate(node);
  const from = Math.min(fit, (ctx.sumScale(result) ?? Number.POSITIVE_INFINITY) - x.scale);
  for (let scale = from; scale > from - 64; scale--) {
    const values = quantise(real.values, scale, where);
    const { lo, hi } = isPrivate
      ? boxRange(values, real, inputs)
      : weightedRange(values, real.shape, real.kept, inputs);
    const largestBias = bias * 2 ** (scale + x.scale) + 1;
    const room = isPrivate ? 2 ** Math.ceil(Math.log2(largestBias)) : largestBias;
    if (Math.max(-lo, hi) + room < ctx.sumLimit(result, scale + x.scale)) return { values, scale };
  }
  throw new TesseraError('E_QUANTIZE', 'the sum does not fit 30 bits with any weights', {
    where,
    hint: 'Compile with fewer bits for activations.',
  });
}

/** Bounds of the sum for all weights of as many bits: what is proved of private ones. */
function boxRange(values: IntArray, { shape, kept }: RealWeights, inputs: Range): Range {
  const terms = shape.reduce((n, size, axis) => (kept[axis] ? n : n * size), 1);
  return scaleRange(joinRange(multiplyRange(signedRangeOf(values), inputs), { lo: 0, hi: 0 }), terms);
}
