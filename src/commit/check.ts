/**
 * Checking the opening of open.ts: the same messages in the same order. Every outstanding claim on the present vector is a scalar times a
 * tensor, so binding a variable by r only multiplies the scalar: by (1 - r)(1 - z) + r z for the evaluation point, by
 * (1 - r) + r pi_j(x) for a code point.
 */
import { basisFactors, domainPoint } from '../field/circle.ts';
import { dot, dotPlanes, type Halves, halvesOf, type Planes, planesOf } from '../field/dot.ts';
import { Ext, powers } from '../field/ext.ts';
import { add, mul } from '../field/m31.ts';
import { eqFactor, eqTable, type Point } from '../field/mle.ts';
import { nextClaim } from '../field/rounds.ts';
import {
  foldsOf,
  type Level,
  levelsOf,
  NODE_BYTES,
  type Parameters,
  QUERY_GRINDING,
  withUpperBit,
} from '../soundness/parameters.ts';
import { bytesToExts, bytesToWords, Rejection, type VerifierChannel } from '../transcript/channel.ts';
import type { Label } from '../transcript/labels.ts';
import { SALT_WORDS } from './codewords.ts';
import { rootOf, siblingPositions } from './merkle.ts';

export interface ClaimedMatrix {
  readonly root: Uint8Array;
  /** The weight of every row: E rows take four base rows each. */
  readonly kappas: readonly Ext[];
  readonly cell: 'base' | 'ext';
  /** Whether a salt follows the cells of a column. */
  readonly leaf: 'salted' | 'plain';
  /** For the rejection: whose columns these are. */
  readonly name: string;
}

/** coefficient * tensor_(j < bits) (1, pi_j(x)). */
interface CodePointClaim {
  coefficient: Ext;
  readonly x: number;
}

/** <sum_i kappa_i row_i, eq(z)> = value. @throws Rejection */
export function checkOpening(
  channel: VerifierChannel,
  parameters: Parameters,
  matrices: readonly ClaimedMatrix[],
  z: Point,
  value: Ext,
): void {
  const levels = levelsOf(parameters);
  const point = withUpperBit(parameters, z);
  let bits = point.length;
  let sigma = value;
  let evaluation = Ext.ONE;
  const codePoints: CodePointClaim[] = [];
  let opened = matrices;
  foldsOf(parameters).forEach(({ bound: k, rows }, i) => {
    const root = channel.receiveBytes('level root', 32);
    const { positions, values } = query(channel, levels[i]!, opened);
    const gammas = powers(channel.transcript.challenge('level batch'), positions.length + 1).slice(1);
    positions.forEach((position, l) => {
      codePoints.push({ coefficient: gammas[l]!, x: domainPoint(levels[i]!.domainBits, position) });
      sigma = sigma.add(gammas[l]!.mul(values[l]!));
    });
    const bound: Ext[] = [];
    for (let round = 0; round < k; round++) {
      const sent = channel.receive('level round', 2);
      const r = channel.transcript.challenge('level round');
      sigma = nextClaim(sigma, sent, r);
      bound.push(r);
    }
    const offset = point.length - bits;
    bound.forEach((r, round) => {
      evaluation = evaluation.mul(eqFactor(r, point[offset + round]!));
    });
    for (const claim of codePoints) bindCodePoint(claim, bound, bits);
    bits -= k;
    const kappas = eqTable(bound).slice(0, rows);
    opened = [{ root, kappas, cell: 'ext', leaf: 'plain', name: `level ${i + 1}` }];
  });
  const last = channel.receive('last vector', 2 ** bits);
  checkLastVector(last, point.slice(point.length - bits), evaluation, codePoints, sigma);
  const { positions, values } = query(channel, levels.at(-1)!, opened);
  const words = planesOf(last);
  positions.forEach((position, l) => {
    const x = domainPoint(levels.at(-1)!.domainBits, position);
    if (!evaluateAt(words, x).equals(values[l]!)) {
      throw new Rejection('opening.last', 'the last vector does not encode to the opened columns');
    }
  });
}

/** Binds the top variables of `bits`: factor (1 - r) + r pi_j(x), j = bits - 1 - round. */
function bindCodePoint(claim: CodePointClaim, bound: readonly Ext[], bits: number): void {
  const factors = basisFactors(claim.x, bits);
  bound.forEach((r, round) => {
    const pi = factors[bits - 1 - round]!;
    claim.coefficient = claim.coefficient.mul(Ext.ONE.sub(r).add(r.mulBase(pi)));
  });
}

