/**
 * The comparison of examples/face-id behind an embedding that can be steered: 512 means of 7 x 7 pixels. Lengths at which the integers saturate
 * must not lower the limit.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { comparison } from '../../examples/face-id/network.ts';
import { type Compiled, compile, type Machine, run } from '../../src/index.ts';
import { createMachine } from '../../src/node.ts';
import { ints, model, node } from '../support/onnx-builder.ts';

const LIMITS = { cosine: 0.5, length: 8 };

/** Every cell of the embedding is the mean of a square of its own. */
const MEANS = model({
  opset: 10,
  inputs: { input: [1, 3, 112, 112] },
  outputs: { e: [1, 512] },
  nodes: [
    node('AveragePool', ['input'], ['m'], { kernel_shape: [7, 7], strides: [7, 7] }),
    node('Flatten', ['m'], ['f']),
    node('Slice', ['f', 'from', 'to', 'axis'], ['e']),
  ],
  initializers: { from: ints([1], [0]), to: ints([1], [512]), axis: ints([1], [1]) },
});

let machine: Machine;
let compiled: Compiled;
beforeAll(async () => {
  machine = await createMachine({ threads: 1 });
  // squared lengths up to 7.5 seen of faces and 12 of what is enrolled
  const samples = [0, 0.5, 1].map((angle) => ({ face: faceAt(7.5, 0), enrolled: vectorAt(12, angle) }));
  compiled = await compile(comparison(MEANS, LIMITS), { samples, inputRange: { min: -1, max: 1 }, machine });
});
afterAll(() => machine[Symbol.asyncDispose]());

/** A vector of a squared length, `angle` away from the first in a plane: two blocks of 256 equal cells. */
function vectorAt(length: number, angle: number): Float32Array {
  const cell = Math.sqrt(length / 256);
  return Float32Array.from({ length: 512 }, (_, i) => cell * (i < 256 ? Math.cos(angle) : Math.sin(angle)));
}

/** The face with this embedding: 3 x 16 x 16 squares of one colour, of which the embedding has 512. */
function faceAt(length: number, angle: number): Float32Array {
  const vector = vectorAt(length, angle);
  return Float32Array.from({ length: 3 * 112 * 112 }, (_, i) => {
    const [plane, row, column] = [Math.floor(i / 12544), Math.floor(i / 112) % 112, i % 112];
    return vector[256 * plane + 16 * Math.floor(row / 7) + Math.floor(column / 7)] ?? 0;
  });
}

async function same(face: number, enrolled: number, angle: number): Promise<number> {
  const inputs = { face: faceAt(face, 0), enrolled: vectorAt(enrolled, angle) };
  return (await run(compiled.model, inputs, { machine })).outputs.same!.integers[0]!;
}

it('compares the cosine at every length that is accepted', async () => {
  for (const [face, enrolled] of [
    [7.5, 7.5],
    [4, 7.9],
    [7.5, 3],
    [3, 3],
  ] as const) {
    const near = Math.acos(0.53);
    const far = Math.acos(0.47);
    expect(await same(face, enrolled, 0)).toBe(1);
    expect(await same(face, enrolled, near), `${face}, ${enrolled}`).toBe(1);
    expect(await same(face, enrolled, far), `${face}, ${enrolled}`).toBe(0);
    expect(await same(face, enrolled, Math.PI)).toBe(0);
  }
});

it('accepts no longer face and no longer enrolment, whatever the angle', async () => {
  for (const angle of [0, Math.acos(0.47), Math.acos(0.3)]) {
    expect(await same(8.2, 7, angle)).toBe(0);
    expect(await same(40, 7, angle)).toBe(0);
    expect(await same(7, 8.2, angle)).toBe(0);
    expect(await same(7, 60, angle)).toBe(0);
  }
});

it('accepts nothing that has no length', async () => {
  expect(await same(0, 7, 0)).toBe(0);
  expect(await same(7, 0, 0)).toBe(0);
});
