/** bench/results: one JSON file a network with every run, so that measuring one again leaves the others alone. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Conditions, Measurement } from '../src/measure/types.ts';

const FOLDER = new URL('results/', import.meta.url);
const NETWORKS = new URL('networks/', FOLDER);

export interface NetworkResult {
  readonly name: string;
  readonly about: string;
  readonly weights: 'trained' | 'random';
  /** Shapes of the inputs. */
  readonly inputs: readonly (readonly number[])[];
  /** One for each of the conditions that were ever measured, the latest. */
  readonly measurements: readonly Measurement[];
}

/** Takes the place of measurements under the same conditions. */
export function saveNetwork(result: NetworkResult, folder = NETWORKS): string {
  const fresh = new Set(result.measurements.map(({ conditions }) => conditionsText(conditions)));
  const before = readNetworks(folder).find(({ name }) => name === result.name)?.measurements ?? [];
  const kept = before.filter(({ conditions }) => !fresh.has(conditionsText(conditions)));
  const measurements = [...kept, ...result.measurements].sort((a, b) => a.conditions.threads - b.conditions.threads);
  return write(new URL(`${result.name}.json`, folder), { ...result, measurements });
}

export function readNetworks(folder = NETWORKS): NetworkResult[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as NetworkResult);
}

/** Writes bench/results/<name>.json. */
export function saveResult(name: string, result: object): string {
  mkdirSync(FOLDER, { recursive: true });
  return write(new URL(`${name}.json`, FOLDER), result);
}

function write(file: URL, result: object): string {
  writeFileSync(file, `${JSON.stringify(result, rounded, 1)}\n`);
  return file.pathname;
}

/** Five digits of a time are more than it has. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

function conditionsText({ threads, zk, input }: Conditions): string {
  return `${threads} ${zk} ${input}`;
}

/** A folder that a command line names, or where results are kept. */
export function resultsFolder(path: string | undefined): URL {
  return path === undefined ? NETWORKS : pathToFileURL(`${resolve(path)}/`);
}
