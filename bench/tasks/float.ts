/** ONNX Runtime's float inference of a network. */
import { check } from '../../src/check.ts';
import { measureFloat } from '../../src/measure/float.ts';
import type { FloatRuns } from '../../src/measure/types.ts';
import { networksNamed } from '../networks/index.ts';
import type { FloatTask } from './types.ts';

export async function task({ network, folder, threads, repeat }: FloatTask): Promise<FloatRuns> {
  const { onnx, samples, labelled: _, ...imports } = await networksNamed([network])[0]!.load(folder);
  const shapes = new Map(check(onnx, imports).inputs.map(({ name, shape }) => [name, shape]));
  const { externalData } = imports;
  return measureFloat(onnx, samples[0]!, { threads, repeat, shapes, ...(externalData && { externalData }) });
}
