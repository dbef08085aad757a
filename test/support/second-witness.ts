/**
 * Every witness of a circuit for given inputs, by search: values modulo p, cell by cell in the order of the tensors. A cell's candidates
 * are the rows of a table that it is looked up in, or the one that a table or a zero of a sum leaves; every lookup and zero is checked as soon as its
 * last cell is there. Hints and declared ranges are not read, and neither is anything of the argument: what is left is what the
 * relations of a circuit say.
 *
 * Multiplicities are left out: they count, and bind nothing else. A public column is the tensor that it equals.
 */
import { outputBindings } from '../../src/circuit/outputs.ts';
import {
  type AxisMap,
  type Circuit,
  type Contract,
  cellsOf,
  type IntArray,
  type TensorId,
  tableValue,
  type View,
} from '../../src/circuit/types.ts';
import { add, fromInt, inv, inversePowerOfTwo, mul, neg, sub, toInt } from '../../src/field/m31.ts';

/** A cell of a tensor as a sum of products of other cells, times 2^-shift. */
interface Formula {
  readonly constant: number;
  readonly terms: readonly { readonly coefficient: number; readonly cells: readonly number[] }[];
  readonly scale: number;
}

/** (values of `cells`) is a row of the table; with one cell of a pair, its argument is. */
interface Membership {
  readonly table: number;
  readonly cells: readonly number[];
}

/** Cells that become known with one advice cell, and what can be checked then. */
interface Level {
  readonly cell: number;
  readonly formulas: { cell: number; formula: Formula }[];
  readonly members: Membership[];
  readonly zeros: number[];
}

export interface Witnesses {
  /** Different outputs among all witnesses: each output's integers. */
  readonly outputs: readonly string[];
  /** Witnesses found. */
  readonly count: number;
  /** Advice cells tried. */
  readonly tried: number;
}

/** @throws Error where an advice cell has no candidates, or after `limit` tries */
export function searchWitnesses(
  circuit: Circuit,
  weights: ReadonlyMap<TensorId, IntArray>,
  inputs: readonly IntArray[],
  limit = 3_000_000,
): Witnesses {
  return new Search(circuit, weights, inputs, limit).run();
}

class Search {
  readonly #circuit: Circuit;
  readonly #limit: number;
  /** First cell of each tensor, all cells in one row. */
  readonly #offsets: readonly number[];
  readonly #values: Int32Array;
  readonly #levels: Level[] = [];
  /** The level at which a cell is known; -1 from the start. */
  readonly #known: Int32Array;
  readonly #memberships = new Map<number, Membership[]>();
  readonly #tables: readonly { start: number; rows: number; values: readonly number[] | undefined }[];
  readonly #found = new Set<string>();
  #count = 0;
  #tried = 0;

