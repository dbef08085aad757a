/**
 * Two sets of private weights, each proof under a root of its own, and a simulator that knows neither; then two committed inputs: every message
 * has the same distribution.
 * The root is made anew for every proof because its columns are opened at the same places each time, and would be the same.
 */
import { describe, expect, it } from 'vitest';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { planOf } from '../../src/plan.ts';
import { modelRoots, Prover, type ProverOptions } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { commitTensor } from '../../src/tensor.ts';
import { type Samples, sampleProofs, sampleSimulations } from '../support/hiding-samples.ts';
import { different, notUniform } from '../support/histograms.ts';
import { seededSecrets } from '../support/programmed.ts';
import { pattern, tinyNetwork } from '../support/tiny.ts';

const PROOFS = 100;
const SIMULATIONS = 24;
const COMMITTED = 24;

const machine = await createWasmMachine();
const { circuit, weights, input } = tinyNetwork(() => 'private');
const otherWeights = new Map([...weights].map(([id, values]) => [id, pattern(values.length, 100 + id)]));
const secretOf = seededSecrets(1_000_000);
const parameters = chooseParameters([1000, 1000]);
const models = [weights, otherWeights].map((w) => registerModel(machine, circuit, w, parameters, '{}', secretOf));
const options: ProverOptions = { publicInputs: new Set(), outputs: ['private'], zk: true, tag: new Uint8Array() };
const plan = planOf(models[0]!, { inputs: ['private'], outputs: ['private'], zk: true });

const [ours, theirs] = models.map((model, k) => {
  const start = machine.mark();
  const proverOf = () => {
    machine.release(start);
    const secret = secretOf();
    return new Prover(machine, { ...model, secret, ...modelRoots(machine, plan, model.weights, secret) });
  };
  return sampleProofs(PROOFS, proverOf, input, { options: () => options, seed: k * PROOFS });
}) as [Samples, Samples];

describe(`${PROOFS} proofs of each of two sets of private weights`, () => {
  it('have the same messages, of the same lengths, none in clear', () => {
    expect(theirs.messages).toEqual(ours.messages);
    expect([ours.inClear.length, theirs.inClear.length]).toEqual([0, 0]);
  });

  it('are uniform in every word', () => {
    expect(notUniform(ours.histogram)).toEqual([]);
    expect(notUniform(theirs.histogram)).toEqual([]);
  });

  it('do not differ in any word', () => {
    expect(different(ours.histogram, theirs.histogram)).toEqual([]);
  });
});

describe(`${SIMULATIONS} proofs of a simulator without weights and without an input`, () => {
  const simulated = sampleSimulations(SIMULATIONS, machine, plan);

  it('have the same messages, of the same lengths', () => {
    expect(simulated.messages).toEqual(ours.messages);
  });

  it('are uniform, and do not differ from those of a prover', () => {
    expect(notUniform(simulated.histogram)).toEqual([]);
    expect(different(simulated.histogram, ours.histogram)).toEqual([]);
    expect(different(simulated.histogram, theirs.histogram)).toEqual([]);
  });
});

describe(`${COMMITTED} proofs of each of two committed inputs, each committed anew`, () => {
  const start = machine.mark();
  const prover = new Prover(machine, models[0]!);
  const [a, b] = [input, input.map((v) => -1 - v)].map((values, k) => {
    const committed = () => {
      const opening = commitTensor(machine, { shape: [3, 6, 5], scale: 0, values, secret: secretOf() });
      return { ...options, openings: new Map([[0, opening]]) };
    };
    const seed = 2 * PROOFS + k * COMMITTED;
    return sampleProofs(COMMITTED, () => prover, values, { options: committed, seed });
  }) as [Samples, Samples];
  machine.release(start);
  // under one root of the weights the same columns are opened each time
  const lasting = ['private weights cells', 'salts', 'digests'];
  const others = (names: string[]) => names.filter((name) => !lasting.includes(name));

  it('show columns of the input, and everything else, uniform and alike', () => {
    expect(b.messages).toEqual(a.messages);
    expect(a.histogram.groups.map((g) => g.name)).toContain('input cells');
    expect(others(notUniform(a.histogram))).toEqual([]);
    expect(others(notUniform(b.histogram))).toEqual([]);
    expect(others(different(a.histogram, b.histogram))).toEqual([]);
  });
});
