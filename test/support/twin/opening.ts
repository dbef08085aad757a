/**
 * All claims on columns, opened at once (docs/spec/30-commitment.md, sections 5 to 7): one batch evaluation leaves one value of every
 * slab, eta joins the slabs to one functional of the committed rows, and folds with spot checks shrink that to the last vector.
 */
import { basis, codePoint, openColumns } from './code.ts';
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
} from './field.ts';
import { type Claim, type Ledger, sumcheck } from './ledger.ts';
import { slabWeight } from './packing.ts';
import { type Level, QUERY_GRINDING, type Statement } from './statement.ts';
import { fours, must, type Transcript } from './transcript.ts';

/** A claim on the present vector h: <h, scalar (f0, f1) x (f0, f1) x ..>, most significant variable first. */
interface Weights {
  readonly scalar: E;
  readonly factors: readonly (readonly [E, E])[];
}

/** What is opened at a level: matrices of one code, each with the weights of its rows. */
interface Opened {
  readonly level: Level;
  readonly matrices: readonly { readonly root: Uint8Array; readonly rowWeights: readonly E[] }[];
  /** Cells are elements of F in the commitments, of E after a fold. */
  readonly isExtension: boolean;
}

export function checkOpening(
  statement: Statement,
  witnessRoot: Uint8Array,
  ledger: Ledger,
  transcript: Transcript,
): void {
  const { levels, folds } = statement;
  const { point: rho, slabValues } = evaluateBatch(statement, ledger, transcript);
  const eta = transcript.challenges('eta', Math.max(1, bits(statement.slabs.length + 1)));
  const slabWeights = statement.slabs.map((_, s) => eq(eta, corner(s, eta.length)));
  const z = rho.slice(rho.length - statement.m);

  let sigma = sum(slabValues.map((u, s) => mul(slabWeights[s]!, u)));
  let weights: Weights[] = [{ scalar: ONE, factors: z.map((a) => [sub(ONE, a), a] as const) }];
  let opened = commitmentsAs(statement, witnessRoot, slabWeights, rho.slice(0, rho.length - statement.m));
  folds.forEach((k, i) => {
    const root = transcript.bytes('level root', 32);
    const answers = openLevel(transcript, opened);
    const gamma = powers(transcript.challenge('level batch'), answers.length + 1);
    answers.forEach(({ x, value }, l) => {
      sigma = add(sigma, mul(gamma[l + 1]!, value));
      weights.push({ scalar: gamma[l + 1]!, factors: codeWeights(x, opened.level.message) });
    });
    const fold = sumcheck(transcript, 'level round', sigma, k, 2);
    sigma = fold.value;
    weights = weights.map((w) => fold.point.reduce(bind, w));
    opened = { level: levels[i + 1]!, matrices: [{ root, rowWeights: eqTable(fold.point) }], isExtension: true };
  });

  const last = transcript.elements('last vector', 2 ** opened.level.message);
  must(same(sigma, sum(weights.map((w) => pair(last, w)))), 'opening.claims'); // O2
  for (const { x, value } of openLevel(transcript, opened)) {
    const encoded = pair(last, { scalar: ONE, factors: codeWeights(x, opened.level.message) });
    must(same(value, encoded), 'opening.last'); // O3
  }
}

/** sum_j gamma^j v_j = sum_S sum_x S(x) W_S(x);   B1  end = sum_S 2^-(N - n_S) W_S(last n_S of rho) u_S */
function evaluateBatch(
  statement: Statement,
  ledger: Ledger,
  transcript: Transcript,
): { readonly point: Point; readonly slabValues: readonly E[] } {
  const { slabs, circuit } = statement;
  const owed = circuit.tensors.flatMap(({ def, shape }, tensor) => {
    const isColumn = def.kind === 'weight' || def.kind === 'witness' || def.kind === 'input';
    return isColumn ? ledger.claims(tensor).map((claim) => ({ ...claim, tensor, shape })) : [];
  });
  const gamma = powers(transcript.challenge('opening batch'), owed.length);
  const total = sum(owed.map(({ value }, j) => mul(gamma[j]!, value)));
  const most = Math.max(...slabs.map((slab) => slab.variables));
  const { point: rho, value }: Claim = sumcheck(transcript, 'opening round', total, most, 2);
  const slabValues = statement.commitments.flatMap((c) => transcript.elements('slab values', c.slabs.length));
  const end = slabs.map((slab, s) => {
    const missing = most - slab.variables;
    const weight = owed.flatMap(({ tensor, shape, point }, j) =>
      slabWeight(slab, tensor, shape, point, rho.slice(missing)).map((w) => mul(gamma[j]!, w)),
    );
    return mul(mul(half(missing), sum(weight)), slabValues[s]!);
  });
  must(same(value, sum(end)), 'opening.batch');
  transcript.grind('eta grinding', statement.etaGrinding);
  return { point: rho, slabValues };
}

/** kappa of row i of slab S = eq(eta, S) eq(the n_S - m coordinates of rho before z, i) */
function commitmentsAs(
  { commitments, slabs, levels, m }: Statement,
  witnessRoot: Uint8Array,
  slabWeights: readonly E[],
  before: Point,
): Opened {
  const matrices = commitments.map((commitment) => {
    const rowWeights = commitment.slabs.flatMap((slab) => {
      const weight = slabWeights[slabs.indexOf(slab)]!;
      return eqTable(before.slice(before.length - (slab.variables - m))).map((e) => mul(weight, e));
    });
    return { root: commitment.root ?? witnessRoot, rowWeights };
  });
  return { level: levels[0]!, matrices, isExtension: false };
}

/** Work, positions, columns: at every position x the value of the weighted sum of rows. */
function openLevel(transcript: Transcript, { level, matrices, isExtension }: Opened): { x: bigint; value: E }[] {
  transcript.grind('level grinding', QUERY_GRINDING);
  const positions = transcript.positions('level positions', level.queries, level.domain);
  const columns = matrices.map(({ root, rowWeights }) => {
    const cells = (isExtension ? 4 : 1) * rowWeights.length;
    const opened = openColumns(transcript, { root, n: level.domain, cells }, positions);
    return opened.map((column) => {
      const values = isExtension ? fours(column) : column.map((v) => int(v));
      return sum(values.map((v, row) => mul(rowWeights[row]!, v)));
    });
  });
  return positions.map((position, l) => {
    return { x: codePoint(level.domain, position), value: sum(columns.map((values) => values[l]!)) };
  });
}

/** (1, pi_j(x)) for every variable */
const codeWeights = (x: bigint, variables: number): (readonly [E, E])[] =>
  basis(x, variables).map((pi) => [ONE, int(pi)] as const);

/** The most significant variable becomes r: the scalar takes (1 - r) f0 + r f1. */
function bind({ scalar, factors: [[f0, f1], ...factors] }: Weights, r: E): Weights {
  return { scalar: mul(scalar, add(f0, mul(r, sub(f1, f0)))), factors };
}

/** <w, weights> */
function pair(w: readonly E[], { scalar, factors }: Weights): E {
  let vector = w;
  for (const [f0, f1] of factors) {
    const middle = vector.length / 2;
    vector = vector.slice(0, middle).map((v, i) => add(mul(f0, v), mul(f1, vector[middle + i]!)));
  }
  return mul(scalar, vector[0]!);
}
