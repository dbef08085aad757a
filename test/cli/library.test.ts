/** The command line on the real verbs: a small network from ONNX to a verdict. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit.ts';
import { libraryVerbs } from '../../src/cli/library.ts';
import { floats, model, node } from '../support/onnx-builder.ts';
import { temporaryFolder, tessera } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => tessera([...args, '--quiet'], libraryVerbs);

it('compile, run, prove, verify, inspect', async () => {
  const onnx = model({
    opset: 13,
    inputs: { x: [1, 3] },
    outputs: { y: [1, 2] },
    nodes: [node('MatMul', ['x', 'w'], ['h']), node('Relu', ['h'], ['r']), node('MatMul', ['r', 'v'], ['y'])],
    initializers: { w: floats([3, 2], [1, -1, 0.5, 2, -0.25, 1]), v: floats([2, 2], [1, 0.5, -1, 2]) },
  });
  writeFileSync(at('net.onnx'), onnx);
  writeFileSync(at('x.json'), '{"x": [[0.5, 0.25, 1]]}');
  writeFileSync(at('samples.json'), '[[0, 0, 0], [1, 1, 1], [0.5, 0.25, 1], [1, 0, 0.5]]');
  const compiling = ['compile', at('net.onnx'), '-o', at('net.tsm'), '--samples', at('samples.json'), '--threads', '1'];
  expect(await run(...compiling)).toMatchObject({ exit: EXIT.ok, stderr: '' });

  expect((await run('run', at('net.tsm'), at('x.json'), '-o', at('y.json'))).exit).toBe(EXIT.ok);
  const { outputs } = JSON.parse(readFileSync(at('y.json'), 'utf8'));
  expect(outputs.y.values[0]).toBeCloseTo(-0.625, 1);

  const proving = [
    'prove',
    at('net.tsm'),
    at('x.json'),
    '-o',
    at('p.tsp'),
    '--no-zk',
    '--input',
    'public',
    '--tag',
    'a',
  ];
  for (const threads of ['1', '2']) {
    const little = await run(...proving, '--memory', '0.001', '--threads', threads);
    expect(little).toMatchObject({ exit: EXIT.limit, stderr: expect.stringContaining('E_MEMORY') });
    expect(existsSync(at('p.tsp'))).toBe(false);
  }
  expect((await run(...proving)).exit).toBe(EXIT.ok);
  const statement = ['--key', at('net.tsk'), '--output', at('y.json'), '--input', at('x.json')];
  expect(await run('verify', at('p.tsp'), ...statement, '--tag', 'a')).toMatchObject({ exit: EXIT.ok });
  expect(await run('verify', at('p.tsp'), ...statement, '--tag', 'b')).toMatchObject({ exit: EXIT.rejected });
  expect(await run('verify', at('p.tsp'), ...statement.slice(0, 4), '--tag', 'a')).toMatchObject({
    exit: EXIT.rejected,
  });

  outputs.y.integers[0] += 1;
  writeFileSync(at('odd.json'), JSON.stringify({ schema: 1, outputs }));
  const odd = await run('verify', at('p.tsp'), ...statement.slice(0, 2), '--output', at('odd.json'), '--tag', 'a');
  expect(odd).toMatchObject({ exit: EXIT.failure, stderr: expect.stringContaining('E_INPUT') });
  delete outputs.y.values;
  writeFileSync(at('wrong.json'), JSON.stringify({ schema: 1, outputs }));
  const wrong = ['--key', at('net.tsk'), '--output', at('wrong.json'), '--input', at('x.json'), '--tag', 'a'];
  expect(await run('verify', at('p.tsp'), ...wrong)).toMatchObject({ exit: EXIT.rejected });

  writeFileSync(at('cut.tsp'), readFileSync(at('p.tsp')).subarray(0, 1000));
  const cut = await run('verify', at('cut.tsp'), ...statement, '--tag', 'a', '--json');
  expect(JSON.parse(cut.stdout)).toMatchObject({ ok: false, check: 'E_FILE' });
  expect((await run('inspect', at('net.tsk'))).stdout).toContain('kind: key');
});
