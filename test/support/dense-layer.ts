/** A dense layer of 256 numbers with relu, on random weights: more of them than a private model's proofs could show. */
import { randomFrom } from '../ops/harness.ts';
import { floats, model, node } from './onnx-builder.ts';

export const SIZE = 256;

export function denseLayer(seed: number) {
  const random = randomFrom(seed);
  const w = random([4, SIZE]);
  const onnx = model({
    inputs: { x: [1, SIZE] },
    outputs: { y: [1, 4] },
    nodes: [node('Gemm', ['x', 'w'], ['a'], { transB: 1 }), node('Relu', ['a'], ['y'])],
    initializers: { w: floats([4, SIZE], w) },
  });
  const samples = [{ x: random([1, SIZE]) }, { x: random([1, SIZE]) }] as const;
  // beyond every table: as large as can be, with the signs of the first row
  const extreme = { x: Float32Array.from(w.subarray(0, SIZE), (v) => 0.99 * Math.sign(v)) };
  return { onnx, samples, extreme };
}
