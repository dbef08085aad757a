/**
 * npm run bench [-- SET|NETWORK ...] [--threads 1,2] [--repeat N] [--no-zk] [--input private|public] [--results FOLDER]
 *     [--patience SECONDS]
 *
 * Proving and verifying whole networks: each is compiled once, then proved again and again on each number of threads. Every run goes to
 * bench/results/networks; `npm run bench:report` draws them, `npm run figures` puts them into README.md. Sets are in networks/index.ts.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { environment } from '../src/cli/environment.ts';
import { countedRuns, othersDuring, processorTimeOf, QUIET, verifyTime } from '../src/measure/runs.ts';
import { spreadOf } from '../src/measure/statistics.ts';
import type { Conditions, Measurement } from '../src/measure/types.ts';
import { bytesText, timeText } from '../src/report/text.ts';
import type { Answer } from './child.ts';
import { networksNamed } from './networks/index.ts';
import type { Network } from './networks/types.ts';
import { resultsFolder, saveNetwork } from './results.ts';
import type { Results, Task } from './tasks/types.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    threads: { type: 'string', default: '1,2' },
    repeat: { type: 'string', default: '11' },
    zk: { type: 'boolean', default: true },
    input: { type: 'string', default: 'private' },
    results: { type: 'string' },
    patience: { type: 'string', default: '0' },
  },
});
const threadCounts = options.threads.split(',').map((text) => wholeNumber('--threads', text));
const repeat = wholeNumber('--repeat', options.repeat);
const patience = Number(options.patience);
const input = options.input === 'public' ? 'public' : 'private';
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

for (const network of networksNamed(positionals.length === 0 ? ['small'] : positionals)) {
  const reason = network.missing();
  if (reason !== undefined) {
    say(`${network.name}: skipped, ${reason}`);
    continue;
  }
  await measure(network).catch((error: Error) => {
    say(`${network.name}: FAILED, ${error.message}`);
    process.exitCode = 1;
  });
}

/** @throws Error with what a task said */
async function measure(network: Network): Promise<void> {
  const { name, about, weights } = network;
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'));
  try {
    const { inputs, ...compile } = await inChild({ kind: 'compile', network: name, folder });
    say(`${name}: compiled in ${timeText(compile.time)}, ${bytesText(compile.processBytes)}`);
    const accuracy = await inChild({ kind: 'accuracy', network: name, folder });
    const measurements: Measurement[] = [];
    for (const threads of threadCounts) {
      const conditions: Conditions = { threads, zk: options.zk, input };
      const where = environment(version);
      const proofs = await inChild({ kind: 'prove', network: name, folder, conditions, repeat, patience });
      const float = await inChild({ kind: 'float', network: name, folder, threads, repeat });
      const measurement = { name, environment: where, ...proofs, compile, float, ...(accuracy && { accuracy }) };
      measurements.push(measurement);
      say(`  ${lineOf(measurement)}`);
    }
    saveNetwork({ name, about, weights, inputs, measurements }, resultsFolder(options.results));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inChild<T extends Task>(task: T): Promise<Results[T['kind']]> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('child.ts', import.meta.url), [JSON.stringify(task)], { serialization: 'advanced' });
    let answer: Answer | undefined;
    child.once('message', (message) => {
      answer = message as Answer;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (answer?.ok === true) resolve(answer.result as Results[T['kind']]);
      else reject(new Error(answer?.error ?? `the process that should ${task.kind} ended with ${signal ?? code}`));
    });
  });
}

function lineOf(measurement: Measurement): string {
  const { conditions, runs, proofBytes, kernelBytes, processBytes } = measurement;
  const { threads } = conditions;
  const counted = countedRuns(measurement);
  const others = othersDuring(measurement);
  const processor = processorTimeOf(measurement);
  const { median, least, most } = spreadOf(counted.map((run) => run.prove));
  const parts = [
    `${threads} ${threads === 1 ? 'thread ' : 'threads'}`,
    `prove ${timeText(median)} (${timeText(least)} .. ${timeText(most)}, ${counted.length} of ${runs.length} runs)`,
    ...(processor === undefined ? [] : [`processor ${timeText(processor)}`]),
    `verify ${timeText(verifyTime(measurement))}`,
    `proof ${bytesText(proofBytes)}`,
    `memory ${bytesText(kernelBytes)} of the kernels, ${bytesText(processBytes)} of the process`,
    ...(others === undefined || others < QUIET ? [] : [`BUSY: others used ${others.toFixed(1)} cores`]),
  ];
  return parts.join(', ');
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${option} ${text} is not a whole number above 0`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
