/**
 * Every way a false statement could pass, as a term in bits (docs/spec/90-soundness.md). The protocol is round-by-round sound, so its
 * security is the least of -log2(error) plus the grinding at that round. Errors:
 *   query       ((1 + rho)/2)^t at every level
 *   proximity   k ((1 - rho)/2 n + 1)/|E| for k lines drawn in one round (BCHKS25 2025/2055, Cor. 1.4)
 *   lookup      N (W + 2)/|E| for the fingerprint (Haboeck 2022/1530), 1/2 log N (3 log N + 1)/|E| for the tree (2023/1284)
 *   sumcheck    degree/|E| a round; batching k claims by powers (k - 1)/|E|
 */
import { MAX_VARIABLES } from '../circuit/check.ts';
import { MAX_CLAIMS } from '../circuit/work.ts';
import { TesseraError } from '../errors.ts';
import { bitsPerQuery, FIELD_BITS, levelsOf, type Parameters, QUERY_GRINDING, TARGET } from './parameters.ts';

/** What of a statement the terms depend on. */
export interface ProofShape {
  readonly parameters: Parameters;
  /** Looked-up cells and table rows. */
  readonly fractions: number;
  /** Depth of the fraction tree. */
  readonly treeDepth: number;
  /** W: the widest tuple. */
  readonly tupleWidth: number;
  /** Slabs of all commitments. */
  readonly slabs: number;
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
  /** Bits of work before the lookup challenges, and before eta. */
  readonly lookupGrinding: number;
  readonly etaGrinding: number;
}

export function soundness(shape: ProofShape): Soundness {
  const { parameters, slabs } = shape;
  const levels = levelsOf(parameters);
  const fingerprint = FIELD_BITS - Math.log2(shape.fractions * (shape.tupleWidth + 2));
  const lookupGrinding = missing(fingerprint);
  const etaLines = Math.max(1, Math.ceil(Math.log2(slabs + 1)));
  const eta = lineBits(levels[0]!.messageBits, levels[0]!.domainBits, etaLines);
  const etaGrinding = missing(eta);
  const depth = shape.treeDepth;
  const terms = [
    term('lookup fingerprint', fingerprint, lookupGrinding),
    term('lookup tree', FIELD_BITS - Math.log2(0.5 * depth * (3 * depth + 1))),
    term('sumcheck round', FIELD_BITS - Math.log2(3)),
    term('zero at a random point', FIELD_BITS - Math.log2(MAX_VARIABLES)),
    term('batching claims', FIELD_BITS - Math.log2(MAX_CLAIMS)),
    term('joining slabs (eta)', FIELD_BITS - Math.log2(etaLines)),
    term('proximity of rows, eta', eta, etaGrinding),
    ...levels.flatMap((level, i) => {
      const rate = 2 ** (level.messageBits - level.domainBits);
      return [
        term(`proximity, level ${i}`, lineBits(level.messageBits, level.domainBits, 1)),
        term(`queries, level ${i}`, level.queries * bitsPerQuery(rate), QUERY_GRINDING),
        term(`batching queries, level ${i}`, FIELD_BITS - Math.log2(level.queries + 1)),
      ];
    }),
  ];
  const least = terms.reduce((a, b) => (b.total < a.total ? b : a));
  return { terms, bits: least.total, binding: least.name, lookupGrinding, etaGrinding };
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

/** Bits of `lines` lines drawn at once, for a code of rate 2^(m - n) and length 2^n. */
function lineBits(messageBits: number, domainBits: number, lines: number): number {
  const rate = 2 ** (messageBits - domainBits);
  return FIELD_BITS - Math.log2(lines * (((1 - rate) / 2) * 2 ** domainBits + 1));
}
