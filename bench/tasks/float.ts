/** ONNX Runtime's float inference of a network. */
import { check } from '../../src/check.ts';
import { measureFloat } from '../../src/measure/float.ts';
import type { FloatRuns } from '../../src/measure/types.ts';
import { networksNamed } from '../networks/index.ts';
import type { FloatTask } from './types.ts';

export async function task({ network, threads, repeat }: FloatTask): Promise<FloatRuns> {
  const { onnx, input, imports } = await networksNamed([network])[0]!.load();
  const shapes = new Map(check(onnx, imports).inputs.map(({ name, shape }) => [name, shape]));
  const { externalData } = imports;
  return measureFloat(onnx, input, { threads, repeat, shapes, ...(externalData && { externalData }) });
}
