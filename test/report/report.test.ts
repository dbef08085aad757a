/** A report is one file that needs nothing else, shows what there is, and takes names for text. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../../src/measure/types.ts';
import { type Drawing, openDrawing } from '../../src/report/drawing.ts';
import { partOf } from '../../src/report/proof-size.ts';
import { reportHtml } from '../../src/report/report.ts';
import { bytesText, countText, shortNames, timeText } from '../../src/report/text.ts';
import { LABELS } from '../../src/transcript/labels.ts';
import { measurement } from '../support/measurement.ts';

let drawing: Drawing;
beforeAll(async () => {
  drawing = await openDrawing();
});

const one = measurement('net', { threads: 1 }, [100, 120, 110]);
const two: Measurement = {
  ...measurement('net', { threads: 2 }, [60, 50, 55]),
  trace: {
    samples: Array.from({ length: 40 }, (_, i) => [5 * i, 1e8 + 1e6 * i] as const),
    marks: [
      { stage: 'load', time: 50, inUse: 1e6, peak: 1e6 },
      { stage: 'opening', time: 195, inUse: 5e6, peak: 15e6 },
    ],
  },
};
const report = (measurements: readonly Measurement[]) =>
  reportHtml(drawing, { title: 'A & B', measurements, growth: [] });

describe('the file', () => {
  const growth = [
    {
      title: 'pictures',
      unit: 'pictures in a batch',
      members: [
        { size: 1, measurement: one },
        { size: 2, measurement: two },
      ],
    },
  ];

  it('has every part that there is data for', () => {
    const html = reportHtml(drawing, { title: 'A & B', measurements: [one, two], growth });
    const parts = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((m) => m[1]);
    expect(parts).toEqual([
      ...[
        'Measurements',
        'Time by stage',
        'Threads',
        'Growth',
        'Memory over time',
        'Per layer',
        'What a proof is made of',
      ],
    ]);
    expect(html.match(/<svg/g)).toHaveLength(1 + 1 + 4 + 1 + 1 + 1);
    expect(html).toContain('<td>55 ms</td>');
    expect(html).toContain('× 2.00');
  });

  it('leaves out what there is no data for', () => {
    const parts = [...report([one]).matchAll(/<h2>(.*?)<\/h2>/g)].map((m) => m[1]);
    expect(parts).toEqual(['Measurements', 'Time by stage', 'Per layer', 'What a proof is made of']);
  });

  it('needs no script and no network', () => {
    const html = reportHtml(drawing, { title: 'A & B', measurements: [one, two], growth });
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(/i);
    expect([...html.matchAll(/(?:href|src|xmlns)="([^"]*)"/g)].map((m) => m[1])).toEqual([]);
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('takes names for text', () => {
    const html = report([{ ...one, name: '<b>"x"</b>', nodes: [{ ...one.nodes[0]!, node: '<i>' }, one.nodes[1]!] }]);
    expect(html).not.toMatch(/<b>|<i>/);
    expect(html).toContain('<title>A &amp; B</title>');
  });

  it('is the same for the same data', () => {
    expect(report([one, two])).toBe(report([one, two]));
  });
});

describe('the parts', () => {
  it('every label of the transcript has a part of the protocol', () => {
    expect(new Set(LABELS.map(partOf))).toEqual(new Set(['opening', 'commit', 'lookups', 'linear', 'hiding']));
    expect(partOf('tree round')).toBe('lookups');
    expect(partOf('stage values')).toBe('linear');
    expect(partOf('level columns')).toBe('opening');
    expect(partOf('pad columns')).toBe('hiding');
  });

  it('few nodes are named, many are a profile with their names at hand', () => {
    const nodes = Array.from({ length: 100 }, (_, i) => ({ node: `n${i}`, cells: i, lookups: i, multiplyAdds: 0 }));
    const few = report([{ ...one, nodes: nodes.slice(0, 20) }]);
    expect(few).toContain('>n19</text>');
    const many = report([{ ...one, nodes }]);
    expect(many).toContain('100 nodes in the order of the circuit');
    expect(many).toContain('<title>n99: 99 lookups</title>');
    expect(many).not.toContain('>n99</text>');
  });

  it('messages of one label are told apart where they are few', () => {
    const messages = [
      { label: 'level columns', count: 2, bytes: 90_000, each: [60_000, 30_000] },
      { label: 'tree round', count: 100, bytes: 10_000 },
    ];
    const html = report([{ ...one, messages }]);
    expect(html).toContain('<title>level columns 1: 60 kB</title>');
    expect(html).toContain('<title>tree round: 10 kB in 100 messages</title>');
  });
});

describe('text', () => {
  it('of numbers', () => {
    expect([0.0421, 3.14, 46.6, 1234, 98_765].map(timeText)).toEqual([
      '0.042 ms',
      '3.1 ms',
      '47 ms',
      '1.23 s',
      '98.8 s',
    ]);
    expect([12, 2200, 113_000, 2.1e8].map(bytesText)).toEqual(['12 B', '2.2 kB', '113 kB', '210 MB']);
    expect([7, 61_900, 1_104_432, 312e6].map(countText)).toEqual(['7', '61.9 k', '1.1 M', '312 M']);
  });

  it('of names: the path that all share goes, the end stays', () => {
    expect([...shortNames(['a/b/conv1', 'tables', 'a/b/conv2'], 20).values()]).toEqual(['conv1', 'tables', 'conv2']);
    expect([...shortNames(['short', 'a_name_that_is_long'], 8).values()]).toEqual(['short', '…is_long']);
  });
});
