/**
 * All kernels, exported under the names of kernels.ts.
 */
export { encodeRow, twiddles } from './code';
export { fillLeaves, fractionFoldRound, fractionRound, fractionUp, leafRows } from './fraction';
export { grind, hashColumns, hashParents } from './hash';
export { dotRowsI16, dotRowsI32, foldRowsI16, foldRowsI32 } from './mixed';
export { useScratch } from './scratch';
export { productRound, tripleRound } from './sumcheck';
export { axpyExt, dotExt, eqTable, foldExt, outerExt, splitExt, zeroExt } from './vectors';
