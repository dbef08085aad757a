/**
 * Function tables and the scales of their arguments. An argument q of a table of `bits` lies in [-reach, reach), reach = 2^(bits +
 * headroom); calibrated arguments use at most half of it.
 */
import type { Range, TableId } from '../circuit/types.ts';
import type { Node } from '../onnx/graph.ts';
import type { Lowering } from './lowering.ts';
import { type Interval, scaleInto } from './scheme.ts';

/** Rows (q, clamp(round(f(q)))) for -reach <= q < reach. */
export function valuesTable(
  ctx: Lowering,
  name: string,
  bits: number,
  range: Range,
  f: (q: number) => number,
): TableId {
  const reach = ctx.reach(bits);
  const values = Int32Array.from({ length: 2 * reach }, (_, i) =>
    Math.min(Math.max(Math.floor(f(i - reach) + 0.5), range.lo), range.hi),
  );
  return ctx.builder.functionTable(name, -reach, values);
}

/** The finest common scale at which the node's result fits `range` and its argument half of the reach of a table of `bits`. */
export function finestScale(ctx: Lowering, node: Node, range: Range, bits: number): number | undefined {
  const half = ctx.reach(bits) / 2;
  const fit = (name: string, into: Range): number | undefined => {
    const real: Interval | undefined = ctx.realOf(name);
    return real === undefined ? undefined : scaleInto(real, into);
  };
  const byResult = fit(node.outputs[0]!, range);
  const byArgument = fit(node.inputs[0]!, { lo: -half, hi: half });
  if (byResult === undefined || byArgument === undefined) return byResult ?? byArgument;
  return Math.min(byResult, byArgument);
}

/** Output 0 = T(argument) for a function that keeps its scale: at the wanted scale, or the argument's where that is coarser. */
export function applyAtScale(
  ctx: Lowering,
  node: Node,
  wanted: number | undefined,
  table: (scale: number) => TableId,
): void {
  const output = node.outputs[0]!;
  const value = ctx.value(node.inputs[0]!);
  const scale = ctx.coarserScale(node.inputs[0]!, value, wanted);
  ctx.set(output, ctx.requantise(output, value, scale, table(scale), scale));
}
