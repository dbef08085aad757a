/** The operators, as a list. A new one is a file, a row here, and a test. */
import { clip, relu } from './activation.ts';
import { add } from './add.ts';
import { average } from './average.ts';
import { argMax, softmax } from './choose.ts';
import { conv } from './conv.ts';
import { matmul } from './matmul.ts';
import { maxPool } from './maxpool.ts';
import { reshape, transpose } from './move.ts';
import { mul } from './mul.ts';
import type { Operator } from './operator.ts';
import { concat, gather, pad, slice, split } from './place.ts';
import { leakyRelu } from './prelu.ts';
import { smooth } from './smooth.ts';

export const operators: readonly Operator[] = [
  conv,
  matmul,
  add,
  mul,
  relu,
  clip,
  leakyRelu,
  smooth,
  maxPool,
  average,
  reshape,
  transpose,
  slice,
  split,
  gather,
  pad,
  concat,
  softmax,
  argMax,
];

export const operatorsByOp: ReadonlyMap<string, Operator> = new Map(
  operators.flatMap((operator) => operator.ops.map((op) => [op, operator] as const)),
);
