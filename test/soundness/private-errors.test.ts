/**
 * Whoever may choose inputs of a private model learns from an error that a value left its range, and nothing more: not which, not where, not by how
 * much. The weights of a first layer could be read off such errors, one inner product each.
 */
import { describe, expect, it } from 'vitest';
import { TesseraError } from '../../src/errors.ts';
import { decodeModel, encodeModel } from '../../src/files/model.ts';
import { compile, prove, run } from '../../src/index.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover } from '../../src/prover/prover.ts';
import { randomFrom } from '../ops/harness.ts';
import { floats, model, node } from '../support/onnx-builder.ts';

const random = randomFrom(41);
const [INPUTS, OUTPUTS] = [256, 4];
const w = random([OUTPUTS, INPUTS]);
const onnx = model({
  inputs: { x: [1, INPUTS] },
  outputs: { y: [1, OUTPUTS] },
  nodes: [node('Gemm', ['x', 'w'], ['secret sum'], { transB: 1 }), node('Relu', ['secret sum'], ['y'])],
  initializers: { w: floats([OUTPUTS, INPUTS], w) },
});
const machine = await createWasmMachine();
const options = {
  machine,
  samples: [{ x: random([1, INPUTS]) }, { x: random([1, INPUTS]) }],
  headroom: 0,
  proofBudget: 4,
};
const hidden = (await compile(onnx, { ...options, weights: 'private' })).model;
const partly = (await compile(onnx, { ...options, weights: 'public', visibility: [['w', 'private']] })).model;
const committed = (await compile(onnx, { ...options, weights: 'committed' })).model;
const open = (await compile(onnx, { ...options, weights: 'public' })).model;

/** In the direction of one row of the weights: its sum is far beyond what samples have shown. */
const along = (row: number) => ({
  x: Float32Array.from(w.subarray(INPUTS * row, INPUTS * (row + 1)), (v) => 0.99 * Math.sign(v)),
});
const budget = { spend: () => Promise.reject(new Error('nothing is spent')) };

async function errorOf(work: Promise<unknown>): Promise<TesseraError> {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(TesseraError);
  return error as TesseraError;
}

/** What an error says, in every way that it can be read. */
function saidBy(error: TesseraError): string {
  return JSON.stringify([error.code, error.message, error.where, error.hint, String(error), error.cause ?? 'no cause']);
}

const verbs = {
  run: (file: Uint8Array, row: number) => run(file, along(row), { machine }),
  prove: (file: Uint8Array, row: number) => prove(file, along(row), { machine, budget }),
  'prove in public': (file: Uint8Array, row: number) => prove(file, along(row), { machine, budget, input: 'public' }),
  'a prover': async (file: Uint8Array, row: number) => {
    const mark = machine.mark();
    const { circuit } = decodeModel(file);
    const { scale, range } = circuit.inputs[0]!;
    const integers = Int32Array.from(along(row).x, (v) => Math.max(range.lo, Math.min(range.hi, v * 2 ** scale)));
    try {
      const prover = new Prover(machine, decodeModel(file));
      return prover.prove([integers], { publicInputs: new Set(), zk: true, tag: new Uint8Array() });
    } finally {
      machine.release(mark);
    }
  },
};

describe.each(Object.entries(verbs))('E_RANGE of %s', (_, verb) => {
  it.each([
    ['all private', hidden],
    ['one that is named', partly],
  ])('says no tensor, no cell and no value where weights are private: %s', async (_, file) => {
    const error = await errorOf(verb(file, 0));
    expect([error.code, error.where, error.cause]).toEqual(['E_RANGE', undefined, undefined]);
    expect(saidBy(error)).not.toMatch(/\d|secret|Gemm|sum|y\.q/);
    expect(Object.keys(error).sort()).toEqual(['code', 'hint', 'name', 'where']);
  });

  it('is the same sentence whatever the input and the weights', async () => {
    const others = decodeModel(hidden);
    const [id, values] = [...others.weights][0]!;
    const weights = new Map(others.weights).set(
      id,
      values.map((v) => -v),
    );
    const said = new Set<string>();
    for (let row = 0; row < OUTPUTS; row++) said.add(saidBy(await errorOf(verb(hidden, row))));
    if (verb === verbs.run) said.add(saidBy(await errorOf(verb(encodeModel({ ...others, weights }), 0))));
    expect(said.size).toBe(1);
  });

  it.each([
    ['committed', committed],
    ['public', open],
  ])('names tensor, cell and value where weights are %s', async (_, file) => {
    const error = await errorOf(verb(file, 0));
    expect(error).toMatchObject({ code: 'E_RANGE', where: 'y.q' });
    expect(error.message).toMatch(/value \d+ of cell 0/);
  });
});

describe('other errors', () => {
  it('of the input itself still say what is wrong with it', async () => {
    const x = new Float32Array(INPUTS).fill(1e6, 7, 8);
    for (const work of [run(hidden, { x }, { machine }), prove(hidden, { x }, { machine, budget })]) {
      expect(await errorOf(work)).toMatchObject({ code: 'E_RANGE', where: 'x', message: expect.stringContaining('7') });
    }
    const missing = await errorOf(run(hidden, {}, { machine }));
    expect(missing).toMatchObject({ code: 'E_INPUT', where: 'x' });
  });
});
