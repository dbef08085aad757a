/**
 * Each hidden thing has one mask, used once: every pad hides one element, two proofs of one witness have nothing random in common, and a
 * proof that was stopped leaves nothing for the next one.
 */
import { describe, expect, it } from 'vitest';
import { HidingProver, HidingVerifier, type PadCommitment } from '../../src/argue/hiding.ts';
import { argueNetwork } from '../../src/argue/network.ts';
import type { PadLayout, Transmitted } from '../../src/argue/pads.ts';
import { entropy } from '../../src/commit/secret.ts';
import type { Ext } from '../../src/field/ext.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import type { Plan } from '../../src/plan.ts';
import { Prover, type ProverHooks, type ProverOptions } from '../../src/prover.ts';
import { registerModel } from '../../src/register.ts';
import { padLayoutOf } from '../../src/send.ts';
import { chooseParameters, levelsOf } from '../../src/soundness/parameters.ts';
import { publicColumns } from '../../src/statement.ts';
import { commitTensor } from '../../src/tensor.ts';
import type { Label } from '../../src/transcript/labels.ts';
import { groupsOf } from '../support/histograms.ts';
import { ProgrammedProver, ProgrammedVerifier, programmed } from '../support/programmed.ts';
import { tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const network = tinyNetwork(() => 'private');
const model = registerModel(machine, network.circuit, network.weights, chooseParameters([1000, 1000], 20), '{}');
const prover = new Prover(machine, model);
const secret = entropy();
const opening = commitTensor(machine, { shape: [3, 6, 5], scale: 0, values: network.input, secret });
const options: ProverOptions = {
  publicInputs: new Set(),
  openings: new Map([[0, opening]]),
  outputs: ['committed'],
  zk: true,
  tag: new Uint8Array(),
};
const plan = prover.planFor(options);

/** Takes note of every element that it hides: under which label, behind which pad. */
class CountingProver extends HidingProver {
  readonly used: number[] = [];

  protected override transmit(
    label: Label,
    count: number,
    compute: () => readonly Ext[],
    first: number,
  ): Transmitted[] {
    for (let i = 0; i < count; i++) this.used.push(first + i);
    return super.transmit(label, count, compute, first);
  }
}

function prove(hooks: ProverHooks, changed: Partial<ProverOptions> = {}) {
  return prover.prove([network.input], { ...options, ...changed }, hooks);
}

describe('the pads of a proof', () => {
  let party: CountingProver | undefined;
  let committed: PadCommitment | undefined;
  const one = programmed(3, 1);
  const { violated } = prove({
    ...one.hooks,
    hiding: (channel, m, pads) => {
      committed = pads;
      party = new CountingProver(channel, m, pads);
      return party;
    },
  });
  const { used, layout } = party!;
  const own = layout.gates.flatMap((g) => [0, 1, 2, 3, 4].map((k) => g.own + k));

  it('each hide one element, or belong to one product', () => {
    expect(violated).toBeUndefined();
    expect(new Set([...used, ...own]).size).toBe(used.length + own.length);
    expect([...used, ...own].sort((a, b) => a - b)).toEqual(Array.from({ length: layout.count }, (_, i) => i));
  });

  it('hide factors of products, never the pads of products', () => {
    const hiding = new Set(used);
    expect(layout.gates.every((g) => hiding.has(g.x) && hiding.has(g.y))).toBe(true);
    expect(own.some((pad) => hiding.has(pad))).toBe(false);
  });

  it('are as many as were counted beforehand, and as the verifier counts', () => {
    const counted: PadLayout = padLayoutOf(plan);
    expect(layout).toEqual(counted);
    const channel = new ProgrammedVerifier(3, one.channel.finish());
    for (const label of ['witness root', 'mask root', 'pad root'] as const) channel.receiveBytes(label, 32);
    const verifier = new HidingVerifier(channel, committed!.matrix.root);
    const statement = {
      inputs: [{ kind: 'committed' as const, root: opening.root }],
      outputs: [{ kind: 'committed' as const, root: opening.root }],
      tag: new Uint8Array(),
    };
    argueNetwork(verifier, plan, publicColumns(plan.circuit, statement), undefined);
    expect(verifier.layout).toEqual(counted);
  });

  it('are themselves all different, and so are the elements of their mask', () => {
    const elements = [...committed!.full, ...committed!.mask].map(String);
    // every product of pads is one as well
    expect(new Set(elements).size).toBe(elements.length);
    expect(committed!.full.length).toBe(committed!.code.queries + layout.count);
    expect(committed!.mask.length).toBe(committed!.full.length);
  });
});

describe('two proofs of one witness', () => {
  /** The same challenges, so that equal secrets would give equal bytes everywhere; the platform's own generator. */
  const proofs = [0, 1].map(() => {
    const channel = new ProgrammedProver(5);
    prove({ channel: () => channel });
    return channel;
  });
  const [a, b] = proofs.map((channel) => channel.finish()) as [Uint8Array, Uint8Array];
  const { messages } = proofs[0]!;
  const groups = groupsOf(plan, messages, new Set());
  const words = (proof: Uint8Array) => new Uint32Array(proof.slice().buffer);

  /** Runs of this many words, of one group, as texts. */
  function runs(proof: Uint8Array, name: string, length: number): string[] {
    const all = words(proof);
    const places = groups.find((g) => g.name === name)!.words;
    return Array.from({ length: places.length / length }, (_, i) => {
      return places
        .slice(i * length, (i + 1) * length)
        .map((w) => all[w])
        .join();
    });
  }

  it('have the same messages, of the same lengths', () => {
    expect(proofs[1]!.messages).toEqual(messages);
  });

  const wide = ['digests', 'salts'];
  const columns = groups.map((g) => g.name).filter((name) => name.endsWith('cells'));
  // commitments that live on: the same columns at the same places, counted by their budget
  const lasting = ['private weights cells', 'input cells'];

  it.each(groups.map((g) => g.name).filter((name) => !wide.includes(name) && !columns.includes(name)))(
    'share no element of %s',
    (name) => {
      const [x, y] = [runs(a, name, 4), runs(b, name, 4)];
      expect(x.length).toBeGreaterThan(0);
      expect(x.filter((element) => y.includes(element))).toEqual([]);
    },
  );

  it.each(columns.filter((name) => !lasting.includes(name)))('have other %s at every opened place', (name) => {
    const { words: places } = groups.find((g) => g.name === name)!;
    const [x, y] = [words(a), words(b)];
    // a word is the same by chance once in 2^31
    expect(places.filter((w) => x[w] === y[w]).length).toBeLessThanOrEqual(1);
  });

  it('show the same columns of commitments that live on, at the same places, with the same salts', () => {
    const [x, y] = [words(a), words(b)];
    for (const name of lasting) {
      const { words: places } = groups.find((g) => g.name === name)!;
      expect(places.filter((w) => x[w] !== y[w])).toEqual([]);
    }
    const theirs = new Set(runs(b, 'salts', 8));
    const shared = runs(a, 'salts', 8).filter((salt) => theirs.has(salt)).length;
    const columnsOf = (c: Plan['commitments'][number]) => levelsOf(plan.classes[c.class]!.parameters)[0]!.queries;
    const living = plan.commitments.filter((c) => lasting.includes(`${c.content} cells`));
    expect(shared).toBe(living.reduce((n, c) => n + columnsOf(c), 0));
  });

  it('have other roots', () => {
    const roots = messages.filter((m) => m.label.endsWith('root') && m.kind === 'bytes');
    expect(roots.map((m) => m.label)).toContain('mask root');
    for (const { start, length } of roots) {
      expect(a.subarray(start, start + length)).not.toEqual(b.subarray(start, start + length));
    }
  });
});

describe('secrets', () => {
  /** Draws from the platform, and keeps what was drawn. */
  function drawing() {
    const drawn: Uint8Array[] = [];
    const hooks: ProverHooks = {
      entropy: () => {
        drawn.push(entropy());
        return drawn.at(-1)!;
      },
    };
    return { drawn, hooks };
  }

  it.each([
    ['a private output', 2, { openings: new Map(), outputs: ['private'] }],
    ['a committed input', 3, { outputs: ['private'] }],
    ['a committed output', 4, { openings: new Map() }],
  ] as const)('with %s are %i: of witness and pads, of a mask of its own, of the output', (_, count, changed) => {
    const { drawn, hooks } = drawing();
    prove(hooks, changed);
    expect(drawn.length).toBe(count);
  });

  it('are drawn anew after a proof that was stopped, wherever that was', () => {
    const all: string[] = [];
    for (const at of ['run', 'commit', 'lookups', 'linear', 'batch', 'opening'] as const) {
      const { drawn, hooks } = drawing();
      const controller = new AbortController();
      const stop = { signal: controller.signal, onStage: (stage: string) => stage === at && controller.abort() };
      expect(() => prove(hooks, stop)).toThrow('the proof was stopped');
      expect(drawn.length).toBe(at === 'run' ? 1 : 4);
      all.push(...drawn.map(String));
    }
    const { drawn, hooks } = drawing();
    prove(hooks);
    all.push(...drawn.map(String));
    expect(new Set(all).size).toBe(all.length);
  });

  it('are drawn anew by every registration', () => {
    const { drawn, hooks } = drawing();
    const { circuit, weights } = network;
    const roots = [0, 1].map(() => {
      const again = registerModel(machine, circuit, weights, chooseParameters([1000, 1000]), '{}', hooks.entropy);
      return String(again.privateRoot);
    });
    expect(roots[0]).not.toBe(roots[1]);
    // the root's, and two of the certificate's proof
    expect(new Set(drawn.map(String)).size).toBe(2 * 3);
  });
});
