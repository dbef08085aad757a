/**
 * How an ONNX tensor lies in a circuit tensor, as a strided array: every ONNX axis is a list of atoms, most significant first, and an
 * atom is `size` steps of `stride` cells in the row-major circuit tensor. ONNX index (i_0, i_1, ..) is the cell
 *
 *   sum over atoms of stride * digit,   the digits of i_a being its mixed-radix digits over the sizes of the atoms of axis a.
 *
 * Transposing permutes axes, reshaping regroups or splits atoms: neither costs anything until a relation needs the axes apart.
 */
import type { CircuitBuilder } from '../circuit/builder.ts';
import type { AxisMap, TensorId } from '../circuit/types.ts';

export interface Atom {
  readonly size: number;
  /** In cells of the circuit tensor. */
  readonly stride: number;
}

/** Atoms of every ONNX axis; an axis of size 1 has none. */
export type Layout = readonly (readonly Atom[])[];

/** Sizes of the atoms of every ONNX axis. */
export type Factors = readonly (readonly number[])[];

/** The ONNX tensor `tensor` viewed through `layout`; real value = integer * 2^-scale. */
export interface Value {
  readonly tensor: TensorId;
  readonly layout: Layout;
  readonly scale: number;
}

/** A circuit tensor with one axis an atom: ONNX axis a is made of the circuit axes `axes[a]`. */
export interface Arranged {
  readonly tensor: TensorId;
  readonly axes: Factors;
}

/** The row-major tensor of these factors in ONNX order; factors of 1 are circuit axes that no atom needs. */
export function layoutOf(factors: Factors): Layout {
  const strides = stridesOf(factors.flat()).values();
  return factors.map((list) =>
    list.map((size) => ({ size, stride: strides.next().value! })).filter((atom) => atom.size > 1),
  );
}

/** The value with leading ONNX axes of size 1 up to a rank. */
export function withRank(value: Value, rank: number): Value {
  const leading = Array.from({ length: rank - value.layout.length }, () => []);
  return { ...value, layout: [...leading, ...value.layout] };
}

/** Row-major strides of a shape. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let a = shape.length - 1, step = 1; a >= 0; step *= shape[a--]!) strides[a] = step;
  return strides;
}

export function factorsOf(layout: Layout): number[][] {
  return layout.map((atoms) => atoms.map((a) => a.size));
}

/** One factor an axis, none for size 1: the plain layout of a shape. */
export function plainFactors(shape: readonly number[]): number[][] {
  return shape.map((size) => (size === 1 ? [] : [size]));
}

/**
 * The layout with its axes regrouped to `factors`, in the same row-major order, by splitting and merging atoms; undefined where an
 * atom would have to be cut at no integer.
 */
export function regroup(layout: Layout, factors: Factors): Layout | undefined {
  const rest = layout.flat();
  const out: Atom[][] = [];
  for (const list of factors) {
    const atoms: Atom[] = [];
    for (let left = list.reduce((n, s) => n * s, 1); left > 1; ) {
      const atom = rest.shift()!;
      if (left % atom.size === 0) {
        atoms.push(atom);
        left /= atom.size;
      } else if (atom.size % left === 0) {
        const low = atom.size / left;
        atoms.push({ size: left, stride: atom.stride * low });
        rest.unshift({ size: low, stride: atom.stride });
        left = 1;
      } else return undefined;
    }
    out.push(atoms);
  }
  return out;
}

/** Joins neighbouring atoms that are one stretch of one circuit axis. */
export function coalesce(layout: Layout, shape: readonly number[]): Layout {
  const strides = stridesOf(shape);
  const axisOf = (atom: Atom): number => strides.findIndex((s, a) => atom.stride >= s && shape[a]! > 1);
  return layout.map((atoms) => {
    const out: Atom[] = [];
    for (const low of atoms) {
      const high = out.at(-1);
      const isOneStretch = high?.stride === low.size * low.stride && axisOf(high) === axisOf(low);
      if (isOneStretch) out[out.length - 1] = { size: high.size * low.size, stride: low.stride };
      else out.push(low);
    }
    return out;
  });
}

/** Factors of every axis that both layouts can be split into; those of `a` where no common split exists. */
export function commonFactors(a: Factors, b: Factors): number[][] {
  return a.map((list, axis) => {
    const other = b[axis]!;
    if (other.length === 0) return [...list];
    const cuts = (sizes: readonly number[]): number[] =>
      sizes.map((_, i) => sizes.slice(i + 1).reduce((n, s) => n * s, 1));
    const all = [...new Set([...cuts(list), ...cuts(other)])].sort((x, y) => x - y);
    if (list.length === 0) return [...other];
    const size = list.reduce((n, s) => n * s, 1);
    const isChain = all.every((cut, i) => (all[i + 1] ?? size) % cut === 0);
    return isChain ? all.map((cut, i) => (all[i + 1] ?? size) / cut).reverse() : [...list];
  });
}

/** Circuit cell of every ONNX index, both row-major: cells[j] of ONNX index j. */
export function cellsOfLayout(layout: Layout): Int32Array {
  let cells = Int32Array.of(0);
  for (const { size, stride } of layout.flat()) {
    const next = new Int32Array(cells.length * size);
    for (let i = 0; i < next.length; i++) next[i] = cells[Math.floor(i / size)]! + (i % size) * stride;
    cells = next;
  }
  return cells;
}

/**
 * The value as a circuit tensor with one axis an atom and the given factors, in any axis order: the tensor itself where its axes are
 * that already, else one view in ONNX order.
 */
