/**
 * The parts of a measurement, each done by a process of its own (child.ts), so that times and memory are of nothing else. They meet in a
 * folder: `compile` leaves model, key and input there, `prove` reads nothing but these.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { floatOutputs } from '../examples/float.ts';
import { check } from '../src/check.ts';
import { othersTime, processPeak } from '../src/cli/environment.ts';
import { watchMemory } from '../src/cli/memory.ts';
import { compile, run, TesseraError } from '../src/index.ts';
import { measureFloat } from '../src/measure/float.ts';
import { sizesOf } from '../src/measure/model.ts';
import { measureProofs } from '../src/measure/proofs.ts';
import type { Conditions, FloatRuns, Proofs, TopOne } from '../src/measure/types.ts';
import { createMachine } from '../src/node.ts';
import type { Sample } from '../src/quantize/float-model.ts';
import { networksNamed } from './networks/index.ts';
import type { Loaded } from './networks/types.ts';

/** At most so many labelled samples. */
const MOST_SAMPLES = 1000;

/** Milliseconds of proofs that count, once there are 3. */
const BUDGET = 60_000;

export type Task =
  | { readonly kind: 'compile'; readonly network: string; readonly folder: string }
  | {
      readonly kind: 'prove';
      readonly network: string;
      readonly folder: string;
      readonly conditions: Conditions;
      readonly repeat: number;
    }
  | {
      readonly kind: 'float';
      readonly network: string;
      readonly folder: string;
      readonly threads: number;
      readonly repeat: number;
    }
  | { readonly kind: 'accuracy'; readonly network: string; readonly folder: string };

export interface Compiled {
  readonly time: number;
  readonly processBytes: number;
  /** Shapes of the inputs. */
  readonly inputs: readonly (readonly number[])[];
}

export type Proved = Proofs & ReturnType<typeof sizesOf> & { readonly processBytes: number };

export interface Results {
  readonly compile: Compiled;
  readonly prove: Proved;
  readonly float: FloatRuns;
  /** Undefined where no class is known. */
  readonly accuracy: TopOne | undefined;
}

export async function doTask(task: Task): Promise<Results[Task['kind']]> {
  switch (task.kind) {
    case 'compile':
      return compileInto(task.folder, await load(task));
    case 'prove':
      return prove(task);
    case 'float':
      return float(task.threads, task.repeat, await load(task));
    case 'accuracy':
      return accuracy(task.folder, await load(task));
  }
}

function load({ network, folder }: Task): Promise<Loaded> {
  return networksNamed([network])[0]!.load(folder);
}

async function compileInto(folder: string, loaded: Loaded): Promise<Compiled> {
  await using machine = await createMachine();
  const { onnx, samples, ...imports } = importsOf(loaded);
  const start = performance.now();
  const { model, key } = await compile(onnx, { ...imports, samples, machine });
  const time = performance.now() - start;
  writeFileSync(join(folder, 'model.tsm'), model);
  writeFileSync(join(folder, 'model.tsk'), key);
  writeFileSync(join(folder, 'input.v8'), serialize(samples[0]));
  return { time, processBytes: processPeak(), inputs: check(onnx, imports).inputs.map(({ shape }) => shape) };
}

async function prove({ folder, conditions, repeat }: Task & { readonly kind: 'prove' }): Promise<Proved> {
  const { threads, zk, input } = conditions;
  await using machine = await createMachine({ threads });
  if (machine.threads !== threads)
    throw new Error(`${machine.threads} threads in place of ${threads}: ${machine.reason}`);
  const files = readFiles(folder);
  const inputs = deserialize(readFileSync(join(folder, 'input.v8'))) as Sample;
  const options = { machine, repeat, budget: BUDGET, zk, input, watch: watchMemory, othersTime };
  const proofs = await measureProofs(files, inputs, options);
  return { ...proofs, processBytes: processPeak(), ...sizesOf(files) };
}

async function float(threads: number, repeat: number, loaded: Loaded): Promise<FloatRuns> {
  const { onnx, samples, ...imports } = importsOf(loaded);
  const shapes = new Map(check(onnx, imports).inputs.map(({ name, shape }) => [name, shape]));
  const { externalData } = imports;
  return measureFloat(onnx, samples[0]!, { threads, repeat, shapes, ...(externalData && { externalData }) });
}

async function accuracy(folder: string, { onnx, labelled }: Loaded): Promise<TopOne | undefined> {
  if (labelled === undefined) return undefined;
  await using machine = await createMachine();
  const { model } = readFiles(folder);
  const inputs = labelled.inputs.slice(0, MOST_SAMPLES);
  const floats = await floatOutputs(onnx, inputs);
  const right = { float: 0, integer: 0 };
  for (const [i, input] of inputs.entries()) {
    const label = labelled.labels[i];
    const [name, expected] = Object.entries(floats[i]!)[0]!;
    const outputs = await run(model, input, { machine }).then(({ outputs }) => outputs, refused);
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

function importsOf({ onnx, samples, shapes, externalData }: Loaded) {
  return { onnx, samples, ...(shapes && { shapes }), ...(externalData && { externalData }) };
}

function readFiles(folder: string) {
  return { model: readFileSync(join(folder, 'model.tsm')), key: readFileSync(join(folder, 'model.tsk')) };
}
