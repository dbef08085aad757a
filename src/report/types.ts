/** What a report is drawn from: measurements of one network or many. Every part is drawn where its data is there. */
import type { Measurement } from '../measure/types.ts';

export interface Report {
  readonly title: string;
  /** In the order in which they are shown. Measurements of one name differ in their conditions. */
  readonly measurements: readonly Measurement[];
  readonly growth: readonly Family[];
}

/** One network at several sizes. */
export interface Family {
  readonly title: string;
  /** What the sizes are of: pictures in a batch, pixels of a side. */
  readonly unit: string;
  /** Ascending. */
  readonly members: readonly { readonly size: number; readonly measurement: Measurement }[];
}