export function arrange(b: CircuitBuilder, name: string, value: Value, factors: Factors): Arranged {
  const layout = regroup(value.layout, factors);
  const shape = b.shapeOf(value.tensor);
  const strides = stridesOf(shape);
  const isWhole = (atom: Atom): boolean => strides.some((s, a) => s === atom.stride && shape[a] === atom.size);
  if (layout !== undefined && isSplit(layout, factors)) {
    if (layout.flat().every(isWhole) && shape.every((s) => s > 1)) {
      return { tensor: value.tensor, axes: layout.map((atoms) => atoms.map((a) => strides.indexOf(a.stride))) };
    }
  }
  return viewInOrder(b, name, value, factors);
}

/** The value as a circuit tensor whose axes are exactly the factors in ONNX order. */
export function arrangeInOrder(b: CircuitBuilder, name: string, value: Value, factors: Factors): TensorId {
  const { tensor, axes } = arrange(b, name, value, factors);
  const isInOrder = axes.flat().every((axis, i) => axis === i);
  return isInOrder ? tensor : viewInOrder(b, name, value, factors).tensor;
}

function isSplit(layout: Layout, factors: Factors): boolean {
  return layout.every(
    (atoms, a) => atoms.length === factors[a]!.length && atoms.every((x, i) => x.size === factors[a]![i]),
  );
}

/** One view to a row-major tensor of the factors. */
function viewInOrder(b: CircuitBuilder, name: string, value: Value, factors: Factors): Arranged {
  const from = b.shapeOf(value.tensor);
  const shape = factors.flat();
  let next = 0;
  const axes = factors.map((list) => list.map(() => next++));
  return { tensor: b.view(name, value.tensor, shape, mapsBetween(value.layout, from, factors), 0), axes };
}

/**
 * Maps of the view, over as few axes at a time as the layout allows: the verifier's work for a listed map is the cells of its axes, so a
 * shuffle of channels must not list an image. Atoms and factors are cut into blocks of one size; blocks that share a circuit axis go together.
 */
function mapsBetween(layout: Layout, from: readonly number[], factors: Factors): AxisMap[] {
  const strides = stridesOf(from);
  const axisOf = ({ stride }: Atom): number => strides.findIndex((s, a) => stride >= s && from[a]! > 1);
  const groups = blocksOf(layout.flat(), factors.flat()).map(({ atoms, to }) => ({
    atoms,
    to,
    axes: new Set(atoms.map(axisOf)),
  }));
  const joined: typeof groups = [];
  for (const group of groups) {
    let { atoms, to, axes } = group;
    for (let i = joined.length - 1; i >= 0; i--) {
      const other = joined[i]!;
      if (![...other.axes].some((axis) => axes.has(axis))) continue;
      joined.splice(i, 1);
      ({ atoms, to, axes } = {
        atoms: [...other.atoms, ...atoms],
        to: [...other.to, ...to],
        axes: new Set([...other.axes, ...axes]),
      });
    }
    joined.push({ atoms, to, axes });
  }
  const listed = joined.flatMap(({ atoms, to, axes }) =>
    groupMap(
      atoms,
      to,
      [...axes].sort((a, b) => a - b),
      from,
    ),
  );
  const alone = from.flatMap((size, axis): AxisMap[] =>
    size > 1 ? [] : [{ kind: 'index', from: [axis], to: [], map: null }],
  );
  return [...listed, ...alone];
}

interface Block {
  readonly atoms: readonly Atom[];
  /** Axes of the view. */
  readonly to: readonly number[];
}

/** The finest cut of both lists into pieces of equal products, in order. Axes of one cell join the piece before them. */
function blocksOf(atoms: readonly Atom[], sizes: readonly number[]): Block[] {
  const blocks: { atoms: Atom[]; to: number[] }[] = [];
  let [next, cells, places] = [0, 1, 1];
  let block: { atoms: Atom[]; to: number[] } = { atoms: [], to: [] };
  sizes.forEach((size, axis) => {
    block.to.push(axis);
    places *= size;
    while (cells < places) {
      const atom = atoms[next++]!;
      block.atoms.push(atom);
      cells *= atom.size;
    }
    if (cells !== places || block.atoms.length === 0) return;
    blocks.push(block);
    [block, cells, places] = [{ atoms: [], to: [] }, 1, 1];
  });
  if (block.to.length > 0) blocks.push(block);
  return blocks;
}

/** The map of some circuit axes to some axes of the view; an axis of one cell that comes from none is new. */
function groupMap(
  atoms: readonly Atom[],
  to: readonly number[],
  axes: readonly number[],
  from: readonly number[],
): AxisMap[] {
  if (axes.length === 0) return to.map((axis) => ({ kind: 'broadcast', to: axis }));
  const strides = stridesOf(from);
  const own = stridesOf(axes.map((a) => from[a]!));
  const inside = atoms.map(({ size, stride }): Atom => {
    const at = axes.findIndex((a) => stride >= strides[a]!);
    return { size, stride: (stride / strides[axes[at]!]!) * own[at]! };
  });
  const cells = cellsOfLayout([inside]);
  const isReshape = cells.every((cell, j) => cell === j);
  if (isReshape && axes.length === 1 && to.length === 1) return [{ kind: 'keep', from: axes[0]!, to: to[0]! }];
  return [{ kind: 'index', from: axes, to, map: isReshape ? null : cells }];
}
