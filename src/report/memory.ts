/** Memory while one proof is made: the process as the operating system counts it, and the kernels' memory in use at the end of stages. */
import type { Measurement, Trace } from '../measure/types.ts';
import type { Drawing } from './drawing.ts';

const MB = 1e6;

/** Pixels of a character: a stage whose name is wider than the stage is not named. */
const CHARACTER = 7.5;

export function memoryPlot({ Plot, svg }: Drawing, { name }: Measurement, trace: Trace, width: number): string {
  const samples = trace.samples.map(([time, bytes]) => ({ time, memory: bytes / MB }));
  const end = Math.max(samples.at(-1)!.time, trace.marks.at(-1)!.time);
  const inUse = trace.marks.map(({ stage, time, inUse }) => ({ stage, time, memory: inUse / MB }));
  const peak = trace.marks.at(-1)!.peak / MB;
  const top = Math.max(...samples.map((s) => s.memory), peak);
  const labels = trace.marks.map((mark, i) => ({ ...mark, from: trace.marks[i - 1]?.time ?? 0 }));
  return svg(`Memory of the process while ${name} is proved.`, {
    width,
    height: 230,
    marginLeft: 50,
    marginTop: 30,
    marginRight: 14,
    marginBottom: 38,
    x: {
      domain: [0, end],
      label: 'milliseconds since loading began',
      labelAnchor: 'center',
      labelArrow: 'none',
      ticks: 5,
    },
    y: { domain: [0, 1.04 * top], label: 'MB', labelArrow: 'none', ticks: 5 },
    marks: [
      Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1 }),
      Plot.areaY(samples, { x: 'time', y: 'memory', fill: 'var(--stage-run)', fillOpacity: 0.18 }),
      Plot.lineY(samples, { x: 'time', y: 'memory', stroke: 'var(--stage-run)', strokeWidth: 2 }),
      Plot.ruleX(trace.marks, { x: 'time', stroke: 'var(--muted)', strokeDasharray: '2,3' }),
      Plot.ruleY([peak], { stroke: 'var(--stage-lookups)', strokeDasharray: '5,4' }),
      Plot.dot(inUse, { x: 'time', y: 'memory', r: 3.5, fill: 'var(--stage-lookups)' }),
      Plot.text(
        labels.filter(({ stage, from, time }) => ((time - from) / end) * (width - 64) > CHARACTER * stage.length),
        { x: (d) => (d.from + d.time) / 2, frameAnchor: 'top', dy: -14, text: 'stage', fill: 'var(--soft)' },
      ),
      Plot.ruleY([0]),
    ],
  });
}
