/**
 * What the long verbs tell while they work: plain events, which a caller may show, log or ignore.
 */

/** The stages of each verb, in their order. */
export const stages = {
  compile: ['read', 'calibrate', 'lower', 'measure', 'commit'],
  run: ['load', 'run'],
  prove: ['load', 'run', 'commit', 'lookups', 'linear', 'batch', 'opening'],
  bench: ['warm', 'proofs', 'float'],
} as const;

export type CompileStage = (typeof stages)['compile'][number];
export type Stage = (typeof stages)[keyof typeof stages][number];

export type ProgressEvent =
  /** A stage has come this far: `done` goes from 0 (it begins) to 1 (it is over), and never back. */
  | { readonly kind: 'stage'; readonly stage: Stage; readonly done: number; readonly detail?: string }
  /** Something that the caller should know but that stops nothing: a plain sentence. */
  | { readonly kind: 'note'; readonly sentence: string };

export type OnProgress = (event: ProgressEvent) => void;
