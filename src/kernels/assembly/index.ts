/**
 * All kernels, exported under the names of kernels.ts.
 */
export { encodeRow, joinRow, twiddles } from './code';
export { fractionFoldRound, fractionRound, fractionUp } from './fraction';
export { gemmI16 } from './gemm';
export { expandSecret, grind, hashColumns, hashParents } from './hash';
export { axpyInt, bitsInt, countInt, fillI32, packInt, shiftInt, tableInt } from './int';
export { fillLeaves, leafRows } from './leaves';
export { dotRowsI16, foldRowsI16 } from './rows16';
export { dotRowsI32, foldRowsI32 } from './rows32';
export { useScratch } from './scratch';
export { productRound, tripleRound } from './sumcheck';
export { axpyExt, dotExt, eqTable, foldExt, outerExt, splitExt, zeroExt } from './vectors';
export { patchesI16, windowsI16 } from './windows';
