/**
 * All kernels, exported under the names of kernels.ts.
 */
export { adjointRow, encodeRow, joinRow, twiddles } from './code';
export { fractionFirst, fractionNext, fractionUp } from './fraction';
export { gemmI16 } from './gemm';
export { expandSecret, grind, hashColumns, hashParents, joinColumns } from './hash';
export { axpyInt, bitsInt, countInt, fillI32, packBox, shiftInt, tableInt } from './int';
export { leafFactors, leafGrandparents, leafParents, leafPatterns } from './leaves';
export { pairFirst, pairNext, pairPatterns, patternFold, patternProducts } from './pairs';
export { dotRowsI16, foldRowsI16 } from './rows16';
export { dotRowsI32, foldRowsI32 } from './rows32';
export { useScratch } from './scratch';
export { productRound, tripleRound } from './sumcheck';
export {
  addPlanes,
  axpyExt,
  dotExt,
  dotRowsExt,
  eqTable,
  fillExt,
  foldExt,
  foldRowsExt,
  moveExt,
  outerExt,
  splitExt,
  zeroExt,
} from './vectors';
export { patchesI16, windowsI16 } from './windows';
