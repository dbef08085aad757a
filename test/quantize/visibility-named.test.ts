/**
 * A number that becomes part of the circuit is seen by everybody. Whoever names it private is told so before anything is calibrated; under the
 * default `weights: 'private'` the model compiles, and the report names what is seen all the same.
 */
import { describe, expect, it } from 'vitest';
import { type QuantizeOptions, quantizeModel } from '../../src/compile.ts';
import type { Sample } from '../../src/quantize/float-model.ts';
import { randomFrom } from '../ops/harness.ts';
import { floats, ints, type ModelDescription, model, type NodeDescription, node } from '../support/onnx-builder.ts';
import { weightCells } from '../support/visible.ts';

const random = randomFrom(37);
const tensor = (...shape: number[]) => floats(shape, random(shape));
const number = (value: number) => floats([], [value]);
const conv = (x: string, y: string, w = 'w') => node('Conv', [x, w], [y], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] });

interface Case {
  readonly nodes: readonly NodeDescription[];
  readonly initializers: NonNullable<ModelDescription['initializers']>;
}

const swish: Case = {
  nodes: [
    conv('x', 'a'),
    node('Add', ['a', 'three'], ['b'], {}, { name: 'plus' }),
    node('Clip', ['b', 'zero', 'six'], ['c'], {}, { name: 'cap' }),
    node('Mul', ['a', 'c'], ['d'], {}, { name: 'gate' }),
    node('Mul', ['d', 'sixth'], ['y'], {}, { name: 'share' }),
  ],
  initializers: { three: number(3), zero: number(0), six: number(6), sixth: number(1 / 6) },
};
const clip: Case = {
  nodes: [conv('x', 'a'), node('Clip', ['a', 'least', 'most'], ['y'], {}, { name: 'cap' })],
  initializers: { least: number(-0.5), most: number(0.5) },
};
const pad: Case = {
  nodes: [node('Pad', ['x', 'pads', 'fill'], ['p'], {}, { name: 'frame' }), conv('p', 'y')],
  initializers: { pads: ints([8], [0, 0, 1, 1, 0, 0, 1, 1]), fill: number(0.5) },
};
const gather: Case = {
  nodes: [node('Gather', ['x', 'rows'], ['g'], { axis: 3 }, { name: 'pick' }), conv('g', 'y')],
  initializers: { rows: ints([6], [5, 0, 3, 1, 2, 4]) },
};
const reshape: Case = {
  nodes: [conv('x', 'a'), node('Reshape', ['a', 'sizes'], ['y'], {}, { name: 'fold' })],
  initializers: { sizes: ints([2], [1, 144]) },
};
const resize: Case = {
  nodes: [conv('x', 'a'), node('Resize', ['a', '', 'scales'], ['y'], { mode: 'nearest' }, { name: 'grow' })],
  initializers: { scales: floats([4], [1, 1, 2, 2]) },
};

/** What is seen, and the node that makes it so: float numbers, which the report names, and integers. */
const named: readonly (readonly [name: string, where: string, of: Case])[] = [
  ['least', 'cap', clip],
  ['most', 'cap', clip],
  ['fill', 'frame', pad],
  ['scales', 'grow', resize],
  ['three', 'plus', swish],
  ['zero', 'cap', swish],
  ['six', 'cap', swish],
];
const integers: typeof named = [
  ['pads', 'frame', pad],
  ['rows', 'pick', gather],
  ['sizes', 'fold', reshape],
];

/** Compiles, and tells what was begun: the stages, and how often the samples were asked for. */
async function compiled({ nodes, initializers }: Case, options: QuantizeOptions) {
  const onnx = model({
    inputs: { x: [1, 4, 6, 6] },
    outputs: ['y'],
    nodes,
    initializers: { w: tensor(4, 4, 3, 3), ...initializers },
  });
  const stages = new Set<string>();
  let asked = 0;
  const samples: Iterable<Sample> = {
    *[Symbol.iterator]() {
      asked += 1;
      for (let i = 0; i < 2; i++) yield { x: random([1, 4, 6, 6]) };
    },
  };
  const result = await quantizeModel(onnx, {
    samples,
    accuracySamples: 1,
    onProgress: (event) => event.kind === 'stage' && stages.add(event.stage),
    ...options,
  }).catch((error: unknown) => ({ error }));
  return { result, stages: [...stages], asked };
}

