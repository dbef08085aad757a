/**
 * The library as the command line's verbs. Each is loaded when it is called: `verify` needs no compiler. The long ones get a machine
 * with the threads and memory asked for, and give it back.
 */
import { TesseraError } from '../errors.ts';
import type { Machine } from '../kernels/kernels.ts';
import type { Budget } from '../prover/spending.ts';
import type { JournalPath, Verbs, Work } from './verbs.ts';

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
  async checkOpening(opening) {
    const { decodeOpening } = await import('../files/tensor.ts');
    const { commitTensor } = await import('../prover/tensor.ts');
    const file = decodeOpening(opening);
    const made = await withMachine({ threads: 1 }, async (machine) => commitTensor(machine, file));
    if (made.root.every((byte, i) => byte === file.root[i])) return;
    throw new TesseraError('E_COMMITMENT', 'The values and the secret of this opening do not make its commitment.', {
      hint: 'It was changed, or put together: use the file that `commit` or `prove` wrote.',
    });
  },
  async counters(model, inputs, options) {
    const { keyOf } = await import('../files/model.ts');
    const { decodeOpening } = await import('../files/tensor.ts');
    const { planOf } = await import('../proof/plan.ts');
    const { spendingOf } = await import('../prover/spending.ts');
    const { proofsLeftIn } = await import('../node.ts');
    const key = keyOf(model);
    const openings = new Map(
      key.circuit.inputs.flatMap(({ name }, i) => {
        const given = inputs[name];
        return given !== undefined && 'opening' in given ? [[i, decodeOpening(given.opening)] as const] : [];
      }),
    );
    const visible = key.circuit.inputs.map((_, i) => (openings.has(i) ? 'committed' : options.input));
    const outputs = key.circuit.outputs.map(() => options.output);
    const plan = planOf(key, { inputs: visible, outputs, zk: options.zk });
    return Promise.all(
      spendingOf(plan, key, openings).map(async (spending) => {
        const path = options.journalPath(spending.what);
        return { what: spending.what, path, left: await proofsLeftIn(path, spending) };
      }),
    );
  },
  async prove(model, inputs, { journalPath, ...options }) {
    const { prove } = await import('../prove.ts');
    const budget = await fileBudgetAt(journalPath);
    return withMachine(options, (machine) => prove(model, inputs, { ...options, budget, machine }));
  },
  async commit(key, inputs, options) {
    const { commit } = await import('../prover/tensor.ts');
    return withMachine(options, (machine) => commit(key, inputs, { machine }));
  },
  async rotate(model, { journalPath, ...options }) {
    const { rotate } = await import('../rotate.ts');
    const budget = await fileBudgetAt(journalPath);
    return withMachine(options, (machine) => rotate(model, { budget, machine }));
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
  async verifyRotation(rotation, keys) {
    const { verifyRotation } = await import('../verify.ts');
    return verifyRotation(rotation, keys);
  },
  async inspect(bytes, journal) {
    const { inspect } = await import('../inspect.ts');
    return inspect(bytes, journal === undefined ? {} : { journal });
  },
};

async function fileBudgetAt(journalPath: JournalPath): Promise<Budget> {
  const { fileBudget } = await import('../node.ts');
  return fileBudget(({ what }) => journalPath(what));
}

async function withMachine<T>(work: Work, use: (machine: Machine) => Promise<T>): Promise<T> {
  const { createMachine } = await import('../node.ts');
  await using machine = await createMachine(work);
  return await use(machine);
}
