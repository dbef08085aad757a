/**
 * Contract: v[out] = sum_k A[..] B[..] (Thaler 2013 for the matrix product). At a point r of v, with labels in the classes m (A and
 * out), n (B and out), batch (A, B and out), k (summed), and windows x = s o + d u - p on axes of B:
 *
 *   phase 1   v(r) = sum_(batch, k) eq(r_batch, batch) A(r_m, batch, k) V(batch, k),
 *             V(batch, k) = B folded by eq(r_n) and by the windows: leaves A at a point and V(rho)
 *   phase 2   V(rho) = sum_x B(r_n, rho_batch, rho_k, x) prod_w S_w(x_w), with S_w at (r_o, rho_u): only where there are windows
 *
 * No im2col and no transform: the prover reads each operand once, the verifier's share is O(height + width).
 */
import type { Circuit, Contract, Window } from '../circuit/types.ts';
import type { Ext } from '../field/ext.ts';
import { bitsFor, eqTable, type Point } from '../field/mle.ts';
import type { Group } from './view.ts';
import { windowWeights } from './weights.ts';

export type Coordinates = ReadonlyMap<string, Point>;

export interface ContractPlan {
  readonly sizes: ReadonlyMap<string, number>;
  readonly batch: readonly string[];
  /** Summed labels: of whole axes first, then kernel labels of windows, in A's order within each. */
  readonly summed: readonly string[];
  /** The variables of phase 1. */
  readonly variables: number;
  readonly windows: readonly { axis: number; window: Window }[];
}

export function planContract(circuit: Circuit, def: Contract): ContractPlan {
  const aShape = circuit.tensors[def.a]!.shape;
  const bShape = circuit.tensors[def.b]!.shape;
  const sizes = new Map<string, number>();
  def.aAxes.forEach((label, i) => {
    sizes.set(label, aShape[i]!);
  });
  const windows: { axis: number; window: Window }[] = [];
  def.bAxes.forEach((axis, i) => {
    if (typeof axis === 'string') sizes.set(axis, bShape[i]!);
    else windows.push({ axis: i, window: axis });
  });
  const inB = new Set(def.bAxes.filter((x) => typeof x === 'string'));
  const inOut = new Set(def.out);
  const batch = def.aAxes.filter((l) => inB.has(l) && inOut.has(l));
  const kernels = new Set(windows.map((w) => w.window.kernel));
  const summed = def.aAxes.filter((l) => inB.has(l) && !inOut.has(l));
  const taps = def.aAxes.filter((l) => kernels.has(l));
  const all = [...summed, ...taps];
  const variables = [...batch, ...all].reduce((n, l) => n + bitsFor(sizes.get(l)!), 0);
  return { sizes, batch, summed: all, variables, windows };
}

/** The out labels' coordinates of a claim. Sizes of window out labels come from v's shape. */
export function outCoordinates(def: Contract, shape: readonly number[], r: Point): Map<string, Point> {
  const out = new Map<string, Point>();
  let o = 0;
  def.out.forEach((label, i) => {
    const b = bitsFor(shape[i]!);
    out.set(label, r.slice(o, o + b));
    o += b;
  });
  return out;
}

/** Coordinates of all labels of phase 1 after its sumcheck ended at rho. */
export function boundCoordinates(plan: ContractPlan, r: Coordinates, rho: Point): Map<string, Point> {
  const all = new Map(r);
  let o = 0;
  for (const label of [...plan.batch, ...plan.summed]) {
    const b = bitsFor(plan.sizes.get(label)!);
    all.set(label, rho.slice(o, o + b));
    o += b;
  }
  return all;
}

/** Point of A, or of B where it has no windows. */
export function operandPoint(axes: readonly (string | Window)[], coordinates: Coordinates): Ext[] {
  return axes.flatMap((label) => [...(coordinates.get(label as string) ?? [])]);
}

/** Phase 2: B's fixed coordinates and the weights of its window axes. */
export function windowGroups(
  circuit: Circuit,
  def: Contract,
  plan: ContractPlan,
  r: Coordinates,
  bound: Coordinates,
  shape: readonly number[],
): { fixed: (Point | null)[]; groups: Group[] } {
  const bShape = circuit.tensors[def.b]!.shape;
  const fixed = def.bAxes.map((axis) => (typeof axis === 'string' ? bound.get(axis)! : null));
  const groups = plan.windows.map(({ axis, window }) => {
    const kernelEq = eqTable(bound.get(window.kernel)!).slice(0, plan.sizes.get(window.kernel)!);
    const outSize = shape[def.out.indexOf(window.out)]!;
    const weights = windowWeights(window, outSize, eqTable(r.get(window.out)!), kernelEq, bShape[axis]!);
    return { axes: [axis], weights };
  });
  return { fixed, groups };
}
