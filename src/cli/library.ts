/**
 * The library as the command line's verbs. Each is loaded when it is called: `verify` needs no compiler. The long ones get a machine
 * with the threads asked for, and give it back.
 */
import type { Machine } from '../kernels/kernels.ts';
import type { Verbs, Work } from './verbs.ts';

export const libraryVerbs: Verbs = {
  async check(onnx, options) {
    const { check } = await import('../check.ts');
    return check(onnx, options);
  },
  async compile(onnx, options) {
    const { compile } = await import('../compile.ts');
    return withMachine(options, (machine) => compile(onnx, { ...options, machine }));
  },
  async run(model, inputs, options) {
    const { run } = await import('../run.ts');
    return withMachine(options, (machine) => run(model, inputs, { ...options, machine }));
  },
  async prove(model, inputs, options) {
    const { prove } = await import('../prove.ts');
    return withMachine(options, (machine) => prove(model, inputs, { ...options, machine }));
  },
  async bench(onnx, options) {
    const { measureModel } = await import('../measure/model.ts');
    const { watchMemory } = await import('./memory.ts');
    const { environment, processorTime, processPeak } = await import('./environment.ts');
    return withMachine(options, (machine) => {
      const host = {
        machine,
        environment: environment(options.version),
        processPeak,
        processorTime,
        watch: watchMemory,
      };
      return measureModel(onnx, { ...options, ...host });
    });
  },
  async verify(proof, statement) {
    const { verify } = await import('../verify.ts');
    return verify(proof, statement);
  },
  async inspect(bytes) {
    const { inspect } = await import('../inspect.ts');
    return inspect(bytes);
  },
};

async function withMachine<T>({ threads }: Work, use: (machine: Machine) => Promise<T>): Promise<T> {
  const { createMachine } = await import('../node.ts');
  await using machine = await createMachine(threads === undefined ? {} : { threads });
  return await use(machine);
}
