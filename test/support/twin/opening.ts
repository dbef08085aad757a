/**
 * All claims on columns, opened at once (docs/spec/30-commitment.md, sections 5 to 7; 45-zero-knowledge.md, section 3): one batch evaluation leaves one
 * value of every slab, eta joins the slabs of a class, and its mask, to one functional of the committed rows, and folds with spot checks shrink that
 * to the last vector.
 */
import type { Argument } from './argument.ts';
import { basis, codePoint, codeTensor, openColumns } from './code.ts';
import {
  add,
  bits,
  corner,
  type E,
  eq,
  eqTable,
  half,
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
import { minus, type Scalar, times, total } from './hidden.ts';
import { type Claim, type Ledger, sumcheck } from './ledger.ts';
import { slabWeight } from './packing.ts';
import { type Level, QUERY_GRINDING } from './soundness.ts';
import type { OpeningClass, Statement } from './statement.ts';
import { fours, must, type Transcript } from './transcript.ts';

/** Roots that a proof begins with: the mask's where there is class 1, which has a matrix of its own for it. */
export interface Roots {
  readonly witness: Uint8Array;
  readonly mask: Uint8Array | undefined;
}

/** A claim on the present vector h: <h, scalar eq(point, .)> or, of a code point, <h, scalar (1, pi_(b-1)(x)) x .. x (1, pi_0(x))>. */
type Weights = { readonly scalar: E } & ({ readonly point: Point } | { readonly x: bigint });

interface OpenedMatrix {
  readonly root: Uint8Array;
  readonly rowWeights: readonly E[];
  readonly isSalted: boolean;
}

/** What is opened at a level: matrices of one code, each with the weights of its rows. */
interface Opened {
  readonly level: Level;
  readonly matrices: readonly OpenedMatrix[];
  /** Cells are elements of F in the commitments, of E after a fold. */
  readonly isExtension: boolean;
}

/** Rows of a hiding matrix, the mask's aside, from which on its leaves need no salts. */
const SALTED_BELOW = 8;

/** What is left of a class: <sum of weighted rows, eq((0, z), .)> = value. */
interface Functional {
  readonly own: OpeningClass;
  readonly matrices: readonly OpenedMatrix[];
  readonly z: Point;
  readonly value: E;
}

export function checkOpenings(statement: Statement, roots: Roots, ledger: Ledger, argument: Argument): void {
  const { point: rho, slabValues } = evaluateBatch(statement, ledger, argument);
  const masks = statement.classes.map(() => (statement.zk ? argument.element('mask value') : undefined));
  argument.settle();
  const left = statement.classes.map((own, i): Functional => {
    argument.transcript.grind('eta grinding', own.etaGrinding);
    return joinSlabs(statement, i, { roots, rho, slabValues, mask: masks[i] }, argument);
  });
  for (const functional of left) checkOpening(functional, statement.zk, argument.transcript);
}

/** sum_j gamma^j v_j = sum_S sum_x S(x) W_S(x);   B1  end = sum_S 2^-(N - n_S) W_S(last n_S of rho) u_S */
function evaluateBatch(
  { circuit, commitments, classes }: Statement,
  ledger: Ledger,
  argument: Argument,
): { readonly point: Point; readonly slabValues: readonly (readonly Scalar[])[] } {
  const columns = ['weight', 'witness', 'input', 'output'];
  const owed = circuit.tensors.flatMap(({ def, shape }, tensor) => {
    return columns.includes(def.kind) ? ledger.claims(tensor).map((claim) => ({ ...claim, tensor, shape })) : [];
  });
  const gamma = powers(argument.transcript.challenge('opening batch'), owed.length);
  const all = total(owed.map(({ value }, j) => times(gamma[j]!, value)));
  const slabs = commitments.flatMap((c) => c.slabs);
  const most = Math.max(...classes.map((c) => c.m), ...slabs.map((slab) => slab.variables));
  const { point: rho, value }: Claim = sumcheck(argument, 'opening round', all, most, 2);
  const slabValues = commitments.map(({ isOpen, slabs: own }) =>
    isOpen ? argument.clear('slab values', own.length) : argument.elements('slab values', own.length),
  );
  const u = slabValues.flat();
  const end = slabs.map((slab, s) => {
    const missing = most - slab.variables;
    const weight = owed.flatMap(({ tensor, shape, point }, j) =>
      slabWeight(slab, tensor, shape, point, rho.slice(missing)).map((w) => mul(gamma[j]!, w)),
    );
    return times(mul(half(missing), sum(weight)), u[s]!);
  });
  argument.zero(minus(value, total(end)), 'opening.batch');
  return { point: rho, slabValues };
}

/**
 * V  eta;   v = sum_S eq(eta, S) u_S + eq(eta, K) s
 * kappa of row i of slab S = eq(eta, S) eq(the n_S - m coordinates of rho before z, i); the mask's four rows: eq(eta, K) times 1, i, u, i u
 */
function joinSlabs(
  { commitments, classes }: Statement,
  index: number,
  batch: {
    readonly roots: Roots;
    readonly rho: Point;
    readonly slabValues: readonly (readonly Scalar[])[];
    readonly mask: Scalar | undefined;
  },
  argument: Argument,
): Functional {
  const { roots, rho, slabValues, mask } = batch;
  const own = classes[index]!;
  const count = commitments.reduce((n, c) => n + (c.class === index ? c.slabs.length : 0), 0); // K
  const eta = argument.transcript.challenges('eta', Math.max(1, bits(count + 1)));
  const weightOf = (s: number) => eq(eta, corner(s, eta.length));
  const before = rho.slice(0, rho.length - own.m);
  const maskRows = [0, 1, 2, 3].map((k) =>
    mul(weightOf(count), [0, 1, 2, 3].map((j) => (j === k ? 1n : 0n)) as unknown as E),
  );
  const terms = mask === undefined ? [] : [times(weightOf(count), mask)];
  const matrices: OpenedMatrix[] = [];
  let s = 0;
  commitments.forEach(({ class: at, root, slabs, isOpen }, c) => {
    if (at !== index) return;
    const rowWeights = slabs.flatMap((slab, k) => {
      const weight = weightOf(s++);
      terms.push(times(weight, slabValues[c]![k]!));
      return eqTable(before.slice(before.length - (slab.variables - own.m))).map((e) => mul(weight, e));
    });
    const isSalted = mask !== undefined && !isOpen && rowWeights.length < SALTED_BELOW;
    if (root === undefined && mask !== undefined) rowWeights.push(...maskRows);
    matrices.push({ root: root ?? roots.witness, rowWeights, isSalted });
  });
  if (index === 1) matrices.push({ root: roots.mask!, rowWeights: maskRows, isSalted: true });
  const value = argument.reveal('opened value', total(terms));
  return { own, matrices, z: rho.slice(rho.length - own.m), value };
}

function checkOpening({ own, matrices, z, value }: Functional, zk: boolean, transcript: Transcript): void {
  const { levels, folds } = own;
  let sigma = value;
  const point = zk ? [ZERO, ...z] : z;
  let weights: Weights[] = [{ scalar: ONE, point }];
  let opened: Opened = { level: levels[0]!, matrices, isExtension: false };
  folds.forEach(({ bound, rows }, i) => {
    const root = transcript.bytes('level root', 32);
    const answers = openLevel(transcript, opened);
    const gamma = powers(transcript.challenge('level batch'), answers.length + 1);
    answers.forEach(({ x, value: y }, l) => {
      sigma = add(sigma, mul(gamma[l + 1]!, y));
      weights.push({ scalar: gamma[l + 1]!, x });
    });
    const fold = foldRounds(transcript, sigma, bound);
    sigma = fold.sigma;
    weights = weights.map((w) => bind(w, fold.point, opened.level.variables));
    const level = { root, rowWeights: eqTable(fold.point).slice(0, rows), isSalted: false };
    opened = { level: levels[i + 1]!, matrices: [level], isExtension: true };
  });

  const last = transcript.elements('last vector', 2 ** opened.level.variables);
  must(same(sigma, sum(weights.map((w) => pair(last, w, opened.level.variables)))), 'opening.claims'); // O2
  for (const { x, value: y } of openLevel(transcript, opened)) {
    must(same(y, codeTensor(x, opened.level.variables, last)), 'opening.last'); // O3
  }
}

/** P  c0, c2;  V  r;   sigma <- s(r) */
function foldRounds(transcript: Transcript, claim: E, rounds: number): { readonly point: E[]; readonly sigma: E } {
  const point: E[] = [];
  let sigma = claim;
  for (let i = 0; i < rounds; i++) {
    const [c0, c2] = transcript.elements('level round', 2) as [E, E];
    const r = transcript.challenge('level round');
    const atZero = mul(sub(ONE, mul(int(2), r)), c0);
    sigma = sum([mul(r, sigma), atZero, mul(sub(mul(r, r), r), c2)]);
    point.push(r);
  }
  return { point, sigma };
}

/** Work, positions, columns: at every position x the value of the weighted sum of rows. */
function openLevel(transcript: Transcript, { level, matrices, isExtension }: Opened): { x: bigint; value: E }[] {
  transcript.grind('level grinding', QUERY_GRINDING);
  const positions = transcript.positions('level positions', level.queries, level.domain);
  const columns = matrices.map(({ root, rowWeights, isSalted }) => {
    const cells = (isExtension ? 4 : 1) * rowWeights.length;
    const matrix = { label: 'level columns', root, n: level.domain, cells, isSalted };
    return openColumns(transcript, matrix, positions).map((column) => {
      const values = isExtension ? fours(column) : column.map((v) => int(v));
      return sum(values.map((v, row) => mul(rowWeights[row]!, v)));
    });
  });
  return positions.map((position, l) => {
    return { x: codePoint(level.domain, position), value: sum(columns.map((values) => values[l]!)) };
  });
}

/** The most significant of `variables` variables become r: the scalar takes eq(z, r), or (1 - r) + r pi of a code point. */
function bind(weights: Weights, r: Point, variables: number): Weights {
  if ('point' in weights) {
    const { scalar, point } = weights;
    return { scalar: mul(scalar, eq(point.slice(0, r.length), r)), point: point.slice(r.length) };
  }
  const pi = basis(weights.x, variables).map((v) => int(v));
  const factors = r.map((a, i) => add(ONE, mul(a, sub(pi[i]!, ONE))));
  return { scalar: factors.reduce(mul, weights.scalar), x: weights.x };
}

/** <w, weights> */
function pair(w: readonly E[], weights: Weights, variables: number): E {
  if ('x' in weights) return mul(weights.scalar, codeTensor(weights.x, variables, w));
  return mul(weights.scalar, sum(eqTable(weights.point).map((e, i) => mul(e, w[i]!))));
}
