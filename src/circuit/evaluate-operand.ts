/** Operands of one contraction at one index of the labels that were peeled, and where their cells are. */
import type { Labels } from './contract.ts';
import { stridesOf } from './evaluate-view.ts';
import type { Stored } from './storage.ts';
import type { Window } from './types.ts';

/** An operand at one index of the labels that were peeled. */
export interface Operand<Axis> {
  readonly at: Stored;
  /** Cell where it starts in `at`. */
  readonly offset: number;
  readonly axes: readonly Axis[];
  readonly shape: readonly number[];
}

export interface Product {
  readonly a: Operand<string>;
  readonly b: Operand<string | Window>;
  readonly out: Operand<string>;
}

/** The windows of a tensor whose last one to three axes are windows, z, y and x; a missing y is trivial. */
export interface Plane {
  /** The window z, where there is one. */
  readonly deep: { readonly depth: number; readonly kernel: number; readonly window: Window } | undefined;
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly places: readonly [number, number];
  /** Strides, dilations and pads: y, x each, as the kernels take them. */
  readonly steps: readonly number[];
}

export function planeOf(labels: Labels, b: Operand<string | Window>): Plane | undefined {
  const rank = b.axes.length;
  const windows = b.axes.filter((axis) => typeof axis !== 'string');
  const isLast = b.axes.slice(rank - windows.length).every((axis) => typeof axis !== 'string');
  const x = windows.at(-1);
  if (x === undefined || windows.length > 3 || !isLast) return undefined;
  const [z, y] = [windows.at(-3), windows.at(-2)];
  const size = (label: string | undefined): number => (label === undefined ? 1 : labels.sizes.get(label)!);
  return {
    deep: z && { depth: b.shape[rank - 3]!, kernel: size(z.kernel), window: z },
    height: y === undefined ? 1 : b.shape[rank - 2]!,
    width: b.shape[rank - 1]!,
    kernel: [size(y?.kernel), size(x.kernel)],
    places: [size(y?.out), size(x.out)],
    steps: [y?.stride ?? 1, x.stride, y?.dilation ?? 1, x.dilation, y?.pad ?? 0, x.pad],
  };
}

export function pointer(x: Operand<unknown>): number {
  return x.at.ptr + x.at.kind * x.offset;
}

export function sameList(x: readonly unknown[], y: readonly unknown[]): boolean {
  return x.length === y.length && x.every((v, i) => v === y[i]);
}

/** The labels of the remaining axes in the order that the matrices use, k in B's order with window kernels last. */
export interface Order {
  readonly m: readonly string[];
  readonly n: readonly string[];
  readonly k: readonly string[];
  readonly batch: readonly string[];
  readonly windows: readonly Window[];
}

export function orderOf({ a, b, out }: Product): Order {
  const windows = b.axes.filter((axis) => typeof axis !== 'string');
  const plain = b.axes.filter((axis) => typeof axis === 'string');
  const labels = b.axes.map((axis) => (typeof axis === 'string' ? axis : axis.out));
  return {
    m: a.axes.filter((l) => out.axes.includes(l) && !plain.includes(l)),
    n: labels.filter((l) => out.axes.includes(l) && !a.axes.includes(l)),
    k: [...plain.filter((l) => !out.axes.includes(l)), ...windows.map((w) => w.kernel)],
    batch: plain.filter((l) => a.axes.includes(l) && out.axes.includes(l)),
    windows,
  };
}

/** Offset of each flat index over `labels` in a tensor; labels that the tensor lacks do not move it. */
export function offsetsOf(labels: readonly string[], sizes: Labels['sizes'], x: Operand<string | Window>): Int32Array {
  const strides = stridesOf(x.shape);
  let offsets = Int32Array.of(0);
  for (const label of labels) {
    const axis = x.axes.indexOf(label);
    const size = sizes.get(label)!;
    const step = axis < 0 ? 0 : strides[axis]!;
    const previous = offsets;
    offsets = new Int32Array(previous.length * size);
    for (let i = 0; i < offsets.length; i++) offsets[i] = previous[Math.floor(i / size)]! + (i % size) * step;
  }
  return offsets;
}
