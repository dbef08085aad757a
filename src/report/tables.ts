/** Measurements as tables: what they are, and the ratios that hold on other machines. */
import { countedRuns, expectedBytes, processorTimeOf, proveTime, verifyTime } from '../measure/runs.ts';
import { counterpart } from '../measure/select.ts';
import { median, spreadOf } from '../measure/statistics.ts';
import type { Measurement } from '../measure/types.ts';
import { bytesText, escapeHtml, timeText } from './text.ts';

/** Bytes of a committed cell where it is kept once. */
const CELL_BYTES = 4;

/** With fewer lookups a proof's time is what every proof takes. */
const LEAST_LOOKUPS = 50_000;

interface Column {
  readonly title: string;
  /** HTML. */
  of(measurement: Measurement): string;
}

/** The network, and of its conditions those that are not the same throughout. */
function identity(measurements: readonly Measurement[]): Column[] {
  const isMixed = (of: (m: Measurement) => unknown) => new Set(measurements.map(of)).size > 1;
  const { zk, input } = {
    zk: isMixed(({ conditions }) => conditions.zk),
    input: isMixed(({ conditions }) => conditions.input),
  };
  return [
    { title: 'network', of: ({ name }) => escapeHtml(name) },
    { title: 'threads', of: ({ conditions }) => String(conditions.threads) },
    { title: 'hides', of: ({ conditions }) => (zk ? (conditions.zk ? 'yes' : 'no') : '') },
    { title: 'input', of: ({ conditions }) => (input ? conditions.input : '') },
  ];
}

export function measurementsTable(measurements: readonly Measurement[]): string {
  return table(measurements, [
    ...identity(measurements),
    { title: 'prove', of: (m) => timeText(proveTime(m)) },
    { title: 'quartiles', of: quartilesText },
    { title: 'processor time', of: processorText },
    { title: 'verify', of: (m) => timeText(verifyTime(m)) },
    { title: 'load', of: ({ load }) => timeText(load) },
    { title: 'compile', of: ({ compile }) => (compile === undefined ? '' : timeText(compile.time)) },
    { title: 'proof', of: ({ proofBytes }) => bytesText(proofBytes) },
    { title: 'key', of: ({ keyBytes }) => bytesText(keyBytes) },
    { title: 'kernels’ memory', of: ({ kernelBytes }) => bytesText(kernelBytes) },
    { title: 'process', of: ({ processBytes }) => bytesText(processBytes) },
  ]);
}

export function ratiosTable(measurements: readonly Measurement[]): string {
  return table(measurements, [
    ...identity(measurements),
    { title: 'float', of: ({ float }) => (float === undefined ? '' : timeText(median(float.runs))) },
    { title: 'prove / float', of: floatRatioText },
    { title: 'lookups', of: ({ cost }) => cost.lookups.toLocaleString('en') },
    { title: 'per lookup and core', of: perLookupText },
    { title: 'cells', of: ({ cost }) => (cost.witnessCells + cost.weightCells).toLocaleString('en') },
    { title: 'memory / cells', of: memoryRatioText },
    { title: 'memory / predicted', of: ({ kernelBytes, cost }) => (kernelBytes / expectedBytes(cost)).toFixed(2) },
    { title: 'over plain', of: (m) => plainText(m, measurements) },
    { title: 'faster than 1 thread', of: (m) => threadsText(m, measurements) },
    { title: 'top-1, float', of: (m) => topOneText(m, 'float') },
    { title: 'integers', of: (m) => topOneText(m, 'integer') },
  ]);
}

/** Rows of one network next to each other, the networks in their order; columns that are empty throughout are left out. */
function table(measurements: readonly Measurement[], columns: readonly Column[]): string {
  const rows = [...Map.groupBy(measurements, ({ name }) => name).values()].flat();
  const filled = columns.filter((column) => rows.some((row) => column.of(row) !== ''));
  const head = filled.map(({ title }) => `<th>${title}</th>`).join('');
  const body = rows.map((row) => `<tr>${filled.map((column) => `<td>${column.of(row)}</td>`).join('')}</tr>`);
  const whole = `<table><thead><tr>${head}</tr></thead>\n<tbody>${body.join('\n')}</tbody></table>`;
  return `<div class="scroll">${whole}</div>`;
}

function quartilesText(measurement: Measurement): string {
  const runs = countedRuns(measurement);
  const { median: middle, quartiles } = spreadOf(runs.map((run) => run.prove));
  return runs.length < 3 ? '' : `<small>± ${((50 * quartiles) / middle).toFixed(1)} %</small>`;
}

function processorText(measurement: Measurement): string {
  const time = processorTimeOf(measurement);
  return time === undefined ? '' : timeText(time);
}

function topOneText({ accuracy }: Measurement, which: 'float' | 'integer'): string {
  return accuracy === undefined ? '' : `${((100 * accuracy[which]) / accuracy.samples).toFixed(1)} %`;
}

function floatRatioText(m: Measurement): string {
  return m.float === undefined ? '' : Math.round(proveTime(m) / median(m.float.runs)).toLocaleString('en');
}

function perLookupText(m: Measurement): string {
  if (m.cost.lookups < LEAST_LOOKUPS) return '';
  return `${Math.round((1e6 * proveTime(m) * m.conditions.threads) / m.cost.lookups).toLocaleString('en')} ns`;
}

function memoryRatioText({ kernelBytes, cost }: Measurement): string {
  return (kernelBytes / (CELL_BYTES * (cost.witnessCells + cost.weightCells))).toFixed(1);
}

function threadsText(m: Measurement, measurements: readonly Measurement[]): string {
  const one = counterpart(m, measurements, { threads: 1 });
  return one === undefined || one === m ? '' : `× ${(proveTime(one) / proveTime(m)).toFixed(2)}`;
}

function plainText(m: Measurement, measurements: readonly Measurement[]): string {
  const plain = m.conditions.zk ? counterpart(m, measurements, { zk: false }) : undefined;
  return plain === undefined ? '' : (proveTime(m) / proveTime(plain)).toFixed(2);
}