  constructor(circuit: Circuit, weights: ReadonlyMap<TensorId, IntArray>, inputs: readonly IntArray[], limit: number) {
    this.#circuit = circuit;
    this.#limit = limit;
    let cells = 0;
    this.#offsets = circuit.tensors.map(({ shape }) => {
      cells += cellsOf(shape);
      return cells - cellsOf(shape);
    });
    this.#values = new Int32Array(cells);
    this.#known = new Int32Array(cells).fill(-1);
    this.#tables = circuit.tables.map(({ columns, rows }) => ({
      start: tableValue(columns[0]!, 0),
      rows,
      values: columns[1] && Array.from({ length: rows }, (_, row) => fromInt(tableValue(columns[1]!, row))),
    }));
    this.#define(weights, inputs);
    this.#constrain();
  }

  run(): Witnesses {
    this.#descend(0);
    return { outputs: [...this.#found], count: this.#count, tried: this.#tried };
  }

  // ---- what depends on what ------------------------------------------------------------------------------------------

  #define(weights: ReadonlyMap<TensorId, IntArray>, inputs: readonly IntArray[]): void {
    const { tensors, tables } = this.#circuit;
    const multiplicities = new Set(tables.map((t) => t.multiplicity));
    tensors.forEach(({ def, shape }, id) => {
      const from = this.#offsets[id]!;
      const count = cellsOf(shape);
      if (def.kind === 'output' || multiplicities.has(id)) return;
      if (def.kind === 'witness') {
        for (let i = 0; i < count; i++) this.#advice(from + i);
      } else if (def.kind === 'input' || def.kind === 'weight' || def.kind === 'constant') {
        const given = def.kind === 'input' ? inputs[def.input] : weights.get(id);
        for (let i = 0; i < count; i++) {
          this.#values[from + i] = fromInt(def.kind === 'constant' ? def.value : given![i]!);
        }
      } else for (let i = 0; i < count; i++) this.#virtual(from + i, this.#formula(id, i));
    });
  }

  #advice(cell: number): void {
    this.#known[cell] = this.#levels.length;
    this.#levels.push({ cell, formulas: [], members: [], zeros: [] });
  }

  #virtual(cell: number, formula: Formula): void {
    const level = this.#levelOf(formula.terms.flatMap((t) => t.cells));
    this.#known[cell] = level;
    if (level < 0) this.#values[cell] = this.#evaluate(formula);
    else this.#levels[level]!.formulas.push({ cell, formula });
  }

  #levelOf(cells: readonly number[]): number {
    return cells.reduce((level, c) => Math.max(level, this.#known[c]!), -1);
  }

  #formula(id: TensorId, i: number): Formula {
    const { def, shape } = this.#circuit.tensors[id]!;
    const at = (t: TensorId, j: number): number => this.#offsets[t]! + j;
    const product = (...cells: number[]) => ({ coefficient: 1, cells });
    switch (def.kind) {
      case 'linear': {
        const terms = def.terms.map((t) => ({ coefficient: fromInt(t.coefficient), cells: [at(t.tensor, i)] }));
        return { constant: fromInt(def.constant), terms, scale: inversePowerOfTwo(def.shift) };
      }
      case 'product':
        return { constant: 0, terms: [product(at(def.a, i), at(def.b, i))], scale: 1 };
      case 'view': {
        const j = sourceOf(def, this.#circuit.tensors[def.source]!.shape, shape, i);
        if (j === undefined) return { constant: fromInt(def.fill), terms: [], scale: 1 };
        return { constant: 0, terms: [product(at(def.source, j))], scale: 1 };
      }
      case 'contract': {
        const [a, b] = [def.a, def.b].map((t) => this.#circuit.tensors[t]!.shape) as [
          readonly number[],
          readonly number[],
        ];
        const terms = pairsOf(def, a, b, shape, i).map(([x, y]) => product(at(def.a, x), at(def.b, y)));
        return { constant: 0, terms, scale: 1 };
      }
      default:
        throw new Error(`${def.kind} has no formula`);
    }
  }

  /** Every relation at the level of its last cell. */
  #constrain(): void {
    const { tensors, lookups, zeros } = this.#circuit;
    for (const { table, tensors: tuple } of lookups) {
      for (let i = 0; i < cellsOf(tensors[tuple[0]!]!.shape); i++) {
        const cells = tuple.map((t) => this.#offsets[t]! + i);
        this.#member({ table, cells });
        if (cells.length > 1) this.#member({ table, cells: cells.slice(0, 1) });
        for (const cell of cells)
          this.#memberships.set(cell, [...(this.#memberships.get(cell) ?? []), { table, cells }]);
      }
    }
    const bindings = new Set(
      zeros.filter((z) => {
        const { def } = tensors[z]!;
        return def.kind === 'linear' && def.terms.some((t) => tensors[t.tensor]!.def.kind === 'output');
      }),
    );
    for (const zero of zeros.filter((z) => !bindings.has(z))) {
      for (let i = 0; i < cellsOf(tensors[zero]!.shape); i++) {
        const cell = this.#offsets[zero]! + i;
        const level = this.#known[cell]!;
        if (level >= 0) this.#levels[level]!.zeros.push(cell);
        else if (this.#values[cell] !== 0) throw new Error(`${tensors[zero]!.name} is not zero`);
      }
    }
  }

  #member(membership: Membership): void {
    const level = this.#levelOf(membership.cells);
    if (level >= 0) this.#levels[level]!.members.push(membership);
    else if (!this.#holds(membership)) throw new Error('a known cell is not in its table');
  }

  // ---- search --------------------------------------------------------------------------------------------------------

  #descend(depth: number): void {
    const level = this.#levels[depth];
    if (level === undefined) {
      this.#count++;
      const values = outputBindings(this.#circuit).map(({ tensor }) => {
        const from = this.#offsets[tensor]!;
        return Array.from(this.#values.subarray(from, from + cellsOf(this.#circuit.tensors[tensor]!.shape)), toInt);
      });
      this.#found.add(JSON.stringify(values));
      return;
    }
    for (const value of this.#candidates(level.cell, depth)) {
      if (++this.#tried > this.#limit) throw new Error('too many candidates');
      this.#values[level.cell] = value;
      for (const { cell, formula } of level.formulas) this.#values[cell] = this.#evaluate(formula);
      if (level.zeros.some((cell) => this.#values[cell] !== 0)) continue;
      if (level.members.every((m) => this.#holds(m))) this.#descend(depth + 1);
    }
  }

  /** Field elements that the cell can be: one where a sum or its table's argument says which, else the rows of its smallest table. */
  #candidates(cell: number, depth: number): Iterable<number> {
    const solved = this.#solve(cell, depth);
    if (solved !== undefined) return [solved];
    const memberships = this.#memberships.get(cell) ?? [];
    for (const { table, cells } of memberships) {
      const { start, values } = this.#tables[table]!;
      if (cells[1] !== cell || this.#known[cells[0]!]! >= depth) continue;
      return [values![toInt(this.#values[cells[0]!]!) - start]!];
    }
    const own = memberships.filter(({ cells }) => cells[0] === cell).map(({ table }) => this.#tables[table]!);
    const [least] = own.sort((a, b) => a.rows - b.rows);
    if (least === undefined) throw new Error('a cell is in no table of its own');
    return range(least.start, least.rows);
  }

  /** The cell from a zero of a sum of which it is the last term to be known. */
  #solve(cell: number, depth: number): number | undefined {
    for (const zero of this.#levels[depth]!.zeros) {
      const { formula } = this.#levels[depth]!.formulas.find((f) => f.cell === zero)!;
      const own = formula.terms.filter((t) => t.cells.some((c) => this.#known[c] === depth));
      if (own.length !== 1 || own[0]!.cells.length > 1 || own[0]!.cells[0] !== cell || own[0]!.coefficient === 0)
        continue;
      const rest = { ...formula, terms: formula.terms.filter((t) => t !== own[0]), scale: 1 };
      return mul(neg(this.#evaluate(rest)), inv(own[0]!.coefficient));
    }
    return undefined;
  }

  #holds({ table, cells }: Membership): boolean {
    const { start, rows, values } = this.#tables[table]!;
    const row = sub(this.#values[cells[0]!]!, fromInt(start));
    if (row >= rows) return false;
    return cells.length === 1 || values![row] === this.#values[cells[1]!];
  }

  #evaluate({ constant, terms, scale }: Formula): number {
    let sum = constant;
    for (const { coefficient, cells } of terms) {
      sum = add(
        sum,
        cells.reduce((product, cell) => mul(product, this.#values[cell]!), coefficient),
      );
    }
    return mul(sum, scale);
  }
}

function* range(start: number, count: number): Iterable<number> {
  for (let i = 0; i < count; i++) yield fromInt(start + i);
}

// ---- which cells a cell is made of ---------------------------------------------------------------------------------------

function unflatten(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (let a = shape.length - 1; a >= 0; a--) {
    index[a] = rest % shape[a]!;
    rest = Math.floor(rest / shape[a]!);
  }
  return index;
}

function flatten(index: readonly number[], shape: readonly number[]): number {
  return shape.reduce((flat, size, a) => flat * size + index[a]!, 0);
}

/** Flat source index of cell `i` of a view; undefined where it is filled. */
function sourceOf(view: View, from: readonly number[], shape: readonly number[], i: number): number | undefined {
  const to = unflatten(i, shape);
  const index: number[] = [];
  for (const map of view.maps) if (!placeSource(map, from, shape, to, index)) return undefined;
  return index.some((at, a) => at < 0 || at >= from[a]!) ? undefined : flatten(index, from);
}

/** Writes the source indices of one map's axes; false where it fills. */
function placeSource(
  map: AxisMap,
  from: readonly number[],
  shape: readonly number[],
  to: readonly number[],
  index: number[],
): boolean {
  if (map.kind === 'broadcast') return true;
  if (map.kind === 'keep') index[map.from] = to[map.to]!;
  if (map.kind === 'affine') index[map.from] = map.stride * to[map.to]! + map.offset;
  if (map.kind !== 'index') return true;
  const sizes = (axes: readonly number[], of: readonly number[]): number[] => axes.map((a) => of[a]!);
  const flat = flatten(sizes(map.to, to), sizes(map.to, shape));
  const chosen = map.map === null ? flat : map.map[flat]!;
  if (chosen < 0) return false;
  const place = unflatten(chosen, sizes(map.from, from));
  map.from.forEach((axis, n) => {
    index[axis] = place[n]!;
  });
  return true;
}

/** Flat indices of A and B whose products add up to cell `i` of a contraction. */
function pairsOf(def: Contract, a: readonly number[], b: readonly number[], shape: readonly number[], i: number) {
  const place = new Map(unflatten(i, shape).map((at, n) => [def.out[n]!, at]));
  const pairs: [number, number][] = [];
  for (let x = 0; x < cellsOf(a); x++) {
    const label = new Map(unflatten(x, a).map((at, n) => [def.aAxes[n]!, at]));
    if ([...label].some(([l, at]) => place.has(l) && place.get(l) !== at)) continue;
    const index = def.bAxes.map((axis) => {
      if (typeof axis === 'string') return label.get(axis) ?? place.get(axis)!;
      return axis.stride * place.get(axis.out)! + axis.dilation * label.get(axis.kernel)! - axis.pad;
    });
    if (index.every((at, axis) => at >= 0 && at < b[axis]!)) pairs.push([x, flatten(index, b)]);
  }
  return pairs;
}
