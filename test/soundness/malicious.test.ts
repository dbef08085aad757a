/**
 * Provers that follow the protocol and lie once. Each test names the check that stops the lie; `forged` is the same lie told by a
 * prover that then solves for every equation of the argument (test/support/lies.ts), which leaves only the commitment to stop it.
 */
import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { checkCircuit } from '../../src/circuit/check.ts';
import { Ext } from '../../src/field/ext.ts';
import { inversePowerOfTwo, P } from '../../src/field/m31.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import type { ProverHooks } from '../../src/prover.ts';
import { courtOf, withEdits } from '../support/court.ts';
import { edited, forge, type Story, tell } from '../support/lies.ts';
import { tinyNetwork } from '../support/tiny.ts';

const tiny = courtOf(await createWasmMachine(), tinyNetwork());
const { idOf } = tiny;
const honest = tiny.proveWith({});

/** Changes one cell of one tensor when it is computed. */
function cell(name: string, at: number, change: (v: number, values: number[][]) => number): Story {
  return {
    cells: (id, values) => {
      if (id === idOf(name)) values[id]![at] = change(values[id]![at]!, values);
    },
  };
}

function end(change: (values: number[][]) => void): Story {
  return { end: change };
}

/** Both at once: the cells of each, then the ends of each. */
function both(a: Story, b: Story): Story {
  return {
    cells: (id, values) => {
      a.cells?.(id, values);
      b.cells?.(id, values);
    },
    end: (values) => {
      a.end?.(values);
      b.end?.(values);
    },
  };
}

/** The honest value of a cell, for a lie that would otherwise have no table row to go on from. */
function keep(name: string, at: number): Story {
  const values: number[][] = [];
  tell(tiny.model, [tiny.network.input], {
    end: (all) => {
      values.push(...all);
    },
  });
  return cell(name, at, () => values[idOf(name)]![at]!);
}

const stories: Record<string, Story> = {
  'a wrong activation': cell('y1', 7, (v) => (v === 3 ? 4 : 3)),
  'a wrong remainder within its range': both(
    cell('y1.bits0', 0, (v) => v ^ 1),
    keep('y1', 0),
  ),
  'a remainder out of range, made good in the quotient': cell('y1.bits0', 5, (v) => v - 8),
  'a remainder that is a fraction in the field': both(
    cell('y1.bits0', 0, (v) => (v + inversePowerOfTwo(1)) % P),
    keep('y1', 0),
  ),
  'a value in no row of its table': cell('y2', 3, () => 60),
  'a value in a row of another table': both(
    cell('y2.bits0', 3, (v) => 4 + (v % 4)),
    both(
      keep('y2', 3),
      end((values) => {
        values[idOf('range [0, 7].multiplicity')]![4]! += 1;
      }),
    ),
  ),
  'a wrong multiplicity': end((values) => {
    values[idOf('relu.multiplicity')]![200]! += 1;
  }),
  'a multiplicity moved to another row': end((values) => {
    values[idOf('range [0, 7].multiplicity')]![2]! -= 1;
    values[idOf('range [0, 7].multiplicity')]![3]! += 1;
  }),
  'a private input outside its range': cell('x', 11, () => 100),
};

describe.each(Object.entries(stories))('%s', (_, story) => {
  const hooks = tell(tiny.model, [tiny.network.input], story);

  it('is stopped by the lookups', () => {
    expect(tiny.proveWith(hooks).violated).toBe('lookup.root');
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: 'lookup.root' });
  });

  it('is stopped by the commitment when forged', () => {
    const { edits, solved } = forge(tiny.attemptOn(hooks))!;
    expect(solved.slice(0, 2)).toEqual(['lookup.root', 'lookup.layer']);
    expect(solved.at(-1)).toBe('opening.batch');
    expect(tiny.verdictOn(withEdits(hooks, edits))).toMatchObject({ ok: false, check: 'opening.claims' });
  });
});

describe('one cell of each tensor that the prover computes, everything after it following', () => {
  // acc = .. is held to its definition by a sumcheck, advice by a lookup; a private input is free within its range, and y.binding is
  // the difference that is claimed to be zero, whatever the prover thinks of it
  const stoppedBy = {
    witness: 'lookup.root',
    linear: 'stage',
    view: 'stage',
    product: 'stage',
    contract: 'stage',
  } as const;
  const free = ['x', 'y.binding'];
  const computed = tiny.network.circuit.tensors.flatMap(({ name, def }) => {
    return Object.hasOwn(stoppedBy, def.kind) && !free.includes(name)
      ? [[name, def.kind as keyof typeof stoppedBy]]
      : [];
  }) as [string, keyof typeof stoppedBy][];

  it.each(computed)('%s, a %s', (name, kind) => {
    const id = idOf(name);
    const last = tiny.network.circuit.tables.some((t) => t.multiplicity === id);
    const change = (values: number[][]) => {
      values[id]![0]! += 1;
    };
    const story = last
      ? end(change)
      : { cells: (at: number, values: number[][]) => (at === id ? change(values) : undefined) };
    const hooks = tell(tiny.model, [tiny.network.input], story);
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: stoppedBy[kind] });
  });
});

