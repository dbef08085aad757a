/**
 * What only the prover holds: the integer values of every tensor, and the passes over them that the argument asks for. Each pass is
 * a fold of small integers by extension weights; the result is an E table padded to powers of two.
 */
import type { Witness } from '../circuit/evaluate.ts';
import { type Circuit, type Contract, cellsOf, type TensorId, type Window } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { bitsFor, eqTable, type Point } from '../field/mle.ts';
import type { Machine } from '../kernels/kernels.ts';
import { allocExt, eqVector, forRanges, outerVectors, readScalars, uploadExts } from '../kernels/vectors.ts';
import type { ContractPlan, Coordinates } from './contract.ts';
import { type AxisWeights, foldAxes, type IntValues } from './fold.ts';
import type { Group } from './view.ts';
import { windowWeights } from './weights.ts';

export class Hand {
  readonly machine: Machine;
  readonly circuit: Circuit;
  readonly #witness: Witness;

  constructor(machine: Machine, circuit: Circuit, witness: Witness) {
    this.machine = machine;
    this.circuit = circuit;
    this.#witness = witness;
  }

  /** @throws RangeError where the evaluator kept no values: a bug of the compiler, never of the caller. */
  values(tensor: TensorId): IntValues {
    const { def, shape, name } = this.circuit.tensors[tensor]!;
    const kept = this.#witness.tensors.get(tensor);
    if (kept !== undefined) return kept;
    if (def.kind !== 'constant') throw new RangeError(`the run kept no values of ${name}`);
    const ptr = this.machine.alloc(4 * cellsOf(shape));
    this.machine.raw.fillI32(ptr, def.value, 0, cellsOf(shape));
    return { kind: 4, ptr };
  }

  /** True where the run kept the tensor's values: columns, lookups, operands, sources of views. */
  holds(tensor: TensorId): boolean {
    return this.#witness.tensors.has(tensor) || this.circuit.tensors[tensor]!.def.kind === 'constant';
  }

  /** sum over the axes with coordinates; the others, in the order of `keep`, are the table's variables. */
  fold(tensor: TensorId, fixed: readonly (Point | null)[], keep: readonly number[]): number {
    const { shape } = this.circuit.tensors[tensor]!;
    const weights = fixed.map((p, a) => (p === null ? null : { ptr: eqVector(this.machine, p), length: shape[a]! }));
    return this.#pad(this.#foldDense(tensor, weights), shape, keep);
  }

  /** Product of the groups' weights as one E table over their axes, padded axis by axis. */
  groupTable(shape: readonly number[], groups: readonly Group[]): number {
    const padded = groups.map((g) => {
      const sizes = g.axes.map((a) => shape[a]!);
      const ptr = uploadExts(this.machine, g.weights);
      const table = padTable(this.machine, ptr, sizes);
      return { ptr: table, length: 2 ** sizes.reduce((n, s) => n + bitsFor(s), 0) };
    });
    return outerVectors(this.machine, padded).ptr;
  }

  /** All of a tensor as a table of its variables. */
  whole(tensor: TensorId): number {
    const { shape } = this.circuit.tensors[tensor]!;
    return this.fold(
      tensor,
      shape.map(() => null),
      shape.map((_, a) => a),
    );
  }

  /** Writes cells from .. to of a tensor to an E vector. */
  write(tensor: TensorId, from: number, to: number, dst: number): void {
    const m = this.machine;
    const mark = m.mark();
    const { kind, ptr } = this.values(tensor);
    const one = uploadExts(m, [Ext.ONE]);
    m.raw.zeroExt(dst, to - from);
    forRanges(m, kind === 2 ? 'foldRowsI16' : 'foldRowsI32', to - from, 4096, (x, y) => {
      return [ptr + kind * from, to - from, 1, one, x, y, dst];
    });
    m.release(mark);
  }

  /** sum_x t(fixed, x) prod_g S_g(x_g). */
  foldGroups(tensor: TensorId, fixed: readonly (Point | null)[], groups: readonly Group[]): Ext {
    const m = this.machine;
    const mark = m.mark();
    const { shape } = this.circuit.tensors[tensor]!;
    const weights: (AxisWeights | null)[] = fixed.map((p, a) =>
      p === null ? null : { ptr: eqVector(m, p), length: shape[a]! },
    );
    const axes = groups.flatMap((g) => g.axes);
    const dense = this.#foldDense(tensor, weights);
    const table = this.#pad(dense, shape, axes);
    const variables = axes.reduce((n, a) => n + bitsFor(shape[a]!), 0);
    const out = m.alloc(16);
    m.raw.dotExt(table, this.groupTable(shape, groups), 0, 2 ** variables, out);
    const [value] = readScalars(m, out, 1);
    m.release(mark);
    return value!;
  }

  /** eq(r, x_hi) over x of r.length + rest variables: constant in the low ones. */
  broadcastEq(r: Point, rest: number): number {
    const ones = uploadExts(this.machine, new Array<Ext>(2 ** rest).fill(Ext.ONE));
    return outerVectors(this.machine, [
      { ptr: eqVector(this.machine, r), length: 2 ** r.length },
      { ptr: ones, length: 2 ** rest },
    ]).ptr;
  }

