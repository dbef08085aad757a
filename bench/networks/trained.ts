/**
 * The small trained networks beside the repository, ../shared/models/trained: `samples.json` of each says where its inputs and labels are.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cellsOf } from '../../src/circuit/types.ts';
import type { Loaded, Network } from './types.ts';

const FOLDER = fileURLToPath(new URL('../../../shared/models/trained', import.meta.url));
/** Samples to calibrate on where none are set apart for it. */
const CALIBRATION = 32;
const UNKNOWN = -1;

interface SamplesFile {
  readonly model: string;
  readonly inputs: readonly {
    readonly name: string;
    readonly file: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly scale?: number;
  }[];
  readonly labels?: { readonly file: string };
  readonly rows?: string;
}

/** @param labelColumn of `dataset.csv`, where labels are kept there: of the rows whose split is "test" */
export function trained(name: string, about: string, labelColumn?: string): Network {
  const folder = join(FOLDER, name);
  return {
    name,
    about,
    weights: 'trained',
    missing: () => (existsSync(folder) ? undefined : '../shared/models/trained is not beside the repository'),
    load: async () => loadTrained(folder, labelColumn),
  };
}

function loadTrained(folder: string, labelColumn: string | undefined): Loaded {
  const file = JSON.parse(readFileSync(join(folder, 'samples.json'), 'utf8')) as SamplesFile;
  const [input, ...more] = file.inputs;
  if (input === undefined || more.length > 0) throw new Error(`${folder} has ${file.inputs.length} inputs`);
  const bytes = readFileSync(join(folder, input.file));
  const cells = cellsOf(input.shape.slice(1));
  const all = input.dtype === 'uint8' ? bytes : new Float32Array(Uint8Array.from(bytes).buffer);
  const scale = input.scale ?? 1;
  const inputs = Array.from({ length: input.shape[0]! }, (_, i) => ({
    [input.name]: Float32Array.from(all.subarray(cells * i, cells * (i + 1)), (v) => scale * v),
  }));
  const labels = labelsOf(folder, file, labelColumn);
  const rows = inputs.map((x, i) => ({ x, label: labels?.[i] ?? UNKNOWN }));
  const known = rows.filter(({ label }) => label !== UNKNOWN);
  const others = rows.filter(({ label }) => label === UNKNOWN);
  const samples = (others.length === 0 ? rows.slice(0, CALIBRATION) : others).map(({ x }) => x);
  const labelled = { inputs: known.map(({ x }) => x), labels: known.map(({ label }) => label) };
  return { onnx: readFileSync(join(folder, file.model)), samples, ...(known.length > 0 && { labelled }) };
}

/** The class of every sample, unknown for those that the network was trained on: these calibrate. */
function labelsOf(folder: string, { labels, rows }: SamplesFile, column: string | undefined): number[] | undefined {
  if (labels !== undefined) return [...readFileSync(join(folder, labels.file))];
  if (rows === undefined || column === undefined) return undefined;
  const [head, ...lines] = readFileSync(join(folder, rows), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const [split, at] = [head!.indexOf('split'), head!.indexOf(column)];
  return lines.map((line) => (line[split] === 'test' ? Number(line[at]) : UNKNOWN));
}
