/**
 * The architecture-true graphs beside the repository, ../shared/models/benchmark. Their weights are random, so nothing is said of
 * accuracy; `make-weights.mjs` there writes them, the same bytes on every machine, into a folder that is deleted afterwards.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { cellsOf } from '../../src/circuit/types.ts';
import { filled, normal } from './random.ts';
import type { Loaded, Network } from './types.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/models/benchmark', import.meta.url));
const CALIBRATION = 4;

interface WeightsFile {
  readonly inputs: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly sample: { readonly type: string; readonly mean: number; readonly std: number };
  }[];
}

export function generated(name: string, about: string): Network {
  return {
    name,
    about,
    weights: 'random',
    missing: () =>
      existsSync(join(FOLDER, `${name}.onnx`)) ? undefined : '../shared/models/benchmark is not beside the repository',
    load: async (folder) => loadGenerated(name, folder),
  };
}

function loadGenerated(name: string, folder: string): Loaded {
  if (!existsSync(join(folder, `${name}.weights.bin`))) {
    const script = join(FOLDER, 'make-weights.mjs');
    execFileSync(process.execPath, [script, name, '--out', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const { inputs } = JSON.parse(readFileSync(join(FOLDER, `${name}.weights.json`), 'utf8')) as WeightsFile;
  const other = inputs.find(({ sample }) => sample.type !== 'normal');
  if (other !== undefined) throw new Error(`${name}: input ${other.name} is drawn by "${other.sample.type}"`);
  const next = normal(1);
  const sample = () =>
    Object.fromEntries(
      inputs.map(({ name, shape, sample: { mean, std } }) => [name, filled(cellsOf(shape), () => mean + std * next())]),
    );
  return {
    onnx: readFileSync(join(folder, `${name}.onnx`)),
    samples: Array.from({ length: CALIBRATION }, sample),
    externalData: (location) => readFileSync(join(folder, location)),
  };
}
