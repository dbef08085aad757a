/**
 * Two inputs, one set of challenges, the same network with open weights: every message has the same distribution, and it is uniform. That such
 * tests can fail is shown by provers of which one thing does not hide.
 */
import { describe, expect, it } from 'vitest';
import { HidingProver, type PadCommitment } from '../../src/argue/hiding.ts';
import { USE } from '../../src/commit/secret.ts';
import { Ext } from '../../src/field/ext.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover, type ProverHooks, type ProverOptions } from '../../src/prover.ts';
import { sampleProofs } from '../support/hiding-samples.ts';
import { deviate, different, notUniform } from '../support/histograms.ts';
import { twisted } from '../support/lies.ts';
import { register, tinyNetwork } from '../support/tiny.ts';

const PROOFS = 200;
/** A place that shows always the same needs few. */
const FEW = 16;

const machine = await createWasmMachine();
const network = tinyNetwork();
const { model } = register(machine, network);
const prover = new Prover(machine, model);
const input = network.input;
const other = input.map((v) => -1 - v);
const options: ProverOptions = { publicInputs: new Set(), outputs: ['private'], zk: true, tag: new Uint8Array() };

const ours = sampleProofs(PROOFS, () => prover, input, { options: () => options, seed: 0 });
const theirs = sampleProofs(PROOFS, () => prover, other, { options: () => options, seed: PROOFS });

describe(`${PROOFS} proofs of each of two private inputs`, () => {
  it('have the same messages, of the same lengths', () => {
    expect(theirs.messages).toEqual(ours.messages);
  });

  it('show the same of what is in clear', () => {
    // two weights at a point each, and their slab
    expect(ours.inClear.length).toBe(3 * 16);
    expect(theirs.inClear).toEqual(ours.inClear);
  });

  it('are uniform in every word', () => {
    expect(notUniform(ours.histogram)).toEqual([]);
    expect(notUniform(theirs.histogram)).toEqual([]);
  });

  it('do not differ in any word', () => {
    expect(different(ours.histogram, theirs.histogram)).toEqual([]);
  });
});

it('a chi-square is read as the tables have it', () => {
  // the upper thousandth of 15 and of 100 degrees of freedom
  expect(deviate(37.697, 15)).toBeCloseTo(3.09, 1);
  expect(deviate(149.449, 100)).toBeCloseTo(3.09, 2);
});

describe('a prover that does not hide is seen', () => {
  const names = ours.histogram.groups.map((g) => g.name).sort();
  const failures = (hooks: ProverHooks, by = prover, changed: Partial<ProverOptions> = {}) => {
    const sampling = { options: () => ({ ...options, ...changed }), hooks };
    const [a, b] = [input, other].map((x, i) => {
      return sampleProofs(FEW, () => by, x, { ...sampling, seed: 1000 + FEW * i }).histogram;
    });
    return { notUniform: notUniform(a!), different: different(a!, b!) };
  };

  /** What travels behind pads, but for the mask's value, which is uniform in itself. */
  const padded = [
    'inverse',
    'leaf value',
    'linear value',
    'opening round',
    'slab values',
    'stage round',
    'stage values',
    'tree root',
    'tree round',
    'tree values',
  ];

  it('without zero knowledge, in everything', () => {
    const seen = failures({}, prover, { zk: false });
    const opening = ['digests', 'last vector', 'level 1 cells', 'level round', 'witness cells'];
    const argument = padded.filter((name) => name !== 'inverse');
    expect(seen.notUniform).toEqual([...opening, ...argument].sort());
    // one linear value is too little to tell two inputs apart by its top bits
    expect(seen.different).toEqual(seen.notUniform.filter((name) => name !== 'linear value'));
  });

  it('with pads of zero, in what they were to hide', () => {
    const bare: ProverHooks = {
      hiding: (channel, m, pads) => {
        const none = Object.assign(Object.create(pads) as PadCommitment, { pad: () => Ext.ZERO });
        return new HidingProver(channel, m, none);
      },
    };
    const seen = failures(bare);
    expect(seen.notUniform).toEqual([...padded, 'gate values'].sort());
    expect(seen.different).toEqual(padded.filter((name) => name !== 'linear value'));
    expect(names).toEqual(expect.arrayContaining(seen.notUniform));
  });

  /** A prover on a machine on which one use of secrets gives zeros. */
  function without(use: number): Prover {
    const zeros = twisted(machine, 'expandSecret', ([, own, , from, to, dst]) => {
      if (own === use) machine.u32(dst! + 32 * from!, 8 * (to! - from!)).fill(0);
    });
    return new Prover(zeros, model);
  }

  it('with rows that have no random coefficients, in their columns', () => {
    expect(failures({}, without(USE.tails))).toEqual({
      notUniform: ['level 1 cells', 'witness cells'],
      different: ['witness cells'],
    });
  });

  it('with a mask of zero, in the opened value and after it', () => {
    expect(failures({}, without(USE.mask))).toEqual({
      notUniform: ['level 1 cells', 'level round', 'opened value'],
      different: ['level 1 cells', 'opened value'],
    });
  });

  it('with salts of zero', () => {
    expect(failures({}, without(USE.salts))).toEqual({ notUniform: ['salts'], different: [] });
  });

  it('with a mask of the pads that is zero', () => {
    expect(failures({}, without(USE.padMask))).toEqual({ notUniform: ['pad cells', 'pad product'], different: [] });
  });
});
