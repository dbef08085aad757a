/** Graphs that compile rewrites before it lowers them: what comes out is the same, and how much less it costs. */
import { describe, expect, it } from 'vitest';
import { deviation, lookupsOf, randomFrom, randomWeights, type Tiny, tiny } from '../ops/harness.ts';
import { floats, ints, type NodeDescription, node } from '../support/onnx-builder.ts';

const random = randomFrom(21);
const image = { x: [1, 4, 6, 6] } as const;
const conv = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
const initializers = {
  w: randomWeights(random, [4, 4, 3, 3], 0.5),
  three: floats([], [3]),
  zero: floats([], [0]),
  six: floats([], [6]),
  sixth: floats([], [1 / 6]),
  third: floats([1], [1 / 3]),
};
const clip = node('Clip', ['a', 'zero', 'six'], ['c']);

async function compiled(nodes: readonly NodeDescription[], more: Record<string, ReturnType<typeof floats>> = {}) {
  return tiny(
    { inputs: image, outputs: ['y'], nodes, initializers: { ...initializers, ...more } },
    { least: -3, most: 3 },
  );
}

const tablesOf = (t: Tiny): string[] => t.circuit.tables.filter((f) => f.columns.length === 2).map((f) => f.name);

describe('functions that are spelled out', () => {
  const first = node('Conv', ['x', 'w'], ['h'], conv);
  const last = node('Conv', ['s', 'w'], ['y'], conv);
  const add = node('Add', ['h', 'three'], ['a']);

  it.each<[string, readonly NodeDescription[]]>([
    ['x clip(x + 3) / 6', [add, clip, node('Mul', ['h', 'c'], ['m']), node('Div', ['m', 'six'], ['s'])]],
    ['clip(x + 3) x / 6', [add, clip, node('Mul', ['c', 'h'], ['m']), node('Mul', ['m', 'sixth'], ['s'])]],
    ['x (clip(x + 3) / 6)', [add, clip, node('Mul', ['c', 'sixth'], ['g']), node('Mul', ['h', 'g'], ['s'])]],
  ])('%s is HardSwish: 2 lookups a cell', async (_, nodes) => {
    const t = await compiled([first, ...nodes, last]);
    expect(tablesOf(t)).toEqual([expect.stringMatching(/^hardswish /)]);
    expect(lookupsOf(t)).toBe(144 + 2 * 144);
    expect(deviation(t)).toBeLessThan(0.05);
  });

  it('twice HardSwish is HardSwish, and the next weights are twice as heavy', async () => {
    const t = await compiled([
      first,
      add,
      clip,
      node('Mul', ['h', 'c'], ['m']),
      node('Mul', ['m', 'third'], ['s']),
      last,
    ]);
    expect(lookupsOf(t)).toBe(144 + 2 * 144);
    expect(deviation(t)).toBeLessThan(0.05);
  });

  it('clip(x + 3) / 6 alone is HardSigmoid, x Sigmoid(x) is Swish', async () => {
    const bare = node('Add', ['x', 'three'], ['a']); // after a convolution it would be its bias
    const gate = await compiled([bare, clip, node('Mul', ['c', 'sixth'], ['s']), last]);
    expect(tablesOf(gate)).toEqual([expect.stringMatching(/^hardsigmoid /)]);
    const swish = await compiled([first, node('Sigmoid', ['h'], ['g']), node('Mul', ['g', 'h'], ['s']), last]);
    expect(tablesOf(swish)).toEqual([expect.stringMatching(/^swish /)]);
    for (const t of [gate, swish]) expect(deviation(t)).toBeLessThan(0.05);
  });

  it('what is clipped otherwise, or read twice, stays', async () => {
    const other = [
      node('Clip', ['a', 'zero', 'three'], ['c']),
      node('Mul', ['h', 'c'], ['m']),
      node('Mul', ['m', 'sixth'], ['s']),
    ];
    expect(tablesOf(await compiled([first, add, ...other, last]))).not.toContainEqual(
      expect.stringMatching(/^hardswish /),
    );
    const twice = [
      clip,
      node('Mul', ['h', 'c'], ['m']),
      node('Mul', ['m', 'sixth'], ['n']),
      node('Add', ['n', 'c'], ['s']),
    ];
    const t = await compiled([first, add, ...twice, last]);
    expect(tablesOf(t)).not.toContainEqual(expect.stringMatching(/^hardswish /));
    expect(deviation(t)).toBeLessThan(0.05);
  });
});

describe('numbers that multiply a tensor', () => {
  const shift = floats([], [0.4]);
  const weight = { s: shift, k: floats([], [0.37]), minus: floats([], [-0.7]), perm: ints([1], [0]) };

  it.each<[string, readonly NodeDescription[]]>([
    ['before a convolution', [node('Mul', ['x', 'k'], ['a']), node('Conv', ['a', 'w'], ['y'], conv)]],
    [
      'and one added, before a padded convolution',
      [node('Mul', ['x', 'minus'], ['a']), node('Add', ['a', 's'], ['b']), node('Conv', ['b', 'w'], ['y'], conv)],
    ],
    [
      'through a transpose, into two convolutions',
      [
        node('Mul', ['x', 'k'], ['a']),
        node('Transpose', ['a'], ['t'], { perm: [0, 1, 3, 2] }),
        node('Conv', ['t', 'w'], ['p'], conv),
        node('Conv', ['t', 'w'], ['q'], { ...conv, dilations: [2, 2], pads: [2, 2, 2, 2] }),
        node('Add', ['p', 'q'], ['y']),
      ],
    ],
  ])('%s cost nothing', async (_, nodes) => {
    const t = await compiled(nodes, weight);
    expect(lookupsOf(t)).toBe(144);
    expect(deviation(t)).toBeLessThan(0.03);
  });

  it('stay where something else reads the product', async () => {
    const nodes = [
      node('Mul', ['x', 'k'], ['a']),
      node('Conv', ['a', 'w'], ['h'], conv),
      node('Add', ['h', 'a'], ['y']),
    ];
    const t = await compiled(nodes, weight);
    expect(lookupsOf(t)).toBeGreaterThan(144);
    expect(deviation(t)).toBeLessThan(0.02);
  });
});
