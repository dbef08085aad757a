/**
 * All lookups as one sum of fractions over a binary tree (docs/spec/50-lookup.md):
 *   sum over looked-up cells of 1/(c - fp(cell)) = sum over table rows of m(row)/(c - fp(row)),   fp(x) = x_0 + beta x_1 + beta^W id
 */
import { type Table, type TensorId, tableValue } from '../../../src/circuit/types.ts';
import {
  add,
  box,
  corner,
  type E,
  eq,
  extension,
  indexBits,
  int,
  mul,
  ONE,
  type Point,
  powers,
  same,
  sub,
  sum,
  ZERO,
} from './field.ts';
import type { Ledger } from './ledger.ts';
import type { Statement } from './statement.ts';
import { must, type Transcript } from './transcript.ts';

/** Claims on the numerators and denominators of a layer, at one point. */
interface Layer {
  readonly p: E;
  readonly q: E;
  readonly point: Point;
}

/** Leaves of a lookup (its tensors) or of a table. */
interface Block {
  readonly shape: readonly number[];
  readonly table: number;
  /** Undefined: the block is the table itself. */
  readonly tensors: readonly TensorId[] | undefined;
}

export function checkLookups(statement: Statement, ledger: Ledger, transcript: Transcript): void {
  transcript.grind('lookup grinding', statement.lookupGrinding);
  const [c, beta] = transcript.challenges('lookup challenge', 2) as [E, E];
  let layer = root(transcript);
  for (let k = 1; k < statement.depth; k++) layer = descend(transcript, layer, k);
  checkLeaves(statement, ledger, transcript, layer, c, powers(beta, statement.width + 1));
}

/** p and q at the bound point with the child's coordinate mu after it. */
function child(transcript: Transcript, [p0, p1, q0, q1]: readonly E[], point: Point): Layer {
  const mu = transcript.challenge('tree child');
  const between = (a: E, b: E) => add(a, mul(mu, sub(b, a)));
  return { p: between(p0!, p1!), q: between(q0!, q1!), point: [...point, mu] };
}

function root(transcript: Transcript): Layer {
  const values = transcript.elements('tree root', 4);
  const [p0, p1, q0, q1] = values as [E, E, E, E];
  must(same(add(mul(p0, q1), mul(p1, q0)), ZERO), 'lookup.root'); // L1
  must(!same(mul(q0, q1), ZERO), 'lookup.denominator'); // L2
  return child(transcript, values, []);
}

/** T = p + lambda q = sum_x eq(w, x) (p0 q1 + p1 q0 + lambda q0 q1)(x);  a round:  T <- T + d (x - w_i) + c (x^2 - x) */
function descend(transcript: Transcript, { p, q, point: w }: Layer, k: number): Layer {
  const lambda = transcript.challenge('tree lambda');
  let t = add(p, mul(lambda, q));
  const point: E[] = [];
  for (let i = 0; i < k; i++) {
    const [d, c] = transcript.elements('tree round', 2) as [E, E];
    const x = transcript.challenge('tree round');
    t = add(t, add(mul(d, sub(x, w[i]!)), mul(c, sub(mul(x, x), x))));
    point.push(x);
  }
  const values = transcript.elements('tree values', 4);
  const [p0, p1, q0, q1] = values as [E, E, E, E];
  must(same(t, sum([mul(p0, q1), mul(p1, q0), mul(lambda, mul(q0, q1))])), 'lookup.layer'); // L3
  return child(transcript, values, point);
}

/** Lookups, then tables, by size. */
function blocksOf({ circuit, lookups }: Statement): Block[] {
  const blocks: Block[] = [
    ...lookups.map(({ table, tensors }) => ({ shape: circuit.tensors[tensors[0]!]!.shape, table, tensors })),
    ...circuit.tables.map(({ rows }, table) => ({ shape: [rows], table, tensors: undefined })),
  ];
  return blocks.sort((a, b) => indexBits(b.shape) - indexBits(a.shape));
}

/**
 *   L4   p = sum_lookups E_b I_b - sum_tables E_b m_b(r_lo)
 *   L5   q = 1 + sum_b E_b ( I_b (c - beta^W id_b - 1) - sum_i beta^i x_(b,i)(r_lo) )
 */
function checkLeaves(
  statement: Statement,
  ledger: Ledger,
  transcript: Transcript,
  { p, q, point: r }: Layer,
  c: E,
  betas: readonly E[],
): void {
  let [numerator, denominator] = [ZERO, ONE];
  let offset = 0;
  for (const { shape, table: id, tensors } of blocksOf(statement)) {
    const table = statement.circuit.tables[id]!;
    const n = indexBits(shape);
    const [high, low] = [r.slice(0, r.length - n), r.slice(r.length - n)];
    const place = eq(high, corner(offset / 2 ** n, high.length)); // E_b
    const inside = box(shape, low); // I_b
    const value = (t: TensorId) => ledger.value(t, low, transcript, 'leaf value');
    const x = tensors?.map(value) ?? columnsOf(table, low);
    const count = tensors === undefined ? sub(ZERO, value(table.multiplicity)) : inside;
    numerator = add(numerator, mul(place, count));
    const named = mul(inside, sub(sub(c, mul(betas[statement.width]!, int(id + 1))), ONE));
    denominator = add(denominator, mul(place, sub(named, sum(x.map((v, i) => mul(betas[i]!, v))))));
    offset += 2 ** n;
  }
  must(same(p, numerator), 'lookup.numerators');
  must(same(q, denominator), 'lookup.denominators');
}

/** The columns' extensions, row by row: the definition of what the specification has a closed form for. */
function columnsOf({ columns, rows }: Table, r: Point): E[] {
  return columns.map((column) => {
    const cells = Array.from({ length: rows }, (_, row) => tableValue(column, row));
    return extension([rows], cells, r);
  });
}
