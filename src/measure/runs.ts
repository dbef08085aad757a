/**
 * Which proofs count. Other work on the machine makes a proof longer, so how much there was is measured beside each, and proofs that
 * were disturbed are set aside where enough are left: by what others used, never by how long the proof took.
 */
import type { Cost } from '../circuit/cost.ts';
import { median } from './statistics.ts';
import type { ProofRun, Proofs } from './types.ts';

/** Cores of other work that no figure feels. */
export const QUIET = 0.2;

/** Fewer have no median to speak of. */
export const LEAST_RUNS = 3;

export function isQuiet({ others = 0 }: ProofRun): boolean {
  return others < QUIET;
}

/** The quiet runs, or all where fewer than 3 are quiet. */
export function countedRuns({ runs }: Pick<Proofs, 'runs'>): readonly ProofRun[] {
  const quiet = runs.filter(isQuiet);
  return quiet.length >= Math.min(LEAST_RUNS, runs.length) ? quiet : runs;
}

/** Cores that others used during the runs that count; undefined where it was not measured. */
export function othersDuring(proofs: Pick<Proofs, 'runs'>): number | undefined {
  const others = countedRuns(proofs).flatMap((run) => run.others ?? []);
  return others.length === 0 ? undefined : others.reduce((a, b) => a + b, 0) / others.length;
}

export function proveTime(proofs: Pick<Proofs, 'runs'>): number {
  return median(countedRuns(proofs).map(({ prove }) => prove));
}

export function verifyTime(proofs: Pick<Proofs, 'runs'>): number {
  return median(countedRuns(proofs).map(({ verify }) => verify));
}

/** Milliseconds of all threads; undefined where it was not measured. */
export function processorTimeOf(proofs: Pick<Proofs, 'runs'>): number | undefined {
  const times = countedRuns(proofs).flatMap(({ processor }) => processor ?? []);
  return times.length === 0 ? undefined : median(times);
}

/** What a proof is expected to take of a memory of `limit` bytes: as much as helps, and what it cannot do without. */
export function expectedBytes({ peakBytes, leastBytes }: Cost, limit = 2 ** 32): number {
  return Math.max(leastBytes, Math.min(peakBytes, limit));
}
