/**
 * Lookups of a tensor that is large enough to be cut (docs/spec/50-lookup.md, section 2): every box is looked at. The verifier and its twin
 * agree on proofs of a run that is wrong in one of them.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { layoutTree } from '../../src/argue/layout.ts';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { cellsAt } from '../../src/circuit/storage.ts';
import { Ext } from '../../src/field/ext.ts';
import type { ModelFile } from '../../src/files/model.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { createMachine } from '../../src/node.ts';
import { Prover, type ProverHooks } from '../../src/prover/prover.ts';
import { verify } from '../../src/verify.ts';
import { edited } from '../support/lies.ts';
import { register, type Tiny } from '../support/tiny.ts';
import { twin } from '../support/twin/twin.ts';

const [ROWS, COLUMNS] = [528, 1040];

/** relu of a matrix of 528 x 1040, which has boxes of 512 and 16 rows, 1024 and 16 columns; all cells added up with weights. */
function network(): Tiny {
  const b = new CircuitBuilder('boxes');
  const range = { lo: -8, hi: 7 };
  const x = b.input({ name: 'x', shape: [ROWS, COLUMNS], range, scale: 0 });
  const relu = b.functionTable('relu', -8, { lo: 0, hi: 7, rows: 16 });
  const { y } = b.requantise('relu', x, 0, relu);
  const columns = b.weight('columns', [COLUMNS], new Int16Array(COLUMNS).fill(1));
  const sums = b.contract('sums', columns, y, ['j'], ['i', 'j'], ['i']);
  const rows = b.weight('rows', [ROWS], new Int16Array(ROWS).fill(1));
  const sum = b.contract('sum', rows, sums, ['i'], ['i'], []);
  b.output({ name: 'y', shape: [], range: b.rangeOf(sum), scale: 0 }, sum);
  const input = Int32Array.from({ length: ROWS * COLUMNS }, (_, i) => ((i * 7) % 16) - 8);
  return { ...b.build(), input };
}

const tiny = network();
let machine: Machine;
let model: ModelFile;
let key: Uint8Array;
beforeAll(async () => {
  machine = await createMachine({ threads: 2 });
  ({ model, key } = register(machine, tiny));
});

function verdicts(hooks: ProverHooks = {}): string[] {
  const prover = new Prover(machine, model);
  const options = { publicInputs: new Set<number>(), zk: false, tag: new Uint8Array() };
  const { proof, outputs } = prover.prove([tiny.input], options, hooks);
  const claimed = { key, outputs: { y: Int32Array.from(outputs[0]!) } };
  const name = (verdict: { ok: boolean; check?: string }) => (verdict.ok ? 'accepted' : verdict.check!);
  return [name(verify(proof, claimed)), name(twin(proof, claimed))];
}

/** A run with another value in a cell of the activation. */
function wrongAt(row: number, column: number): ProverHooks {
  const y = tiny.circuit.tensors.findIndex(({ def }) => def.kind === 'witness' && def.hint.kind === 'table');
  return {
    witness: (m, { tensors }) => {
      const cells = cellsAt(m, tensors.get(y)!);
      cells[row * COLUMNS + column] = (cells[row * COLUMNS + column]! + 1) % 8;
    },
  };
}

describe('lookups in boxes', () => {
  it('are of all cells', () => {
    const boxes = layoutTree(tiny.circuit).blocks.filter(({ kind }) => kind === 'lookup');
    expect(boxes.length).toBeGreaterThan(2 * tiny.circuit.lookups.length);
  });

  it('are accepted where every cell is in its table', () => {
    expect(verdicts()).toEqual(['accepted', 'accepted']);
  });

  it('are refused with a lie about any of their values', () => {
    const boxes = layoutTree(tiny.circuit).blocks.filter(({ kind }) => kind === 'lookup').length;
    let sent = 0;
    for (let which = 0; which === 0 || which < sent; which++) {
      sent = 0;
      const hooks = edited('leaf value', (values) => {
        if (sent++ === which) values[0] = values[0]!.add(Ext.ONE);
      });
      const [ours, twins] = verdicts(hooks);
      expect(ours).toMatch(/^lookup\.(numerators|denominators)$/);
      expect(twins).toBe(ours);
    }
    expect(sent).toBeGreaterThanOrEqual(boxes);
  });

  it.each([
    [0, 0],
    [511, 1023],
    [100, 1030],
    [520, 10],
    [527, 1039],
  ])('are refused with a wrong cell at %i, %i', (row, column) => {
    expect(verdicts(wrongAt(row, column))).toEqual(['lookup.root', 'lookup.root']);
  });
});
