/** The benchmarks' own machinery: networks by name, results that are kept, figures that are those of the results. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { families, networksNamed, sets } from '../../bench/networks/index.ts';
import { readNetworks, resultsFolder, saveNetwork } from '../../bench/results.ts';
import { check } from '../../src/check.ts';
import { cellsOf } from '../../src/circuit/types.ts';
import { measurement } from '../support/measurement.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-test-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const node = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });

describe('networks', () => {
  it('sets and networks by name, each once', () => {
    expect(networksNamed(['lenet5', 'small', 'lenet5']).map(({ name }) => name)).toEqual([
      ...['lenet5', 'fashion-cnn', 'fashion-mlp', 'wdbc-mlp', 'credit-mlp'],
    ]);
    expect(() => networksNamed(['lenet6'])).toThrow(/There is no "lenet6": sets are small, .*networks .*lenet5/);
    expect(new Set(sets.all).size).toBe(sets.all!.length);
  });

  for (const { name, missing } of sets.all!) {
    if (missing() !== undefined) process.stdout.write(`${name} is not looked at: ${missing()}\n`);
  }
  const here = sets.all!.filter((network) => network.missing() === undefined && !network.name.includes('-kits19'));
  const light = here.filter(
    ({ name }) => !['vgg16-cifar', 'resnet18', 'resnet50', 'mobilenet_v2', 'mlp-4m'].includes(name),
  );
  it.each(light.map((network) => [network.name, network] as const))(
    '%s has samples of its shape',
    async (_, network) => {
      const { onnx, samples, input, imports, labelled } = await network.load();
      const { inputs } = check(onnx, imports);
      expect(samples.length).toBeGreaterThan(0);
      for (const sample of [input, ...samples]) {
        for (const { name, shape } of inputs) expect(sample[name]).toHaveLength(cellsOf(shape));
        expect(Object.values(sample).every((values) => values.every(Number.isFinite))).toBe(true);
      }
      expect(labelled?.labels.length).toBe(labelled?.inputs.length);
    },
  );

  it('a family is one network at growing sizes', () => {
    for (const { members } of families) {
      const sizes = members.map(({ size }) => size);
      expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    }
  });
});

it('measuring again takes the place of the same conditions and leaves the others', () => {
  const results = resultsFolder(at('kept'));
  const result = { name: 'net', about: 'a net', weights: 'random', inputs: [[1, 3]] } as const;
  const [one, two] = [measurement('net', { threads: 1 }, [10]), measurement('net', { threads: 2 }, [6])];
  saveNetwork({ ...result, measurements: [one, two] }, results);
  saveNetwork({ ...result, measurements: [measurement('net', { threads: 2 }, [5.123456789])] }, results);
  const [kept] = readNetworks(results);
  expect(kept!.measurements.map((m) => [m.conditions.threads, m.runs[0]!.prove])).toEqual([
    [1, 10],
    [2, 5.1235],
  ]);
});

describe('from a network to its figures', () => {
  it('a network is measured in processes of its own, drawn, and put into a table', () => {
    const said = node('bench/models.ts', 'fashion-cnn', '--threads', '1', '--repeat', '1', '--results', at('results'));
    expect(said).toMatch(/^fashion-cnn: compiled in .*\n {2}1 thread , prove .* 1 of 1 runs/);
    const [result] = readNetworks(resultsFolder(at('results')));
    const [m] = result!.measurements;
    expect(result).toMatchObject({ name: 'fashion-cnn', weights: 'trained', inputs: [[1, 1, 28, 28]] });
    expect(m!.accuracy!.samples).toBe(1000);
    expect(m!.accuracy!.integer).toBeGreaterThan(900);
    expect(m!.trace!.marks.at(-1)!.stage).toBe('opening');
    expect(m!.runs[0]!.others).toBeGreaterThanOrEqual(0);

    node('bench/report.ts', at('report.html'), '--results', at('results'));
    expect(readFileSync(at('report.html'), 'utf8')).toContain('<h2>Per layer</h2>');

    writeFileSync(at('page.md'), 'before\n<!-- figures: node scripts/figures-table.ts -->\n<!-- /figures -->\nafter\n');
    node('scripts/figures-table.ts', at('page.md'), '--results', at('results'));
    const page = readFileSync(at('page.md'), 'utf8');
    expect(page).toMatch(/^\| fashion-cnn \(2 convolutions, 2 pools, 2 dense\) \| 28 x 28 \| 93\.2 k \| \d/m);
    expect(page).toMatch(/^before\n.*\nafter\n$/s);
  });

  it('what cannot be measured fails, and is not kept', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ['bench/models.ts', 'batch-1', '--threads', '17', '--results', at('none')],
      { cwd: root, encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/batch-1: FAILED, .*16 threads in place of 17/);
    expect(existsSync(at('none/batch-1.json'))).toBe(false);
  });
});

describe('the table of figures', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, ['scripts/figures-table.ts', ...args, '--results', at('figures')], {
      cwd: root,
      encoding: 'utf8',
    });
  const result = { name: 'lenet5', about: 'a net', weights: 'random', inputs: [[1, 1, 28, 28]] } as const;
  const page = at('figures.md');

  it('has the proofs that hide where there are any, on the most threads and on one', () => {
    const plain = [measurement('lenet5', { threads: 1 }, [80]), measurement('lenet5', { threads: 2 }, [50])];
    saveNetwork({ ...result, measurements: plain }, resultsFolder(at('figures')));
    writeFileSync(page, '<!-- figures: node scripts/figures-table.ts -->\n<!-- /figures -->\n');
    expect(run(page).status).toBe(0);
    expect(readFileSync(page, 'utf8')).toContain(
      '| lenet5 (a net) | 28 x 28 | 93 k, random | 50 ms | 80 ms | 100 x | 20 ms | 100 kB | 2.0 kB | 15 MB, 120 MB |  |\n',
    );
    expect(readFileSync(page, 'utf8')).toContain('plain mode, hiding nothing');
    const hiding = [measurement('lenet5', { threads: 2, zk: true }, [60])];
    saveNetwork({ ...result, measurements: hiding }, resultsFolder(at('figures')));
    expect(run(page).status).toBe(0);
    expect(readFileSync(page, 'utf8')).toContain('| 93 k, random | 60 ms |  | 120 x |');
    expect(readFileSync(page, 'utf8')).toContain('zero knowledge');
  });

  it('--check says where it differs, and changes nothing', () => {
    const right = readFileSync(page, 'utf8');
    expect(run(page, '--check').status).toBe(0);
    writeFileSync(page, right.replace('60 ms', '6 ms'));
    const { status, stderr } = run(page, '--check');
    expect(status).toBe(1);
    expect(stderr).toContain('The part "figures"');
    expect(readFileSync(page, 'utf8')).toContain('| 6 ms |');
    expect(run(page).status).toBe(0);
    expect(readFileSync(page, 'utf8')).toBe(right);
  });

  it('a file without the part is refused', () => {
    writeFileSync(at('other.md'), 'nothing here\n');
    const { status, stderr } = run(at('other.md'));
    expect(status).toBe(1);
    expect(stderr).toContain('has no part <!-- figures');
  });
});
