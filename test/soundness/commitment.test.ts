/**
 * Lies about what is committed and opened: slab values, weights, rows that are no codewords, folds, the last vector.
 */
import { describe, expect, it } from 'vitest';
import { ProverParty } from '../../src/argue/party.ts';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import { decodeProof } from '../../src/files/proof.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { planOf } from '../../src/plan.ts';
import { Prover, type ProverHooks } from '../../src/prover.ts';
import type { Verdict } from '../../src/verify.ts';
import { courtOf, withEdits } from '../support/court.ts';
import { edited, forge, slopeOf, tell, twisted } from '../support/lies.ts';
import { register, tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const tiny = courtOf(machine, tinyNetwork());
const { idOf } = tiny;
const honest = tiny.proveWith({});

describe('forged slab values', () => {
  const hooks = tell(tiny.model, [tiny.network.input], {
    cells: (id, values) => {
      if (id === idOf('y1')) values[id]![7] = values[id]![7] === 3 ? 4 : 3;
    },
  });

  it('that cancel in the batch check and under coefficients known before are stopped after eta', () => {
    const attempt = tiny.attemptOn(hooks);
    const { edits } = forge(attempt, 'opening.batch')!;
    const { messages, residuals } = attempt(edits);
    const at = residuals.length - 1;
    expect(residuals[at]!.check).toBe('opening.batch');
    // one message a commitment, one slab in each
    const values = messages.flatMap((m, message) => (m.label === 'slab values' ? [{ message, index: 0 }] : []));
    expect(values.map(({ message }) => messages[message]!.count)).toEqual([1, 1]);
    const [w0, w1] = values.map((element) => slopeOf(attempt, edits, residuals, at, element)!) as [Ext, Ext];
    // w0 d0 + w1 d1 = -residual, e0 d0 + e1 d1 = 0: what an earlier draft, with e known before the values, accepted
    const [e0, e1] = [new Ext(3, 1, 4, 1), new Ext(5, 9, 2, 6)];
    const scale = residuals[at]!.value.neg().mul(w0.mul(e1).sub(w1.mul(e0)).inv());
    const cancelling = [
      { ...values[0]!, by: scale.mul(e1) },
      { ...values[1]!, by: scale.mul(e0).neg() },
    ];
    expect(e0.mul(cancelling[0]!.by).add(e1.mul(cancelling[1]!.by)).isZero()).toBe(true);
    const forged = withEdits(hooks, [...edits, ...cancelling]);
    expect(tiny.proveWith(forged).violated).toBeUndefined();
    expect(tiny.verdictOn(forged)).toMatchObject({ ok: false, check: 'opening.claims' });
  });
});

describe('the commitment', () => {
  it('other weights than the key has are stopped by its root', () => {
    const weights = new Map(tiny.model.weights);
    const w1 = weights.get(idOf('w1'))!.slice();
    w1[20]! += 1;
    const wrong = register(machine, { ...tiny.network, weights: weights.set(idOf('w1'), w1) }).model;
    const liar = new Prover(machine, { ...wrong, root: wrong.root });
    liar.model.root.set(tiny.model.root);
    expect(tiny.verdictOn({}, liar)).toMatchObject({ ok: false, check: 'opening.merkle', where: 'weights' });
  });

  it('junk in cells that no column has changes nothing', () => {
    const { packing } = planOf(tiny.model).commitments.at(-1)!;
    const junk = packing.rows * 2 ** packing.rowBits - packing.cells;
    expect(junk).toBeGreaterThan(1000);
    const hooks: ProverHooks = {
      matrix: (m, words, count) => {
        m.u32(words, count).forEach((_, i, all) => {
          if (i >= packing.cells) all[i] = (i * 48271) % P;
        });
      },
    };
    const { proof, outputs } = tiny.proveWith(hooks);
    expect(outputs).toEqual(honest.outputs);
    expect(decodeProof(proof).proof).not.toEqual(decodeProof(honest.proof).proof);
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: true });
  });

  it('other committed words than the argument speaks of are stopped by the batch evaluation', () => {
    const before: ProverHooks = {
      matrix: (m, words) => {
        m.u32(words, 1)[0]! ^= 1;
      },
    };
    expect(tiny.verdictOn(before)).toMatchObject({ ok: false, check: 'opening.batch' });
  });

  /** The verdict on a prover of which one kernel errs while `lies` says so. */
  function twistedVerdict(kernel: 'encodeRow' | 'splitExt', after: (task: readonly number[]) => void): Verdict {
    let lies = false;
    const liar = new Prover(
      twisted(machine, kernel, (task) => {
        if (lies) after(task);
      }),
      tiny.model,
    );
    lies = true;
    return tiny.verdictOn({}, liar);
  }

  it('a row that is far from every codeword is stopped by its columns', () => {
    const verdict = twistedVerdict('encodeRow', ([, m, codeword, n]) => {
      if (m === 12) for (let j = 0; j < 2 ** n!; j += 2) machine.u32(codeword! + 4 * j, 1)[0]! ^= 1;
    });
    expect(verdict).toMatchObject({ ok: false, check: 'opening.claims' });
  });

  it('columns of the places next to those drawn do not lead to the root', () => {
    const hooks: ProverHooks = {
      party: (channel) => {
        const draw = channel.transcript.positions.bind(channel.transcript);
        channel.transcript.positions = (label, count, bits) =>
          draw(label, count, bits)
            .map((p) => p ^ 1)
            .sort((a, b) => a - b);
        return new ProverParty(channel);
      },
    };
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: 'opening.merkle', where: 'weights' });
  });

  it('two columns in the other order do not lead to the root', () => {
    const hooks: ProverHooks = {
      party: (channel) => {
        const send = channel.sendBytes.bind(channel);
        channel.sendBytes = (label, bytes) => {
          const swapped = bytes.slice();
          if (label === 'level columns') {
            swapped.set(bytes.subarray(0, 4), 4);
            swapped.set(bytes.subarray(4, 8), 0);
          }
          send(label, swapped);
        };
        return new ProverParty(channel);
      },
    };
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: 'opening.merkle', where: 'weights' });
  });

  it('a first vector of the recursion that is another than the folded rows is stopped', () => {
    const verdict = twistedVerdict('splitExt', ([, , planes]) => {
      machine.u32(planes!, 1)[0]! ^= 1;
    });
    expect(verdict).toMatchObject({ ok: false, check: 'opening.last' });
  });

  it('a last vector that meets the claims but is another is stopped by the last columns', () => {
    // the claims are <last, weights>; what is added to two cells is orthogonal to the weights that the rounds have left
    let weights = 0;
    const spy = twisted(machine, 'productRound', ([, b]) => {
      weights = b!;
    });
    const hooks = edited('last vector', (values) => {
      const at = (i: number) => new Ext(...([0, 1, 2, 3].map((c) => spy.u32(weights + 16 * c + 4 * i, 1)[0]!) as Four));
      values[0] = values[0]!.add(at(1));
      values[1] = values[1]!.sub(at(0));
    });
    const verdict = tiny.verdictOn(hooks, new Prover(spy, tiny.model));
    expect(verdict).toMatchObject({ ok: false, check: 'opening.last' });
  });
});

type Four = [number, number, number, number];
