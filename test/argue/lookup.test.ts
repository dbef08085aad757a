/** The fraction tree of a lookup argument: where its blocks lie, and its root against the sum of all fractions, one by one. */
import { describe, expect, it } from 'vitest';
import { evaluateAt } from '../../src/argue/evaluate.ts';
import { Hand } from '../../src/argue/hand.ts';
import { layoutTree, tableColumnValues, tableTag } from '../../src/argue/layout.ts';
import { Ledger } from '../../src/argue/ledger.ts';
import { argueLookups } from '../../src/argue/lookup.ts';
import { ProverParty } from '../../src/argue/party.ts';
import { LookupTree } from '../../src/argue/tree.ts';
import type { Space } from '../../src/argue/windows.ts';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { evaluate, type Witness } from '../../src/circuit/evaluate.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import { Ext, powers } from '../../src/field/ext.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createReferenceMachine } from '../../src/kernels/machine.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';
import { ProverChannel } from '../../src/transcript/channel.ts';
import { elements } from '../support/elements.ts';
import { evaluateNaive } from '../support/naive.ts';
import { tinyNetwork } from '../support/tiny.ts';

const tiny = tinyNetwork();

/** Lookups of shapes that are not powers of two, of one cell, of long rows, of many axes, in more leaves than are spelled out. */
function ragged() {
  const b = new CircuitBuilder('ragged');
  const inputs = [[], [1], [3], [2, 5, 3], [7, 1, 2], [300], [3, 5, 3, 7, 3]].map((shape, i) => {
    const x = b.input({ name: `x${i}`, shape, range: { lo: 0, hi: 5 }, scale: 0 });
    b.output(
      { name: `y${i}`, shape, range: { lo: 0, hi: 5 }, scale: 0 },
      b.linear(`s${i}`, [{ tensor: x, coefficient: 1 }]),
    );
    return Int32Array.from({ length: cellsOf(shape) }, (_, c) => (c * c + i) % 6);
  });
  return { ...b.build(), inputs };
}

/** Nothing is looked up: a tree of two empty leaves. */
function bare() {
  const b = new CircuitBuilder('bare');
  const w = b.weight('w', [3], Int16Array.from([1, -2, 3]));
  b.output(
    { name: 'y', shape: [3], range: { lo: -9, hi: 9 }, scale: 0 },
    b.linear('s', [{ tensor: w, coefficient: 2 }]),
  );
  return { ...b.build(), inputs: [] };
}

/** `least`: leaves that a cut must save. */
const cases = {
  tiny: { ...tiny, inputs: [tiny.input], least: 8 },
  ragged: { ...ragged(), least: Number.POSITIVE_INFINITY },
  'ragged, in boxes': { ...ragged(), least: 64 },
  'ragged, in all boxes': { ...ragged(), least: 1 },
  bare: { ...bare(), least: 1 },
};
const machines = { reference: createReferenceMachine(), wasm: await createWasmMachine() };

describe.each(Object.entries(cases))('the lookups of %s', (_, { circuit, weights, inputs, least }) => {
  const layout = layoutTree(circuit, least);

  const treeOf = (m: Machine, run: Witness, [c, beta]: readonly [Ext, Ext], space: Space = { bytes: 2 ** 30 }) =>
    new LookupTree(new Hand(m, circuit, run), layout, c, beta, space);

  it('lie in aligned blocks, largest first, that do not overlap and fit the tree', () => {
    let end = 0;
    let bits = 31;
    for (const b of layout.blocks) {
      expect(b.offset).toBe(end);
      expect(b.offset % 2 ** b.bits).toBe(0);
      expect(b.bits).toBeLessThanOrEqual(bits);
      expect(cellsOf(b.shape)).toBeLessThanOrEqual(2 ** b.bits);
      end = b.offset + 2 ** b.bits;
      bits = b.bits;
    }
    expect(end).toBeLessThanOrEqual(2 ** layout.depth);
    expect(layout.blocks.length).toBeGreaterThanOrEqual(circuit.lookups.length + circuit.tables.length);
    const cells = layout.blocks.reduce((n, b) => n + cellsOf(b.shape), 0);
    const all = [
      ...circuit.lookups.map((l) => circuit.tensors[l.tensors[0]!]!.shape),
      ...circuit.tables.map((t) => [t.rows]),
    ];
    expect(cells).toBe(all.reduce((n, shape) => n + cellsOf(shape), 0));
  });

  it.each(Object.entries(machines))('add up to the root of the tree, which is zero, on the %s kernels', (_name, m) => {
    const mark = m.mark();
    const draw = elements(17);
    const [c, beta] = [draw(), draw()];
    const run = evaluate(m, circuit, weights, inputs);
    const [p0, p1, q0, q1] = treeOf(m, run, [c, beta]).root() as [Ext, Ext, Ext, Ext];
    const values = evaluateNaive(circuit, weights, inputs);
    const betas = powers(beta, layout.width + 1);
    let p = Ext.ZERO;
    let q = Ext.ONE;
    const add = (numerator: Ext, tuple: readonly number[], table: number) => {
      const print = tuple.reduce(
        (sum, x, i) => sum.add(betas[i]!.mul(Ext.of(x))),
        betas[layout.width]!.mul(Ext.of(tableTag(table))),
      );
      const denominator = c.sub(print);
      p = p.mul(denominator).add(q.mul(numerator));
      q = q.mul(denominator);
    };
    for (const { table, tensors } of circuit.lookups) {
      for (const i of values[tensors[0]!]!.keys()) {
        const tuple = tensors.map((t) => values[t]![i]!);
        add(Ext.ONE, tuple, table);
      }
    }
    for (const [table, { rows, columns, multiplicity }] of circuit.tables.entries()) {
      const cells = columns.map((column) => tableColumnValues(column, rows));
      for (const [i, count] of values[multiplicity]!.entries()) {
        const tuple = cells.map((column) => column[i]!);
        add(Ext.of(-count), tuple, table);
      }
    }
    expect(p).toEqual(Ext.ZERO);
    expect(p0.mul(q1).add(p1.mul(q0))).toEqual(p);
    expect(q0.mul(q1)).toEqual(q);
    m.release(mark);
  });

  it.each(Object.entries(machines))('say the same where tables have little room, on the %s kernels', (_name, m) => {
    const mark = m.mark();
    const run = evaluate(m, circuit, weights, inputs);
    const messages = (space: Space) => {
      const draw = elements(18);
      const tree = treeOf(m, run, [draw(), draw()], space);
      const said = [tree.root()];
      for (let layer = 1; layer < layout.depth; layer++) {
        tree.startLayer(layer, Array.from({ length: layer }, draw), draw());
        for (let round = 0; round < layer; round++) {
          said.push(tree.round(draw()));
          tree.bind(draw());
        }
        said.push(tree.values());
      }
      tree.release();
      return said;
    };
    const roomy = messages({ bytes: 2 ** 30 });
    for (const bytes of [0, 2 ** 14, 2 ** 16]) expect(messages({ bytes, window: 64 })).toEqual(roomy);
    m.release(mark);
  });

  it.each(Object.entries(machines))('satisfy every check down to the leaves on the %s kernels', (_name, m) => {
    const mark = m.mark();
    const run = evaluate(m, circuit, weights, inputs);
    const hand = new Hand(m, circuit, run);
    const party = new ProverParty(new ProverChannel(new Uint8Array(32), () => 0));
    const ledger = new Ledger<Ext>(party, circuit, new Map(), (t, r) => evaluateAt(hand, t, r));
    argueLookups(party, circuit, layout, ledger, hand);
    expect(party.violated).toBeUndefined();
    m.release(mark);
  });
});
