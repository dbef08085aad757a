/**
 * Progress on stderr: a bar that is redrawn on a terminal, one line a finished stage in a pipe, NDJSON with --progress json.
 */
import { resourceUsage } from 'node:process';
import type { OnProgress, ProgressEvent, Stage } from '../progress.ts';
import { bytesText, SCHEMA } from './output.ts';

export type ProgressMode = 'auto' | 'json' | 'none';

export interface Sink {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Milliseconds between two drawings of a bar. */
const FRAME = 80;
const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\x1b[2K';

/** Says how far a verb has come. `now` in milliseconds. */
export function progressTo(sink: Sink, mode: ProgressMode, now: () => number = () => performance.now()): OnProgress {
  if (mode === 'none') return () => {};
  const begun = now();
  if (mode === 'json') return (event) => void sink.write(ndjson(event, now() - begun));
  return sink.isTTY === true ? bars(sink, now) : lines(sink, now);
}

/** `kind` of the event first, then its fields and the time since the command began. */
function ndjson(event: ProgressEvent, milliseconds: number): string {
  return `${JSON.stringify({ schema: SCHEMA, ...event, ms: Math.round(milliseconds) })}\n`;
}

function lines(sink: Sink, now: () => number): OnProgress {
  const clock = stageClock(now);
  return (event) => {
    if (event.kind === 'note') {
      sink.write(`note: ${event.sentence}\n`);
      return;
    }
    const { over, milliseconds } = clock(event.stage, event.done);
    if (over) sink.write(`${finished(event.stage, milliseconds)}\n`);
  };
}

function bars(sink: Sink, now: () => number): OnProgress {
  const clock = stageClock(now);
  let drawn = -Infinity;
  return (event) => {
    if (event.kind === 'note') {
      sink.write(`${CLEAR_LINE}note: ${event.sentence}\n`);
      return;
    }
    const { over, milliseconds } = clock(event.stage, event.done);
    if (over) {
      sink.write(`${CLEAR_LINE}${finished(event.stage, milliseconds)}\n`);
    } else if (event.done < 1 && now() - drawn >= FRAME) {
      drawn = now();
      sink.write(CLEAR_LINE + bar(event.stage, event.done, milliseconds, event.detail));
    }
  };
}

/** How long a stage has taken, from its first event or the end of the one before; `over` is true at the one event that ends it. */
function stageClock(now: () => number): (stage: Stage, done: number) => { over: boolean; milliseconds: number } {
  const began = new Map<Stage, number>();
  const ended = new Set<Stage>();
  let lastEnd = now();
  return (stage, done) => {
    if (!began.has(stage)) began.set(stage, done > 0 ? lastEnd : now());
    const over = done >= 1 && !ended.has(stage);
    if (over) {
      ended.add(stage);
      lastEnd = now();
    }
    return { over, milliseconds: now() - began.get(stage)! };
  };
}

function finished(stage: Stage, milliseconds: number): string {
  return `${stage.padEnd(10)} ${seconds(milliseconds).padStart(8)}`;
}

/** commit     ████████                  33 %   1.2 s   2.4 s left   412 MB */
function bar(stage: Stage, done: number, milliseconds: number, detail: string | undefined): string {
  const full = Math.round(done * BAR_WIDTH);
  const drawn = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const left = done > 0 ? `${seconds((milliseconds * (1 - done)) / done)} left` : '';
  const peak = bytesText(1024 * resourceUsage().maxRSS);
  const percent = `${Math.round(100 * done)} %`.padStart(5);
  return [stage.padEnd(10), drawn, percent, seconds(milliseconds), left, peak, detail ?? ''].join('  ').trimEnd();
}

function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
