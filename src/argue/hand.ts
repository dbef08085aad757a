/**
 * What only the prover holds: the integer values of every tensor, and the passes over them that the argument asks for. Each pass is
 * a fold of small integers by extension weights; the result is an E table padded to powers of two.
 */
import type { Witness } from '../circuit/evaluate.ts';
import { type Circuit, type Contract, cellsOf, type TensorId, type Window } from '../circuit/types.ts';
import { Ext } from '../field/ext.ts';
import { bitsFor, eqTable, type Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { allocExt, eqVector, forRanges, outerVectors, readScalars, uploadExts } from '../kernels/vectors.ts';
import type { ContractPlan, Coordinates } from './contract.ts';
import type { Group } from './view.ts';
import { windowWeights } from './weights.ts';

/** Integer values in kernel memory: kind 2 is i16, 4 is i32. */
export interface IntValues {
  readonly kind: 2 | 4;
  readonly ptr: number;
}

interface AxisWeights {
  readonly ptr: number;
  readonly length: number;
}

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
      scatterColumn(m, column, 2 ** wholeBits, table, 2 ** tapBits, tapIndex(taps, plan.sizes, combination));
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
    const m = this.machine;
    const { shape } = this.circuit.tensors[tensor]!;
    const kept = shape.flatMap((_, a) => (weights[a] === null ? [a] : []));
    const pattern = foldPattern(shape, weights);
    const source = pattern === 'mixed' ? this.#arrange(tensor, weights) : this.values(tensor);
    const w = outerVectors(
      m,
      weights.filter((x) => x !== null),
    );
    const length = kept.reduce((n, a) => n * shape[a]!, 1);
    const dst = allocExt(m, length);
    const small = source.kind === 2;
    if (pattern === 'trailing') {
      const kernel = small ? 'dotRowsI16' : 'dotRowsI32';
      // one long row has no rows to share out, but is a fold of many rows of one cell: left to one thread (2026-11-22)
      const grain = Math.max(1, Math.floor((1 << 15) / w.length));
      forRanges(m, kernel, length, grain, (from, to) => [source.ptr, w.length, w.length, w.ptr, from, to, dst]);
    } else {
      m.raw.zeroExt(dst, length);
      const kernel = small ? 'foldRowsI16' : 'foldRowsI32';
      const grain = Math.max(8, Math.floor((1 << 15) / w.length));
      forRanges(m, kernel, length, grain, (from, to) => [source.ptr, length, w.length, w.ptr, from, to, dst]);
    }
    return { ptr: dst, axes: kept };
  }

  /** Copies the values with the weighted axes first. */
  #arrange(tensor: TensorId, weights: readonly (AxisWeights | null)[]): IntValues {
    const { shape } = this.circuit.tensors[tensor]!;
    const source = this.values(tensor);
    const axes = shape.map((_, a) => a);
    const order = [...axes.filter((a) => weights[a] !== null), ...axes.filter((a) => weights[a] === null)];
    const count = cellsOf(shape);
    const ptr = this.machine.alloc(source.kind * count);
    const view = (at: number) => (source.kind === 2 ? this.machine.i16(at, count) : this.machine.i32(at, count));
    permute(view(source.ptr), shape, order, view(ptr));
    return { kind: source.kind, ptr };
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

type FoldPattern = 'leading' | 'trailing' | 'mixed';

/** Where the weighted axes are, axes of one cell aside. */
function foldPattern(shape: readonly number[], weights: readonly (AxisWeights | null)[]): FoldPattern {
  const long = shape.flatMap((size, a) => (size > 1 ? [weights[a] !== null] : []));
  const firstKept = long.indexOf(false);
  if (firstKept < 0) return 'trailing';
  if (!long.slice(firstKept).includes(true)) return 'leading';
  return long.slice(0, long.lastIndexOf(false) + 1).includes(true) ? 'mixed' : 'trailing';
}

function stride(axes: readonly number[], shape: readonly number[], axis: number): number {
  return axes.slice(axes.indexOf(axis) + 1).reduce((n, a) => n * shape[a]!, 1);
}

function permute(
  from: ArrayLike<number>,
  shape: readonly number[],
  order: readonly number[],
  to: { [i: number]: number },
): void {
  const axes = shape.map((_, a) => a);
  const strides = order.map((a) => stride(axes, shape, a));
  const index = order.map(() => 0);
  const count = cellsOf(shape);
  let at = 0;
  for (let i = 0; i < count; i++) {
    to[i] = from[at]!;
    for (let a = order.length - 1; a >= 0; a--) {
      at += strides[a]!;
      if (++index[a]! < shape[order[a]!]!) break;
      at -= strides[a]! * index[a]!;
      index[a] = 0;
    }
  }
}

/** A dense E vector over axes of `sizes` -> a table with every axis padded to a power of two, zero outside. */
function padTable(m: Machine, dense: number, sizes: readonly number[], strides?: readonly number[]): number {
  const total = 2 ** sizes.reduce((n, s) => n + bitsFor(s), 0);
  const cells = cellsOf(sizes);
  if (total === cells && strides === undefined) return dense;
  const dst = allocExt(m, total);
  m.raw.zeroExt(dst, total);
  const from = m.u32(dense, extBytes(cells) / 4);
  const to = m.u32(dst, extBytes(total) / 4);
  const axes = sizes.map((_, a) => a);
  const steps = strides ?? axes.map((a) => stride(axes, sizes, a));
  const padSteps = axes.map((a) => 2 ** sizes.slice(a + 1).reduce((n, s) => n + bitsFor(s), 0));
  const index = axes.map(() => 0);
  let at = 0;
  let put = 0;
  for (let i = 0; i < cells; i++) {
    copyElement(from, at, to, put);
    for (let a = axes.length - 1; a >= 0; a--) {
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

/** table[i * stride + offset] = column[i]. */
function scatterColumn(m: Machine, column: number, count: number, table: number, stride: number, offset: number): void {
  const from = m.u32(column, extBytes(count) / 4);
  const to = m.u32(table, extBytes(count * stride) / 4);
  for (let i = 0; i < count; i++) copyElement(from, i, to, i * stride + offset);
}

function copyElement(from: Uint32Array, at: number, to: Uint32Array, put: number): void {
  const o = 16 * (at >>> 2) + (at & 3);
  const d = 16 * (put >>> 2) + (put & 3);
  to[d] = from[o]!;
  to[d + 4] = from[o + 4]!;
  to[d + 8] = from[o + 8]!;
  to[d + 12] = from[o + 12]!;
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
