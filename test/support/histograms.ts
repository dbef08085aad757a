/**
 * Do proofs show more than chance? Many proofs under the same challenges, of one witness or of two: every 32-bit word of a proof is counted
 * in 16 classes by its top 4 bits (of 31 for a field element), place by place, and chi-square tests ask
 *
 *   is a place uniform             X = sum_b (n_b - N/16)^2 / (N/16), 15 degrees of freedom
 *   do two witnesses agree there   X = sum_b (r n_b - n'_b / r)^2 / (n_b + n'_b), r^2 = N'/N, 15 degrees of freedom
 *
 * for one place, for the sum over all places of a group (15 degrees each), and for the group's classes pooled. A chi-square becomes a normal
 * deviate by Wilson and Hilferty (1931), (X/k)^(1/3) against mean 1 - 2/(9k) and variance 2/(9k). Under the hypothesis groups stay within
 * LIMIT but for 4e-11 a test, and places within PLACE_LIMIT but for 1e-19 by the normal tail, which at a hundred proofs is an underestimate
 * that the margin is for. All suites together make some 600 tests of groups and 400,000 of places: with other seeds they would fail by chance
 * less than once in 10^7 times.
 */
import { SALT_WORDS } from '../../src/commit/codewords.ts';
import type { Plan } from '../../src/proof/plan.ts';
import { foldsOf, levelsOf, padCode } from '../../src/soundness/parameters.ts';
import type { Message } from './mutations.ts';

const CLASSES = 16;
const DEGREES = CLASSES - 1;
const LIMIT = 6.5;
const PLACE_LIMIT = 9;

/** Words of a proof that are of one nature. */
export interface Group {
  readonly name: string;
  /** How far a word is shifted for its top 4 bits. */
  readonly shift: 27 | 28;
  readonly words: number[];
}

/** What a proof of a plan consists of, without nonces and without the messages `inClear`, by number, that open weights alone decide. */
export function groupsOf(plan: Plan, messages: readonly Message[], inClear: ReadonlySet<number>): Group[] {
  const groups = new Map<string, Group>();
  const put = (name: string, shift: 27 | 28, first: number, count: number) => {
    const group = groups.get(name) ?? { name, shift, words: [] };
    groups.set(name, group);
    for (let i = 0; i < count; i++) group.words.push(first + i);
  };
  const columns = columnsOf(plan);
  messages.forEach(({ label, kind, start, length }, i) => {
    if (kind === 'nonce' || inClear.has(i)) return;
    if (label !== 'level columns' && label !== 'pad columns') {
      put(kind === 'ext' ? label : 'digests', kind === 'ext' ? 27 : 28, start / 4, length / 4);
      return;
    }
    const { count, parts, isOpen } = columns.shift()!;
    let at = start / 4;
    for (let column = 0; column < count; column++) {
      for (const { name, words } of parts) {
        if (!isOpen) put(name, name === 'salts' ? 28 : 27, at, words);
        at += words;
      }
    }
    if (!isOpen) put('digests', 28, at, (start + length) / 4 - at);
  });
  return [...groups.values()];
}

/** Opened columns of one matrix. */
interface Columns {
  readonly count: number;
  readonly parts: readonly { readonly name: string; readonly words: number }[];
  /** Whether they are of weights that anybody may have. */
  readonly isOpen: boolean;
}

