/**
 * Builds a circuit: one method a definition or relation, ranges inferred at once, tables shared. Lowerings read like the equations
 * they state; what they may state is decided by `check`.
 */
import { TesseraError } from '../errors.ts';
import { labelsOf, windowSize } from './contract.ts';
import type { Weights } from './infer.ts';
import { columnRange, productRange, rangeOfContract, shiftRange, sumRange, viewRange } from './infer.ts';
import { BIT, isBelow, MAGNITUDE, MODULUS, rangeOfValues, showRange, signedRangeOf } from './interval.ts';
import { kindOf } from './storage.ts';
import type {
  AxisMap,
  Circuit,
  Contract,
  Definition,
  Derivation,
  Hint,
  IntArray,
  Lookup,
  Port,
  Range,
  Table,
  TableColumn,
  TableId,
  Tensor,
  TensorId,
  Term,
  WeightVisibility,
  Window,
} from './types.ts';
import { cellsOf } from './types.ts';

/** Tables have at most 2^16 rows; wider ranges are checked limb by limb. */
const LIMB_BITS = 16;

export interface LinearOptions {
  readonly constant?: number;
  /** The sum is divided by 2^shift, exactly. Such a tensor must be bounded by a lookup. */
  readonly shift?: number;
}

/** A function table: its listed values, or clamp(argument, lo, hi) over a number of rows. */
export type FunctionValues = Int32Array | { readonly lo: number; readonly hi: number; readonly rows: number };

export class CircuitBuilder {
  readonly #name: string;
  readonly #tensors: Tensor[] = [];
  readonly #tables: Table[] = [];
  readonly #tableKeys = new Map<string, TableId>();
  readonly #lookups: Lookup[] = [];
  readonly #zeros: TensorId[] = [];
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #weights = new Map<TensorId, IntArray>();
  /** Those whose integers bound what is computed from them; of private ones only the declared range is known. */
  readonly #known = new Map<TensorId, IntArray>();
  readonly #visibilityOf: (weight: string) => WeightVisibility;

  /** `visibilityOf`: of a weight by its name. Default: all are committed. */
  constructor(name: string, visibilityOf: (weight: string) => WeightVisibility = () => 'committed') {
    this.#name = name;
    this.#visibilityOf = visibilityOf;
  }

  // ---- columns -------------------------------------------------------------------------------------------------------

  /** A model input, pinned to the port's range by lookups that fall away where the input is public. */
  input(port: Port): TensorId {
    const input = this.#inputs.push(port) - 1;
    const id = this.#add(port.name, port.shape, port.range, { kind: 'input', input });
    this.#pin(id, input);
    return id;
  }

  /**
   * A constant tensor; row-major values, kept in 16 bits where they fit. The range of a private one is the least [-2^k, 2^k) that holds it: no
   * more of it is known than its bits.
   */
  weight(name: string, shape: readonly number[], values: IntArray): TensorId {
    if (values.length !== cellsOf(shape)) {
      throw new TesseraError('E_SHAPE', `${values.length} values for shape [${shape.join(', ')}]`, { where: name });
    }
    const visibility = this.#visibilityOf(name);
    const range = visibility === 'private' ? signedRangeOf(values) : rangeOfValues(values);
    const id = this.#add(name, shape, range, { kind: 'weight', visibility });
    const kept = kindOf(this.rangeOf(id)) === 2 ? Int16Array.from(values) : values;
    this.#weights.set(id, kept);
    if (visibility !== 'private') this.#known.set(id, kept);
    return id;
  }

  /** A private weight of which only the range is known. */
  privateWeight(name: string, shape: readonly number[], range: Range): TensorId {
    return this.#add(name, shape, range, { kind: 'weight', visibility: 'private' });
  }

  /** The same value in every cell. */
  constant(name: string, shape: readonly number[], value: number): TensorId {
    return this.#add(name, shape, { lo: value, hi: value }, { kind: 'constant', value });
  }

  /** An advice column. The range is a promise that the caller's relations must keep: each cell in a lookup (`pin`). */
  witness(name: string, shape: readonly number[], range: Range, hint: Hint): TensorId {
    return this.#add(name, shape, range, { kind: 'witness', hint });
  }

  // ---- virtual tensors -----------------------------------------------------------------------------------------------

  /** (constant + sum coefficient * tensor) / 2^shift; equal shapes. At least one term. */
  linear(name: string, terms: readonly Term[], options: LinearOptions = {}): TensorId {
    const sum = this.#sumRange(name, terms, options);
    return this.#linear(name, terms, options, shiftRange(sum, options.shift ?? 0));
  }

