/** The operators, as a list. A new one is a file, a row here, and a test. */
import { clip, leakyRelu, relu, smooth } from './activation.ts';
import { add } from './add.ts';
import { average } from './average.ts';
import { conv } from './conv.ts';
import { matmul } from './matmul.ts';
import { maxPool } from './maxpool.ts';
import { reshape, transpose } from './move.ts';
import type { Operator } from './operator.ts';
import { concat, pad, slice } from './place.ts';

export const operators: readonly Operator[] = [
  conv,
  matmul,
  add,
  relu,
  clip,
  leakyRelu,
  smooth,
  maxPool,
  average,
  reshape,
  transpose,
  slice,
  pad,
  concat,
];

export const operatorsByOp: ReadonlyMap<string, Operator> = new Map(
  operators.flatMap((operator) => operator.ops.map((op) => [op, operator] as const)),
);
