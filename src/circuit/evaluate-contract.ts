/**
 * A contraction as matrix products: for every index of the outer labels, C[i, j] = sum_k A[i, k] B[j, k] with i over A's own labels,
 * j over B's own (the places of its windows) and k over the summed ones. Labels that lead their tensors are peeled, the rest is
 * multiplied (evaluate-matrix.ts); depthwise windows go straight to their kernel.
 *
 * Everything is exact modulo 2^32 and every result is below 2^31, so an operand wider than int16 may be cut in two limbs,
 * x = 2^15 (x >> 15) + (x & 0x7fff), whatever the partial sums do.
 */
import type { Labels } from './contract.ts';
import { labelsOf } from './contract.ts';
import { multiply } from './evaluate-matrix.ts';
import type { Operand, Plane, Product } from './evaluate-operand.ts';
import { planeOf, pointer, sameList } from './evaluate-operand.ts';
import type { Storage, Stored } from './storage.ts';
import { inParallel } from './storage.ts';
import type { Contract, Window } from './types.ts';
import { cellsOf } from './types.ts';

const LIMB = 15;

/** Writes the contraction of two stored tensors to `out` (i32). */
export function evaluateContract(
  storage: Storage,
  def: Contract,
  a: { readonly at: Stored; readonly shape: readonly number[] },
  b: { readonly at: Stored; readonly shape: readonly number[] },
  out: { readonly at: Stored; readonly shape: readonly number[] },
  where: string,
): void {
  const { machine } = storage;
  const labels = labelsOf(def, { a: a.shape, b: b.shape, out: out.shape }, where);
  const limbsOfA = limbsOf(storage, a.at);
  const limbsOfB = limbsOf(storage, b.at);
  const isSplit = limbsOfA.length * limbsOfB.length > 1;
  const partial = isSplit ? storage.alloc(4, out.at.length) : out.at;
  if (isSplit) machine.raw.fillI32(out.at.ptr, 0, 0, out.at.length);
  for (const x of limbsOfA) {
    for (const y of limbsOfB) {
      contractI16(storage, labels, {
        a: { at: x.at, offset: 0, axes: def.aAxes, shape: a.shape },
        b: { at: y.at, offset: 0, axes: def.bAxes, shape: b.shape },
        out: { at: partial, offset: 0, axes: def.out, shape: out.shape },
      });
      if (isSplit) machine.raw.axpyInt(out.at.ptr, partial.ptr, 4, x.weight * y.weight, 0, out.at.length);
    }
  }
  for (const limb of [...limbsOfA, ...limbsOfB]) if (limb.at !== a.at && limb.at !== b.at) storage.release(limb.at);
  if (isSplit) storage.release(partial);
}

/** The tensor itself where it is i16, else its low 15 bits and the rest. */
function limbsOf(storage: Storage, at: Stored): readonly { readonly at: Stored; readonly weight: number }[] {
  if (at.kind === 2) return [{ at, weight: 1 }];
  const { raw } = storage.machine;
  const wide = storage.alloc(4, at.length);
  const low = storage.alloc(2, at.length);
  const high = storage.alloc(2, at.length);
  raw.bitsInt(at.ptr, 4, 0, LIMB, wide.ptr, 0, at.length);
  raw.shiftInt(wide.ptr, 0, low.ptr, 2, 0, at.length);
  raw.shiftInt(at.ptr, LIMB, high.ptr, 2, 0, at.length);
  storage.release(wide);
  return [
    { at: low, weight: 1 },
    { at: high, weight: 2 ** LIMB },
  ];
}

/** Peels the labels that lead all tensors they occur in, then multiplies. */
function contractI16(storage: Storage, labels: Labels, product: Product): void {
  const { a, b, out } = product;
  const [label] = out.axes;
  const inA = a.axes[0] === label;
  const canPeel = b.axes[0] === label && (inA || (hasWindows(b) && !a.axes.includes(label!)));
  const plane = planeOf(labels, b);
  if (plane !== undefined && plane.deep === undefined && isDepthwise(product)) {
    depthwise(storage, plane, product);
  } else if (label !== undefined && canPeel) {
    for (let i = 0; i < out.shape[0]!; i++) {
      contractI16(storage, labels, { a: inA ? tail(a, i) : a, b: tail(b, i), out: tail(out, i) });
    }
  } else {
    multiply(storage, labels, product, plane);
  }
}

/** The operand at index i of its first axis. */
function tail<Axis>(x: Operand<Axis>, i: number): Operand<Axis> {
  const shape = x.shape.slice(1);
  return { at: x.at, offset: x.offset + i * cellsOf(shape), axes: x.axes.slice(1), shape };
}

function hasWindows(b: Operand<string | Window>): boolean {
  return b.axes.some((axis) => typeof axis !== 'string');
}

/** A[c, kernel], B[c, windows], out[c, places] with the axes in this order: every channel for itself. */
function isDepthwise({ a, b, out }: Product): boolean {
  const windows = b.axes.slice(1).filter((axis) => typeof axis !== 'string');
  const channel = out.axes[0];
  return (
    channel !== undefined &&
    sameList(b.axes, [channel, ...windows]) &&
    sameList(a.axes, [channel, ...windows.map((w) => w.kernel)]) &&
    sameList(out.axes, [channel, ...windows.map((w) => w.out)])
  );
}

function depthwise({ machine }: Storage, plane: Plane, { a, b, out }: Product): void {
  const { height, width, kernel, places, steps } = plane;
  const work = cellsOf(kernel) * cellsOf(places);
  const image = [height, width, ...kernel, ...steps, ...places];
  inParallel(machine, 'windowsI16', out.shape[0]!, work, (from, to) => [
    pointer(b),
    pointer(a),
    ...image,
    from,
    to,
    pointer(out),
  ]);
}