  /** a b, cell by cell; equal shapes. */
  product(name: string, a: TensorId, b: TensorId): TensorId {
    this.#sameShapes(name, [a, b]);
    this.#read(a, b);
    return this.#add(name, this.shapeOf(a), productRange(this.#tensors, a, b), { kind: 'product', a, b });
  }

  /**
   * sum A[..] B[..] with axes labelled as in einsum (types.ts, Contract). `sizes` are those of window axes of the result, where they
   * are not what fits between equal paddings.
   */
  contract(
    name: string,
    a: TensorId,
    b: TensorId,
    aAxes: readonly string[],
    bAxes: readonly (string | Window)[],
    out: readonly string[],
    sizes: Readonly<Record<string, number>> = {},
  ): TensorId {
    this.#read(a, b);
    const def: Contract = { kind: 'contract', a, b, aAxes, bAxes, out };
    const shape = out.map((label) => sizes[label] ?? this.#axisSize(name, def, label));
    labelsOf(def, { a: this.shapeOf(a), b: this.shapeOf(b), out: shape }, name);
    return this.#add(name, shape, rangeOfContract(this.#tensors, def, shape, this.#known, name), def);
  }

  /** v[j] = source[map(j)], or fill (types.ts, View). */
  view(name: string, source: TensorId, shape: readonly number[], maps: readonly AxisMap[], fill = 0): TensorId {
    this.#read(source);
    const def = { kind: 'view', source, maps: maps.map(positiveZero), fill } as const;
    return this.#add(name, shape, viewRange(this.#tensors[source]!, shape, def), def);
  }

  // ---- tables and lookups --------------------------------------------------------------------------------------------

  /** The integers [0, 2^bits), bits <= 16. */
  rangeTable(bits: number): TableId {
    if (!(Number.isInteger(bits) && bits >= 0 && bits <= LIMB_BITS)) {
      throw new TesseraError('E_CIRCUIT', `a range table of ${bits} bits is not one of 0 .. ${LIMB_BITS}`);
    }
    return this.#intervalTable({ lo: 0, hi: 2 ** bits - 1 });
  }

  /** The rows (start + i, value i). */
  functionTable(name: string, start: number, values: FunctionValues): TableId {
    const isListed = values instanceof Int32Array;
    const rows = isListed ? values.length : values.rows;
    const argument = interval(start, start + rows - 1);
    const value: TableColumn = isListed
      ? { kind: 'values', values }
      : { kind: 'clamp', start, lo: values.lo, hi: values.hi };
    const content = isListed ? values.join() : `${values.lo}..${values.hi}`;
    return this.#table(name, `${start}+${rows}:${content}`, rows, [argument, value]);
  }

  /** Every cell of `tensors` is a row of the table. */
  lookup(table: TableId, tensors: readonly TensorId[]): void {
    this.#lookup(table, tensors, undefined);
  }

  /** 0 <= v < 2^bits; more than 16 bits by limbs. */
  rangeCheck(tensor: TensorId, bits: number): void {
    if (bits <= LIMB_BITS) this.lookup(this.rangeTable(bits), [tensor]);
    else this.#limbsCheck(tensor, bits, 0);
  }

  /** lo <= v <= hi, the declared range of the tensor. */
  pin(tensor: TensorId): void {
    this.#pin(tensor, undefined);
  }

  /** Every cell is zero. Its value may be as large as the modulus allows: |v| < p. */
  zero(tensor: TensorId): void {
    this.#zeros.push(tensor);
  }

  /**
   * y = T(round(acc / 2^shift)), rounding half up: r = the low `shift` bits of acc + 2^(shift-1), q = (acc + 2^(shift-1) - r) 2^-shift,
   * r in [0, 2^shift), (q, y) in T. q is bounded by T's arguments; a value outside is an error of the run.
   */
  requantise(name: string, acc: TensorId, shift: number, table: TableId): { q: TensorId; y: TensorId } {
    const shape = this.shapeOf(acc);
    const q = shift === 0 ? acc : this.#quotient(name, acc, shift, table);
    const { rows, columns } = this.#tables[table]!;
    const y = this.witness(name, shape, columnRange(columns[1]!, rows), { kind: 'table', table, of: q });
    this.lookup(table, [q, y]);
    return { q, y };
  }

  /**
   * As `requantise`, with q a column of its own: 2^shift q = acc + 2^(shift-1) - r is a zero, q in T's arguments. One cell more, and
   * whoever reads q reads no sum behind it.
   */
  requantiseApart(name: string, acc: TensorId, shift: number, table: TableId): { q: TensorId; y: TensorId } {
    const shape = this.shapeOf(acc);
    const { rows, columns } = this.#tables[table]!;
    const half = shift === 0 ? 0 : 2 ** (shift - 1);
    const biased = this.linear(`${name}.biased`, [{ tensor: acc, coefficient: 1 }], { constant: half });
    const remainder = shift === 0 ? [] : this.#limbs(name, biased, shift);
    const denominator = this.constant(`${name}.unit`, shape, 2 ** shift);
    const hint: Hint = { kind: 'quotient', numerator: biased, denominator };
    const q = this.witness(`${name}.q`, shape, columnRange(columns[0]!, rows), hint);
    const rest = [{ tensor: q, coefficient: 2 ** shift }, ...remainder].map((t) => ({
      ...t,
      coefficient: -t.coefficient,
    }));
    this.zero(this.linear(`${name}.division`, [{ tensor: biased, coefficient: 1 }, ...rest]));
    const y = this.witness(name, shape, columnRange(columns[1]!, rows), { kind: 'table', table, of: q });
    this.lookup(table, [q, y]);
    return { q, y };
  }

  /** A model output: its public column, from the caller's values by `derive`, equals the tensor. */
  output(port: Port, tensor: TensorId, derive: Derivation = { kind: 'gather', map: null }): void {
    const output = this.#outputs.push(port) - 1;
    const range = derive.kind === 'onehot' ? BIT : port.range;
    const column = this.#add(`${port.name}.public`, this.shapeOf(tensor), range, { kind: 'output', output, derive });
    const terms = [
      { tensor, coefficient: 1 },
      { tensor: column, coefficient: -1 },
    ];
    this.zero(this.linear(`${port.name}.binding`, terms));
  }

  // ---- what is there -------------------------------------------------------------------------------------------------

  shapeOf(id: TensorId): readonly number[] {
    return this.#tensors[id]!.shape;
  }

  rangeOf(id: TensorId): Range {
    return this.#tensors[id]!.range;
  }

  build(): { circuit: Circuit; weights: Weights } {
    const circuit: Circuit = {
      name: this.#name,
      tensors: [...this.#tensors],
      tables: [...this.#tables],
      lookups: [...this.#lookups],
      zeros: [...this.#zeros],
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
    };
    return { circuit, weights: new Map(this.#weights) };
  }

  // ---- inside --------------------------------------------------------------------------------------------------------

  /**
   * Sums may reach the modulus, since only `zero` reads those (see #read); every other tensor stays below 2^30. Adding 0 turns -0,
   * which interval arithmetic may give, into the one zero that the encoding has.
   */
  #add(name: string, shape: readonly number[], range: Range, def: Definition): TensorId {
    if (!isBelow(range, def.kind === 'linear' ? MODULUS : MAGNITUDE)) throw tooWide(name, range);
    return this.#tensors.push({ name, shape, range: { lo: range.lo + 0, hi: range.hi + 0 }, def }) - 1;
  }

  #read(...tensors: readonly TensorId[]): void {
    for (const id of tensors) {
      const { name, range } = this.#tensors[id]!;
      if (!isBelow(range, MAGNITUDE)) throw tooWide(name, range);
    }
  }

  #sameShapes(name: string, tensors: readonly TensorId[]): void {
    const shapes = new Set(tensors.map((t) => `[${this.shapeOf(t).join(', ')}]`));
    if (shapes.size > 1)
      throw new TesseraError('E_SHAPE', `shapes differ: ${[...shapes].join(' and ')}`, { where: name });
  }

  #sumRange(name: string, terms: readonly Term[], options: LinearOptions): Range {
    this.#read(...terms.map((t) => t.tensor));
    const sum = sumRange(this.#tensors, terms, options.constant ?? 0);
    if (!isBelow(sum, MODULUS)) throw tooWide(name, sum);
    return sum;
  }

  #linear(name: string, terms: readonly Term[], options: LinearOptions, range: Range): TensorId {
    const tensors = terms.map((t) => t.tensor);
    this.#sameShapes(name, tensors);
    const def = { kind: 'linear', terms, constant: (options.constant ?? 0) + 0, shift: options.shift ?? 0 } as const;
    return this.#add(name, this.shapeOf(tensors[0]!), range, def);
  }

  /** Size of an axis of a contraction's result. */
  #axisSize(name: string, def: Contract, label: string): number {
    const at = def.aAxes.indexOf(label);
    if (at >= 0) return this.shapeOf(def.a)[at]!;
    const axis = def.bAxes.findIndex((l) => (typeof l === 'string' ? l : l.out) === label);
    const window = def.bAxes[axis];
    if (window === undefined)
      throw new TesseraError('E_CIRCUIT', `axis ${label} is in the result only`, { where: name });
    const size = this.shapeOf(def.b)[axis]!;
    if (typeof window === 'string') return size;
    return windowSize(window, size, this.shapeOf(def.a)[def.aAxes.indexOf(window.kernel)]!);
  }

  #lookup(table: TableId, tensors: readonly TensorId[], input: number | undefined): void {
    const { name } = this.#tables[table]!;
    this.#sameShapes(`lookup in ${name}`, tensors);
    this.#read(...tensors);
    this.#lookups.push(input === undefined ? { table, tensors } : { table, tensors, input });
  }

  #table(name: string, key: string, rows: number, columns: readonly TableColumn[]): TableId {
    const known = this.#tableKeys.get(key);
    if (known !== undefined) return known;
    const table = this.#tables.length;
    const multiplicity = this.witness(
      `${name}.multiplicity`,
      [rows],
      { lo: 0, hi: MAGNITUDE - 1 },
      { kind: 'multiplicity', table },
    );
    this.#tables.push({ name, rows, columns, multiplicity });
    this.#tableKeys.set(key, table);
    return table;
  }

