/** A network from ONNX bytes to a measurement, in one process: compiled, proved again and again, run in floats. */

import { compile, type QuantizeOptions } from '../compile.ts';
import { TesseraError } from '../errors.ts';
import type { Machine } from '../kernels/kernels.ts';
import { importOnnx } from '../onnx/index.ts';
import { randomSamples } from '../quantize/calibrate.ts';
import { measureFloat } from './float.ts';
import { measureProofs, type ProofsOptions } from './proofs.ts';
import { sizesOf } from './sizes.ts';
import type { Environment, Measurement } from './types.ts';

export interface ModelOptions extends Omit<QuantizeOptions, 'machine' | 'signal'>, Omit<ProofsOptions, 'machine'> {
  readonly name: string;
  readonly machine: Machine;
  readonly environment: Environment;
  /** Most resident memory of this process so far, bytes. */
  readonly processPeak: () => number;
}

/**
 * The first sample is proved; without samples, a random input.
 * @throws TesseraError what `compile` and `measureProofs` throw
 */
export async function measureModel(onnx: Uint8Array, options: ModelOptions): Promise<Measurement> {
  const { name, machine, environment, processPeak, onProgress } = options;
  const samples = options.samples && [...options.samples];
  const start = performance.now();
  const files = await compile(onnx, { ...options, ...(samples && { samples }) });
  const compiled = { time: performance.now() - start, processBytes: processPeak() };
  const { shapes, externalData, inputRange } = options;
  const graph = importOnnx(onnx, { ...(shapes && { shapes }), ...(externalData && { externalData }) });
  const [input] = samples ?? randomSamples(graph, 1, inputRange ?? { min: 0, max: 1 });
  if (input === undefined) throw new TesseraError('E_INPUT', 'There is no sample to prove.');
  const proofs = await measureProofs(files, input, options);
  const processBytes = processPeak();
  onProgress?.({ kind: 'stage', stage: 'float', done: 0 });
  const float = await measureFloat(onnx, input, {
    threads: machine.threads,
    repeat: options.repeat,
    shapes: new Map(graph.inputs.map((port) => [port.name, port.shape])),
    ...(externalData && { externalData }),
  });
  onProgress?.({ kind: 'stage', stage: 'float', done: 1 });
  return { name, environment, ...proofs, ...sizesOf(files), processBytes, compile: compiled, float };
}
