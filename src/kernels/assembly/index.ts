/**
 * All kernels, exported under the names of kernels.ts.
 */
export { encodeRow, twiddles } from './code';
export { fillLeaves, fractionFoldRound, fractionRound, fractionUp, leafRows } from './fraction';
export { gemmI16 } from './gemm';
export { grind, hashColumns, hashParents } from './hash';
export { axpyInt, bitsInt, countInt, fillI32, packInt, shiftInt, tableInt } from './int';
export { dotRowsI16, foldRowsI16 } from './rows16';
export { dotRowsI32, foldRowsI32 } from './rows32';
export { useScratch } from './scratch';
export { productRound, tripleRound } from './sumcheck';
export { axpyExt, dotExt, eqTable, foldExt, outerExt, splitExt, zeroExt } from './vectors';
export { patchesI16, windowsI16 } from './windows';
