/** The mask of an opening class: one uniform vector over E, as four base rows. */
import { BASIS, type Ext } from '../field/ext.ts';

/** Weights of the mask's four base rows, where the mask counts `weight` times. */
export function maskWeights(weight: Ext): Ext[] {
  return BASIS.map((b) => weight.mul(b));
}
