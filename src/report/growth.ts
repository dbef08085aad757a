/** One network at growing sizes: time, memory and bytes against the size, each from 0 up, so that twice as much looks it. */
import { proveTime, verifyTime } from '../measure/runs.ts';
import type { Measurement } from '../measure/types.ts';
import type { Drawing } from './drawing.ts';
import type { Family } from './types.ts';

interface Quantity {
  readonly title: string;
  readonly colour: string;
  of(measurement: Measurement): number;
}

export const QUANTITIES: readonly Quantity[] = [
  { title: 'prove, ms', colour: 'var(--stage-run)', of: proveTime },
  { title: 'verify, ms', colour: 'var(--stage-batch)', of: verifyTime },
  { title: 'memory of the kernels, MB', colour: 'var(--stage-lookups)', of: (m) => m.kernelBytes / 1e6 },
  { title: 'proof, kB', colour: 'var(--stage-opening)', of: (m) => m.proofBytes / 1e3 },
];

export function growthPlot({ Plot, svg }: Drawing, family: Family, quantity: Quantity, width: number): string {
  const points = family.members.map(({ size, measurement }) => ({ size, value: quantity.of(measurement) }));
  const top = Math.max(...points.map(({ value }) => value));
  return svg(`${family.title}: ${quantity.title} by ${family.unit}.`, {
    width,
    height: 190,
    marginLeft: 44,
    marginRight: 24,
    marginTop: 30,
    marginBottom: 36,
    x: {
      type: 'point',
      domain: points.map(({ size }) => size),
      label: family.unit,
      labelAnchor: 'center',
      labelArrow: 'none',
      tickSize: 0,
    },
    y: { domain: [0, 1.15 * top], label: quantity.title, labelArrow: 'none', ticks: 4 },
    marks: [
      Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 4 }),
      Plot.lineY(points, { x: 'size', y: 'value', stroke: quantity.colour, strokeWidth: 2 }),
      Plot.dot(points, { x: 'size', y: 'value', r: 4, fill: quantity.colour }),
      Plot.text(points, { x: 'size', y: 'value', dy: -11, text: (d) => numberText(d.value) }),
      Plot.ruleY([0]),
    ],
  });
}

function numberText(value: number): string {
  return value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en');
}
