/**
 * Models of the folder ../shared/models beside the repository, where there is one: small trained networks with labelled data, and the
 * architectures of other provers' benchmarks, whose random weights its script writes.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Inputs, type ZooEntry, type ZooModel, zooModel } from './model.ts';

export const FOLDER = fileURLToPath(new URL('../../../shared/models/', import.meta.url));

// ---- trained -------------------------------------------------------------------------------------------------------------

interface TensorFile {
  readonly name: string;
  readonly file: string;
  readonly dtype: 'uint8' | 'float32';
  readonly shape: readonly number[];
  readonly scale?: number;
}

/** All rows of a file of `samples.json`, as real numbers. */
function rowsOf(folder: string, { file, dtype, shape, scale = 1 }: TensorFile): Float32Array[] {
  const { buffer } = Uint8Array.from(readFileSync(join(folder, file)));
  const values = dtype === 'uint8' ? new Uint8Array(buffer) : new Float32Array(buffer);
  const row = values.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) =>
    Float32Array.from(values.subarray(row * i, row * (i + 1)), (v) => v * scale),
  );
}

/** The class of every row of a table with a header, and whether the row was trained on. */
function tableLabels(folder: string, column: string): { label: number; isTrained: boolean }[] {
  const [header, ...lines] = readFileSync(join(folder, 'dataset.csv'), 'utf8').trim().split('\n');
  const names = header!.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return { label: Number(cells[names.indexOf(column)]), isTrained: cells[names.indexOf('split')] === 'train' };
  });
}

function trained(name: string): ZooModel | undefined {
  const folder = join(FOLDER, 'trained', name);
  if (!existsSync(folder)) return undefined;
  const { inputs, labels } = JSON.parse(readFileSync(join(folder, 'samples.json'), 'utf8')) as {
    inputs: [TensorFile];
    labels?: TensorFile;
  };
  const rows = rowsOf(folder, inputs[0]).map((row): Inputs => ({ [inputs[0].name]: row }));
  const onnx = readFileSync(join(folder, 'model.onnx'));
  if (labels !== undefined) {
    const classes = rowsOf(folder, labels).map(([label]) => label!);
    const [samples, tests] = [rows.slice(0, 32), rows.slice(32)];
    return zooModel({ name, onnx, samples, tests, labels: classes.slice(32) });
  }
  const table = tableLabels(folder, name === 'wdbc-mlp' ? 'benign' : 'good');
  const of = (isTrained: boolean) => rows.flatMap((row, i) => (table[i]!.isTrained === isTrained ? [row] : []));
  const classes = table.filter((row) => !row.isTrained).map((row) => row.label);
  return zooModel({ name, onnx, samples: of(true), tests: of(false), labels: classes });
}

// ---- random weights --------------------------------------------------------------------------------------------------------

interface Port {
  readonly name: string;
  readonly shape: readonly number[];
  readonly sample: { readonly mean: number; readonly std: number };
}

/** Standard deviations that inputs reach: one number of 10^9 is beyond six. */
const REACH = 6;

/** Numbers of a normal distribution by Box and Muller, the same for the same seed. */
function normal(count: number, mean: number, std: number, seed: number): Float32Array {
  let state = seed;
  const unit = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return Float32Array.from(
    { length: count },
    () => mean + std * Math.sqrt(-2 * Math.log(unit())) * Math.cos(2 * Math.PI * unit()),
  );
}

function random(name: string): ZooModel | undefined {
  const folder = join(FOLDER, 'benchmark');
  if (!existsSync(folder)) return undefined;
  const made = join(tmpdir(), 'tessera-benchmark-models');
  if (!existsSync(join(made, `${name}.weights.bin`))) {
    mkdirSync(made, { recursive: true });
    execFileSync(process.execPath, [join(folder, 'make-weights.mjs'), name, '--out', made], { stdio: 'ignore' });
  }
  const { inputs } = JSON.parse(readFileSync(join(folder, `${name}.weights.json`), 'utf8')) as { inputs: Port[] };
  const { mean, std } = inputs[0]!.sample;
  const draw = (seed: number): Inputs =>
    Object.fromEntries(
      inputs.map(({ name: port, shape, sample }) => {
        return [
          port,
          normal(
            shape.reduce((n, s) => n * s, 1),
            sample.mean,
            sample.std,
            seed,
          ),
        ];
      }),
    );
  return zooModel({
    name,
    onnx: readFileSync(join(folder, `${name}.onnx`)),
    samples: [1, 2, 3, 4].map(draw),
    tests: [5, 6].map(draw),
    inputRange: { min: mean - REACH * std, max: mean + REACH * std },
    externalData: (location) => readFileSync(join(made, location)),
  });
}

const TRAINED = ['fashion-cnn', 'fashion-mlp', 'fashion-resnet', 'wdbc-mlp', 'credit-mlp'];
const RANDOM = [
  ['lenet5', true],
  ['cnn-264k', true],
  ['mlp-4m', true],
  ['vgg16-cifar', false],
  ['mobilenet_v2', false],
  ['resnet18', false],
  ['resnet50', false],
  ['unet3d-kits19-64', false],
] as const;

export const beside: readonly ZooEntry[] = [
  ...TRAINED.map((name) => ({ name, isSmall: true, load: () => trained(name) })),
  ...RANDOM.map(([name, isSmall]) => ({ name, isSmall, load: () => random(name) })),
];
