/** Lies about hiding rows: their random coefficients, the mask, its value, the opened value, salts. Each test names the check that stops its lie. */
import { describe, expect, it } from 'vitest';
import { Ext } from '../../src/field/ext.ts';
import { P } from '../../src/field/m31.ts';
import { eqTable } from '../../src/field/mle.ts';
import { extBytes, type KernelName } from '../../src/kernels/kernels.ts';
import { readExt, writeExts } from '../../src/kernels/vectors.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { Prover, type ProverHooks } from '../../src/prover.ts';
import { levelsOf, tailOf } from '../../src/soundness/parameters.ts';
import type { Verdict } from '../../src/verify.ts';
import { alteredChannel, hidingCourtOf, type Lies, LyingHider } from '../support/hiding-court.ts';
import { twisted } from '../support/lies.ts';
import { tinyNetwork } from '../support/tiny.ts';

const machine = await createWasmMachine();
const court = hidingCourtOf(machine, tinyNetwork());
const plan = court.prover.planFor(court.options);
const { parameters } = plan.classes[0]!;
const { packing } = plan.commitments.at(-1)!;
const tail = tailOf(parameters);
const slabs = plan.commitments.reduce((n, c) => n + c.packing.slabs.length, 0);

const checkOf = (verdict: Verdict) => (verdict.ok ? 'accepted' : verdict.check);

describe('the mask of the opening', () => {
  it('with another value is stopped by the opening', () => {
    const told = court.tryLies({
      hidden: (label, values) => {
        if (label === 'mask value') values[0] = values[0]!.add(Ext.ONE);
      },
    });
    expect(told).toEqual({ check: 'opening.claims', violations: [] });
  });

  it('with another value, which the opened value does not follow, is stopped by the equation between them', () => {
    let party: LyingHider | undefined;
    const lies: Lies = {
      hidden: (label, values) => {
        if (label === 'mask value') values[0] = values[0]!.add(Ext.ONE);
      },
      shown: (label, values) => {
        // what it would have been: the mask counts eq(eta, K), and K is the number of slabs
        if (label === 'opened value') values[0] = values[0]!.sub(eqTable(party!.drawn.get('eta')!)[slabs]!);
      },
    };
    const verdict = court.verdictOn({ hiding: (channel, m, pads) => (party = new LyingHider(channel, m, pads, lies)) });
    expect(party!.violations).toEqual(['pads.revealed']);
    expect(checkOf(verdict)).toBe('pads.equations');
  });

  it('that makes up for errors of the slab values under a weight of one is stopped by the opening', () => {
    const told = court.tryLies({
      hidden: (label, values) => {
        if (label === 'slab values') values[0] = values[0]!.add(Ext.ONE);
        if (label === 'mask value') values[0] = values[0]!.sub(Ext.ONE);
      },
    });
    expect(told).toEqual({ check: 'opening.claims', violations: ['opening.batch'] });
  });

  it('with another opened value is stopped by the opening', () => {
    const told = court.tryLies({
      shown: (label, values) => {
        if (label === 'opened value') values[0] = values[0]!.add(Ext.ONE);
      },
    });
    expect(told).toEqual({ check: 'opening.claims', violations: ['pads.revealed'] });
  });
});

type Errors = Partial<Record<KernelName, (task: readonly number[]) => void>>;

/** The verifier's word on a prover of which kernels err, each in its own way, once the model is loaded. */
function verdictWith(errors: Errors): string {
  let lies = false;
  const erring = Object.entries(errors).reduce((m, [kernel, error]) => {
    return twisted(m, kernel as KernelName, (task) => {
      if (lies) error(task);
    });
  }, machine);
  const liar = new Prover(erring, court.model);
  lies = true;
  return checkOf(court.verdictOn({}, liar));
}

