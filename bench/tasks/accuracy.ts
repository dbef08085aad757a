/** How many labelled samples floats and integers find the class of. */
import { TesseraError } from '../../src/errors.ts';
import type { TopOne } from '../../src/measure/types.ts';
import { createMachine } from '../../src/node.ts';
import { importOnnx } from '../../src/onnx/index.ts';
import { openFloatModel } from '../../src/quantize/float-model.ts';
import { run } from '../../src/run.ts';
import { networksNamed } from '../networks/index.ts';
import { readFiles } from './folder.ts';
import type { AccuracyTask } from './types.ts';

/** At most so many labelled samples. */
const MOST_SAMPLES = 1000;

export async function task({ network, folder }: AccuracyTask): Promise<TopOne | undefined> {
  const { onnx, imports, labelled } = await networksNamed([network])[0]!.load();
  if (labelled === undefined) return undefined;
  await using machine = await createMachine();
  const { model } = readFiles(folder);
  const inputs = labelled.inputs.slice(0, MOST_SAMPLES);
  const graph = importOnnx(onnx, imports);
  const reference = await openFloatModel(onnx, graph, imports.externalData);
  const { name } = graph.outputs[0]!;
  const right = { float: 0, integer: 0 };
  for (const [i, input] of inputs.entries()) {
    const label = labelled.labels[i];
    const expected = (await reference.run(input)).get(name)!;
    const outputs = await run(model, input, { machine }).then((result) => result.outputs, refused);
    right.float += Number(classOf(expected) === label);
    right.integer += Number(outputs !== undefined && classOf(outputs[name]!.values) === label);
  }
  return { samples: inputs.length, ...right };
}

/** An input outside the calibrated range is refused: that is no right answer. */
function refused(error: unknown): undefined {
  if (error instanceof TesseraError && error.code === 'E_RANGE') return undefined;
  throw error;
}

/** The index of the largest value; of one value alone, whether it is a probability above one half. */
function classOf(values: Float32Array): number {
  if (values.length === 1) return Number(values[0]! >= 0.5);
  return values.indexOf(values.reduce((a, b) => Math.max(a, b)));
}
