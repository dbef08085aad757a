/**
 * Parameter sets. A set fixes the code and the recursion of one opening class; everything else (queries, grinding) follows from it and
 * from the target, so that neither a proof nor a key can weaken it. Only the proved unique-decoding regime is used.
 */
import { TesseraError } from '../errors.ts';

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
  /** k_1, k_2, ..: variables bound at each level of the recursion. */
  readonly folds: readonly number[];
}

/** One code of the recursion: level 0 is the commitments', level i has the vector after i folds. */
export interface Level {
  /** Message length 2^messageBits, for level i >= 1 the length of a row. */
  readonly messageBits: number;
  readonly domainBits: number;
  /** Distinct positions opened. */
  readonly queries: number;
}

/** -log2((1 + rho) / 2): bits of one query against a word beyond half the minimum distance. */
export function bitsPerQuery(rate: number): number {
  return -Math.log2((1 + rate) / 2);
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
    const queries = Math.ceil((TARGET - QUERY_GRINDING) / bitsPerQuery(2 ** (messageBits - domainBits)));
    levels.push({ messageBits, domainBits, queries });
  }
  return levels;
}

/** The closed list of sets. @throws TesseraError E_SOUNDNESS for anything else. */
export function checkParameters(parameters: Parameters): void {
  const { rowBits, rateBits, folds } = parameters;
  const integers = [rowBits, rateBits, ...folds].every(Number.isInteger);
  const last = rowBits - folds.reduce((a, b) => a + b, 0);
  const legal =
    integers &&
    rowBits >= 12 &&
    rowBits <= 22 &&
    (rateBits === 1 || rateBits === 2) &&
    folds.length >= 1 &&
    folds.length <= 4 &&
    folds.every((k) => k >= 2 && k <= 4) &&
    last >= 6 &&
    last <= 11;
  if (!legal || levelsOf(parameters).some((l) => l.queries > 2 ** l.domainBits)) {
    throw new TesseraError(
      'E_SOUNDNESS',
      `the parameter set ${JSON.stringify(parameters)} is not one of the allowed ones`,
    );
  }
}

/** Bytes of the matrix opening: columns, pruned siblings (expected), last vector. */
export function openingBytes(parameters: Parameters, rows: readonly number[]): number {
  const levels = levelsOf(parameters);
  return levels.reduce(
    (bytes, level, i) => {
      const widths = i === 0 ? rows.map((r) => 4 * r) : [16 * 2 ** parameters.folds[i - 1]!];
      const siblings = level.queries * Math.max(1, level.domainBits - Math.log2(level.queries));
      return bytes + widths.reduce((sum, w) => sum + level.queries * w + 32 * siblings, 0);
    },
    16 * 2 ** levels.at(-1)!.messageBits,
  );
}

/**
 * The set for commitments of these sizes (cells): least kilobytes plus milliseconds of one thread, a cell of codeword at 7 ns
 * and a cell of the recursion at four times that (bench/kernels.ts, 2026-11-22).
 */
export function chooseParameters(cells: readonly number[]): Parameters {
  let best: { score: number; parameters: Parameters } | undefined;
  for (let rowBits = 12; rowBits <= 22; rowBits++) {
    for (const rateBits of [1, 2]) {
      for (const folds of foldPlans(rowBits)) {
        const parameters = { rowBits, rateBits, folds };
        const rows = cells.map((c) => Math.ceil(c / 2 ** rowBits));
        const total = rows.reduce((a, b) => a + b, 0);
        const codeword = total * 2 ** (rowBits + rateBits) + 4 * 2 ** (folds[0]! + rowBits + rateBits - 1);
        const score = openingBytes(parameters, rows) / 1024 + codeword * 7e-6;
        if (best === undefined || score < best.score) best = { score, parameters };
      }
    }
  }
  return best!.parameters;
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