/** sum of all outstanding claims = <last, weights>. */
function checkLastVector(
  last: readonly Ext[],
  z: Point,
  evaluation: Ext,
  codePoints: readonly CodePointClaim[],
  sigma: Ext,
): void {
  let sum = Ext.ZERO;
  eqTable(z, evaluation).forEach((e, i) => {
    sum = sum.add(e.mul(last[i]!));
  });
  const words = planesOf(last);
  for (const { coefficient, x } of codePoints) sum = sum.add(coefficient.mul(evaluateAt(words, x)));
  if (!sum.equals(sigma)) throw new Rejection('opening.claims', 'the last vector does not meet the outstanding claims');
}

/** Positions of a level, and the weighted column of all matrices at each. */
function query(
  channel: VerifierChannel,
  level: Level,
  matrices: readonly ClaimedMatrix[],
): { positions: number[]; values: Ext[] } {
  channel.grind('level grinding', QUERY_GRINDING);
  const positions = channel.transcript.positions('level positions', level.queries, level.domainBits);
  const values = positions.map(() => Ext.ZERO);
  for (const matrix of matrices) {
    const width = (matrix.cell === 'base' ? 4 : 16) * matrix.kappas.length;
    const columns = receiveColumns(channel, 'level columns', matrix, width, positions, level.domainBits);
    const weigh = weigher(matrix);
    columns.forEach((column, i) => {
      values[i] = values[i]!.add(weigh(column));
    });
  }
  return { positions, values };
}

/** The columns of one matrix at these positions, of `width` bytes without the salt. @throws Rejection where they do not lead to its root */
export function receiveColumns(
  channel: VerifierChannel,
  label: Label,
  { root, leaf, name }: Pick<ClaimedMatrix, 'root' | 'leaf' | 'name'>,
  width: number,
  positions: readonly number[],
  domainBits: number,
): Uint8Array[] {
  const whole = width + (leaf === 'salted' ? 4 * SALT_WORDS : 0);
  const siblings = siblingPositions(positions, domainBits).reduce((n, s) => n + s.length, 0);
  const bytes = channel.receiveBytes(label, whole * positions.length + NODE_BYTES * siblings);
  const leaves = positions.map((_, i) => bytes.subarray(i * whole, (i + 1) * whole));
  const nodes = Array.from({ length: siblings }, (_, i) => {
    const at = whole * positions.length + NODE_BYTES * i;
    return bytes.subarray(at, at + NODE_BYTES);
  });
  const found = rootOf(leaves, positions, domainBits, nodes);
  if (found === undefined || found.some((b, i) => b !== root[i])) {
    throw new Rejection('opening.merkle', 'opened columns do not lead to the root', name);
  }
  return leaves.map((column) => column.subarray(0, width));
}

/** The weights of a matrix's rows, as columns are multiplied by them. */
type Weigh = (column: Uint8Array) => Ext;

function weigher({ kappas, cell, name }: ClaimedMatrix): Weigh {
  if (cell === 'ext') {
    return (column) => bytesToExts(column, name).reduce((sum, e, row) => sum.add(kappas[row]!.mul(e)), Ext.ZERO);
  }
  const weights = planesOf(kappas);
  return (column) => dotPlanes(halvesOf(bytesToWords(column, name)), weights);
}

/** Low index bits of a code point's weights that are multiplied out. */
const LOW_BITS = 5;

/** <vector, tensor_j (1, pi_j(x))> of a vector of 2^n elements. */
export function evaluateAt(vector: Planes, x: number): Ext {
  const bits = Math.log2(vector[0].length);
  const low = Math.min(LOW_BITS, bits);
  const factors = basisFactors(x, bits);
  const lows = halvesOf(tensorOf(factors.slice(0, low)));
  const highs = tensorOf(factors.slice(low));
  const [a, b, c, d] = vector.map((plane) => weighPlane(plane, lows, highs));
  return new Ext(a!, b!, c!, d!);
}

function weighPlane(plane: Float64Array, lows: Halves, highs: Uint32Array): number {
  const length = lows.upper.length;
  let sum = 0;
  for (let row = 0; row < highs.length; row++) sum = add(sum, mul(dot(lows, plane, row * length), highs[row]!));
  return sum;
}

/** [prod_j f_j^(b_j)] over index bits b, f_0 belonging to the least significant. */
function tensorOf(factors: readonly number[]): Uint32Array {
  const out = new Uint32Array(2 ** factors.length);
  out[0] = 1;
  factors.forEach((f, j) => {
    for (let i = 0; i < 2 ** j; i++) out[2 ** j + i] = mul(out[i]!, f);
  });
  return out;
}
