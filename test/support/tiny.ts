/**
 * A network small enough to prove on the plain kernels, with one of everything: windows with padding, a batch label, a residual,
 * pooling views (aligned and not), a product, a table with listed values, limbs, and two readers of one tensor.
 */
import { CircuitBuilder } from '../../src/circuit/builder.ts';
import type { Circuit, IntArray, TensorId, WeightVisibility } from '../../src/circuit/types.ts';
import { encodeKey } from '../../src/files/key.ts';
import type { ModelFile } from '../../src/files/model.ts';
import type { Machine } from '../../src/kernels/kernels.ts';
import { registerModel } from '../../src/register.ts';
import { chooseParameters } from '../../src/soundness/parameters.ts';

export interface Tiny {
  readonly circuit: Circuit;
  readonly weights: ReadonlyMap<TensorId, IntArray>;
  readonly input: Int32Array;
}

/** Small deterministic integers in [-5, 5]. */
export function pattern(count: number, seed: number): Int16Array {
  let s = seed;
  return Int16Array.from({ length: count }, () => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    return ((s >>> 16) % 11) - 5;
  });
}

export function tinyNetwork(visibilityOf?: (weight: string) => WeightVisibility): Tiny {
  const b = new CircuitBuilder('tiny', visibilityOf);
  const x = b.input({ name: 'x', shape: [3, 6, 5], range: { lo: -8, hi: 7 }, scale: 0 });
  const window = (out: string, kernel: string) => ({ out, kernel, stride: 1, dilation: 1, pad: 1 });
  const w1 = b.weight('w1', [6, 3, 3, 3], pattern(162, 1));
  const acc1 = b.contract(
    'acc1',
    w1,
    x,
    ['o', 'c', 'u', 'v'],
    ['c', window('y', 'u'), window('x', 'v')],
    ['o', 'y', 'x'],
  );
  const bias = b.weight('bias', [6], pattern(6, 2));
  const spread = b.view(
    'bias.spread',
    bias,
    [6, 6, 5],
    [
      { kind: 'keep', from: 0, to: 0 },
      { kind: 'broadcast', to: 1 },
      { kind: 'broadcast', to: 2 },
    ],
  );
  const sum1 = b.linear('sum1', [
    { tensor: acc1, coefficient: 1 },
    { tensor: spread, coefficient: 1 },
  ]);
  const relu = b.functionTable('relu', -200, { lo: 0, hi: 63, rows: 401 });
  const { y: y1 } = b.requantise('y1', sum1, 3, relu);
  // depthwise with a batch label, strided by 2, plus a second reader of y1 (a residual)
  const w2 = b.weight('w2', [6, 2, 2], pattern(24, 3));
  const strided = (out: string, kernel: string) => ({ out, kernel, stride: 2, dilation: 1, pad: 0 });
  const acc2 = b.contract(
    'acc2',
    w2,
    y1,
    ['c', 'u', 'v'],
    ['c', strided('y', 'u'), strided('x', 'v')],
    ['c', 'y', 'x'],
  );
  const part = (name: string, offset: number) =>
    b.view(
      name,
      y1,
      [6, 3, 2],
      [
        { kind: 'keep', from: 0, to: 0 },
        { kind: 'affine', from: 1, to: 1, stride: 2, offset },
        { kind: 'affine', from: 2, to: 2, stride: 2, offset: 0 },
      ],
    );
  const [even, odd] = [part('even', 0), part('odd', 1)];
  const difference = b.linear('difference', [
    { tensor: even, coefficient: 1 },
    { tensor: odd, coefficient: -1 },
  ]);
  const { y: rise } = b.requantise('rise', difference, 0, relu);
  const values = Int32Array.from({ length: 600 }, (_, i) => ((i * i) % 97) - 40);
  const odd2 = b.functionTable('odd', -300, values);
  const sum2 = b.linear('sum2', [
    { tensor: acc2, coefficient: 1 },
    { tensor: odd, coefficient: 2 },
    { tensor: rise, coefficient: 2 },
  ]);
  const { y: y2 } = b.requantise('y2', sum2, 2, odd2);
  const square = b.product('square', y2, y2);
  const w3 = b.weight('w3', [4, 6, 3, 2], pattern(144, 4));
  const acc3 = b.contract('acc3', w3, y2, ['o', 'c', 'y', 'x'], ['c', 'y', 'x'], ['o']);
  const norms = b.contract('norms', b.constant('ones', [3, 2], 1), square, ['y', 'x'], ['c', 'y', 'x'], ['c']);
  const tail = b.view('tail', norms, [4], [{ kind: 'affine', from: 0, to: 0, stride: 1, offset: -1 }], 0);
  const out = b.linear('out', [
    { tensor: acc3, coefficient: 3 },
    { tensor: tail, coefficient: 1 },
  ]);
  b.output({ name: 'y', shape: [4], range: b.rangeOf(out), scale: 0 }, out);
  const { circuit, weights } = b.build();
  return { circuit, weights, input: Int32Array.from({ length: 90 }, (_, i) => ((i * 7) % 16) - 8) };
}

/** Key and model of a circuit on a machine. */
export function register(machine: Machine, { circuit, weights }: Tiny): { model: ModelFile; key: Uint8Array } {
  const model = registerModel(machine, circuit, weights, chooseParameters([1000, 1000]), '{}');
  return { model, key: encodeKey(model) };
}
