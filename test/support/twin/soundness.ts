/**
 * Parameters, the codes that follow from them, and every way in which a false statement could pass, in bits (docs/spec/90-soundness.md;
 * 45-zero-knowledge.md, sections 2 and 3).
 */
import { bits } from './field.ts';
import { must } from './transcript.ts';

export interface Level {
  /** The code has 2^variables coefficients, of which a rate rho over D_domain may be other than zero. */
  readonly variables: number;
  readonly domain: number;
  readonly rho: number;
  readonly queries: number;
}

/** Commitments with one code are opened together. */
export interface Code {
  readonly m: number;
  /** Variables bound at each level, and the rows of the level after it. */
  readonly folds: readonly { readonly bound: number; readonly rows: number }[];
  /** Level 0 is the commitments'. */
  readonly levels: readonly Level[];
}

/** The 16 bits of work before a level's positions, and what every term must reach. */
export const QUERY_GRINDING = 16;
const TARGET = 100;
/** The code of commitments of single inputs and outputs. */
export const ALONE = [13, 3, 16, 4];

const bitsPerQuery = (rho: number): number => -Math.log2((1 + rho) / 2);

/** Random coefficients of the pads: t_P. */
export const PAD_QUERIES = Math.ceil(TARGET / bitsPerQuery(1 / 4));

/** What of a list of parameters is in force: in a plain proof a = 0. */
export function codeOf(parameters: readonly number[], zk: boolean): Code {
  const [m = 0, rate = 0, a = 0, ...bound] = parameters;
  const last = m - bound.reduce((sum, k) => sum + k, 0);
  const isListed = m >= 12 && m <= 22 && rate >= 1 && rate <= 3 && bound.length >= 1 && bound.length <= 4;
  must(isListed && bound.every((k) => k >= 2 && k <= 4) && last >= 6 && last <= 11, 'E_SOUNDNESS');
  const first = bound[0]!;
  must(a <= 2 ** first, 'E_SOUNDNESS');
  const coefficients = a * 2 ** (m - first); // T
  const [plain, hiding] = [levelsOf(m, rate, bound, 0), levelsOf(m, rate, bound, coefficients)];
  must(plain.every(isPossible), 'E_SOUNDNESS');
  must(a === 0 || (isPossible(hiding[0]!) && hiding[0]!.queries < coefficients), 'E_SOUNDNESS');
  if (!zk) return { m, folds: bound.map((k) => ({ bound: k, rows: 2 ** k })), levels: plain };
  const folds = bound.map((k, i) => (i === 0 ? { bound: k + 1, rows: 2 ** k + a } : { bound: k, rows: 2 ** k }));
  return { m, folds, levels: hiding };
}

const isPossible = ({ rho, queries, domain }: Level): boolean => rho < 1 && queries <= 2 ** domain;

/** b_i = m - k_1 - .. - k_i,  n_i = m + rateBits - i,  t_i = ceil((100 - 16) / -log2((1 + rho_i)/2)) */
function levelsOf(m: number, rate: number, bound: readonly number[], coefficients: number): Level[] {
  return [0, ...bound].map((_, i) => {
    const b = m - bound.slice(0, i).reduce((sum, k) => sum + k, 0);
    const domain = m + rate - i;
    const more = i === 0 ? coefficients : 0;
    const rho = (2 ** b + more) / 2 ** domain;
    const queries = Math.ceil((TARGET - QUERY_GRINDING) / bitsPerQuery(rho));
    return { variables: more > 0 ? b + 1 : b, domain, rho, queries };
  });
}

/** What of a statement its terms depend on. */
export interface Counts {
  /** N, W and d. */
  readonly looked: number;
  readonly width: number;
  readonly depth: number;
  readonly classes: readonly { readonly levels: readonly Level[]; readonly slabs: number }[];
  readonly zk: boolean;
}

export interface Security {
  readonly lookupGrinding: number;
  /** Of every class. */
  readonly etaGrinding: readonly number[];
  /** Least term. */
  readonly bits: number;
}

const over = (numerator: number): number => 4 * Math.log2(2 ** 31 - 1) - Math.log2(numerator);
const reach = ({ rho, domain }: Pick<Level, 'rho' | 'domain'>): number => ((1 - rho) / 2) * 2 ** domain + 1;
const work = (term: number): number => Math.max(0, Math.ceil(TARGET - term));

/** Every term in bits: -log2(error) plus the work before its challenge. */
export function securityOf({ looked, width, depth, classes, zk }: Counts): Security {
  const fingerprint = over(looked * (width + 2));
  const opened = classes.map(({ levels, slabs }) => {
    const etas = Math.max(1, bits(slabs + 1));
    const rows = over(etas * reach(levels[0]!));
    const terms = levels.flatMap((level) => [
      over(reach(level)),
      level.queries * bitsPerQuery(level.rho) + QUERY_GRINDING,
      over(level.queries + 1),
    ]);
    return { grinding: work(rows), terms: [over(etas), rows + work(rows), ...terms] };
  });
  const terms = [
    fingerprint + work(fingerprint),
    over((depth * (3 * depth + 1)) / 2),
    over(3),
    over(30),
    over(2 ** 20),
    ...opened.flatMap((c) => c.terms),
    ...(zk ? padTerms() : []),
  ];
  must(Math.min(...terms) >= TARGET, 'E_SOUNDNESS');
  const etaGrinding = opened.map((c) => c.grinding);
  return { lookupGrinding: work(fingerprint), etaGrinding, bits: Math.min(...terms) };
}

function padTerms(): number[] {
  const length = PAD_QUERIES + 2 ** 18;
  const domain = bits(4 * length);
  const rho = length / 2 ** domain;
  return [over(2), over(2 ** 18), over(reach({ rho, domain })), PAD_QUERIES * bitsPerQuery(rho)];
}
