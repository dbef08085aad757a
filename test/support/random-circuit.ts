/**
 * Random legal circuits, small and odd: each step picks a tensor that is there and makes another from it by one method of the builder;
 * what nothing has read at the end is an output. The same seed gives the same circuit.
 */
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { type AxisMap, cellsOf, type Range, type TensorId, type Window } from '../../src/circuit/types.ts';
import { TesseraError } from '../../src/errors.ts';
import type { Tiny } from './tiny.ts';

export interface RandomCircuit extends Omit<Tiny, 'input'> {
  readonly inputs: readonly Int32Array[];
}

/** Cells of one tensor, unless told otherwise: keeps the plain kernels fast. */
export const MOST_CELLS = 160;
/** Sizes of axes, those of large circuits behind them. */
const SIZES = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9];
const LARGE_SIZES = [16, 17, 31, 33, 64, 100];
/** Of what a lookup's table is made. */
const TABLE_BITS = 9;
const LARGEST = 2 ** 30;

/** Even integers below n; the same for the same seed. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 2654435761) >>> 0;
  }

  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    const mixed = Math.imul(this.#state ^ (this.#state >>> 15), 0x2c1b3c6d) >>> 0;
    return Math.floor(((mixed ^ (mixed >>> 13)) >>> 0) * (n / 2 ** 32));
  }

  between(lo: number, hi: number): number {
    return lo + this.below(hi - lo + 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  chance(n: number): boolean {
    return this.below(n) === 0;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
}

export function randomCircuit(seed: number, mostCells: number = MOST_CELLS): RandomCircuit {
  return new Maker(seed, mostCells).make();
}

class Maker {
  readonly #b: CircuitBuilder;
  readonly #dice: Dice;
  readonly #mostCells: number;
  readonly #sizes: readonly number[];
  readonly #inputs: Int32Array[] = [];
  /** What may be read. */
  readonly #pool: TensorId[] = [];
  readonly #read = new Set<TensorId>();
  #outputs = 0;
  /** Whether some output can hold more than one value. */
  #canLie = false;
  #names = 0;

  constructor(seed: number, mostCells: number) {
    this.#dice = new Dice(seed);
    this.#mostCells = mostCells;
    this.#sizes = mostCells > MOST_CELLS ? [...SIZES, ...LARGE_SIZES] : SIZES;
    this.#b = new CircuitBuilder(`random ${seed}`);
  }

  make(): RandomCircuit {
    const d = this.#dice;
    for (let i = d.between(1, 2); i > 0; i--) this.#input();
    const steps = [this.#linear, this.#product, this.#view, this.#view, this.#view, this.#contract, this.#contract];
    const all = [
      ...steps,
      this.#requantise,
      this.#requantise,
      this.#pin,
      this.#exactShift,
      this.#choose,
      this.#quotient,
    ];
    for (let i = d.between(3, 12); i > 0; i--) {
      const step = d.pick(all);
      this.#attempt(() => step.call(this, d.pick(this.#pool)));
    }
    for (const t of this.#pool) if (!this.#read.has(t)) this.#output(t);
    if (!this.#canLie) this.#output(this.#pool.at(-1)!);
    return { ...this.#b.build(), inputs: this.#inputs };
  }

  /** A step that would leave the integers' range is given up: the builder has added nothing. */
  #attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      if (!(error instanceof TesseraError && error.code === 'E_RANGE')) throw error;
    }
  }

  #name(what: string): string {
    return `${what}${this.#names++}`;
  }

  #add(id: TensorId, ...read: readonly TensorId[]): TensorId {
    this.#pool.push(id);
    for (const t of read) this.#read.add(t);
    return id;
  }

  #size(): number {
    return this.#dice.pick(this.#sizes);
  }

  #shape(most: number): number[] {
    const shape: number[] = [];
    for (let rank = this.#dice.below(5); rank > 0; rank--) {
      const size = this.#size();
      if (cellsOf(shape) * size <= most) shape.push(size);
    }
    return shape;
  }

  #values(shape: readonly number[], { lo, hi }: Range): Int32Array {
    return Int32Array.from({ length: cellsOf(shape) }, () =>
      this.#dice.chance(6) ? this.#dice.pick([lo, hi]) : this.#dice.between(lo, hi),
    );
  }

  // ---- columns -------------------------------------------------------------------------------------------------------

  #input(): void {
    const shape = this.#shape(0.6 * this.#mostCells);
    const range = this.#dice.pick([
      { lo: -8, hi: 7 },
      { lo: 0, hi: 1 },
      { lo: 3, hi: 200 },
      { lo: 0, hi: 0 },
      { lo: -20, hi: -4 },
      { lo: -70_000, hi: 3000 },
      { lo: 0, hi: 2 ** 18 - 1 },
    ]);
    const port = { name: this.#name('x'), shape, range, scale: 0 };
    this.#inputs.push(this.#values(shape, range));
    this.#add(this.#b.input(port));
  }

  /** A tensor of a given shape: committed, constant, or cells of another in some order. */
  #operand(shape: readonly number[]): TensorId {
    const d = this.#dice;
    const same = this.#pool.filter((t) => this.#b.shapeOf(t).join() === shape.join());
    const kind = d.below(8);
    if (kind < 3 && same.length > 0) return d.pick(same);
    if (kind < 5) {
      const source = d.pick(this.#pool);
      const from = this.#b.shapeOf(source);
      const map = this.#cells(cellsOf(shape), cellsOf(from), d.chance(2));
      const whole = { kind: 'index', from: from.map((_, a) => a), to: shape.map((_, a) => a), map } as const;
      return this.#add(this.#b.view(this.#name('gather'), source, shape, [whole], d.between(-2, 2)), source);
    }
    if (kind === 5) return this.#add(this.#b.constant(this.#name('c'), shape, d.between(-3, 3)));
    const reach = d.pick([1, 5, 127, 40_000]);
    const values = this.#values(shape, { lo: -reach, hi: reach });
    return this.#add(this.#b.weight(this.#name('w'), shape, values));
  }

  /** An index map with or without fill. */
  #cells(count: number, from: number, isFilled: boolean): Int32Array {
    return Int32Array.from({ length: count }, () => this.#dice.between(isFilled ? -1 : 0, from - 1));
  }

  // ---- virtual tensors -----------------------------------------------------------------------------------------------

  #linear(t: TensorId): void {
    const d = this.#dice;
    const tensors = [t, ...Array.from({ length: d.below(4) }, () => this.#operand(this.#b.shapeOf(t)))];
    if (d.chance(3)) tensors.push(d.pick(tensors));
    const terms = tensors.map((tensor) => ({ tensor, coefficient: d.pick([1, 1, -1, 2, -3, 0, 17]) }));
    this.#add(this.#b.linear(this.#name('sum'), terms, { constant: d.pick([0, 0, 1, -5]) }), ...tensors);
  }

  #product(t: TensorId): void {
    const other = this.#dice.chance(4) ? t : this.#operand(this.#b.shapeOf(t));
    const [a, b] = this.#dice.shuffled([t, other]) as [TensorId, TensorId];
    this.#add(this.#b.product(this.#name('product'), a, b), a, b);
  }

  /** Every axis through a map of its own, or two of them through one; new axes; all in any order. */
  #view(t: TensorId): void {
    const d = this.#dice;
    const from = this.#b.shapeOf(t);
    const parts: { from: number[]; to: number[]; map: (f: number[], to: number[]) => AxisMap }[] = [];
    const axes = d.shuffled(from.map((_, a) => a));
    while (axes.length > 0) parts.push(this.#part(axes.splice(0, d.chance(3) ? 2 : 1), from));
    if (d.chance(3)) parts.push({ from: [], to: [this.#size()], map: (_, [to]) => ({ kind: 'broadcast', to: to! }) });
    if (parts.length === 0 || d.chance(6)) {
      const map = d.chance(2) ? null : Int32Array.of(0);
      parts.push({ from: [], to: map === null ? [1] : [], map: (f, to) => ({ kind: 'index', from: f, to, map }) });
    }
    const places = d.shuffled(parts.flatMap((part, p) => part.to.map((size, i) => ({ size, p, i }))));
    const shape = places.map((place) => place.size);
    if (cellsOf(shape) > this.#mostCells) return;
    const maps = parts.map((part, p) =>
      part.map(
        part.from,
        part.to.map((_, i) => places.findIndex((place) => place.p === p && place.i === i)),
      ),
    );
    this.#add(this.#b.view(this.#name('view'), t, shape, d.shuffled(maps), d.pick([0, 0, 0, 7, -1])), t);
  }

  #part(axes: number[], shape: readonly number[]) {
    const d = this.#dice;
    const sizes = axes.map((a) => shape[a]!);
    const cells = cellsOf(sizes);
    const kind = d.below(6);
    if (axes.length === 1 && kind < 2) {
      return { from: axes, to: sizes, map: ([from]: number[], [to]: number[]) => keep(from!, to!) };
    }
    if (axes.length === 1 && kind < 5) {
      const stride = d.pick([1, 1, 1, 2, 2, 3, 4]);
      const offset = d.pick([0, 0, 1, -1, 4, -4, -cells, cells - 1, d.between(-9, 9)]);
      const map = ([from]: number[], [to]: number[]): AxisMap => {
        return { kind: 'affine', from: from!, to: to!, stride, offset };
      };
      return { from: axes, to: [d.pick([this.#size(), Math.ceil(cells / stride), 2 * cells])], map };
    }
    if (kind < 3) {
      const map = (from: number[], to: number[]): AxisMap => ({ kind: 'index', from, to, map: null });
      return { from: axes, to: this.#factors(cells), map };
    }
    const to = d.pick([[], [this.#size()], [2, 3], [4], [1, 5]]);
    const list = this.#cells(cellsOf(to), cells, d.chance(2));
    return {
      from: axes,
      to,
      map: (from: number[], t: number[]): AxisMap => ({ kind: 'index', from, to: t, map: list }),
    };
  }

  /** Sizes with a given product, ones among them. */
  #factors(cells: number): number[] {
    const divisors = [2, 3, 4, 5, 7].filter((f) => cells % f === 0);
    if (divisors.length === 0) return this.#dice.pick([[cells], [1, cells], [cells, 1]]);
    const f = this.#dice.pick(divisors);
    return this.#dice.shuffled([f, cells / f]);
  }

  /** B's axes by class, A made to fit, labels of A alone and the result's axes in any order. */
  #contract(t: TensorId): void {
    const d = this.#dice;
    const shape = this.#b.shapeOf(t);
    const a: { label: string; size: number }[] = [];
    const out: string[] = [];
    const sizes: Record<string, number> = {};
    const bAxes = shape.map((size, i): string | Window => {
      const kind = d.pick(['k', 'k', 'n', 'n', 'batch', 'window', 'window']);
      const label = `${kind}${i}`;
      if (kind === 'window') return this.#window(i, size, a, out, sizes);
      if (kind !== 'n') a.push({ label, size });
      if (kind !== 'k') out.push(label);
      return label;
    });
    for (let i = d.below(3); i > 0; i--) {
      a.push({ label: `m${i}`, size: this.#size() });
      out.push(`m${i}`);
    }
    const aAxes = d.shuffled(a);
    const aShape = aAxes.map((axis) => axis.size);
    const sized = (label: string): number =>
      sizes[label] ?? a.find((axis) => axis.label === label)?.size ?? shape[bAxes.indexOf(label)]!;
    if (Math.max(cellsOf(aShape), cellsOf(out.map(sized))) > this.#mostCells) return;
    const labels = aAxes.map((axis) => axis.label);
    const operand = this.#operand(aShape);
    const id = this.#b.contract(this.#name('contract'), operand, t, labels, bAxes, d.shuffled(out), sizes);
    this.#add(id, operand, t);
  }

  #window(
    axis: number,
    size: number,
    a: { label: string; size: number }[],
    out: string[],
    sizes: Record<string, number>,
  ): Window {
    const d = this.#dice;
    const window = { out: `y${axis}`, kernel: `u${axis}`, stride: d.between(1, 3), dilation: d.between(1, 2) };
    a.push({ label: window.kernel, size: d.pick([1, 2, 3, size]) });
    out.push(window.out);
    sizes[window.out] = d.between(1, size + 2);
    return { ...window, pad: d.pick([0, 0, 1, 2, size]) };
  }

  // ---- lookups -------------------------------------------------------------------------------------------------------

  /** The shift that brings a tensor into a table, and the table's arguments. */
  #reachOf(t: TensorId): { shift: number; start: number; rows: number } {
    const { lo, hi } = this.#b.rangeOf(t);
    const widest = Math.max(-lo, hi, 1);
    const least = Math.max(0, Math.ceil(Math.log2(widest)) - TABLE_BITS + 1);
    const shift = Math.min(Math.max(least, this.#dice.below(5)), 22);
    const start = Math.floor(lo / 2 ** shift) - this.#dice.below(3);
    const end = Math.ceil(hi / 2 ** shift) + 1 + this.#dice.below(3);
    return { shift, start, rows: end - start + 1 };
  }

  #requantise(t: TensorId): void {
    const d = this.#dice;
    const { lo, hi } = this.#b.rangeOf(t);
    if (Math.max(-lo, hi) >= LARGEST / 2) return;
    const { shift, start, rows } = this.#reachOf(t);
    const reach = d.pick([1, 30, 500]);
    const values = d.chance(2)
      ? { lo: d.between(-reach, 0), hi: d.between(0, reach), rows }
      : this.#values([rows], { lo: -reach, hi: reach });
    const table = this.#b.functionTable(this.#name('f'), start, values);
    const { q, y } = this.#b.requantise(this.#name('y'), t, shift, table);
    this.#add(y, t);
    if (q !== t && d.chance(2)) this.#add(q);
  }

  /** Looked up in its own range, or limb by limb in a wider one. */
  #pin(t: TensorId): void {
    const { lo, hi } = this.#b.rangeOf(t);
    const bits = 32 - Math.clz32(hi - lo);
    if (bits >= 30 || (bits > TABLE_BITS && bits <= 16)) return;
    const whole = 32 - Math.clz32(hi);
    const isShort = whole <= TABLE_BITS;
    if (lo >= 0 && (isShort || whole > 16) && this.#dice.chance(2))
      this.#b.rangeCheck(t, Math.max(whole, isShort ? 3 : 20));
    else this.#b.pin(t);
    this.#read.add(t);
  }

  /** (2^s t + 2^s c) / 2^s, which is bounded as t is. */
  #exactShift(t: TensorId): void {
    const shift = this.#dice.between(1, 4);
    const { lo, hi } = this.#b.rangeOf(t);
    if (hi - lo >= 2 ** TABLE_BITS || Math.max(-lo, hi) * 2 ** shift >= LARGEST / 2) return;
    const constant = 2 ** shift * this.#dice.between(-3, 3);
    const exact = this.#b.linear(this.#name('exact'), [{ tensor: t, coefficient: 2 ** shift }], { constant, shift });
    this.#b.pin(exact);
    this.#add(exact, t);
  }

  /** The largest of each row: its one-hot h, sum h x, and that minus x, never negative. */
  #choose(t: TensorId): void {
    const shape = this.#b.shapeOf(t);
    const { lo, hi } = this.#b.rangeOf(t);
    if (shape.length === 0 || hi - lo >= 2 ** TABLE_BITS || Math.max(-lo, hi) * shape.at(-1)! >= 2 ** 20) return;
    const axes = shape.map((_, a) => `${a}`);
    const rows = axes.slice(0, -1);
    const ones = this.#b.constant(this.#name('ones'), shape.slice(-1), 1);
    const h = this.#b.witness(this.#name('h'), shape, { lo: 0, hi: 1 }, { kind: 'argmax', of: t });
    this.#b.pin(h);
    const count = this.#b.contract(this.#name('count'), ones, h, axes.slice(-1), axes, rows);
    this.#b.zero(this.#b.linear(this.#name('one'), [{ tensor: count, coefficient: 1 }], { constant: -1 }));
    const max = this.#b.contract(this.#name('max'), h, t, axes, axes, rows);
    const { lo: least, hi: most } = this.#b.rangeOf(max);
    const y = this.#b.witness(this.#name('m'), shape.slice(0, -1), { lo: least, hi: most }, { kind: 'max', of: t });
    this.#b.pin(y);
    const equal = [max, y].map((tensor, i) => ({ tensor, coefficient: 1 - 2 * i }));
    this.#b.zero(this.#b.linear(this.#name('equal'), equal));
    const last = shape.length - 1;
    const maps = shape.map((_, a): AxisMap => (a === last ? { kind: 'broadcast', to: a } : keep(a, a)));
    const spread = this.#b.view(this.#name('spread'), y, shape, maps);
    const gap = [spread, t].map((tensor, i) => ({ tensor, coefficient: 1 - 2 * i }));
    this.#b.rangeCheck(this.#b.linear(this.#name('gap'), gap), 32 - Math.clz32(hi - lo));
    for (const id of [y, t]) this.#read.add(id);
    this.#pool.push(y);
    this.#bind(h, shape.slice(0, -1), { lo: 0, hi: shape.at(-1)! - 1 }, { kind: 'onehot', size: shape.at(-1)! });
  }

  /** q = floor(n / d) for d > 0 by its remainder: 0 <= n - q d < d. */
  #quotient(n: TensorId): void {
    const shape = this.#b.shapeOf(n);
    const { lo, hi } = this.#b.rangeOf(n);
    if (Math.max(-lo, hi) >= 2 ** TABLE_BITS) return;
    const values = this.#values(shape, { lo: 1, hi: 9 });
    const d = this.#b.weight(this.#name('d'), shape, values);
    const range = { lo: Math.min(lo, 0), hi: Math.max(hi, 0) };
    const q = this.#b.witness(this.#name('q'), shape, range, { kind: 'quotient', numerator: n, denominator: d });
    this.#b.pin(q);
    const whole = this.#b.product(this.#name('whole'), q, d);
    const rest = this.#b.linear(
      this.#name('rest'),
      [n, whole].map((tensor, i) => ({ tensor, coefficient: 1 - 2 * i })),
    );
    const gap = [d, rest].map((tensor, i) => ({ tensor, coefficient: 1 - 2 * i }));
    this.#b.rangeCheck(rest, 4);
    this.#b.rangeCheck(this.#b.linear(this.#name('gap'), gap, { constant: -1 }), 4);
    this.#add(q, n);
  }

  // ---- outputs -------------------------------------------------------------------------------------------------------

  /** The tensor itself, or in another order; a range that leaves room for a lie. */
  #output(t: TensorId): void {
    const { lo, hi } = this.#b.rangeOf(t);
    const range = { lo: Math.max(lo - 1, 1 - LARGEST), hi: Math.min(hi + 1, LARGEST - 1) };
    const cells = cellsOf(this.#b.shapeOf(t));
    const order = this.#dice.shuffled(Array.from({ length: cells }, (_, i) => i));
    const map = this.#dice.chance(3) ? Int32Array.from(order) : null;
    this.#bind(t, map === null ? this.#b.shapeOf(t) : [cells], range, { kind: 'gather', map });
  }

  #bind(t: TensorId, shape: readonly number[], range: Range, derive: Parameters<CircuitBuilder['output']>[2]): void {
    this.#b.output({ name: `y${this.#outputs++}`, shape, range, scale: 0 }, t, derive);
    this.#canLie ||= range.lo < range.hi;
    this.#read.add(t);
  }
}

function keep(from: number, to: number): AxisMap {
  return { kind: 'keep', from, to };
}
