/**
 * All lookups as one sum of fractions over a binary tree (docs/spec/50-lookup.md):
 *   sum over looked-up cells of 1/(c - fp(cell)) = sum over table rows of m(row)/(c - fp(row)),   fp(x) = x_0 + beta x_1 + beta^W id
 */
import { type Table, type TensorId, tableValue } from '../../../src/circuit/types.ts';
import type { Argument } from './argument.ts';
import { box, corner, type E, eq, extension, indexBits, int, mul, ONE, type Point, powers, sub } from './field.ts';
import { between, known, minus, NOTHING, plus, type Scalar, times, total } from './hidden.ts';
import type { Ledger } from './ledger.ts';
import type { Statement } from './statement.ts';

/** Claims on the numerators and denominators of a layer, at one point. */
interface Layer {
  readonly p: Scalar;
  readonly q: Scalar;
  readonly point: Point;
}

/** Leaves of a box of a lookup (its tensors) or of a table. */
interface Block {
  /** Of the tensors. */
  readonly whole: readonly number[];
  readonly start: readonly number[];
  readonly shape: readonly number[];
  readonly table: number;
  /** Undefined: the block is the table itself. */
  readonly tensors: readonly TensorId[] | undefined;
}

export function checkLookups(statement: Statement, ledger: Ledger, argument: Argument): void {
  argument.transcript.grind('lookup grinding', statement.lookupGrinding);
  const [c, beta] = argument.transcript.challenges('lookup challenge', 2) as [E, E];
  let layer = root(argument);
  for (let k = 1; k < statement.depth; k++) layer = descend(argument, layer, k);
  checkLeaves(statement, ledger, argument, layer, c, powers(beta, statement.width + 1));
}

/** p and q at the bound point with the child's coordinate mu after it. */
function child(argument: Argument, [p0, p1, q0, q1]: readonly Scalar[], point: Point): Layer {
  const mu = argument.transcript.challenge('tree child');
  return { p: between(p0!, p1!, mu), q: between(q0!, q1!, mu), point: [...point, mu] };
}

function root(argument: Argument): Layer {
  const values = argument.elements('tree root', 4);
  const [p0, p1, q0, q1] = values as [Scalar, Scalar, Scalar, Scalar];
  argument.zero(plus(argument.product(p0, q1), argument.product(p1, q0)), 'lookup.root'); // L1
  argument.notZero(argument.product(q0, q1), 'lookup.denominator'); // L2
  return child(argument, values, []);
}

/** T = p + lambda q = sum_x eq(w, x) (p0 q1 + p1 q0 + lambda q0 q1)(x);  a round:  T <- T + d (x - w_i) + c (x^2 - x) */
function descend(argument: Argument, { p, q, point: w }: Layer, k: number): Layer {
  const lambda = argument.transcript.challenge('tree lambda');
  let t = plus(p, times(lambda, q));
  const point: E[] = [];
  for (let i = 0; i < k; i++) {
    const [d, c] = argument.elements('tree round', 2) as [Scalar, Scalar];
    const x = argument.transcript.challenge('tree round');
    t = total([t, times(sub(x, w[i]!), d), times(sub(mul(x, x), x), c)]);
    point.push(x);
  }
  const values = argument.elements('tree values', 4);
  const [p0, p1, q0, q1] = values as [Scalar, Scalar, Scalar, Scalar];
  const cross = plus(argument.product(p0, q1), argument.product(p1, q0));
  const follows = plus(cross, times(lambda, argument.product(q0, q1)));
  argument.zero(minus(t, follows), 'lookup.layer'); // L3
  return child(argument, values, point);
}

/** Boxes of lookups, then tables, by size. */
export function blocksOf({ circuit, lookups }: Pick<Statement, 'circuit' | 'lookups'>): Block[] {
  const blocks: Block[] = [
    ...lookups.flatMap(({ table, tensors }) => {
      const whole = circuit.tensors[tensors[0]!]!.shape;
      const boxes = cut(
        whole.map(() => 0),
        whole,
      );
      return boxes.map((own) => ({ whole, ...own, table, tensors }));
    }),
    ...circuit.tables.map(({ rows }, table) => ({
      whole: [rows],
      start: [0],
      shape: [rows],
      table,
      tensors: undefined,
    })),
  ];
  return blocks.sort((a, b) => indexBits(b.shape) - indexBits(a.shape));
}

/** Section 2: cut where 2^18 leaves or more are saved, the most first. */
function cut(
  start: readonly number[],
  shape: readonly number[],
): { start: readonly number[]; shape: readonly number[] }[] {
  const size = (sizes: readonly number[]): number => 2 ** indexBits(sizes);
  const ways = shape.map((s, axis) => {
    const power = 2 ** (Math.max(1, s).toString(2).length - 1);
    const [first, second] = [shape.with(axis, power), shape.with(axis, s - power)];
    return { axis, power, first, second, saved: s === power ? 0 : size(shape) - size(first) - size(second) };
  });
  const most = Math.max(...ways.map((way) => way.saved));
  const best = ways.find((way) => way.saved === most);
  if (best === undefined || most < 2 ** 18) return [{ start, shape }];
  const further = start.with(best.axis, start[best.axis]! + best.power);
  return [...cut(start, best.first), ...cut(further, best.second)];
}

/** Where the tensors have a block's values at r: behind the bits of its start, axis by axis. */
function placed({ whole, start, shape }: Block, r: Point): Point {
  const rest = [...r];
  return whole.flatMap((size, axis) => {
    const n = indexBits([shape[axis]!]);
    return [...corner(start[axis]! / 2 ** n, indexBits([size]) - n), ...rest.splice(0, n)];
  });
}

/**
 *   L4   p = sum_lookups E_b I_b - sum_tables E_b m_b(r_lo)
 *   L5   q = 1 + sum_b E_b ( I_b (c - beta^W id_b - 1) - sum_i beta^i x_(b,i)(r_lo) )
 */
function checkLeaves(
  statement: Statement,
  ledger: Ledger,
  argument: Argument,
  { p, q, point: r }: Layer,
  c: E,
  betas: readonly E[],
): void {
  let [numerator, denominator] = [NOTHING, known(ONE)];
  let offset = 0;
  for (const block of blocksOf(statement)) {
    const { shape, table: id, tensors } = block;
    const table = statement.circuit.tables[id]!;
    const n = indexBits(shape);
    const [high, low] = [r.slice(0, r.length - n), r.slice(r.length - n)];
    const place = eq(high, corner(offset / 2 ** n, high.length)); // E_b
    const inside = box(shape, low); // I_b
    const at = placed(block, low);
    const value = (t: TensorId) => ledger.value(t, at, argument, 'leaf value');
    const x = tensors?.map(value) ?? columnsOf(table, low).map(known);
    const count = tensors === undefined ? times(int(-1), value(table.multiplicity)) : known(inside);
    numerator = plus(numerator, times(place, count));
    const named = mul(inside, sub(sub(c, mul(betas[statement.width]!, int(id + 1))), ONE));
    const read = total(x.map((v, i) => times(betas[i]!, v)));
    denominator = plus(denominator, times(place, minus(known(named), read)));
    offset += 2 ** n;
  }
  argument.zero(minus(numerator, p), 'lookup.numerators'); // L4
  argument.zero(minus(denominator, q), 'lookup.denominators'); // L5
}

/** The columns' extensions, row by row: the definition of what the specification has a closed form for. */
function columnsOf({ columns, rows }: Table, r: Point): E[] {
  return columns.map((column) => {
    const cells = Array.from({ length: rows }, (_, row) => tableValue(column, row));
    return extension([rows], cells, r);
  });
}