  #intervalTable(range: Range): TableId {
    const name = `range ${showRange(range)}`;
    return this.#table(name, name, range.hi - range.lo + 1, [interval(range.lo, range.hi)]);
  }

  /** By its own interval table, or by limbs of v - lo and of hi - v. */
  #pin(tensor: TensorId, input: number | undefined): void {
    const range = this.rangeOf(tensor);
    const bits = bitsOf(range.hi - range.lo);
    if (bits <= LIMB_BITS) {
      this.#lookup(this.#intervalTable(range), [tensor], input);
      return;
    }
    this.#limbsCheck(tensor, bits, range.lo);
    if (range.hi - range.lo < 2 ** bits - 1) this.#limbsCheck(tensor, bits, range.hi - 2 ** bits + 1);
  }

  /** lo <= v < lo + 2^bits: v - lo - sum 2^offset limb = 0. */
  #limbsCheck(tensor: TensorId, bits: number, lo: number): void {
    const { name } = this.#tensors[tensor]!;
    const one = { tensor, coefficient: 1 };
    const distance = lo === 0 ? tensor : this.linear(`${name}.distance`, [one], { constant: -lo });
    const limbs = this.#limbs(name, distance, bits).map((t) => ({ ...t, coefficient: -t.coefficient }));
    this.zero(this.linear(`${name}.limbs`, [one, ...limbs], { constant: -lo }));
  }

  /** The low `bits` bits of a tensor as range-checked limbs of at most 16 bits each, lowest first, with their weights. */
  #limbs(name: string, of: TensorId, bits: number): Term[] {
    const size = Math.ceil(bits / Math.ceil(bits / LIMB_BITS));
    const terms: Term[] = [];
    for (let from = 0; from < bits; from += size) {
      const count = Math.min(size, bits - from);
      const range = { lo: 0, hi: 2 ** count - 1 };
      const limb = this.witness(`${name}.bits${from}`, this.shapeOf(of), range, { kind: 'bits', of, from, count });
      this.lookup(this.rangeTable(count), [limb]);
      terms.push({ tensor: limb, coefficient: 2 ** from });
    }
    return terms;
  }

  /** q = (acc + 2^(shift-1) - r) 2^-shift with r the low bits of acc + 2^(shift-1). */
  #quotient(name: string, acc: TensorId, shift: number, table: TableId): TensorId {
    const { rows, columns } = this.#tables[table]!;
    const biased = this.linear(`${name}.biased`, [{ tensor: acc, coefficient: 1 }], { constant: 2 ** (shift - 1) });
    const remainder = this.#limbs(name, biased, shift);
    const terms = [
      { tensor: biased, coefficient: 1 },
      ...remainder.map((t) => ({ ...t, coefficient: -t.coefficient })),
    ];
    this.#sumRange(`${name}.q`, terms, { shift });
    return this.#linear(`${name}.q`, terms, { shift }, columnRange(columns[0]!, rows));
  }
}

function interval(lo: number, hi: number): TableColumn {
  return { kind: 'clamp', start: lo, lo, hi };
}

/** Bits of the unsigned integer n < 2^31. */
function bitsOf(n: number): number {
  return 32 - Math.clz32(n);
}

function tooWide(name: string, range: Range): TesseraError {
  return new TesseraError('E_RANGE', `values may lie anywhere in ${showRange(range)}; |v| < 2^30 is required`, {
    where: name,
    hint: 'Use fewer bits for weights or activations.',
  });
}

/** An offset computed as -0 is 0: the encoding has one zero. */
function positiveZero(map: AxisMap): AxisMap {
  return map.kind === 'affine' ? { ...map, offset: map.offset + 0 } : map;
}
