/** Where the time goes: stages of a proof, one bar a network, and what a second thread brings. */
import { countedRuns, proveTime } from '../measure/runs.ts';
import { median } from '../measure/statistics.ts';
import type { Measurement } from '../measure/types.ts';
import type { Drawing } from './drawing.ts';
import { timeText } from './text.ts';

const ROW = 30;

export const STAGES = ['run', 'commit', 'lookups', 'linear', 'batch', 'opening'] as const;
export const STAGE_COLOURS = STAGES.map((stage) => `var(--stage-${stage})`);

/** Above this ratio of times the shortest bar cannot be read on the scale of the longest: shares are drawn in place of times. */
const MOST_RATIO = 8;

/** Stages of the medians: they do not add up to the median of the sums, so each is scaled to it. */
export function stageTimes(measurement: Measurement): { stage: string; time: number }[] {
  const times = STAGES.map((stage) => median(countedRuns(measurement).map((run) => run.stages[stage])));
  const scale = proveTime(measurement) / times.reduce((a, b) => a + b, 0);
  return STAGES.map((stage, i) => ({ stage, time: scale * times[i]! }));
}

export function stagesPlot({ Plot, svg }: Drawing, measurements: readonly Measurement[]): string {
  const totals = measurements.map(proveTime);
  const isShare = Math.max(...totals) > MOST_RATIO * Math.min(...totals);
  const rows = measurements.flatMap((measurement, i) =>
    stageTimes(measurement).map(({ stage, time }) => ({
      name: measurement.name,
      stage,
      value: isShare ? (100 * time) / totals[i]! : time,
      text: `${measurement.name}, ${stage}: ${timeText(time)}, ${Math.round((100 * time) / totals[i]!)} %`,
    })),
  );
  const ends = measurements.map(({ name }, i) => ({ name, value: isShare ? 100 : totals[i]!, time: totals[i]! }));
  return svg('Time of a proof by stage, one bar a network.', {
    height: ROW * measurements.length + 60,
    marginLeft: 150,
    marginRight: 80,
    marginBottom: 40,
    x: { label: isShare ? 'share of the time, %' : 'milliseconds', labelAnchor: 'center', labelArrow: 'none' },
    y: { label: null, domain: measurements.map(({ name }) => name), padding: 0.25, tickSize: 0 },
    color: { domain: [...STAGES], range: STAGE_COLOURS },
    marks: [
      Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1 }),
      Plot.barX(rows, { x: 'value', y: 'name', fill: 'stage', insetRight: 1, title: 'text', order: [...STAGES] }),
      Plot.text(ends, { x: 'value', y: 'name', text: (d) => timeText(d.time), dx: 8, textAnchor: 'start' }),
    ],
  });
}

/** Networks measured on one thread and on several, the same otherwise: two points each. */
export function threadsPlot({ Plot, svg }: Drawing, pairs: readonly (readonly [Measurement, Measurement])[]): string {
  const rows = pairs.map(([one, more]) => ({
    name: one.name,
    from: proveTime(one),
    to: proveTime(more),
    threads: more.conditions.threads,
  }));
  const dots = rows.flatMap(({ name, from, to, threads }) => [
    { name, threads: '1 thread', time: from, text: `${name}, 1 thread: ${timeText(from)}` },
    { name, threads: `${threads} threads`, time: to, text: `${name}, ${threads} threads: ${timeText(to)}` },
  ]);
  return svg('Time of a proof on one thread and on several.', {
    height: ROW * pairs.length + 60,
    marginLeft: 150,
    marginRight: 80,
    marginBottom: 40,
    x: {
      type: 'log',
      label: 'milliseconds, logarithmic',
      labelAnchor: 'center',
      labelArrow: 'none',
      tickFormat: 'd',
      inset: 12,
    },
    y: { label: null, domain: rows.map(({ name }) => name), tickSize: 0 },
    marks: [
      Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1 }),
      Plot.link(rows, { x1: 'to', x2: 'from', y1: 'name', y2: 'name', stroke: 'var(--muted)', strokeWidth: 2 }),
      Plot.dot(dots, {
        x: 'time',
        y: 'name',
        r: 5.5,
        fill: (d) => (d.threads === '1 thread' ? 'var(--page)' : 'var(--stage-run)'),
        stroke: 'var(--stage-run)',
        strokeWidth: 2,
        title: 'text',
      }),
      Plot.text(rows, {
        x: (d) => Math.max(d.from, d.to),
        y: 'name',
        text: (d) => `× ${(d.from / d.to).toFixed(2)}`,
        dx: 12,
        textAnchor: 'start',
      }),
    ],
  });
}
