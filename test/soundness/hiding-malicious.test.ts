/**
 * The false stories of malicious.test.ts, told in zero knowledge. The verifier sees affine equations between pads, all of them at once, so each
 * story ends at `pads.equations`; the prover's own note says which equation it was. Who solves for them all is left with the commitment.
 */
import { describe, expect, it } from 'vitest';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import type { ProverHooks } from '../../src/prover.ts';
import { hidingCourtOf, LyingHider } from '../support/hiding-court.ts';
import { type Edit, forge, tell } from '../support/lies.ts';
import { cell, storiesOf } from '../support/stories.ts';
import { tinyNetwork } from '../support/tiny.ts';

const court = hidingCourtOf(
  await createWasmMachine(),
  tinyNetwork((name) => (name === 'w1' ? 'private' : 'committed')),
);
const { idOf, model, network } = court;
const honest = court.proveWith({});
const stories = storiesOf(court);

function withEdits(hooks: ProverHooks, edits: readonly Edit[]): ProverHooks {
  return { ...hooks, hiding: (channel, m, pads) => new LyingHider(channel, m, pads, { edits }) };
}

it('the honest prover is believed', () => {
  expect(honest.violated).toBeUndefined();
  expect(court.verdictOn({})).toMatchObject({ ok: true, zk: true });
});

describe.each(Object.entries(stories))('%s', (_, story) => {
  it('is stopped by the equations', () => {
    const hooks = tell(model, [network.input], story);
    expect(court.proveWith(hooks).violated).toBe('lookup.root');
    expect(court.verdictOn(hooks)).toMatchObject({ ok: false, check: 'pads.equations' });
  });
});

describe('one cell of each tensor that the prover computes, everything after it following', () => {
  const stoppedBy = {
    witness: 'lookup.root',
    linear: 'stage',
    view: 'stage',
    product: 'stage',
    contract: 'stage',
  } as const;
  const free = ['x', 'y.binding'];
  const computed = network.circuit.tensors.flatMap(({ name, def }) => {
    return Object.hasOwn(stoppedBy, def.kind) && !free.includes(name)
      ? [[name, def.kind as keyof typeof stoppedBy]]
      : [];
  }) as [string, keyof typeof stoppedBy][];

  it.each(computed)('%s, a %s', (name, kind) => {
    const id = idOf(name);
    const isCounted = network.circuit.tables.some((t) => t.multiplicity === id);
    const change = (values: number[][]) => {
      values[id]![0]! += 1;
    };
    const story = isCounted ? { end: change } : cell(id, 0, (v) => v + 1);
    const hooks = tell(model, [network.input], story);
    expect(court.proveWith(hooks).violated).toMatch(new RegExp(`^${stoppedBy[kind]}`));
    expect(court.verdictOn(hooks)).toMatchObject({ ok: false, check: 'pads.equations' });
  });
});

describe('a wrong public output', () => {
  const hooks: ProverHooks = {
    outputs: (outputs) => {
      outputs[0] = outputs[0]!.map((v, i) => (i === 2 ? v + 1 : v)) as Int32Array;
    },
  };

  it('is stopped by the equation that binds it to the network', () => {
    expect(court.proveWith(hooks).violated).toMatch(/^stage/);
    expect(court.verdictOn(hooks)).toMatchObject({ ok: false, check: 'pads.equations' });
  });

  it('is stopped by the commitment when forged', () => {
    const { edits, solved } = forge(court.attemptOn(hooks))!;
    expect(solved).toEqual(['stage', 'stage', 'opening.batch']);
    expect(court.proveWith(withEdits(hooks, edits)).violated).toBeUndefined();
    expect(court.verdictOn(withEdits(hooks, edits))).toMatchObject({ ok: false, check: 'opening.claims' });
  });
});

describe('an activation that two readers are told differently', () => {
  const w2 = model.weights.get(idOf('w2'))!;
  const c = [0, 1, 2, 3, 4, 5].find((channel) => w2[4 * channel] !== 0)!;
  const hooks = tell(
    model,
    [network.input],
    cell(idOf('acc2'), 6 * c, (v) => v + 9 * w2[4 * c]!),
  );

  it('is stopped by the sum that the contraction is', () => {
    expect(court.proveWith(hooks).outputs).not.toEqual(honest.outputs);
    expect(court.proveWith(hooks).violated).toMatch(/^stage/);
    expect(court.verdictOn(hooks)).toMatchObject({ ok: false, check: 'pads.equations' });
  });
});

it.each(['a wrong activation', 'a private input outside its range', 'a remainder that is a fraction in the field'])(
  '%s is stopped by the commitment when forged',
  (name) => {
    const hooks = tell(model, [network.input], stories[name]!);
    const { edits, solved } = forge(court.attemptOn(hooks))!;
    expect(solved.slice(0, 2)).toEqual(['lookup.root', 'lookup.layer']);
    expect(solved.at(-1)).toBe('opening.batch');
    expect(court.proveWith(withEdits(hooks, edits)).violated).toBeUndefined();
    expect(court.verdictOn(withEdits(hooks, edits))).toMatchObject({ ok: false, check: 'opening.claims' });
  },
);
