/** A network from ONNX to model and key, on all threads. */

import { check } from '../../src/check.ts';
import { processPeak } from '../../src/cli/environment.ts';
import { compile } from '../../src/compile.ts';
import { createMachine } from '../../src/node.ts';
import { networksNamed } from '../networks/index.ts';
import { writeCompiled } from './folder.ts';
import type { Compiled, CompileTask } from './types.ts';

export async function task({ network, folder }: CompileTask): Promise<Compiled> {
  const { onnx, samples, input, inputRange, imports } = await networksNamed([network])[0]!.load();
  await using machine = await createMachine();
  const start = performance.now();
  const files = await compile(onnx, { ...imports, samples, machine, ...(inputRange && { inputRange }) });
  const time = performance.now() - start;
  writeCompiled(folder, files, input);
  return { time, processBytes: processPeak(), inputs: check(onnx, imports).inputs.map(({ shape }) => shape) };
}