describe('random coefficients', () => {
  const { rowBits } = parameters;

  it('leave room behind them in this parameter set', () => {
    expect(tail).toBeLessThan(2 ** rowBits);
    expect(tail).toBeGreaterThan(levelsOf(parameters)[0]!.queries);
  });

  /** Joins the first row of the witness, the first that is joined, with a one behind its T random coefficients. */
  function oneBehindTail() {
    let joined = 0;
    return ([, m, , length, dst]: readonly number[]) => {
      if (joined === 0) machine.u32(dst! + 4 * (2 ** m! + length!), 1)[0] = 1;
      joined += 1;
    };
  }

  /** Puts what that row's one adds to h behind h's T coefficients. */
  function oneBehindFold([, stride, rows, w, , , upper]: readonly number[]): void {
    if (stride !== tail || rows !== packing.rows + 4) return;
    writeExts(machine, upper! + extBytes(tail), [readExt(machine, w!, 0), Ext.ZERO, Ext.ZERO, Ext.ZERO]);
  }

  it('that go on behind the last are stopped by the claims', () => {
    expect(verdictWith({ joinRow: oneBehindTail() })).toBe('opening.claims');
  });

  it('that go on in the folded vector only are stopped by the claims', () => {
    expect(verdictWith({ foldRowsI32: oneBehindFold })).toBe('opening.claims');
  });

  it('that go on in both, alike, are stopped by the rows of level 1, which end', () => {
    expect(verdictWith({ joinRow: oneBehindTail(), foldRowsI32: oneBehindFold })).toBe('opening.last');
  });

  it('that are folded with other weights are stopped by the claims', () => {
    let met = false;
    const other = ([, stride, rows, , , , upper]: readonly number[]) => {
      if (met || stride !== tail || rows !== packing.rows + 4) return;
      met = true;
      machine.u32(upper!, 1)[0]! ^= 1;
    };
    expect(verdictWith({ foldRowsI32: other })).toBe('opening.claims');
  });

  /** Changes every other cell of a codeword: far from every word of the code. */
  function spoil(codeword: number, domainBits: number): void {
    const cells = machine.u32(codeword, 2 ** domainBits);
    for (let j = 0; j < cells.length; j += 2) cells[j] = (cells[j]! + 1) % P;
  }

  /** Spoils the rows of the witness matrix, counted as they are encoded, that `which` picks. */
  function spoiling(which: (row: number) => boolean) {
    let row = -1;
    return ([, m, codeword, n]: readonly number[]) => {
      if (m !== rowBits + 1) return;
      row += 1;
      if (row < packing.rows + 4 && which(row)) spoil(codeword!, n!);
    };
  }

  it('of a row that is far from every codeword are stopped by the claims', () => {
    expect(verdictWith({ encodeRow: spoiling((row) => row === 0) })).toBe('opening.claims');
  });

  it('of a mask that is far from every codeword are stopped by the claims', () => {
    expect(verdictWith({ encodeRow: spoiling((row) => row >= packing.rows) })).toBe('opening.claims');
    expect(verdictWith({ encodeRow: spoiling((row) => row === packing.rows + 3) })).toBe('opening.claims');
  });

  it('that fill the whole upper half of a row, whose message is honest, are stopped by the claims', () => {
    let joined = 0;
    const filled = ([, m, , , dst]: readonly number[]) => {
      if (joined === 0) {
        const upper = machine.u32(dst! + 4 * 2 ** m!, 2 ** m!);
        for (let j = 0; j < upper.length; j++) upper[j] = (j * 48271 + 11) % P;
      }
      joined += 1;
    };
    expect(verdictWith({ joinRow: filled })).toBe('opening.claims');
  });
});

describe('salts', () => {
  const width = 4 * (packing.rows + 4 + 8);

  /** Changes the witness's opened columns: of the class's commitments the last. */
  function withColumns(change: (bytes: Uint8Array) => Uint8Array): ProverHooks {
    let met = 0;
    return {
      channel: alteredChannel(undefined, (label, bytes) => {
        if (label !== 'level columns') return bytes;
        met += 1;
        return met === plan.commitments.length ? change(bytes.slice()) : bytes;
      }),
    };
  }

  const salt = (bytes: Uint8Array, column: number) => bytes.subarray(width * (column + 1) - 32, width * (column + 1));

  it('are where this test thinks they are', () => {
    expect(court.verdictOn(withColumns((bytes) => bytes))).toMatchObject({ ok: true });
  });

  it('of two columns in the other order do not lead to the root', () => {
    const verdict = court.verdictOn(
      withColumns((bytes) => {
        const first = salt(bytes, 0).slice();
        salt(bytes, 0).set(salt(bytes, 1));
        salt(bytes, 1).set(first);
        return bytes;
      }),
    );
    expect(verdict).toMatchObject({ ok: false, check: 'opening.merkle', where: 'witness' });
  });

  it('of zero do not lead to the root', () => {
    const verdict = court.verdictOn(
      withColumns((bytes) => {
        salt(bytes, 3).fill(0);
        return bytes;
      }),
    );
    expect(verdict).toMatchObject({ ok: false, check: 'opening.merkle', where: 'witness' });
  });

  it('cannot be moved into the cells before them', () => {
    // the same bytes of a leaf, cut elsewhere: a cell more and a word less of salt
    const verdict = court.verdictOn(
      withColumns((bytes) => {
        const column = bytes.subarray(0, width);
        column.set(column.slice(4), 0);
        return bytes;
      }),
    );
    expect(verdict).toMatchObject({ ok: false, check: 'opening.merkle', where: 'witness' });
  });
});
