/**
 * A report of measurements as one HTML file that needs nothing else: text, a table, plots as SVG. No script, no network.
 */
import { countedRuns, othersDuring, QUIET } from '../measure/runs.ts';
import { counterpart, headlines } from '../measure/select.ts';
import type { Environment, Measurement } from '../measure/types.ts';
import { type Drawing, WIDTH } from './drawing.ts';
import { growthPlot, QUANTITIES } from './growth.ts';
import { layersPlot } from './layers.ts';
import { memoryPlot } from './memory.ts';
import { proofSizePlot } from './proof-size.ts';
import { STYLE } from './style.ts';
import { measurementsTable, ratiosTable } from './tables.ts';
import { bytesText, escapeHtml } from './text.ts';
import { STAGE_COLOURS, STAGES, stagesPlot, threadsPlot } from './times.ts';
import type { Report } from './types.ts';

/** Width of a plot that has half of the page. */
const HALF = 450;

export function reportHtml(drawing: Drawing, report: Report): string {
  const most = headlines(report.measurements);
  const body = [
    heading(report),
    tables(report.measurements),
    stages(drawing, most),
    threads(drawing, report.measurements),
    growth(drawing, report),
    memory(drawing, most),
    layers(drawing, most),
    proofSizes(drawing, most),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body.filter((part) => part !== '').join('\n')}
</body>
</html>
`;
}

function heading({ title, measurements, growth }: Report): string {
  const all = [...measurements, ...growth.flatMap(({ members }) => members.map((m) => m.measurement))];
  const machines = new Set(all.map(({ environment }) => machineText(environment)));
  const commits = new Set(all.map(({ environment }) => sourcesText(environment)));
  const modes = new Set(all.map(({ conditions }) => modeText(conditions)));
  const others = Math.max(0, ...all.map((m) => othersDuring(m) ?? 0));
  const busy = `Other work kept up to ${others.toFixed(1)} cores busy meanwhile: times are longer than on a quiet machine.`;
  const lines = [
    [...machines].join('; '),
    [...commits].join('; '),
    `Proofs: ${[...modes].join('; ')}.`,
    ...(others < QUIET ? [] : [busy]),
  ];
  return `<h1>${escapeHtml(title)}</h1>\n${lines.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')}`;
}

function machineText({ processor, cores, memory, platform, node }: Environment): string {
  return `${processor}, ${cores} cores, ${bytesText(memory)}, ${platform}, Node ${node}`;
}

function sourcesText({ date, version, commit }: Environment): string {
  return `Tessera ${version}${commit === undefined ? '' : ` at ${commit}`}, ${date.slice(0, 10)}`;
}

export function modeText({ zk, input }: Measurement['conditions']): string {
  return `${zk ? 'zero knowledge' : 'plain, hiding nothing'}, ${input} input`;
}

function tables(measurements: readonly Measurement[]): string {
  if (measurements.length === 0) return '';
  const runs = measurements.map((m) => countedRuns(m).length);
  const counts = [...new Set([Math.min(...runs), Math.max(...runs)])].join(' to ');
  return section(
    'Measurements',
    `Medians of ${counts} proofs after one that warms up; those during which other work used more than ${QUIET} cores are set aside. Processor time is of all threads.`,
    measurementsTable(measurements) +
      `<p>Ratios, which depend less on the machine. Float: ONNX Runtime's inference of the same network on as many threads. Per lookup: ` +
      'proving time on all threads by lookups. Memory: of the kernels, by 4 bytes a committed cell, and by what compile predicted. Over plain: by the same proof, hiding nothing. Top-1: labelled samples whose class is found.</p>' +
      ratiosTable(measurements),
  );
}

function stages(drawing: Drawing, measurements: readonly Measurement[]): string {
  const measured = measurements.filter(({ runs }) => runs.length > 0);
  if (measured.length === 0) return '';
  return section(
    'Time by stage',
    'Run: the exact integers. Commit: the witness encoded and hashed. Lookups, linear, batch: the argument. Opening: one for all claims.',
    card(keys(STAGES.map((stage, i) => [stage, STAGE_COLOURS[i]!])) + stagesPlot(drawing, measured)),
  );
}

function threads(drawing: Drawing, measurements: readonly Measurement[]): string {
  const pairs = headlines(measurements).flatMap((more) => {
    const one = counterpart(more, measurements, { threads: 1 });
    return one === undefined || one === more ? [] : [[one, more] as const];
  });
  if (pairs.length === 0) return '';
  return section(
    'Threads',
    'Time of a proof on one thread (open) and on several (filled), and how many times faster.',
    card(threadsPlot(drawing, pairs)),
  );
}

function growth(drawing: Drawing, { growth: families }: Report): string {
  const whole = families.filter(({ members }) => members.length > 1);
  if (whole.length === 0) return '';
  const parts = whole.map((family) => {
    const plots = QUANTITIES.map((quantity) => card(growthPlot(drawing, family, quantity, HALF)));
    return `<h3>${escapeHtml(family.title)}</h3>\n<div class="pair">${plots.join('\n')}</div>`;
  });
  return section('Growth', 'One network at growing sizes. Every scale begins at 0.', parts.join('\n'));
}

function memory(drawing: Drawing, measurements: readonly Measurement[]): string {
  const traced = measurements.filter(({ trace }) => trace !== undefined && trace.samples.length > 0);
  if (traced.length === 0) return '';
  const width = traced.length === 1 ? WIDTH : HALF;
  const plots = traced.map((m) => card(`<h3>${escapeHtml(m.name)}</h3>${memoryPlot(drawing, m, m.trace!, width)}`));
  const legend = keys([
    ['process, sampled', 'var(--stage-run)'],
    ['kernels’ memory in use at the end of a stage, and its peak (dashed)', 'var(--stage-lookups)'],
  ]);
  return section(
    'Memory over time',
    'Loading and the first proof, watched by another thread; no proof that is watched is timed.',
    `${legend}<div class="pair">${plots.join('\n')}</div>`,
  );
}

function layers(drawing: Drawing, measurements: readonly Measurement[]): string {
  const plots = measurements
    .filter(({ nodes }) => nodes.length > 0)
    .map((m, i, { length }) => {
      const open = length === 1 || i === 0 ? ' open' : '';
      return `<details class="card"${open}><summary>${escapeHtml(m.name)}</summary>${layersPlot(drawing, m.nodes)}</details>`;
    });
  if (plots.length === 0) return '';
  return section(
    'Per layer',
    'What the circuit spends on each node. Proving time has no layers: all lookups are one argument, all products a few sumchecks.',
    plots.join('\n'),
  );
}

function proofSizes(drawing: Drawing, measurements: readonly Measurement[]): string {
  const plots = measurements
    .filter(({ messages }) => messages.length > 0)
    .map((m) => {
      const title = `${escapeHtml(m.name)}, ${bytesText(m.proofBytes)}`;
      const width = measurements.length === 1 ? WIDTH : HALF;
      return card(`<h3>${title}</h3>${proofSizePlot(drawing, m.messages, width)}`);
    });
  if (plots.length === 0) return '';
  const legend = keys([
    ['opening', 'var(--stage-opening)'],
    ['lookups', 'var(--stage-lookups)'],
    ['linear', 'var(--stage-linear)'],
    ['commitment and header', 'var(--stage-commit)'],
    ['hiding', 'var(--stage-hiding)'],
  ]);
  return section(
    'What a proof is made of',
    'Bytes of a proof by the label of its messages (docs/spec/20-transcript.md).',
    `${legend}<div class="pair">${plots.join('\n')}</div>`,
  );
}

function section(title: string, sentence: string, contents: string): string {
  return `<section>\n<h2>${title}</h2>\n<p>${sentence}</p>\n${contents}\n</section>`;
}

function card(contents: string): string {
  return `<div class="card">${contents}</div>`;
}

function keys(entries: readonly (readonly [string, string])[]): string {
  const items = entries.map(([name, colour]) => `<li><i style="background:${colour}"></i>${name}</li>`);
  return `<ul class="keys">${items.join('')}</ul>`;
}
