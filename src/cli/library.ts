/** The library as the command line's verbs: each long verb gets a machine with the threads asked for, and gives it back. */
import { check } from '../check.ts';
import { compile } from '../compile.ts';
import { inspect } from '../inspect.ts';
import type { Machine } from '../kernels/kernels.ts';
import { createMachine } from '../node.ts';
import { prove } from '../prove.ts';
import { run } from '../run.ts';
import { verify } from '../verify.ts';
import type { Verbs, Work } from './verbs.ts';

export const libraryVerbs: Verbs = {
  check,
  compile: (onnx, options) => withMachine(options, (machine) => compile(onnx, { ...options, machine })),
  run: (model, inputs, options) => withMachine(options, (machine) => run(model, inputs, { ...options, machine })),
  prove: (model, inputs, options) => withMachine(options, (machine) => prove(model, inputs, { ...options, machine })),
  verify,
  inspect,
};

async function withMachine<T>({ threads }: Work, use: (machine: Machine) => Promise<T>): Promise<T> {
  await using machine = await createMachine(threads === undefined ? {} : { threads });
  return await use(machine);
}
