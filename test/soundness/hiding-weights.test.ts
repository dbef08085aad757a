/**
 * Two sets of private weights, each proof under a root of its own, and a simulator that knows neither: every message has the same distribution.
 * The root is made anew for every proof because its columns are opened at the same places each time, and would be the same.
 */
import { describe, expect, it } from 'vitest';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { planOf } from '../../src/plan.ts';
import { modelRoots, Prover, type ProverOptions } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { type Samples, sampleProofs, sampleSimulations } from '../support/hiding-samples.ts';
import { different, notUniform } from '../support/histograms.ts';
import { seededSecrets } from '../support/programmed.ts';
import { pattern, tinyNetwork } from '../support/tiny.ts';

const PROOFS = 120;
const SIMULATIONS = 40;

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
  return sampleProofs(PROOFS, proverOf, input, { options, seed: k * PROOFS });
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
