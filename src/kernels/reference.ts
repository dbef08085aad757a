/**
 * The reference kernels: the plain TypeScript definition of every kernel, over any memory.
 */
import type { RawKernels } from './kernels.ts';
import { codeKernels } from './reference/code.ts';
import { fractionKernels } from './reference/fraction.ts';
import { hashKernels } from './reference/hash.ts';
import { intKernels } from './reference/int.ts';
import type { Memory } from './reference/memory.ts';
import { mixedKernels } from './reference/mixed.ts';
import { sumcheckKernels } from './reference/sumcheck.ts';
import { vectorKernels } from './reference/vectors.ts';

export function referenceKernels(memory: Memory): RawKernels {
  return {
    ...vectorKernels(memory),
    ...sumcheckKernels(memory),
    ...fractionKernels(memory),
    ...mixedKernels(memory),
    ...codeKernels(memory),
    ...hashKernels(memory),
    ...intKernels(memory),
  };
}
