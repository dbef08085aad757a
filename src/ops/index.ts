/** The operators, as a list. A new one is a file, a row here, and a test. */
import { clip, relu } from './activation.ts';
import { add } from './add.ts';
import { average } from './average.ts';
import { argMax, softmax } from './choose.ts';
import { cast, compare, not } from './compare.ts';
import { conv } from './conv.ts';
import { extremum, reduceExtremum } from './extremum.ts';
import { matmul } from './matmul.ts';
import { maxPool } from './maxpool.ts';
import { reshape, transpose } from './move.ts';
import { mul } from './mul.ts';
import { instanceNormalization } from './normalise.ts';
import type { Operator } from './operator.ts';
import { concat, gather, pad, slice, split } from './place.ts';
import { leakyRelu } from './prelu.ts';
import { resize } from './resize.ts';
import { smooth } from './smooth.ts';
import { convTranspose } from './transposed.ts';

export const operators: readonly Operator[] = [
  conv,
  convTranspose,
  matmul,
  add,
  mul,
  relu,
  clip,
  leakyRelu,
  smooth,
  maxPool,
  extremum,
  reduceExtremum,
  average,
  resize,
  reshape,
  transpose,
  slice,
  split,
  gather,
  pad,
  concat,
  compare,
  not,
  cast,
  softmax,
  instanceNormalization,
  argMax,
];

export const operatorsByOp: ReadonlyMap<string, Operator> = new Map(
  operators.flatMap((operator) => operator.ops.map((op) => [op, operator] as const)),
);
