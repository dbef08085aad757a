/**
 * The reference kernels: the plain TypeScript definition of every kernel, over any memory.
 */
import type { RawKernels } from './kernels.ts';
import { codeKernels } from './reference/code.ts';
import { fractionKernels } from './reference/fraction.ts';
import { hashKernels } from './reference/hash.ts';
import { intKernels } from './reference/int.ts';
import { leafKernels } from './reference/leaves.ts';
import type { Memory } from './reference/memory.ts';
import { mixedKernels } from './reference/mixed.ts';
import { pairKernels } from './reference/pairs.ts';
import { sumcheckKernels } from './reference/sumcheck.ts';
import { vectorKernels } from './reference/vectors.ts';

export function referenceKernels(memory: Memory): RawKernels {
  return {
    ...vectorKernels(memory),
    ...sumcheckKernels(memory),
    ...fractionKernels(memory),
    ...leafKernels(memory),
    ...pairKernels(memory),
    ...mixedKernels(memory),
    ...codeKernels(memory),
    ...hashKernels(memory),
    ...intKernels(memory),
  };
}
