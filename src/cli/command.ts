/**
 * How a command is made: its options, its examples before everything else in --help, and an action that returns an outcome.
 */

import { Command, InvalidArgumentError } from 'commander';
import type { MachineOptions } from '../node.ts';
import type { OnProgress } from '../progress.ts';
import type { ExitCode } from './exit.ts';
import { EXIT } from './exit.ts';
import type { Normalisation } from './image.ts';
import { jsonLine, type Outcome } from './output.ts';
import { type ProgressMode, progressTo, type Sink } from './render.ts';
import type { Verbs } from './verbs.ts';

/** Everything outside: what a test replaces. */
export interface Host {
  readonly verbs: Verbs;
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly version: string;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: ProgressMode;
}

/** What an action gets besides its arguments. */
export interface Call<Options> {
  readonly host: Host;
  readonly options: Options & CommonOptions;
  readonly onProgress: OnProgress;
}

/** A command and how the last call of it ended. */
export interface Program {
  readonly host: Host;
  exit: ExitCode;
}

export function command(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .addHelpText('before', `Examples:\n${examples.map((example) => `  ${example}`).join('\n')}\n`)
    .option('--json', 'one JSON object on stdout')
    .option('--quiet', 'nothing on stderr but errors')
    .option('--progress <mode>', 'auto, json (NDJSON on stderr) or none', oneOf('auto', 'json', 'none'), 'auto');
}

/** Runs `act`, prints its outcome, keeps its exit code. Errors go on to `main`. */
export function action<Options>(
  program: Program,
  act: (args: readonly unknown[], call: Call<Options>) => Promise<Outcome>,
): (this: Command) => Promise<void> {
  const { host } = program;
  return async function (this: Command) {
    const options = this.opts<Options & CommonOptions>();
    const onProgress = progressTo(host.stderr, options.quiet === true ? 'none' : options.progress);
    const outcome = await act(this.processedArgs, { host, options, onProgress });
    const exit = outcome.exit ?? EXIT.ok;
    host.stdout.write(options.json === true ? jsonLine(exit === EXIT.ok, outcome.result) : `${outcome.human}\n`);
    program.exit = exit;
  };
}

export interface ImageOptions {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Options for pictures as inputs. */
export function withImages(target: Command): Command {
  return target
    .option('--mean <list>', 'pictures: subtracted from pixels between 0 and 1, one number a channel', numbers, [0])
    .option('--std <list>', 'pictures: then divided by, one number a channel', divisors, [1]);
}

export function normalisation(options: ImageOptions): Normalisation {
  return { mean: options.mean, std: options.std };
}

export function withMachine(target: Command): Command {
  return target
    .option('--threads <count>', 'threads to use (default: all, up to 16)', wholeNumber(1, 2 ** 16))
    .option('--memory <GiB>', 'working memory at most; less of it takes longer (default: 4)', gibibytes);
}

export function machineOf({ threads, memory }: MachineOptions): MachineOptions {
  return { ...(threads !== undefined && { threads }), ...(memory !== undefined && { memory }) };
}

/** Bytes of working memory: pointers reach 4 GiB. */
function gibibytes(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 1 / 1024 && value <= 4) return Math.floor(value * 2 ** 30);
  throw new InvalidArgumentError('It is not a number of GiB between 0.001 and 4.');
}

/** Shapes of inputs whose sizes the ONNX file leaves open. */
export function withShapes(target: Command): Command {
  return target.option('--shape <name=sizes>', 'sizes of an input that the file leaves open: x=1,3,224,224', shape, {});
}

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** A reader of whole numbers between two bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is not a whole number of ${least} .. ${most}.`);
  };
}

/** Numbers with commas between. */
export function numbers(text: string): number[] {
  const list = text.split(',').map((item) => (item.trim() === '' ? Number.NaN : Number(item)));
  if (list.every(Number.isFinite)) return list;
  throw new InvalidArgumentError('It is not a list of numbers, like 0.485,0.456,0.406.');
}

function divisors(text: string): number[] {
  const list = numbers(text);
  if (!list.includes(0)) return list;
  throw new InvalidArgumentError('Pixels cannot be divided by 0.');
}

export function interval(text: string): { min: number; max: number } {
  const [min = 0, max = 0, ...more] = numbers(text);
  if (more.length === 0 && min < max) return { min, max };
  throw new InvalidArgumentError('It is not two numbers, the lower first, like -1,1.');
}

/** NAME=1,3,224,224: the option may be given once for each input. */
function shape(text: string, others: Shapes): Shapes {
  const at = text.lastIndexOf('=');
  const sizes = text
    .slice(at + 1)
    .split(',')
    .map(Number);
  if (at > 0 && sizes.every((size) => Number.isInteger(size) && size > 0)) {
    return { ...others, [text.slice(0, at)]: sizes };
  }
  throw new InvalidArgumentError('It is not NAME=SIZES, like x=1,3,224,224.');
}

/** A reader of one of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`It is ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`);
  };
}

/** The purpose of a proof, as bytes. */
export function tagOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : new TextEncoder().encode(text);
}
