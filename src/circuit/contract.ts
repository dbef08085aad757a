/**
 * The labels of a contraction v[out] = sum A[..] B[..] sorted into their classes, and the bounds of its values.
 */
import { TesseraError } from '../errors.ts';
import { addRange, joinRange, multiplyRange, scaleRange } from './interval.ts';
import type { Contract, IntArray, Range, Window } from './types.ts';
import { cellsOf } from './types.ts';

/** Labels by class, each list in the order of the operand that brings it (`m`, `batch`, `k`: A; `n`: B). */
export interface Labels {
  readonly m: readonly string[];
  readonly n: readonly string[];
  readonly batch: readonly string[];
  /** Summed labels, those of window kernels included. */
  readonly k: readonly string[];
  readonly windows: readonly (Window & { readonly axis: number })[];
  readonly sizes: ReadonlyMap<string, number>;
}

/** What both operands and the result must look like for `labelsOf`. */
export interface ContractShapes {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly out: readonly number[];
}

/**
 * Sorts the labels of a contraction into classes.
 * @throws TesseraError E_CIRCUIT where a label is in no class, in two, or has two sizes
 */
export function labelsOf(contract: Contract, shapes: ContractShapes, where: string): Labels {
  const refuse = (sentence: string): never => {
    throw new TesseraError('E_CIRCUIT', sentence, { where });
  };
  const axes = (labels: readonly unknown[], shape: readonly number[]): void => {
    if (labels.length !== shape.length)
      refuse(`a contraction names ${labels.length} axes of a tensor with ${shape.length}`);
  };
  axes(contract.aAxes, shapes.a);
  axes(contract.bAxes, shapes.b);
  axes(contract.out, shapes.out);

  const sizes = new Map<string, number>();
  const enter = (labels: readonly string[], shape: readonly number[]): Set<string> => {
    labels.forEach((label, i) => {
      if ((sizes.get(label) ?? shape[i]) !== shape[i]) refuse(`axis ${label} has two sizes`);
      sizes.set(label, shape[i]!);
    });
    const set = new Set(labels);
    if (set.size !== labels.length) refuse('an axis label occurs twice in one tensor');
    return set;
  };
  const windows = contract.bAxes.flatMap((axis, i) => (typeof axis === 'string' ? [] : [{ ...axis, axis: i }]));
  const plain = contract.bAxes.flatMap((label, i) =>
    typeof label === 'string' ? [{ label, size: shapes.b[i]! }] : [],
  );
  const inA = enter(contract.aAxes, shapes.a);
  const inOut = enter(contract.out, shapes.out);
  const inB = enter([...plain.map((p) => p.label)], [...plain.map((p) => p.size)]);
  const kernels = new Set(windows.map((w) => w.kernel));
  const outs = new Set(windows.map((w) => w.out));

  if (kernels.size !== windows.length || outs.size !== windows.length) refuse('two windows share a label');
  for (const w of windows) {
    if (!inOut.has(w.out) || inA.has(w.out) || inB.has(w.out))
      refuse(`window axis ${w.out} is not an axis of the result alone`);
    if (!inA.has(w.kernel) || inOut.has(w.kernel) || inB.has(w.kernel))
      refuse(`kernel axis ${w.kernel} is not an axis of A alone`);
    if (!(isCount(w.stride, 1) && isCount(w.dilation, 1) && isCount(w.pad, 0)))
      refuse('a window has a bad stride, dilation or pad');
  }
  for (const label of inA) {
    if (!inOut.has(label) && !inB.has(label) && !kernels.has(label)) refuse(`axis ${label} is in A only`);
  }
  for (const label of inB) if (!inA.has(label) && !inOut.has(label)) refuse(`axis ${label} is in B only`);
  for (const label of inOut) {
    if (!inA.has(label) && !inB.has(label) && !outs.has(label)) refuse(`axis ${label} is in the result only`);
  }
  return {
    m: contract.aAxes.filter((l) => inOut.has(l) && !inB.has(l)),
    n: contract.bAxes.map((l) => (typeof l === 'string' ? l : l.out)).filter((l) => inOut.has(l) && !inA.has(l)),
    batch: contract.aAxes.filter((l) => inOut.has(l) && inB.has(l)),
    k: contract.aAxes.filter((l) => !inOut.has(l)),
    windows,
    sizes,
  };
}

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value < 2 ** 20;
}

/** Cells of a window's axis that fit when the padding after the last cell equals that before the first. */
export function windowSize(window: Window, size: number, kernel: number): number {
  return Math.floor((size + 2 * window.pad - window.dilation * (kernel - 1) - 1) / window.stride) + 1;
}

/** True where some output cell has a term outside B's axis: fewer terms, each missing one being 0. */
export function dropsTerms(labels: Labels, b: readonly number[]): boolean {
  return labels.windows.some((w) => {
    const last = (labels.sizes.get(w.out)! - 1) * w.stride + (labels.sizes.get(w.kernel)! - 1) * w.dilation - w.pad;
    return w.pad > 0 || last >= b[w.axis]!;
  });
}

/** Bounds of sum a b over the summed labels, from the operands' intervals alone. */
export function contractRange(labels: Labels, b: readonly number[], aRange: Range, bRange: Range): Range {
  const term = multiplyRange(aRange, bRange);
  const each = dropsTerms(labels, b) ? joinRange(term, { lo: 0, hi: 0 }) : term;
  return scaleRange(each, cellsOf(labels.k.map((l) => labels.sizes.get(l)!)));
}

/**
 * Bounds of a contraction with a known operand, from the sums P of its positive and N of its negative parts at every output:
 * [P lo + N hi, P hi + N lo], joined over the outputs; lo, hi bound the other operand.
 */
export function weightedRange(
  weights: IntArray,
  shape: readonly number[],
  kept: readonly boolean[],
  other: Range,
): Range {
  const { positive, negative } = signedSums(weights, shape, kept);
  const at = (i: number): Range => addRange(scaleRange(other, positive[i]!), scaleRange(other, negative[i]!));
  let range = at(0);
  for (let i = 1; i < positive.length; i++) range = joinRange(range, at(i));
  return range;
}

/** Sums of the positive and of the negative entries over the axes that are not kept, at each index of the kept ones. */
function signedSums(weights: IntArray, shape: readonly number[], kept: readonly boolean[]) {
  const strides: number[] = [];
  let outputs = 1;
  for (let a = shape.length - 1; a >= 0; a--) {
    strides[a] = kept[a] ? outputs : 0;
    if (kept[a]) outputs *= shape[a]!;
  }
  const positive = new Float64Array(outputs);
  const negative = new Float64Array(outputs);
  const index = shape.map(() => 0);
  const inner = shape.length === 0 ? 1 : shape[shape.length - 1]!;
  const step = shape.length === 0 ? 0 : strides[shape.length - 1]!;
  for (let base = 0, o = 0; base < weights.length; base += inner) {
    for (let i = 0; i < inner; i++) {
      const w = weights[base + i]!;
      if (w > 0) positive[o + i * step]! += w;
      else negative[o + i * step]! += w;
    }
    for (let a = shape.length - 2; a >= 0; a--) {
      o += strides[a]!;
      if (++index[a]! < shape[a]!) break;
      o -= strides[a]! * shape[a]!;
      index[a] = 0;
    }
  }
  return { positive, negative };
}
