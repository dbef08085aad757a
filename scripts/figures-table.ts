/**
 * node scripts/figures-table.ts [FILE] [--results FOLDER] [--check]: the figures in README.md, or in another file, from
 * bench/results/networks, or elsewhere. Writes them; with --check only compares, exit 1 on a difference.
 */
import { parseArgs } from 'node:util';
import { sets } from '../bench/networks/index.ts';
import { type NetworkResult, readNetworks, resultsFolder } from '../bench/results.ts';
import { countedRuns, othersDuring, proveTime, QUIET, verifyTime } from '../src/measure/runs.ts';
import { counterpart, headlines } from '../src/measure/select.ts';
import { median } from '../src/measure/statistics.ts';
import type { Measurement } from '../src/measure/types.ts';
import { bytesText, countText, timeText } from '../src/report/text.ts';
import { fillPart } from './marked.ts';

/** A network with the measurements that count: proofs that hide where there are any, on the most threads and on one. */
interface Row {
  readonly result: NetworkResult;
  readonly most: Measurement;
  readonly one: Measurement | undefined;
}

interface Column {
  readonly title: string;
  of(row: Row): string;
}

const columns: readonly Column[] = [
  { title: 'network', of: ({ result }) => `${result.name} (${result.about})` },
  { title: 'input', of: ({ result }) => result.inputs.map((shape) => sizesText(shape)).join(', ') },
  { title: 'weights', of: ({ result, most }) => weightsText(result, most) },
  { title: 'prove', of: ({ most }) => proveText(most) },
  { title: '1 thread', of: ({ one }) => (one === undefined ? '' : proveText(one)) },
  { title: 'over float', of: ({ most }) => ratioText(most) },
  { title: 'verify', of: ({ most }) => timeText(verifyTime(most)) },
  { title: 'proof', of: ({ most }) => bytesText(most.proofBytes) },
  { title: 'key', of: ({ most }) => bytesText(most.keyBytes) },
  { title: 'memory', of: ({ most }) => `${bytesText(most.kernelBytes)}, ${bytesText(most.processBytes)}` },
  { title: 'top-1', of: ({ most }) => accuracyText(most) },
];

const {
  values: { results: folder },
  positionals: [file],
} = parseArgs({ allowPositionals: true, options: { check: { type: 'boolean' }, results: { type: 'string' } } });
fillPart(file ?? new URL('../README.md', import.meta.url), {
  name: 'figures',
  command: 'node scripts/figures-table.ts',
  contents: figures(rowsOf(readNetworks(resultsFolder(folder)))),
});

function rowsOf(results: readonly NetworkResult[]): Row[] {
  const byName = new Map(results.map((result) => [result.name, result]));
  const growing = new Set(sets.growth!.map(({ name }) => name));
  const names = sets.all!.map(({ name }) => name).filter((name) => !growing.has(name));
  return names.flatMap((name) => {
    const result = byName.get(name);
    return result === undefined ? [] : [rowOf(result)];
  });
}

function rowOf(result: NetworkResult): Row {
  const [most] = headlines(result.measurements);
  const one = counterpart(most!, result.measurements, { threads: 1 });
  return { result, most: most!, one: one === most ? undefined : one };
}

function figures(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const head = line(columns.map(({ title }) => title)) + line(columns.map(() => '---')).replaceAll(' ', '');
  const body = rows.map((row) => line(columns.map((column) => column.of(row)))).join('');
  return `${preamble(rows)}\n\n${head}${body}\n${notes(rows)}\n`;
}

/** When, where, how. */
function preamble(rows: readonly Row[]): string {
  const all = rows.map(({ most }) => most);
  const list = (of: (m: Measurement) => string) => [...new Set(all.map(of))].sort().join(' and ');
  const runs = all.map((m) => countedRuns(m).length);
  const counts = [...new Set([Math.min(...runs), Math.max(...runs)])].join(' to ');
  return [
    `Measured ${list(({ environment }) => environment.date.slice(0, 10))} at ${list(({ environment }) => environment.commit ?? environment.version)},`,
    `${list(({ conditions }) => String(conditions.threads))} threads of ${list(({ environment }) => `an ${environment.processor} (${environment.cores} cores, ${bytesText(environment.memory)})`)},`,
    `Node ${list(({ environment }) => environment.node)}, ${list(({ conditions }) => (conditions.zk ? 'zero knowledge' : 'plain mode, hiding nothing'))},`,
    `${list(({ conditions }) => conditions.input)} input; medians of ${counts} proofs after one that warms up, without those that other work disturbed.`,
  ].join('\n');
}

function notes(rows: readonly Row[]): string {
  const busy = Math.max(0, ...rows.flatMap(({ most, one }) => [most, one ?? most].map((m) => othersDuring(m) ?? 0)));
  const slower = `\\* Other work kept up to ${busy.toFixed(1)} cores busy meanwhile: a quiet machine is faster.`;
  return [
    'Weights are committed once with the model, not per proof; random ones say nothing about accuracy. Over float: proving time over that of',
    "ONNX Runtime's inference on as many threads. Memory: most of the kernels' in use, most of the process that proves and verifies. Top-1:",
    `labelled samples whose class is found, by floats and by integers.${busy < QUIET ? '' : ` ${slower}`}`,
  ].join('\n');
}

/** With a star where other work made it longer. */
function proveText(measurement: Measurement): string {
  return `${timeText(proveTime(measurement))}${(othersDuring(measurement) ?? 0) < QUIET ? '' : ' \\*'}`;
}

/** Sizes without those of 1: 3 x 224 x 224. */
function sizesText(shape: readonly number[]): string {
  const sizes = shape.filter((size) => size > 1);
  return sizes.length === 0 ? '1' : sizes.join(' x ');
}

function weightsText({ weights }: NetworkResult, { cost }: Measurement): string {
  return `${countText(cost.weightCells)}${weights === 'random' ? ', random' : ''}`;
}

function ratioText(measurement: Measurement): string {
  if (measurement.float === undefined) return '';
  return `${Math.round(proveTime(measurement) / median(measurement.float.runs)).toLocaleString('en')} x`;
}

function accuracyText({ accuracy }: Measurement): string {
  if (accuracy === undefined) return '';
  const percent = (right: number) => ((100 * right) / accuracy.samples).toFixed(1);
  return `${percent(accuracy.float)} %, ${percent(accuracy.integer)} %`;
}
