import { describe, expect, it } from 'vitest';
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import { costOf } from '../../src/circuit/cost.ts';
import { evaluate } from '../../src/circuit/evaluate.ts';
import { keptTensors } from '../../src/circuit/liveness.ts';
import type { Circuit, IntArray, TensorId } from '../../src/circuit/types.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import { createWasmMachine } from '../../src/kernels/wasm.ts';

/** Three convolutions with requantisations, a residual sum between them, and a classifier. */
function network(size: number): { circuit: Circuit; weights: ReadonlyMap<TensorId, IntArray> } {
  const b = new CircuitBuilder('network');
  const relu = b.functionTable('relu', -2048, { lo: 0, hi: 127, rows: 4096 });
  const range = { lo: -128, hi: 127 };
  const weight = (...shape: number[]) =>
    b.weight(
      'w',
      shape,
      Int16Array.from({ length: cellsOf(shape) }, (_, i) => (i % 7) - 3),
    );
  const window = (axis: string) => ({ out: axis, kernel: `k${axis}`, stride: 1, dilation: 1, pad: 1 });
  let x = b.input({ name: 'x', shape: [8, size, size], range, scale: 0 });
  for (let layer = 0; layer < 3; layer++) {
    const axes = ['o', 'i', 'ky', 'kx'];
    const acc = b.contract('conv', weight(8, 8, 3, 3), x, axes, ['i', window('y'), window('x')], ['o', 'y', 'x']);
    const { y } = b.requantise(`layer${layer}`, acc, 7, relu);
    const sum = b.linear('residual', [
      { tensor: x, coefficient: 1 },
      { tensor: y, coefficient: 1 },
    ]);
    x = b.requantise(`sum${layer}`, sum, 1, relu).y;
  }
  const logits = b.contract('fc', weight(10, 8, size, size), x, ['c', 'o', 'y', 'x'], ['o', 'y', 'x'], ['c']);
  b.output({ name: 'logits', shape: [10], range: b.rangeOf(logits), scale: 0 }, logits);
  return b.build();
}

describe('costOf', () => {
  const { circuit, weights } = network(40);
  const cost = costOf(circuit, { rowBits: 14, rateBits: 1, tailRows: 0, folds: [4, 4] });

  it('counts what is committed, looked up and multiplied', () => {
    const activations = 8 * 40 * 40;
    const rows = 4096 + 256 + 128 + 2;
    expect(cost.rows).toBe(rows);
    expect(cost.weightCells).toBe([...weights.values()].reduce((n, w) => n + w.length, 0));
    expect(cost.witnessCells).toBe(activations * (1 + 3 * 4) + rows);
    expect(cost.lookups).toBe(activations * (1 + 3 * 4));
    expect(cost.leaves).toBe(2 ** 19);
    expect(cost.multiplyAdds).toBe(3 * activations * 8 * 9 + 10 * activations);
  });

  it('foresees the memory of a run to within the gathered rows of a contraction', async () => {
    const machine = await createWasmMachine();
    const start = machine.mark();
    const { tensors } = evaluate(machine, circuit, weights, [new Int16Array(8 * 40 * 40)]);
    const used = machine.mark() - start;
    expect(used).toBeGreaterThanOrEqual(cost.runBytes);
    expect(used).toBeLessThan(cost.runBytes + 2 ** 20);
    const kept = [...tensors.values()].reduce((n, t) => n + t.kind * t.length, 0);
    expect(kept).toBeLessThan(cost.runBytes);
    expect(new Set(tensors.keys())).toEqual(keptTensors(circuit));
  });
});