  /** V(batch, k) of a contract: B folded by eq(r_n) and the windows, one pass for each tap. */
  windowTable(def: Contract, plan: ContractPlan, r: Coordinates, shape: readonly number[]): number {
    const m = this.machine;
    const bShape = this.circuit.tensors[def.b]!.shape;
    const whole = [...plan.batch, ...plan.summed.filter((l) => def.bAxes.includes(l))];
    const keep = whole.map((l) => def.bAxes.indexOf(l));
    const fixed = def.bAxes.map((axis, a) =>
      typeof axis === 'string' && !whole.includes(axis) ? { ptr: eqVector(m, r.get(axis)!), length: bShape[a]! } : null,
    );
    const taps = plan.summed.filter((l) => !def.bAxes.includes(l));
    const tapBits = taps.reduce((n, l) => n + bitsFor(plan.sizes.get(l)!), 0);
    const wholeBits = keep.reduce((n, a) => n + bitsFor(bShape[a]!), 0);
    const table = allocExt(m, 2 ** (wholeBits + tapBits));
    m.raw.zeroExt(table, 2 ** (wholeBits + tapBits));
    const slides = plan.windows.map(({ axis, window }) => ({
      axis,
      kernel: window.kernel,
      taps: this.#tapWeights(
        window,
        plan.sizes.get(window.kernel)!,
        r,
        shape[def.out.indexOf(window.out)]!,
        bShape[axis]!,
      ),
    }));
    for (const combination of tapCombinations(taps, plan.sizes)) {
      const mark = m.mark();
      const weights = [...fixed];
      for (const { axis, kernel, taps } of slides) weights[axis] = taps[combination.get(kernel)!]!;
      const column = this.#pad(this.#foldDense(def.b, weights), bShape, keep);
      const tap = tapIndex(taps, plan.sizes, combination);
      m.raw.moveExt(column, 0, table, tap, 1, 0, 0, 1, 0, 0, 2 ** wholeBits, 1, 2 ** tapBits);
      m.release(mark);
    }
    return table;
  }

  /** Weights of a window's source axis for each single tap. */
  #tapWeights(window: Window, size: number, r: Coordinates, outSize: number, inSize: number): AxisWeights[] {
    const outEq = eqTable(r.get(window.out)!);
    return Array.from({ length: size }, (_, tap) => {
      const unit = Array.from({ length: size }, (_, k) => (k === tap ? Ext.ONE : Ext.ZERO));
      const s = windowWeights(window, outSize, outEq, unit, inSize);
      return { ptr: uploadExts(this.machine, s), length: s.length };
    });
  }

  /** Dense E vector over the axes without weights, in the tensor's order. */
  #foldDense(tensor: TensorId, weights: readonly (AxisWeights | null)[]): DenseTable {
    const { shape } = this.circuit.tensors[tensor]!;
    const axes = shape.flatMap((_, a) => (weights[a] === null ? [a] : []));
    return { ptr: foldAxes(this.machine, this.values(tensor), shape, weights), axes };
  }

  /** Pads each kept axis to a power of two, in the order of `keep`. */
  #pad(dense: DenseTable, shape: readonly number[], keep: readonly number[]): number {
    if (keep.some((a, i) => a !== dense.axes[i])) {
      return padTable(
        this.machine,
        dense.ptr,
        keep.map((a) => shape[a]!),
        keep.map((a) => stride(dense.axes, shape, a)),
      );
    }
    return padTable(
      this.machine,
      dense.ptr,
      keep.map((a) => shape[a]!),
    );
  }
}

interface DenseTable {
  readonly ptr: number;
  readonly axes: readonly number[];
}

function stride(axes: readonly number[], shape: readonly number[], axis: number): number {
  return axes.slice(axes.indexOf(axis) + 1).reduce((n, a) => n * shape[a]!, 1);
}

/** Size, step in the source and step in the result of three axes. */
type Nine = [number, number, number, number, number, number, number, number, number];

/** A dense E vector over axes of `sizes` -> a table with every axis padded to a power of two, zero outside. */
function padTable(m: Machine, dense: number, sizes: readonly number[], strides?: readonly number[]): number {
  const total = 2 ** sizes.reduce((n, s) => n + bitsFor(s), 0);
  const cells = cellsOf(sizes);
  if (total === cells && strides === undefined) return dense;
  const dst = allocExt(m, total);
  if (total > cells) m.raw.zeroExt(dst, total);
  const axes = sizes.map((_, a) => a);
  const steps = strides ?? axes.map((a) => stride(axes, sizes, a));
  const padSteps = axes.map((a) => 2 ** sizes.slice(a + 1).reduce((n, s) => n + bitsFor(s), 0));
  // the last three axes in one call
  const inner = axes.slice(-3);
  const box = [-3, -2, -1].flatMap((a) => [sizes.at(a) ?? 1, steps.at(a) ?? 0, padSteps.at(a) ?? 0]);
  const outer = axes.slice(0, -3);
  const index = outer.map(() => 0);
  let at = 0;
  let put = 0;
  const count = cells / inner.reduce((n, a) => n * sizes[a]!, 1);
  for (let i = 0; i < count; i++) {
    m.raw.moveExt(dense, at, dst, put, ...(box as Nine));
    for (let a = outer.length - 1; a >= 0; a--) {
      at += steps[a]!;
      put += padSteps[a]!;
      if (++index[a]! < sizes[a]!) break;
      at -= steps[a]! * sizes[a]!;
      put -= padSteps[a]! * sizes[a]!;
      index[a] = 0;
    }
  }
  return dst;
}

function* tapCombinations(taps: readonly string[], sizes: ReadonlyMap<string, number>): Generator<Map<string, number>> {
  const count = taps.reduce((n, l) => n * sizes.get(l)!, 1);
  for (let c = 0; c < count; c++) {
    const out = new Map<string, number>();
    let rest = c;
    for (const label of [...taps].reverse()) {
      out.set(label, rest % sizes.get(label)!);
      rest = Math.floor(rest / sizes.get(label)!);
    }
    yield out;
  }
}

function tapIndex(
  taps: readonly string[],
  sizes: ReadonlyMap<string, number>,
  at: ReadonlyMap<string, number>,
): number {
  return taps.reduce((n, l) => n * 2 ** bitsFor(sizes.get(l)!) + at.get(l)!, 0);
}
