/**
 * Parameter sets. A set fixes the code and the recursion of one opening class; everything else (queries, grinding) follows from it and
 * from the target, so that neither a proof nor a key can weaken it. Only the proved unique-decoding regime is used.
 */
import { TesseraError } from '../errors.ts';
import { Ext } from '../field/ext.ts';
import type { Point } from '../field/mle.ts';

/** Bits of security that proving and verifying insist on. */
export const TARGET = 100;

/** Bits of work before every set of queries. */
export const QUERY_GRINDING = 16;

/** log2 |E|. */
export const FIELD_BITS = 4 * Math.log2(2 ** 31 - 1);

export interface Parameters {
  /** m: a row has 2^m message cells. */
  readonly rowBits: number;
  /** The first code has rate 2^-rateBits. */
  readonly rateBits: number;
  /**
   * a: in zero knowledge a row has T = a 2^(m - k_1) coefficients more, random where something is hidden. That many, because level 1 commits
   * whole rows of 2^(m - k_1): cells beyond T would be free.
   */
  readonly tailRows: number;
  /** k_1, k_2, ..: variables bound at each level of the recursion. */
  readonly folds: readonly number[];
}

/** T: coefficients of a row behind its 2^m message cells. */
export function tailOf({ rowBits, tailRows, folds }: Parameters): number {
  return tailRows * 2 ** (rowBits - (folds[0] ?? 0));
}

/** The same code without random coefficients: what a plain proof uses. */
export function withoutTail(parameters: Parameters): Parameters {
  return { ...parameters, tailRows: 0 };
}

/** Variables of the folded row: one more where rows have a tail. */
export function vectorBits({ rowBits, tailRows }: Parameters): number {
  return rowBits + (tailRows > 0 ? 1 : 0);
}

/** A point of the message as one of the folded row, whose upper half is the tail. */
export function withUpperBit({ tailRows }: Parameters, z: Point): Point {
  return tailRows > 0 ? [Ext.ZERO, ...z] : z;
}

/** Each level's fold: how many variables it binds, and over how many rows of E. */
export function foldsOf({ folds, tailRows }: Parameters): { readonly bound: number; readonly rows: number }[] {
  return folds.map((k, i) =>
    i === 0 && tailRows > 0 ? { bound: k + 1, rows: 2 ** k + tailRows } : { bound: k, rows: 2 ** k },
  );
}

/** How many proofs may open a commitment whose rows have T random coefficients: t positions each, T - 1 in all. */
export function proofBudget(parameters: Parameters): number {
  const tail = tailOf(parameters);
  return tail === 0 ? 0 : Math.floor((tail - 1) / levelsOf(parameters)[0]!.queries);
}

/** One code of the recursion: level 0 is the commitments', level i has the vector after i folds. */
export interface Level {
  /** Message length 2^messageBits, for level i >= 1 the length of a row. */
  readonly messageBits: number;
  /** Coefficients of a codeword over its length: at level 0 the tail counts. */
  readonly rate: number;
  readonly domainBits: number;
  /** Distinct positions opened. */
  readonly queries: number;
}

/** -log2((1 + rho) / 2): bits of one query against a word beyond half the minimum distance. */
export function bitsPerQuery(rate: number): number {
  return -Math.log2((1 + rate) / 2);
}

/** Positions that reach the target together with the work before them. */
export function queriesAt(rate: number): number {
  return Math.ceil((TARGET - QUERY_GRINDING) / bitsPerQuery(rate));
}

export function levelsOf(parameters: Parameters): Level[] {
  const levels: Level[] = [];
  let messageBits = parameters.rowBits;
  let domainBits = parameters.rowBits + parameters.rateBits;
  for (let i = 0; i <= parameters.folds.length; i++) {
    if (i > 0) {
      messageBits -= parameters.folds[i - 1]!;
      domainBits -= 1;
    }
    const rate = (2 ** messageBits + (i === 0 ? tailOf(parameters) : 0)) / 2 ** domainBits;
    levels.push({ messageBits, rate, domainBits, queries: queriesAt(rate) });
  }
  return levels;
}

/** The closed list of sets. @throws TesseraError E_SOUNDNESS for anything else. */
export function checkParameters(parameters: Parameters): void {
  const { rowBits, rateBits, tailRows, folds } = parameters;
  const integers = [rowBits, rateBits, tailRows, ...folds].every(Number.isInteger);
  const last = rowBits - folds.reduce((a, b) => a + b, 0);
  const legal =
    integers &&
    rowBits >= 12 &&
    rowBits <= 22 &&
    rateBits >= 1 &&
    rateBits <= 3 &&
    tailRows >= 0 &&
    tailRows <= 2 ** (folds[0] ?? 0) &&
    2 ** rowBits + tailOf(parameters) < 2 ** (rowBits + rateBits) && // a code of rate 1 checks nothing
    folds.length >= 1 &&
    folds.length <= 4 &&
    folds.every((k) => k >= 2 && k <= 4) &&
    last >= 6 &&
    last <= 11;
  // a tail hides only where one proof's positions leave a coefficient over
  const hides = tailRows === 0 || (legal && proofBudget(parameters) >= 1);
  if (!legal || !hides || levelsOf(parameters).some((l) => l.queries > 2 ** l.domainBits)) {
    throw new TesseraError(
      'E_SOUNDNESS',
      `the parameter set ${JSON.stringify(parameters)} is not one of the allowed ones`,
    );
  }
}