/** Of every message of columns, in the order of a proof. */
function columnsOf(plan: Plan): Columns[] {
  const salts = plan.disclosure.zk ? [{ name: 'salts', words: SALT_WORDS }] : [];
  const mask = { name: 'mask cells', words: 4 };
  const classes = plan.classes.flatMap(({ parameters, mask: place }, at): Columns[] => {
    const levels = levelsOf(parameters);
    const count = levels[0]!.queries;
    const own = plan.commitments
      .filter((c) => c.class === at)
      .map(({ content, packing }): Columns => {
        const cells = { name: `${content} cells`, words: packing.rows };
        if (content === 'weights') return { count, parts: [cells], isOpen: true };
        const masked = content === 'witness' && place === 'in witness' ? [mask] : [];
        return { count, parts: [cells, ...masked, ...salts], isOpen: false };
      });
    const alone = place === 'alone' ? [{ count, parts: [mask, ...salts], isOpen: false }] : [];
    const deeper = foldsOf(parameters).map(({ rows }, i): Columns => {
      const cells = { name: `level ${i + 1} cells`, words: 4 * rows };
      return { count: levels[i + 1]!.queries, parts: [cells], isOpen: false };
    });
    return [...own, ...alone, ...deeper];
  });
  const pads = { count: padCode(1).queries, parts: [{ name: 'pad cells', words: 8 }, ...salts], isOpen: false };
  return plan.disclosure.zk ? [...classes, pads] : classes;
}

/** Counts by place and class. */
export class Histogram16 {
  readonly groups: readonly Group[];
  samples = 0;
  readonly #counts: ReadonlyMap<Group, Uint16Array>;

  constructor(groups: readonly Group[]) {
    this.groups = groups;
    this.#counts = new Map(groups.map((g) => [g, new Uint16Array(CLASSES * g.words.length)]));
  }

  add(proof: Uint8Array): void {
    const words = new Uint32Array(proof.slice().buffer);
    for (const [{ words: places, shift }, counts] of this.#counts) {
      places.forEach((place, i) => {
        counts[CLASSES * i + (words[place]! >>> shift)]! += 1;
      });
    }
    this.samples += 1;
  }

  counts(group: Group): Uint16Array {
    return this.#counts.get(group)!;
  }
}

/** The normal deviate of a chi-square with so many degrees of freedom. */
export function deviate(chiSquare: number, degrees: number): number {
  const variance = 2 / (9 * degrees);
  return (Math.cbrt(chiSquare / degrees) - (1 - variance)) / Math.sqrt(variance);
}

/** Names of the groups that are not uniform. */
export function notUniform(h: Histogram16): string[] {
  return failing(h.groups, (group) => {
    const counts = h.counts(group);
    return (b, at, places) => {
      const expected = (places * h.samples) / CLASSES;
      return (sumOver(counts, b, at, places) - expected) ** 2 / expected;
    };
  });
}

/** Names of the groups in which proofs of two witnesses differ. */
export function different(h: Histogram16, other: Histogram16): string[] {
  const r = Math.sqrt(other.samples / h.samples);
  return failing(h.groups, (group, k) => {
    const [own, theirs] = [h.counts(group), other.counts(other.groups[k]!)];
    return (b, at, places) => {
      const [x, y] = [sumOver(own, b, at, places), sumOver(theirs, b, at, places)];
      return x + y === 0 ? 0 : (r * x - y / r) ** 2 / (x + y);
    };
  });
}

/** One class's share of X over `places` places from `at`. */
type Share = (b: number, at: number, places: number) => number;

function failing(groups: readonly Group[], shareOf: (group: Group, index: number) => Share): string[] {
  const failed = groups.filter((group, index) => {
    const share = shareOf(group, index);
    const chiSquare = (at: number, places: number) => {
      let x = 0;
      for (let b = 0; b < CLASSES; b++) x += share(b, at, places);
      return x;
    };
    const places = group.words.map((_, i) => chiSquare(i, 1));
    const sum = places.reduce((a, x) => a + x, 0);
    const pooled = deviate(chiSquare(0, places.length), DEGREES);
    const together = deviate(sum, DEGREES * places.length);
    return Math.max(pooled, together) > LIMIT || places.some((x) => deviate(x, DEGREES) > PLACE_LIMIT);
  });
  return failed.map((g) => g.name).sort();
}

function sumOver(counts: Uint16Array, b: number, at: number, places: number): number {
  let n = 0;
  for (let i = at; i < at + places; i++) n += counts[CLASSES * i + b]!;
  return n;
}
