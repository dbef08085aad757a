/**
 * Opening one linear functional of committed rows, prover's side (docs/spec/30-commitment.md; the shape of WHIR 2024/1586 and Ligerito
 * 2025/1187, unique decoding, no out-of-domain samples). check.ts is the verifier's side, message for message.
 *
 *   h = sum_i kappa_i row_i,   claim <h, eq(z)> = v
 *   with random coefficients h has one index bit more, its upper half holds theirs: claim <h, eq((0, z))> = v, and the first fold binds
 *   k_1 + 1 variables over 2^(k_1) + a rows
 *   for each fold k_i:   P  root of level i: the vector as 2^(k_i) rows over E, at a lower rate
 *                        V  positions in the previous code          P  its columns there, one multiproof a commitment
 *                        V  gamma: sigma = v + sum_l gamma^l claim_l, weights alike
 *                        k_i sumcheck rounds of <vector, weights> bind the row variables
 *   P  last vector       V  positions in the last code              P  columns
 */

import type { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';
import { extBytes, type Machine } from '../kernels/kernels.ts';
import { ProductInstance } from '../kernels/tables.ts';
import { allocExt, eqVector, forRanges, readExts, uploadExts } from '../kernels/vectors.ts';
import {
  foldsOf,
  levelsOf,
  type Parameters,
  QUERY_GRINDING,
  tailOf,
  vectorBits,
  withUpperBit,
} from '../soundness/parameters.ts';
import type { ProverChannel } from '../transcript/channel.ts';
import { addCodePoints } from './code-points.ts';
import { commitRows, type MatrixCommitment, openColumns } from './matrix.ts';

export interface OpenedMatrix {
  readonly commitment: MatrixCommitment;
  /** Message rows, contiguous, 2^m words each. */
  readonly messages: number;
  /** Random coefficients of the rows, contiguous, T words each; 0 where all are zero. */
  readonly tails: number;
  /** The weight of every row. */
  readonly kappas: readonly Ext[];
}

export function openMatrices(
  channel: ProverChannel,
  m: Machine,
  parameters: Parameters,
  twiddles: number,
  matrices: readonly OpenedMatrix[],
  z: Point,
): void {
  const mark = m.mark();
  const levels = levelsOf(parameters);
  const folds = foldsOf(parameters);
  let bits = vectorBits(parameters);
  const vector = foldMatrices(m, parameters, matrices);
  const weights = eqVector(m, withUpperBit(parameters, z));
  let opened = matrices.map((x) => x.commitment);
  folds.forEach(({ bound, rows }, i) => {
    const next = commitVector(m, vector, bits - bound, rows, levels[i + 1]!.domainBits, twiddles);
    channel.sendBytes('level root', next.root);
    const positions = query(channel, m, levels[i]!, opened);
    const gamma = channel.transcript.challenge('level batch');
    addCodePoints(m, weights, bits, levels[i]!.domainBits, positions, gamma, twiddles);
    const table = new ProductInstance(m, vector, weights, bits);
    for (let round = 0; round < bound; round++) {
      channel.send('level round', table.round());
      table.bind(channel.transcript.challenge('level round'));
    }
    bits -= bound;
    opened = [next];
  });
  channel.send('last vector', readExts(m, vector, 2 ** bits));
  query(channel, m, levels.at(-1)!, opened);
  m.release(mark);
}

/** sum_i kappa_i row_i over all matrices: messages, and where rows have a tail, tails in the upper half. */
export function foldMatrices(m: Machine, parameters: Parameters, matrices: readonly OpenedMatrix[]): number {
  const length = 2 ** parameters.rowBits;
  const tail = tailOf(parameters);
  const vector = allocExt(m, 2 ** vectorBits(parameters));
  m.raw.zeroExt(vector, 2 ** vectorBits(parameters));
  for (const { messages, tails, kappas } of matrices) {
    const w = uploadExts(m, kappas);
    const grain = Math.max(64, Math.floor((1 << 15) / kappas.length));
    forRanges(m, 'foldRowsI32', length, grain, (from, to) => [messages, length, kappas.length, w, from, to, vector]);
    if (tails === 0) continue;
    const upper = vector + extBytes(length);
    forRanges(m, 'foldRowsI32', tail, grain, (from, to) => [tails, tail, kappas.length, w, from, to, upper]);
  }
  return vector;
}

/** Commits to a vector over E as `count` rows of 2^rowBits. */
function commitVector(
  m: Machine,
  vector: number,
  rowBits: number,
  count: number,
  domainBits: number,
  twiddles: number,
): MatrixCommitment {
  const length = count * 2 ** rowBits;
  const planes = m.alloc(16 * length);
  m.raw.splitExt(vector, length, planes, 4 * length);
  const rows = Array.from({ length: 4 * count }, (_, i) => {
    return planes + 4 * length * (i % 4) + 4 * 2 ** rowBits * Math.floor(i / 4);
  });
  return commitRows(m, rows, rowBits, domainBits, twiddles);
}

function query(
  channel: ProverChannel,
  m: Machine,
  level: { readonly queries: number; readonly domainBits: number },
  opened: readonly MatrixCommitment[],
): number[] {
  channel.grind('level grinding', QUERY_GRINDING);
  const positions = channel.transcript.positions('level positions', level.queries, level.domainBits);
  for (const matrix of opened) channel.sendBytes('level columns', openColumns(m, matrix, positions));
  return positions;
}
