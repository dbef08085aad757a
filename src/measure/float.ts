/**
 * The float inference that a proof is compared with: ONNX Runtime with all its optimisations, on a given number of threads.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { externalFiles, loadRuntime, refused } from '../quantize/float-model.ts';
import type { FloatRuns } from './types.ts';

/** Small networks take less time than the clock's noise: at least so many milliseconds are measured. */
const LEAST_TIME = 200;
const MOST_RUNS = 200;

export interface FloatOptions {
  readonly threads: number;
  readonly repeat: number;
  /** Shapes of the inputs by name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Weights in files beside the model. */
  readonly externalData?: (location: string) => Uint8Array;
}

/** @throws TesseraError E_QUANTIZE where ONNX Runtime is not installed or refuses the model */
export async function measureFloat(
  onnx: Uint8Array,
  inputs: Readonly<Record<string, Float32Array>>,
  { threads, repeat, shapes, externalData }: FloatOptions,
): Promise<FloatRuns> {
  const runtime = await loadRuntime();
  const files = externalFiles(fromBinary(ModelProtoSchema, onnx).graph!, externalData);
  const session = await runtime.InferenceSession.create(onnx, {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    ...(files.length > 0 ? { externalData: files } : {}),
  }).catch(refused('ONNX Runtime cannot load the model'));
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, v]) => [name, new runtime.Tensor('float32', v, [...(shapes.get(name) ?? [])])]),
  );
  await session.run(feeds).catch(refused('ONNX Runtime cannot run the model'));
  const runs: number[] = [];
  const begun = performance.now();
  while (runs.length < repeat || (performance.now() - begun < LEAST_TIME && runs.length < MOST_RUNS)) {
    const start = performance.now();
    await session.run(feeds);
    runs.push(performance.now() - start);
  }
  await session.release();
  return { threads, runs };
}
