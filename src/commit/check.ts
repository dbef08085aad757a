/**
 * Checking the opening of open.ts: the same messages in the same order. Every outstanding claim on the present vector is a scalar times a
 * tensor, so binding a variable by r only multiplies the scalar: by (1 - r)(1 - z) + r z for the evaluation point, by
 * (1 - r) + r pi_j(x) for a code point.
 */
import { basisFactors, domainPoint, double } from '../field/circle.ts';
import { Ext, powers } from '../field/ext.ts';
import { add, mul } from '../field/m31.ts';
import { eqFactor, eqTable, type Point } from '../field/mle.ts';
import { nextClaim } from '../field/rounds.ts';
import { type Level, levelsOf, type Parameters, QUERY_GRINDING } from '../soundness/parameters.ts';
import { bytesToExts, bytesToWords, Rejection, type VerifierChannel } from '../transcript/channel.ts';
import { rootOf, siblingPositions } from './merkle.ts';

export interface ClaimedMatrix {
  readonly root: Uint8Array;
  /** The weight of every row: E rows take four base rows each. */
  readonly kappas: readonly Ext[];
  readonly cell: 'base' | 'ext';
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
  let bits = parameters.rowBits;
  let sigma = value;
  let evaluation = Ext.ONE;
  const codePoints: CodePointClaim[] = [];
  let opened = matrices;
  parameters.folds.forEach((k, i) => {
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
    const offset = parameters.rowBits - bits;
    bound.forEach((r, round) => {
      evaluation = evaluation.mul(eqFactor(r, z[offset + round]!));
    });
    for (const claim of codePoints) bindCodePoint(claim, bound, bits);
    bits -= k;
    opened = [{ root, kappas: eqTable(bound), cell: 'ext', name: `level ${i + 1}` }];
  });
  const last = channel.receive('last vector', 2 ** bits);
  checkLastVector(last, z.slice(parameters.rowBits - bits), evaluation, codePoints, sigma);
  const { positions, values } = query(channel, levels.at(-1)!, opened);
  const words = planes(last);
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
  const words = planes(last);
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
    const cells = matrix.kappas.length;
    const width = (matrix.cell === 'base' ? 4 : 16) * cells;
    const siblings = siblingPositions(positions, level.domainBits).reduce((n, s) => n + s.length, 0);
    const bytes = channel.receiveBytes('level columns', width * positions.length + 32 * siblings);
    const columns = positions.map((_, i) => bytes.subarray(i * width, (i + 1) * width));
    const nodes = Array.from({ length: siblings }, (_, i) => {
      const at = width * positions.length + 32 * i;
      return bytes.subarray(at, at + 32);
    });
    const root = rootOf(columns, positions, level.domainBits, nodes);
    if (root === undefined || root.some((b, i) => b !== matrix.root[i])) {
      throw new Rejection('opening.merkle', 'opened columns do not lead to the root', matrix.name);
    }
    columns.forEach((column, i) => {
      values[i] = values[i]!.add(weighColumn(column, matrix));
    });
  }
  return { positions, values };
}

function weighColumn(column: Uint8Array, matrix: ClaimedMatrix): Ext {
  let sum = Ext.ZERO;
  if (matrix.cell === 'ext') {
    bytesToExts(column, matrix.name).forEach((cell, row) => {
      sum = sum.add(matrix.kappas[row]!.mul(cell));
    });
    return sum;
  }
  bytesToWords(column, matrix.name).forEach((cell, row) => {
    sum = sum.add(matrix.kappas[row]!.mulBase(cell));
  });
  return sum;
}

/** The four coordinate planes of a vector. */
function planes(vector: readonly Ext[]): Int32Array[] {
  return [
    Int32Array.from(vector, (e) => e.a),
    Int32Array.from(vector, (e) => e.b),
    Int32Array.from(vector, (e) => e.c),
    Int32Array.from(vector, (e) => e.d),
  ];
}

/** <vector, tensor_j (1, pi_j(x))>, folding the least significant variable first. */
function evaluateAt(vector: readonly Int32Array[], x: number): Ext {
  const [a, b, c, d] = vector.map((plane) => {
    const layer = plane.slice();
    for (let length = layer.length / 2, pi = x; length >= 1; length /= 2, pi = double(pi)) foldPairs(layer, length, pi);
    return layer[0]!;
  });
  return new Ext(a!, b!, c!, d!);
}

/** layer[i] <- layer[2i] + pi layer[2i + 1], in place. */
function foldPairs(layer: Int32Array, length: number, pi: number): void {
  for (let i = 0; i < length; i++) layer[i] = add(layer[2 * i]!, mul(pi, layer[2 * i + 1]!));
}
