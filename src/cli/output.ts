/**
 * What a command says. stdout is data: with --json exactly one object, `"schema": 1`; else text for people. stderr is talk.
 */
import { TesseraError } from '../errors.ts';
import type { Outputs } from '../values.ts';
import type { ExitCode } from './exit.ts';

/** Version of every JSON object that the command line writes. */
export const SCHEMA = 1;

/** Values shown to people before the list is cut. */
const SHOWN_VALUES = 10;

/** What a command ends with. */
export interface Outcome {
  /** The JSON object, without schema and ok. */
  readonly result: object;
  readonly human: string;
  readonly exit?: ExitCode;
}

export function jsonLine(ok: boolean, contents: object): string {
  return `${JSON.stringify({ schema: SCHEMA, ok, ...contents })}\n`;
}

/** Any error as a TesseraError, which has a code. */
export function asTesseraError(error: unknown): TesseraError {
  if (error instanceof TesseraError) return error;
  const [sentence, where] =
    error instanceof Error
      ? [error.message.replace(/\s+/g, ' '), error.stack?.split('\n')[1]?.trim()]
      : [String(error)];
  const hint = 'This is a fault of Tessera; please report it.';
  return new TesseraError('E_PROVE', `Unexpected: ${sentence}.`, { ...(where && { where }), hint, cause: error });
}

export function errorJson(error: TesseraError): object {
  return { error: { code: error.code, message: error.sentence, where: error.where, hint: error.hint } };
}

/** Model outputs for JSON: flat row-major lists beside their shape. */
export function outputsJson(outputs: Outputs): object {
  const plain = Object.entries(outputs).map(([name, output]) => [
    name,
    { shape: output.shape, integers: Array.from(output.integers), values: Array.from(output.values) },
  ]);
  return Object.fromEntries(plain);
}

/** One line an output: its first values, and the largest one's index where it may be a class. */
export function outputsText(outputs: Outputs): string {
  return Object.entries(outputs)
    .map(([name, { shape, values }]) => `${name} [${shape.join(', ')}]  ${valuesText(values)}`)
    .join('\n');
}

function valuesText(values: Float32Array): string {
  const shown = Array.from(values.subarray(0, SHOWN_VALUES), (value) => Number(value.toPrecision(5))).join(' ');
  if (values.length === 1) return shown;
  const largest = values.indexOf(values.reduce((a, b) => Math.max(a, b), -Infinity));
  const rest = values.length > SHOWN_VALUES ? ` ... (${values.length} values)` : '';
  return `${shown}${rest}, largest at ${largest}`;
}

/** An object as indented lines; a list of objects as a table; nothing where there is nothing. */
export function tree(value: object, indent = ''): string {
  return Object.entries(value)
    .filter(([, entry]) => entry !== undefined && !(Array.isArray(entry) && entry.length === 0))
    .map(([name, entry]) => branch(name, entry, indent))
    .join('\n');
}

function branch(name: string, entry: unknown, indent: string): string {
  if (isRows(entry)) return `${indent}${name}\n${table(entry, `${indent}  `)}`;
  if (Array.isArray(entry)) return `${indent}${name}: [${entry.map(leaf).join(', ')}]`;
  if (typeof entry === 'object' && entry !== null) return `${indent}${name}\n${tree(entry, `${indent}  `)}`;
  return `${indent}${name}: ${leaf(entry)}`;
}

function isRows(entry: unknown): entry is readonly object[] {
  const isObject = (item: unknown) => typeof item === 'object' && item !== null && !Array.isArray(item);
  return Array.isArray(entry) && entry.length > 0 && entry.every(isObject);
}

/** Columns are the names that occur in any row, in order of appearance. */
export function table(rows: readonly object[], indent = ''): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => names.map((name) => leaf((row as Record<string, unknown>)[name])));
  const lines = [names, ...cells];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map(
      (line) =>
        indent +
        line
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd(),
    )
    .join('\n');
}

function leaf(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(5)));
  if (Array.isArray(value)) return `[${value.map(leaf).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return Object.entries(value)
    .map(([name, entry]) => `${name} ${leaf(entry)}`)
    .join(', ');
}

/** 1.2 kB, 34 MB: decimal units. */
export function bytesText(count: number): string {
  if (count < 1000) return `${count} B`;
  const unit = Math.min(Math.floor(Math.log10(count) / 3), 4);
  const scaled = count / 1000 ** unit;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${['B', 'kB', 'MB', 'GB', 'TB'][unit]}`;
}