describe('named private, and part of the circuit:', () => {
  it.each([...named, ...integers])('%s is refused before ONNX Runtime is opened', async (name, where, of) => {
    for (const pattern of [name, `*${name.slice(1)}`]) {
      const { result, stages, asked } = await compiled(of, { visibility: [[pattern, 'private']] });
      expect(result).toEqual({
        error: expect.objectContaining({
          code: 'E_VISIBILITY',
          message: expect.stringContaining(`"${name}"`),
          where: expect.stringContaining(where),
        }),
      });
      expect([stages, asked]).toEqual([['read'], 0]);
    }
  });

  it.each([
    ['a slope', node('PRelu', ['x', 'one'], ['a'], {}, { name: 'here' }), floats([1], [0.25])],
    ['a factor', node('Mul', ['x', 'one'], ['a'], {}, { name: 'here' }), floats([1], [0.3])],
    ['a power of two', node('Mul', ['x', 'one'], ['a'], {}, { name: 'here' }), number(0.5)],
    ['a summand', node('Add', ['x', 'one'], ['a'], {}, { name: 'here' }), floats([1, 1, 1, 1], [0.3])],
    ['a subtrahend', node('Sub', ['x', 'one'], ['a'], {}, { name: 'here' }), number(0.3)],
  ] as const)('%s that stands alone', async (_, first, one) => {
    const of = { nodes: [first, node('Relu', ['a'], ['r']), conv('r', 'y')], initializers: { one } };
    const { result } = await compiled(of, { visibility: [['one', 'private']] });
    const error = {
      code: 'E_VISIBILITY',
      message: expect.stringContaining('"one"'),
      where: expect.stringContaining('here'),
    };
    expect(result).toEqual({ error: expect.objectContaining(error) });
    const { result: open } = await compiled(of, { weights: 'private' });
    expect(open).toMatchObject({ report: { warnings: [expect.stringContaining('one')] } });
  });

  it('everything, by a star, where a number is seen', async () => {
    const { result, asked } = await compiled(clip, { visibility: [['*', 'private']] });
    expect(result).toMatchObject({ error: { code: 'E_VISIBILITY' } });
    expect(asked).toBe(0);
  });
});

describe('private by default, and part of the circuit:', () => {
  it.each([...named, ...integers])('%s compiles', async (_, __, of) => {
    const { result } = await compiled(of, { weights: 'private' });
    if ('error' in result) throw result.error;
    expect(weightCells(result.circuit)).toEqual({ public: 0, committed: 0, private: 144 });
  });

  it.each(named)('the report names %s', async (name, _, of) => {
    const { result } = await compiled(of, { weights: 'private' });
    const said = { warnings: [expect.stringMatching(new RegExp(`public circuit.*\\b${name}\\b`))] };
    expect(result).toMatchObject({ report: said });
    for (const weights of ['committed', 'public'] as const) {
      expect((await compiled(of, { weights })).result).toMatchObject({ report: { warnings: [] } });
    }
  });

  it('a number that weights take is in them, and may be named', async () => {
    const of = { nodes: [node('Mul', ['x', 'k'], ['m']), conv('m', 'y')], initializers: { k: number(0.3) } };
    const { result } = await compiled(of, { visibility: [['k', 'private']] });
    if ('error' in result) throw result.error;
    expect(weightCells(result.circuit)).toEqual({ public: 0, committed: 0, private: 144 });
  });
});

describe('patterns', () => {
  const two = {
    nodes: [conv('x', 'a', '3'), node('Relu', ['a'], ['r']), conv('r', 'y', 'v.1')],
    initializers: { '3': tensor(4, 4, 3, 3), 'v.1': tensor(4, 4, 3, 3) },
  };
  const hidden = async (visibility: QuantizeOptions['visibility']) => {
    const { result } = await compiled(two, { weights: 'public', visibility: visibility! });
    if ('error' in result) throw result.error;
    return weightCells(result.circuit);
  };

  it('count from the last, names of digits too', async () => {
    const all = { public: 0, committed: 0, private: 288 };
    expect(await hidden([['*', 'private']])).toEqual(all);
    expect(
      await hidden([
        ['3', 'committed'],
        ['*', 'private'],
      ]),
    ).toEqual(all); // an object would list 3 first, either way
    const last = { public: 0, committed: 144, private: 144 };
    expect(
      await hidden([
        ['*', 'private'],
        ['3', 'committed'],
      ]),
    ).toEqual(last);
    expect(
      await hidden([
        ['*', 'public'],
        ['v*', 'private'],
        ['3', 'committed'],
      ]),
    ).toEqual(last);
    expect(
      await hidden([
        ['*', 'private'],
        ['*', 'public'],
      ]),
    ).toEqual({ public: 288, committed: 0, private: 0 });
  });

  it.each([
    ['that match nothing', 'u*'],
    ['whose point is a point', 'v?1'],
    ['with brackets', '[3]'],
    ['of nothing', ''],
    ['with a part of a name', 'v'],
  ])('%s', async (_, pattern) => {
    const { result, asked } = await compiled(two, { visibility: [[pattern, 'private']] });
    expect(result).toEqual({ error: expect.objectContaining({ code: 'E_VISIBILITY', where: pattern }) });
    expect(asked).toBe(0);
  });

  it('whose point is a point match that name', async () => {
    expect((await hidden([['v.*', 'private']])).private).toBe(144);
    await expect(hidden([['v.1.', 'private']])).rejects.toMatchObject({ code: 'E_VISIBILITY' });
  });

  it.each(['secret', 'Private', '', 'constructor'])('with the visibility "%s"', async (seen) => {
    const bad = seen as 'private';
    for (const options of [{ visibility: [['*', bad]] }, { weights: bad }] satisfies QuantizeOptions[]) {
      const { result, asked } = await compiled(two, options as QuantizeOptions);
      expect(result).toEqual({ error: expect.objectContaining({ code: 'E_VISIBILITY' }) });
      expect(asked).toBe(0);
    }
  });
});