describe('a wrong public output', () => {
  const hooks: ProverHooks = {
    outputs: (outputs) => {
      outputs[0] = outputs[0]!.map((v, i) => (i === 2 ? v + 1 : v)) as Int32Array;
    },
  };

  it('is stopped where the output is bound to the network', () => {
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: 'stage' });
  });

  it('is stopped by the commitment when forged', () => {
    const { edits, solved } = forge(tiny.attemptOn(hooks))!;
    expect(solved).toEqual(['stage', 'stage', 'opening.batch']);
    expect(tiny.verdictOn(withEdits(hooks, edits))).toMatchObject({ ok: false, check: 'opening.claims' });
  });
});

describe('an activation that two readers are told differently', () => {
  // acc2 = w2 * y1, 2 x 2 windows, is computed as if the first cell of y1's channel c were larger by 9; others see the y1 looked up
  const w2 = tiny.model.weights.get(idOf('w2'))!;
  const c = [0, 1, 2, 3, 4, 5].find((channel) => w2[4 * channel] !== 0)!;
  const story = cell('acc2', 6 * c, (v) => v + 9 * w2[4 * c]!);
  const hooks = tell(tiny.model, [tiny.network.input], story);

  it('is stopped by the sum that the contraction is', () => {
    expect(tiny.proveWith(hooks).outputs).not.toEqual(honest.outputs);
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: 'stage' });
  });

  it('is stopped by the commitment when each reader gets a claim that suits it', () => {
    const { edits, solved } = forge(tiny.attemptOn(hooks))!;
    expect(solved).toEqual(['stage', 'stage', 'opening.batch']);
    expect(tiny.verdictOn(withEdits(hooks, edits))).toMatchObject({ ok: false, check: 'opening.claims' });
  });
});

describe('a tensor that is read at one point by two relations', () => {
  // s = y + y', and all three are looked up at the same point: nothing is left to send, the sum is checked there
  const b = new CircuitBuilder('sum');
  const port = { shape: [4], range: { lo: 0, hi: 3 }, scale: 0 };
  const x = b.input({ ...port, name: 'x' });
  const digit = b.witness('digit', [4], { lo: 0, hi: 3 }, { kind: 'bits', of: x, from: 0, count: 2 });
  b.pin(digit);
  const terms = [
    { tensor: x, coefficient: 1 },
    { tensor: digit, coefficient: 2 },
  ];
  const sum = b.linear('sum', terms, { constant: 1 });
  const { y } = b.requantise('y', sum, 0, b.functionTable('f', 0, { lo: 0, hi: 3, rows: 16 }));
  b.output({ ...port, name: 'out' }, y);
  const { circuit, weights } = b.build();
  const court = courtOf(tiny.prover.machine, { circuit, weights, input: Int32Array.of(0, 1, 2, 3) });

  it('is proved', () => {
    expect(court.verdictOn({})).toMatchObject({ ok: true });
  });

  it('is stopped at the sum when its looked-up value is another', () => {
    const story: Story = {
      cells: (id, values) => {
        if (id === court.idOf('sum')) values[id]![1]! += 1;
      },
    };
    const hooks = tell(court.model, [court.network.input], story);
    expect(court.verdictOn(hooks)).toMatchObject({ ok: false, check: 'linear', where: 'sum' });
  });
});

describe('false messages', () => {
  it('with a zero denominator are stopped at the root', () => {
    const hooks = edited('tree root', (v) => v.splice(0, 4, Ext.ZERO, v[1]!, Ext.ZERO, v[3]!));
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check: 'lookup.denominator' });
  });

  it.each([
    ['tree values', 'lookup.layer'],
    ['tree round', 'lookup.layer'],
    ['leaf value', 'lookup.numerators'],
    ['stage round', 'stage'],
    ['stage values', 'stage'],
    ['opening round', 'opening.batch'],
    ['slab values', 'opening.batch'],
    ['level round', 'opening.claims'],
    ['last vector', 'opening.claims'],
  ] as const)('in %s are stopped by %s', (label, check) => {
    const hooks = edited(label, (values) => {
      values[0] = values[0]!.add(Ext.ONE);
    });
    expect(tiny.verdictOn(hooks)).toMatchObject({ ok: false, check });
  });

  it('with one value at the leaves are stopped by the numerators or the denominators', () => {
    const leaves = tiny
      .attemptOn({})([])
      .messages.flatMap(({ label }, i) => (label === 'leaf value' ? [i] : []));
    const checks = leaves.map((message) => {
      const verdict = tiny.verdictOn(withEdits({}, [{ message, index: 0, by: Ext.ONE }]));
      return verdict.ok ? 'accepted' : verdict.check;
    });
    expect(new Set(checks)).toEqual(new Set(['lookup.denominators', 'lookup.numerators']));
  });
});

describe('circuits that would let a prover lie are refused', () => {
  const { circuit } = tiny.network;

  it('a lookup of tensors with different boxes', () => {
    const lookups = circuit.lookups.map((l) => {
      return l.tensors[1] === idOf('y2') ? { ...l, tensors: [l.tensors[0]!, idOf('y1')] } : l;
    });
    expect(() => checkCircuit({ ...circuit, lookups })).toThrow('tensors of one lookup differ in shape');
  });

  it.each(['x', 'y1.bits0', 'y1'])('%s with no lookup', (name) => {
    const lookups = circuit.lookups.filter((l) => !l.tensors.includes(idOf(name)));
    expect(() => checkCircuit({ ...circuit, lookups })).toThrow('no lookup bounds the cells of this column');
  });

  it('an output that nothing binds', () => {
    expect(() => checkCircuit({ ...circuit, zeros: [] })).toThrow('bound to no tensor');
  });
});