/**
 * Bytes of a node in a Merkle tree: 224 bits, for a collision takes 2^112 hashes, and proofs have 100 bits. The root has 32. Of
 * resnet50's proof 36 kB of 488 (2026-11-25).
 */
export const NODE_BYTES = 28;

/** Bytes of the matrix opening: columns, pruned siblings (expected), last vector. */
export function openingBytes(parameters: Parameters, rows: readonly number[]): number {
  const levels = levelsOf(parameters);
  const folds = foldsOf(parameters);
  return levels.reduce(
    (bytes, level, i) => {
      const widths = i === 0 ? rows.map((r) => 4 * r) : [16 * folds[i - 1]!.rows];
      const siblings = level.queries * Math.max(1, level.domainBits - Math.log2(level.queries));
      return bytes + widths.reduce((sum, w) => sum + level.queries * w + NODE_BYTES * siblings, 0);
    },
    16 * 2 ** levels.at(-1)!.messageBits,
  );
}

/** Base rows of the mask, and words of a leaf's salt: what hiding adds to a matrix. */
const MASK_ROWS = 4;
const SALT_WORDS = 8;

/**
 * Kilobytes of an opening; each one beyond counts twice. With more weight resnet50's proof went from 541 to 467 kB, but from 2.3 to 2.9 s, and
 * vgg16-cifar's memory from 340 to 485 MB (bench/models.ts, 2026-11-25).
 */
const SHORT = 200;

/**
 * The set for commitments of these sizes (cells): least kilobytes plus milliseconds of one thread, a cell of codeword at 7 ns
 * and a cell of the recursion at four times that (bench/kernels.ts, 2026-11-22), of a proof in zero knowledge. `budget`: proofs that
 * one commitment of private weights must hide in.
 */
export function chooseParameters(cells: readonly number[], budget = 1): Parameters {
  let best: { score: number; parameters: Parameters } | undefined;
  for (let rowBits = 12; rowBits <= 22; rowBits++) {
    for (const rateBits of [1, 2, 3]) {
      for (const folds of foldPlans(rowBits)) {
        for (let tailRows = 1; tailRows <= 2 ** folds[0]!; tailRows *= 2) {
          const parameters = { rowBits, rateBits, tailRows, folds };
          if (proofBudget(parameters) < budget) continue;
          const score = scoreOf(parameters, cells);
          if (best === undefined || score < best.score) best = { score, parameters };
          break; // more random coefficients only cost more
        }
      }
    }
  }
  if (best !== undefined) return best.parameters;
  throw new TesseraError('E_SOUNDNESS', `no parameter set hides the weights in ${budget} proofs`, {
    hint: 'Ask for a smaller budget, and rotate the weights when it is spent.',
  });
}

function scoreOf(parameters: Parameters, cells: readonly number[]): number {
  const { rowBits, rateBits } = parameters;
  const rows = cells.map((c) => Math.ceil(c / 2 ** rowBits)).map((r) => (r < 8 ? r + SALT_WORDS : r));
  rows[rows.length - 1]! += MASK_ROWS;
  const total = rows.reduce((a, b) => a + b, 0);
  const codeword = total * 2 ** (rowBits + rateBits) + 4 * foldsOf(parameters)[0]!.rows * 2 ** (rowBits + rateBits - 1);
  const kilobytes = openingBytes(parameters, rows) / 1024;
  return kilobytes + Math.max(0, kilobytes - SHORT) + codeword * 7e-6;
}

function foldPlans(rowBits: number): number[][] {
  const plans: number[][] = [];
  const extend = (folds: number[], rest: number) => {
    if (folds.length > 0 && rest >= 6 && rest <= 11) plans.push(folds);
    if (folds.length === 4) return;
    for (const k of [3, 4]) if (rest - k >= 6) extend([...folds, k], rest - k);
  };
  extend([], rowBits);
  return plans;
}

/**
 * The class of a tensor that is committed on its own, whatever model will read it: rows of 2^13, rate 1/4 with the random part, 66 proofs.
 * A low rate and a full tail, because what counts here is how many proofs may open it, not the time of one small encoding.
 */
export const STANDALONE: Parameters = { rowBits: 13, rateBits: 3, tailRows: 16, folds: [4] };

/** Pads of one proof at most, and equations between them: the terms of soundness/terms.ts count on it. */
export const MAX_PADS = 2 ** 18;

/**
 * The code of a proof's pads has at most this rate: of 1/4 .. 1/16 the fewest milliseconds at equal bytes. Its positions reach the target without
 * work before them: 24 columns more (7 KB) cost less than 2^16 hashes (2 ms of one thread).
 */
const PAD_RATE = 1 / 4;

/** The pads' code: [t random coefficients || pads] over E, as many positions as random coefficients. */
export function padCode(pads: number): Level {
  const queries = Math.ceil(TARGET / bitsPerQuery(PAD_RATE));
  const length = queries + pads;
  const messageBits = Math.ceil(Math.log2(length));
  const domainBits = Math.ceil(Math.log2(length / PAD_RATE));
  return { messageBits, rate: length / 2 ** domainBits, domainBits, queries };
}
