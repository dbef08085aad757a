/** What is said on stderr while a command works: for people, for pipes, for programs. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { TensorValues } from '../../src/values.ts';
import { modelBytes, outputs, temporaryFolder, tessera } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

beforeAll(() => {
  writeFileSync(at('m.tsm'), modelBytes);
  writeFileSync(at('in.json'), '{"image": [[[[1, 2], [3, 4]]]], "bias": [0.5, -1]}');
});

describe('progress', () => {
  const working = async (_: Uint8Array, __: TensorValues, { onProgress }: { onProgress?: (e: never) => void }) => {
    const tell = onProgress as (event: object) => void;
    tell({ kind: 'stage', stage: 'run', done: 0 });
    tell({ kind: 'stage', stage: 'run', done: 0.5 });
    tell({ kind: 'note', sentence: 'By the way.' });
    tell({ kind: 'stage', stage: 'run', done: 1 });
    return { outputs };
  };
  const args = ['run', at('m.tsm'), at('in.json')];

  it('in a pipe: a line a stage, nothing animated', async () => {
    const { stderr } = await tessera(args, { run: working });
    expect(stderr).toMatch(/^note: By the way\.\nrun +\d+ ms\n$/);
  });

  it('on a terminal: a bar that is cleared', async () => {
    const { stderr } = await tessera(args, { run: working }, true);
    expect(stderr).toContain('░░░░');
    expect(stderr.slice(stderr.lastIndexOf('\r'))).toMatch(/^\r.\[2Krun +\d+ ms\n$/);
  });

  it('--progress json: one event a line', async () => {
    const { stderr } = await tessera([...args, '--progress', 'json'], { run: working });
    const events = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toHaveLength(4);
    expect(events[1]).toMatchObject({ schema: 1, kind: 'stage', stage: 'run', done: 0.5 });
  });

  it('--quiet: silence', async () => {
    expect((await tessera([...args, '--quiet'], { run: working })).stderr).toBe('');
  });
});
