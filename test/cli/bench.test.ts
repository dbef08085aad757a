/** tessera bench: what is measured, what is said, what is refused before the work. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit.ts';
import { libraryVerbs } from '../../src/cli/library.ts';
import type { BenchOptions } from '../../src/cli/verbs.ts';
import { measurement } from '../support/measurement.ts';
import { floats, model, node } from '../support/onnx-builder.ts';
import { temporaryFolder, tessera } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

beforeAll(() => {
  const onnx = model({
    opset: 13,
    inputs: { x: [1, 3] },
    outputs: { y: [1, 2] },
    nodes: [node('MatMul', ['x', 'w'], ['h']), node('Relu', ['h'], ['r']), node('MatMul', ['r', 'v'], ['y'])],
    initializers: { w: floats([3, 2], [1, -1, 0.5, 2, -0.25, 1]), v: floats([2, 2], [1, 0.5, -1, 2]) },
  });
  writeFileSync(at('net.onnx'), onnx);
  writeFileSync(at('samples.json'), '[[0, 0, 0], [1, 1, 1], [0.5, 0.25, 1]]');
});

describe('a real measurement', () => {
  it('proves and verifies as often as it is told, and adds up', async () => {
    const args = ['bench', at('net.onnx'), '--samples', at('samples.json'), '--repeat', '2', '--threads', '1'];
    const { exit, stdout } = await tessera([...args, '--json', '--report', at('r.html'), '--quiet'], libraryVerbs);
    expect(exit).toBe(EXIT.ok);
    const { measurement: m } = JSON.parse(stdout);
    expect(m.name).toBe('net');
    expect(m.conditions).toEqual({ threads: 1, zk: true, input: 'private' });
    expect(m.runs).toHaveLength(2);
    for (const { prove, processor, verify, stages } of m.runs) {
      expect(processor).toBeGreaterThan(0);
      const sum = Object.values<number>(stages).reduce((a, b) => a + b, 0);
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThanOrEqual(prove);
      expect(verify).toBeGreaterThan(0);
    }
    const sent = m.messages.reduce((n: number, { bytes }: { bytes: number }) => n + bytes, 0);
    expect(sent).toBe(m.proofBytes);
    expect(m.messages.find(({ label }: { label: string }) => label === 'header').bytes).toBeLessThan(100);
    expect(m.nodes.reduce((n: number, { lookups }: { lookups: number }) => n + lookups, 0)).toBe(m.cost.lookups);
    expect(m.nodes.reduce((n: number, { cells }: { cells: number }) => n + cells, 0)).toBe(m.cost.witnessCells);
    expect(m.trace.marks.map(({ stage }: { stage: string }) => stage)).toEqual([
      ...['load', 'run', 'commit', 'lookups', 'linear', 'batch', 'opening'],
    ]);
    expect(m.trace.samples.length).toBeGreaterThan(1);
    expect(m.processBytes).toBeGreaterThan(m.kernelBytes);
    expect(m.float.runs.length).toBeGreaterThanOrEqual(2);
    expect(readFileSync(at('r.html'), 'utf8')).toContain('<h1>net: proofs measured</h1>');
  });
});

describe('what is said', () => {
  it('a table for people', async () => {
    const bench = async () => measurement('net', { threads: 2 }, [40, 60, 50]);
    const { exit, stdout } = await tessera(['bench', at('net.onnx')], { bench });
    expect(exit).toBe(EXIT.ok);
    expect(stdout).toContain('net  2 threads, plain, private input, 3 proofs after one that warmed up\n');
    expect(stdout).toMatch(/^prove +50 +40 +60 +10$/m);
    expect(stdout).toMatch(/^- lookups +25 +20 +30 +5 +50 %$/m);
    expect(stdout).toMatch(/^float .* prove is 100 x$/m);
  });

  it('options reach the verb', async () => {
    let seen: BenchOptions | undefined;
    const bench = async (_: Uint8Array, options: BenchOptions) => {
      seen = options;
      return measurement('net', { threads: 3 }, [1]);
    };
    const options = ['--threads', '3', '--repeat', '7', '--input', 'public', '--input-range=-1,1', '--bits', '8'];
    await tessera(['bench', at('net.onnx'), ...options, '--no-zk'], { bench });
    expect(seen).toMatchObject({ threads: 3, repeat: 7, input: 'public', bits: 8, zk: false, version: '1.2.3' });
    expect(seen).toMatchObject({ name: 'net', inputRange: { min: -1, max: 1 } });
  });
});

describe('refused before the work', () => {
  it.each([
    ['a file that is not there', ['bench', at('none.onnx')], EXIT.failure, 'E_FILE'],
    ['no proofs', ['bench', at('net.onnx'), '--repeat', '0'], EXIT.usage, 'E_USAGE'],
    ['a report over the model', ['bench', at('net.onnx'), '--report', at('net.onnx')], EXIT.usage, 'E_USAGE'],
    ['a report nowhere', ['bench', at('net.onnx'), '--report', at('none/r.html')], EXIT.failure, 'E_FILE'],
  ])('%s', async (_, args, code, error) => {
    const { exit, stdout } = await tessera([...args, '--json']); // a verb that is called fails the test with another code
    expect(exit).toBe(code);
    expect(JSON.parse(stdout).error.code).toBe(error);
  });

  it('what is no model is named by its file, and leaves no report', async () => {
    writeFileSync(at('bad.onnx'), 'not a model');
    const { exit, stderr } = await tessera(
      ['bench', at('bad.onnx'), '--report', at('bad.html'), '--quiet'],
      libraryVerbs,
    );
    expect(exit).toBe(EXIT.failure);
    expect(stderr).toContain(`E_ONNX_READ: ${at('bad.onnx')}`);
    expect(existsSync(at('bad.html'))).toBe(false);
  });
});
