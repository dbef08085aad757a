/**
 * What is made of a private tensor besides weights: its sizes, which the architecture has anyway, numbers computed of it, names and zeros. None of
 * them makes the tensor itself anything but private.
 */
import { describe, expect, it } from 'vitest';
import { type QuantizeOptions, quantizeModel } from '../../src/compile.ts';
import type { Sample } from '../../src/quantize/float-model.ts';
import { randomFrom } from '../ops/harness.ts';
import {
  ElementType,
  floats,
  ints,
  type ModelDescription,
  model,
  type NodeDescription,
  node,
} from '../support/onnx-builder.ts';
import { weightCells } from '../support/visible.ts';

const random = randomFrom(47);
const tensor = (...shape: number[]) => floats(shape, random(shape));
const zeros = (...shape: number[]) => floats(shape, random(shape).fill(0));
const conv = (x: string, w: string, y: string) =>
  node('Conv', [x, w], [y], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });
const samples: readonly Sample[] = Array.from({ length: 2 }, () => ({ x: random([1, 4, 6, 6]) }));

async function cellsOf(
  nodes: readonly NodeDescription[],
  initializers: ModelDescription['initializers'],
  options: QuantizeOptions = {},
) {
  const onnx = model({ inputs: { x: [1, 4, 6, 6] }, outputs: ['y'], nodes, initializers: initializers! });
  const { circuit } = await quantizeModel(onnx, { samples, weights: 'private', accuracySamples: 1, ...options });
  return weightCells(circuit);
}

const hidden = (cells: number) => ({ public: 0, committed: 0, private: cells });

describe('a private tensor stays private', () => {
  const shaped = [
    conv('x', 'w', 'a'),
    node('Shape', ['k'], ['sizes']),
    node('Reshape', ['a', 'sizes'], ['r']),
    node('Add', ['r', 'k'], ['y']),
  ];
  const both = { w: tensor(4, 4, 3, 3), k: tensor(1, 4, 6, 6) };

  it.each([
    ['by default', {}],
    ['that is named', { visibility: [['k', 'private']] }],
  ] as const)('%s, where its sizes are read', async (_, options) => {
    expect(await cellsOf(shaped, both, options)).toEqual(hidden(288));
  });

  it('where one of its sizes is read', async () => {
    const nodes = [
      conv('x', 'w', 'a'),
      node('Shape', ['w'], ['sizes']),
      node('Gather', ['sizes', 'first'], ['n'], { axis: 0 }),
      node('Slice', ['a', 'from', 'n', 'along'], ['y']),
    ];
    const numbers = { first: ints([1], [0]), from: ints([1], [0]), along: ints([1], [1]) };
    expect(await cellsOf(nodes, { w: both.w, ...numbers })).toEqual(hidden(144));
  });

  it('where a number is computed of it that the circuit shows: or that is refused', async () => {
    const nodes = [
      conv('x', 'w', 'a'),
      node('ReduceMax', ['w'], ['m'], { keepdims: 0 }),
      node('Clip', ['a', '', 'm'], ['y']),
    ];
    const cells = await cellsOf(nodes, { w: both.w }).catch((error: { code: string }) => error.code);
    expect([hidden(144), 'E_VISIBILITY']).toContainEqual(cells);
  });

  it('of integers that become real numbers', async () => {
    const values = Array.from({ length: 18 }, (_, i) => ((7 * i) % 11) - 5);
    const nodes = [node('Cast', ['q'], ['w'], { to: ElementType.FLOAT }), node('MatMul', ['x', 'w'], ['y'])];
    expect(await cellsOf(nodes, { q: ints([6, 3], values) })).toEqual(hidden(18));
  });

  it('of zeros beside computed channels', async () => {
    const nodes = [node('Relu', ['x'], ['r']), node('Concat', ['x', 'r', 'z'], ['y'], { axis: 1 })];
    expect((await cellsOf(nodes, { z: zeros(1, 1, 6, 6) })).committed).toBe(0);
    const joined = [node('Concat', ['x', 'z', 'k'], ['y'], { axis: 1 })];
    expect((await cellsOf(joined, { z: zeros(1, 1, 6, 6), k: tensor(1, 1, 6, 6) })).committed).toBe(0);
  });
});

// names of weights in the circuit are made of names in the file, where another tensor may have them already
describe('a tensor that is named private, where a public one is called', () => {
  it.each([
    ['f.bias', ['x', 'w', 'secret'], { w: tensor(4, 4, 3, 3), secret: tensor(4), 'f.bias': tensor(4, 1, 1) }, 4],
    ['secret.part1', ['p', 'secret'], { secret: tensor(4, 4, 3, 3), 'secret.part1': tensor(4, 1, 1) }, 288],
  ] as const)('%s, is private in every weight', async (name, inputs, initializers, cells) => {
    const nodes = [
      node('PRelu', ['x', 's'], ['p']),
      node('Conv', inputs, ['c'], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }, { name: 'f' }),
      node('Relu', ['c'], ['r']),
      node('Mul', ['r', name], ['y'], {}, { name: 'g' }),
    ];
    const slopes = floats([4, 1, 1], [0.1, 0.2, 0.3, 0.4]);
    const named: QuantizeOptions = { weights: 'public', visibility: [['secret', 'private']] };
    expect((await cellsOf(nodes, { ...initializers, s: slopes }, named)).private).toBe(cells);
  });
});

describe('a number that is named private, and part of the circuit', () => {
  const swish = [
    node('Add', ['x', 'three'], ['b']),
    node('Clip', ['b', 'zero', 'six'], ['c']),
    node('Mul', ['x', 'c'], ['d']),
    node('Mul', ['d', 'one'], ['y']),
  ];
  const number = (value: number) => floats([], [value]);
  const numbers = { three: number(3), zero: number(0), six: number(6) };

  it.each([
    ['the last factor of a HardSwish', swish, { ...numbers, one: number(1 / 6) }],
    ['a slope', [node('PRelu', ['x', 'one'], ['y'])], { one: number(0.25) }],
    ['a summand', [node('Add', ['x', 'one'], ['y'])], { one: number(0.3) }],
  ] as const)('%s: refused before anything is calibrated', async (_, nodes, initializers) => {
    let asked = 0;
    const counted: Iterable<Sample> = {
      *[Symbol.iterator]() {
        asked += 1;
        yield* samples;
      },
    };
    const options: QuantizeOptions = { weights: 'committed', visibility: [['one', 'private']], samples: counted };
    await expect(cellsOf(nodes, initializers, options)).rejects.toMatchObject({ code: 'E_VISIBILITY' });
    expect(asked).toBe(0);
  });
});
