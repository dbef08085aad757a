/** tessera bench: how long proofs of a network take here, and what they need. */

import { basename } from 'node:path';
import type { Command } from 'commander';
import { countedRuns, expectedBytes, othersDuring, QUIET } from '../../measure/runs.ts';
import { spreadOf } from '../../measure/statistics.ts';
import type { Measurement } from '../../measure/types.ts';
import type { MachineOptions } from '../../node.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  interval,
  machineOf,
  normalisation,
  oneOf,
  type Program,
  type Shapes,
  wholeNumber,
  withImages,
  withMachine,
  withShapes,
} from '../command.ts';
import { fileBeside } from '../external.ts';
import { bytesText, type Outcome, table } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { readSamples } from '../samples.ts';
import type { BenchOptions as VerbOptions } from '../verbs.ts';
import { checkTargets, writeFiles } from '../write.ts';

const examples = [
  'tessera bench model.onnx --samples inputs.npy --threads 2 --repeat 11',
  'tessera bench model.onnx --samples photos/ --report report.html --json',
];

interface BenchOptions extends ImageOptions, MachineOptions {
  readonly repeat: number;
  readonly report?: string;
  readonly samples?: string;
  readonly inputRange?: { readonly min: number; readonly max: number };
  readonly bits?: number;
  readonly input: 'public' | 'private';
  readonly zk: boolean;
  readonly shape: Shapes;
}

export function benchCommand(program: Program): Command {
  const target = command('bench', 'Measure proofs of a network: time by stage, memory, sizes.', examples)
    .argument('<model>', 'ONNX file')
    .option('--repeat <count>', 'proofs that count, after one that warms up', wholeNumber(1, 10_000), 5)
    .option('--report <file>', 'write a report with plots, .html')
    .option('--samples <path>', 'inputs to calibrate on, the first is proved: a folder, a JSON list, .npy or .bin')
    .option('--input-range <min,max>', 'real range of the inputs: without samples, or beyond what they show', interval)
    .option('--bits <count>', 'bits of an activation, 4 .. 14 (default: 10 to 12, by size)', wholeNumber(4, 14))
    .option(
      '--input <visibility>',
      'public: part of the statement; private: not part of it',
      oneOf('public', 'private'),
      'private',
    )
    .option('--no-zk', 'proofs that hide nothing: faster by some percent, and smaller');
  return withMachine(withImages(withShapes(target))).action(action(program, bench));
}

async function bench([path]: readonly unknown[], call: Call<BenchOptions>): Promise<Outcome> {
  const { host, options } = call;
  const file = String(path);
  await checkTargets({ '--report': options.report }, [
    file,
    ...(options.samples === undefined ? [] : [options.samples]),
  ]);
  const write = options.report === undefined ? undefined : await reporter();
  const onnx = await readWhole(file);
  const given = await verbOptions(file, onnx, call);
  const measurement = await inFile(file, () => host.verbs.bench(onnx, given));
  if (write !== undefined) await writeFiles([{ path: options.report!, contents: await write(measurement) }]);
  return { result: { measurement, ...(options.report && { report: options.report }) }, human: text(measurement) };
}

/** Found before the work: a report that cannot be drawn costs no time. @throws TesseraError E_USAGE */
async function reporter(): Promise<(measurement: Measurement) => Promise<string>> {
  const { openDrawing } = await import('../../report/drawing.ts');
  const { reportHtml } = await import('../../report/report.ts');
  const drawing = await openDrawing();
  return async (measurement) =>
    reportHtml(drawing, { title: `${measurement.name}: proofs measured`, measurements: [measurement], growth: [] });
}

async function verbOptions(file: string, onnx: Uint8Array, call: Call<BenchOptions>): Promise<VerbOptions> {
  const { host, options, onProgress } = call;
  const imports = { externalData: fileBeside(file), shapes: options.shape };
  const { samples: path, bits, inputRange, repeat, zk, input } = options;
  const read = async (from: string) => {
    const { inputs } = await inFile(file, () => host.verbs.check(onnx, imports));
    return readSamples(from, inputs, normalisation(options));
  };
  const samples = path === undefined ? undefined : await read(path);
  const named = { name: basename(file).replace(/\.onnx$/i, ''), version: host.version };
  return { ...imports, ...named, samples, bits, inputRange, ...machineOf(options), repeat, zk, input, onProgress };
}

function text(m: Measurement): string {
  const { threads, zk, input } = m.conditions;
  const count = `${m.runs.length} ${m.runs.length === 1 ? 'proof' : 'proofs'} after one that warmed up`;
  const others = othersDuring(m) ?? 0;
  const busy = others < QUIET ? [] : [`other work kept ${others.toFixed(1)} cores busy meanwhile: times are too long`];
  const head = `${m.name}  ${threads} ${threads === 1 ? 'thread' : 'threads'}, ${zk ? 'zero knowledge' : 'plain'}, ${input} input, ${count}`;
  const sizes = [
    `proof    ${bytesText(m.proofBytes)}   key ${bytesText(m.keyBytes)}   model ${bytesText(m.modelBytes)}`,
    `memory   kernels ${bytesText(m.kernelBytes)} (${bytesText(expectedBytes(m.cost))} predicted), process ${bytesText(m.processBytes)}`,
  ];
  return [head, table(timeRows(m)), ...sizes, ...busy].join('\n');
}

/** Milliseconds of everything, the whole proof first. */
function timeRows(m: Measurement): object[] {
  const runs = countedRuns(m);
  const prove = runs.map((run) => run.prove);
  const processor = runs.flatMap((run) => run.processor ?? []);
  const whole = spreadOf(prove).median;
  const stages = Object.keys(runs[0]!.stages) as (keyof Measurement['runs'][number]['stages'])[];
  const row = (what: string, times: readonly number[], share?: string) => {
    const { median, least, most, quartiles } = spreadOf(times);
    const ms = (time: number) => Number(time.toPrecision(3));
    return { ms: what, median: ms(median), least: ms(least), most: ms(most), quartiles: ms(quartiles), '': share };
  };
  const percent = (times: readonly number[]) => `${Math.round((100 * spreadOf(times).median) / whole)} %`;
  const floats =
    m.float === undefined
      ? []
      : [row('float', m.float.runs, `prove is ${Math.round(whole / spreadOf(m.float.runs).median)} x`)];
  return [
    row('prove', prove),
    ...(processor.length === 0 ? [] : [row('- processor', processor)]),
    ...stages.map((stage) => {
      const times = runs.map((run) => run.stages[stage]);
      return row(`- ${stage}`, times, percent(times));
    }),
    row(
      'verify',
      runs.map((run) => run.verify),
    ),
    row('load', [m.load]),
    ...(m.compile === undefined ? [] : [row('compile', [m.compile.time])]),
    ...floats,
  ];
}
