/** Requests that fail leave nothing behind: no record in a budget, no memory in the machine. */
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../../src/files/model.ts';
import { type Budget, commit, compile, prove, run } from '../../src/index.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { denseLayer } from '../support/dense-layer.ts';

const { onnx, samples, extreme } = denseLayer(53);
const machine = await createWasmMachine();
const [input] = samples;
const hidden = await compile(onnx, { machine, samples, headroom: 0, bits: 9, proofBudget: 4, weights: 'private' });
const { opening } = (await commit(hidden.key, input, { machine })).x!;

/** A model file that is whole, whose weights are not those of its key. */
function otherWeights(): Uint8Array {
  const file = decodeModel(hidden.model);
  const [id, values] = [...file.weights][0]!;
  return encodeModel({
    ...file,
    weights: new Map(file.weights).set(
      id,
      values.map((v) => -v),
    ),
  });
}

function counting(refuse: 'input' | 'nothing' = 'nothing'): { readonly budget: Budget; readonly spent: string[] } {
  const spent: string[] = [];
  const budget: Budget = {
    check: async ({ what }) => {
      if (what.kind === refuse) throw new Error('spent up');
    },
    spend: async ({ what }) => {
      spent.push(what.kind);
    },
  };
  return { budget, spent };
}

describe('nothing is spent', () => {
  it('where the weights are not those of the key', async () => {
    const { budget, spent } = counting();
    await expect(prove(otherWeights(), input, { machine, budget })).rejects.toMatchObject({ code: 'E_FILE' });
    expect(spent).toEqual([]);
  });

  it('where the proof was stopped before it began', async () => {
    const { budget, spent } = counting();
    const controller = new AbortController();
    controller.abort();
    const proving = prove(hidden.model, input, { machine, budget, signal: controller.signal });
    await expect(proving).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(spent).toEqual([]);
  });

  it('of the weights where nothing is left of the input', async () => {
    const { budget, spent } = counting('input');
    await expect(prove(hidden.model, { x: { opening } }, { machine, budget })).rejects.toThrow('spent up');
    expect(spent).toEqual([]);
  });
});

describe('no memory is kept', () => {
  const { budget } = counting();
  it.each([
    ['run', () => run(hidden.model, extreme, { machine })],
    ['prove', () => prove(hidden.model, extreme, { machine, budget })],
    ['prove with other weights', () => prove(otherWeights(), input, { machine, budget })],
  ] as const)('after %s has failed', async (_, work) => {
    const before = machine.mark();
    await expect(work()).rejects.toMatchObject({ code: expect.stringMatching(/^E_(RANGE|FILE)$/) });
    expect(machine.mark()).toBe(before);
  });
});
