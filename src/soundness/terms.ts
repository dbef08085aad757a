/**
 * Every way a false statement could pass, as a term in bits (docs/spec/90-soundness.md). The protocol is round-by-round sound, so its
 * security is the least of -log2(error) plus the grinding at that round. Errors:
 *   query       ((1 + rho)/2)^t at every level
 *   proximity   k ((1 - rho)/2 n + 1)/|E| for k lines drawn in one round (BCHKS25 2025/2055, Cor. 1.4)
 *   lookup      N (W + 2)/|E| for the fingerprint (Haboeck 2022/1530), 1/2 log N (3 log N + 1)/|E| for the tree (2023/1284)
 *   sumcheck    degree/|E| a round; batching k claims by powers (k - 1)/|E|
 *   pads        in zero knowledge: 2/|E| for the products of pads, (equations)/|E| for batching, and their code's own terms
 */
import { MAX_VARIABLES } from '../circuit/check.ts';
import { MAX_CLAIMS } from '../circuit/work.ts';
import { TesseraError } from '../errors.ts';
import {
  bitsPerQuery,
  FIELD_BITS,
  type Level,
  levelsOf,
  MAX_PADS,
  type Parameters,
  padCode,
  QUERY_GRINDING,
  TARGET,
} from './parameters.ts';

/** One opening class: commitments with the same code, opened together. */
export interface ClassShape {
  readonly parameters: Parameters;
  /** Slabs of all its commitments. */
  readonly slabs: number;
}

/** What of a statement the terms depend on. */
export interface ProofShape {
  readonly classes: readonly ClassShape[];
  /** Looked-up cells and table rows. */
  readonly fractions: number;
  /** Depth of the fraction tree. */
  readonly treeDepth: number;
  /** W: the widest tuple. */
  readonly tupleWidth: number;
  /** Whether messages are hidden behind pads. */
  readonly zk: boolean;
}

export interface Term {
  readonly name: string;
  /** -log2 of the error without grinding. */
  readonly bits: number;
  readonly grinding: number;
  readonly total: number;
}

export interface Soundness {
  readonly terms: readonly Term[];
  /** The least total. */
  readonly bits: number;
  readonly binding: string;
  /** Bits of work before the lookup challenges, and before the eta of every class. */
  readonly lookupGrinding: number;
  readonly etaGrinding: readonly number[];
}

export function soundness(shape: ProofShape): Soundness {
  const fingerprint = FIELD_BITS - Math.log2(Math.max(1, shape.fractions) * (shape.tupleWidth + 2));
  const lookupGrinding = missing(fingerprint);
  const depth = shape.treeDepth;
  const classes = shape.classes.map((c, i) => classTerms(c, i === 0 ? '' : `, class ${i}`));
  const terms = [
    term('lookup fingerprint', fingerprint, lookupGrinding),
    term('lookup tree', FIELD_BITS - Math.log2(0.5 * depth * (3 * depth + 1))),
    term('sumcheck round', FIELD_BITS - Math.log2(3)),
    term('zero at a random point', FIELD_BITS - Math.log2(MAX_VARIABLES)),
    term('batching claims', FIELD_BITS - Math.log2(MAX_CLAIMS)),
    ...classes.flatMap((c) => c.terms),
    ...(shape.zk ? padTerms() : []),
  ];
  const least = terms.reduce((a, b) => (b.total < a.total ? b : a));
  const etaGrinding = classes.map((c) => c.etaGrinding);
  return { terms, bits: least.total, binding: least.name, lookupGrinding, etaGrinding };
}

/** The opening of one class. */
function classTerms({ parameters, slabs }: ClassShape, suffix: string): { terms: Term[]; etaGrinding: number } {
  const levels = levelsOf(parameters);
  const etaLines = Math.max(1, Math.ceil(Math.log2(slabs + 1)));
  const eta = lineBits(levels[0]!, etaLines);
  const etaGrinding = missing(eta);
  const terms = [
    term(`joining slabs (eta)${suffix}`, FIELD_BITS - Math.log2(etaLines)),
    term(`proximity of rows, eta${suffix}`, eta, etaGrinding),
    ...levels.flatMap((level, i) => [
      term(`proximity, level ${i}${suffix}`, lineBits(level, 1)),
      term(`queries, level ${i}${suffix}`, level.queries * bitsPerQuery(level.rate), QUERY_GRINDING),
      term(`batching queries, level ${i}${suffix}`, FIELD_BITS - Math.log2(level.queries + 1)),
    ]),
  ];
  return { terms, etaGrinding };
}

/** The pads of zero knowledge, for as many of them as a proof may have. */
function padTerms(): Term[] {
  const code = padCode(MAX_PADS);
  return [
    term('pads: products', FIELD_BITS - Math.log2(2)),
    term('pads: batching equations', FIELD_BITS - Math.log2(MAX_PADS)),
    term('pads: proximity', lineBits(code, 1)),
    term('pads: queries', code.queries * bitsPerQuery(code.rate)),
  ];
}

/** @throws TesseraError E_SOUNDNESS below the target. */
export function insist(s: Soundness): void {
  if (!(s.bits >= TARGET)) {
    throw new TesseraError('E_SOUNDNESS', `${s.binding} gives ${s.bits.toFixed(1)} bits, less than ${TARGET}`, {
      hint: 'Use a larger row length or a lower rate.',
    });
  }
}

function term(name: string, bits: number, grinding = 0): Term {
  return { name, bits, grinding, total: bits + grinding };
}

function missing(bits: number): number {
  return Math.max(0, Math.ceil(TARGET - bits));
}

/** Bits of `lines` lines drawn at once, for a code. */
function lineBits({ rate, domainBits }: Level, lines: number): number {
  return FIELD_BITS - Math.log2(lines * (((1 - rate) / 2) * 2 ** domainBits + 1));
}
