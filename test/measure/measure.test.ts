/** Statistics, the node that a tensor is of, and messages by label. */
import { describe, expect, it } from 'vitest';
import { nodeOf } from '../../src/measure/nodes.ts';
import { messageSizes } from '../../src/measure/proofs.ts';
import { countedRuns, othersDuring, proveTime } from '../../src/measure/runs.ts';
import { counterpart, headlines } from '../../src/measure/select.ts';
import { median, quantile, spreadOf } from '../../src/measure/statistics.ts';
import { measurement } from '../support/measurement.ts';

describe('statistics', () => {
  it('of odd, even and single lists, in any order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(quantile([0, 1], 0.75)).toBe(0.75);
    expect(spreadOf([5, 1, 3])).toEqual({ median: 3, least: 1, most: 5, quartiles: 2 });
  });

  it('leaves the list alone', () => {
    const list = [3, 1, 2];
    median(list);
    expect(list).toEqual([3, 1, 2]);
  });
});

describe('which proofs count', () => {
  const { runs } = measurement('net', {}, [10, 20, 30, 40]);
  const during = (others: readonly number[]) => ({ runs: runs.map((run, i) => ({ ...run, others: others[i]! })) });

  it('those without other work, however long they took', () => {
    const proofs = during([0.1, 0, 1.5, 0.19]);
    expect(countedRuns(proofs).map(({ prove }) => prove)).toEqual([10, 20, 40]);
    expect(proveTime(proofs)).toBe(20);
    expect(othersDuring(proofs)).toBeCloseTo(0.29 / 3);
  });

  it('all, where too few were without, and that is said', () => {
    const proofs = during([0.1, 1, 1, 0.1]);
    expect(countedRuns(proofs)).toHaveLength(4);
    expect(othersDuring(proofs)).toBeCloseTo(0.55);
  });

  it('all, where it was not measured', () => {
    expect(countedRuns({ runs })).toHaveLength(4);
    expect(othersDuring({ runs })).toBeUndefined();
  });
});

describe('which measurement is meant', () => {
  const all = [1, 2].flatMap((threads) => [true, false].map((zk) => measurement('net', { threads, zk }, [1])));

  it('the headline hides where any does, on the most threads', () => {
    const two = measurement('other', { threads: 2 }, [1]);
    expect(headlines([...all, measurement('other', { threads: 1 }, [1]), two])).toEqual([all[2], two]);
    expect(all[2]!.conditions).toMatchObject({ threads: 2, zk: true });
  });

  it('a counterpart differs in what is asked and nothing else', () => {
    expect(counterpart(all[2]!, all, { threads: 1 })).toBe(all[0]);
    expect(counterpart(all[2]!, all, { zk: false })).toBe(all[3]);
    expect(counterpart(all[2]!, all, { input: 'public' })).toBeUndefined();
  });
});

describe('the node of a tensor', () => {
  const values = new Set(['input.4', 'input.10', 'layer.relu', 'logits']);
  it.each([
    ['/0/Conv.acc', '/0/Conv'],
    ['/2/Relu_output_0.bits0', '/2/Relu_output_0'],
    ['/3/MaxPool.1.gain1', '/3/MaxPool'],
    ['/3/MaxPool.0.difference2', '/3/MaxPool'],
    ['input.4', 'input.4'],
    ['input.4.bits12', 'input.4'],
    ['layer.relu', 'layer.relu'],
    ['logits.binding', 'logits'],
    ['input', 'input'],
    ['Relu:0', 'Relu:0'],
  ])('%s is of %s', (tensor, node) => {
    expect(nodeOf(tensor, values)).toBe(node);
  });
});

it('messages by label: challenges and what both sides know are not sent, the rest is the header', () => {
  const sizes = messageSizes(
    [
      { label: 'statement', kind: 'bytes', length: 32 },
      { label: 'witness root', kind: 'bytes', length: 32 },
      { label: 'tree round', kind: 'ext', length: 64 },
      { label: 'tree round', kind: 'challenge', length: 1 },
      { label: 'tree round', kind: 'ext', length: 48 },
    ],
    200,
  );
  expect(sizes).toEqual([
    { label: 'tree round', count: 2, bytes: 112, each: [64, 48] },
    { label: 'header', count: 1, bytes: 56 },
    { label: 'witness root', count: 1, bytes: 32 },
  ]);
});
