/** The simulator of test/support/simulator.ts: accepted without a witness under challenges that it has read, rejected everywhere else. */
import { describe, expect, it } from 'vitest';
import { checkProof } from '../../src/accept.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { type Plan, planOf, type Visibility } from '../../src/plan.ts';
import { Prover } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';
import { publicColumns, statementDigest } from '../../src/statement.ts';
import { commitTensor } from '../../src/tensor.ts';
import { Rejection, VerifierChannel } from '../../src/transcript/channel.ts';
import { flip, type Message } from '../support/mutations.ts';
import { ProgrammedVerifier, programmed, seededSecrets } from '../support/programmed.ts';
import { simulate } from '../support/simulator.ts';
import { tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const network = tinyNetwork(() => 'private');
const secretOf = seededSecrets(1);
const model = registerModel(
  machine,
  network.circuit,
  network.weights,
  chooseParameters([1000, 1000], 1),
  '{}',
  secretOf,
);
const prover = new Prover(machine, model);
const SEED = 7;

/** Any output within the range: the simulator has no idea whether a network says so. */
const output = Int32Array.of(1, 2, 3, 4);

function statement(input: Visibility, root: Uint8Array) {
  return {
    inputs: [input === 'committed' ? { kind: input, root } : { kind: 'private' as const }],
    outputs: [{ kind: 'public' as const, values: output }],
    tag: new Uint8Array(),
  };
}

/** The check that stops a proof, or that none does. */
function judge(channel: VerifierChannel, plan: Plan, roots: readonly Uint8Array[]): string {
  const said = statement(plan.disclosure.inputs[0]!, new Uint8Array(32));
  try {
    checkProof(channel, plan, publicColumns(plan.circuit, said), (witness) => {
      return plan.commitments.map(({ content }, i) => (content === 'witness' ? witness : roots[i]!));
    });
    return 'accepted';
  } catch (error) {
    if (error instanceof Rejection) return error.check;
    throw error;
  }
}

/** Three messages of a label at most; of each a byte near its beginning, its middle or its end, in turn, and of a single one all three. */
function sample(messages: readonly Message[], label: string): number[] {
  const own = messages.filter((m) => m.label === label);
  const some = [0, Math.floor(own.length / 2), own.length - 1].map((i) => own[i]!);
  return some.map(({ start, length }, i) => start + [1, Math.floor(length / 2), length - 2][i]!);
}

/** The check that meets a changed byte of each message. The opening's checks come before those of the pads. */
const STOPPED_BY: Readonly<Record<string, readonly string[]>> = {
  'witness root': ['opening.merkle'],
  'mask root': ['opening.merkle'],
  'pad root': ['opening.merkle'],
  'tree root': ['pads.equations'],
  inverse: ['pads.equations'],
  'tree round': ['pads.equations'],
  'tree values': ['pads.equations'],
  'leaf value': ['pads.equations'],
  'linear value': ['pads.equations'],
  'stage round': ['pads.equations'],
  'stage values': ['pads.equations'],
  'opening round': ['pads.equations'],
  'slab values': ['pads.equations'],
  'mask value': ['pads.equations'],
  'gate values': ['pads.equations'],
  'opened value': ['opening.claims'],
  'level root': ['opening.merkle'],
  'level grinding': ['grinding'],
  'level columns': ['opening.merkle'],
  'level round': ['opening.claims'],
  'last vector': ['opening.claims'],
  'pad product': ['pads.equations'],
  // random part first, then pads
  'pad vector': ['pads.columns', 'pads.equations', 'pads.equations'],
  'pad columns': ['opening.merkle'],
};

describe.each(['private', 'committed'] as const)('a simulated proof, the input %s', (input) => {
  const plan = planOf(model, { inputs: [input], outputs: ['public'], zk: true });
  const values = publicColumns(plan.circuit, statement(input, new Uint8Array(32)));
  const { channel, proof, roots } = simulate(machine, plan, values, SEED, 11);

  it('is accepted under the challenges that it was made for', () => {
    expect(plan.classes.length).toBe(input === 'committed' ? 2 : 1);
    expect(judge(new ProgrammedVerifier(SEED, proof), plan, roots)).toBe('accepted');
  });

  it('has the messages of a real one, label by label and byte by byte', () => {
    const real = programmed(SEED, 3);
    const opening = commitTensor(machine, { shape: [3, 6, 5], scale: 0, values: network.input, secret: secretOf() });
    const openings = new Map(input === 'committed' ? [[0, opening]] : []);
    const options = { publicInputs: new Set<number>(), openings, zk: true, tag: new Uint8Array() };
    expect(prover.prove([network.input], options, real.hooks).violated).toBeUndefined();
    expect(channel.messages).toEqual(real.channel.messages);
  });

  it('is rejected under other challenges', () => {
    const other = judge(new ProgrammedVerifier(SEED + 1, proof), plan, roots);
    expect(other).toBe('opening.merkle');
  });

  it('is rejected under the challenges of a transcript that nobody programs', () => {
    const digest = statementDigest(model, statement(input, roots.at(-2)!), true);
    expect(judge(new VerifierChannel(digest, proof), plan, roots)).toBe('grinding');
  });

  it('is rejected under another root of any commitment', () => {
    for (const at of roots.keys()) {
      if (plan.commitments[at]!.content === 'witness') continue;
      const others = roots.map((root, i) => (i === at ? flip(root, 5) : root));
      expect(judge(new ProgrammedVerifier(SEED, proof), plan, others)).toBe('opening.merkle');
    }
  });

  it('is rejected for another output', () => {
    const said = {
      ...statement(input, new Uint8Array(32)),
      outputs: [{ kind: 'public' as const, values: Int32Array.of(1, 2, 3, 5) }],
    };
    expect(() =>
      checkProof(new ProgrammedVerifier(SEED, proof), plan, publicColumns(plan.circuit, said), (witness) => {
        return roots.map((root, i) => (i === roots.length - 1 ? witness : root));
      }),
    ).toThrow('equations of the argument do not hold');
  });

  it('is rejected with any message changed', () => {
    const labels = [...new Set(channel.messages.map((m) => m.label))];
    for (const label of labels) {
      const found = sample(channel.messages, label).map((at) => {
        return judge(new ProgrammedVerifier(SEED, flip(proof, at)), plan, roots);
      });
      const expected = STOPPED_BY[label]!;
      expect(found, label).toEqual(expected.length === 1 ? found.map(() => expected[0]) : expected);
    }
    const unseen = Object.keys(STOPPED_BY).filter((label) => !labels.includes(label as Message['label']));
    expect(unseen).toEqual(input === 'committed' ? [] : ['mask root']);
  });
});
