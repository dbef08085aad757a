/** Tessera: prove what a neural network computed, and check it. */
export { type Compiled, type CompileReport, compile, type QuantizeOptions as CompileOptions } from './compile.ts';
export { type ErrorCode, TesseraError } from './errors.ts';
export { inspect } from './inspect.ts';
export type { Machine } from './kernels/kernels.ts';
export type { OnProgress, ProgressEvent } from './progress.ts';
export { type Proved, type ProveOptions, type ProverInputs, prove } from './prove.ts';
export { type Rotated, type RotateOptions, rotate } from './rotate.ts';
export { type RunOptions, run } from './run.ts';
export type { Budget, Spending } from './spending.ts';
export { type Committed, commit } from './tensor.ts';
export type { Outputs, OutputValues, TensorValues } from './values.ts';
export { type AcceptedKey, acceptKey, type Verdict, type VerifyOptions, verify, verifyRotation } from './verify.ts';
