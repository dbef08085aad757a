/** A command line in a temporary folder, with verbs that a test provides. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Circuit } from '../../src/circuit/types.ts';
import type { Host } from '../../src/cli/command.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Verbs } from '../../src/cli/verbs.ts';
import { encodeKey } from '../../src/files/key.ts';
import { encodeModel } from '../../src/files/model.ts';
import { bareKey } from '../support/keys.ts';

const port = { range: { lo: -128, hi: 127 }, scale: 4 };

/** A network with two inputs, one a picture, and one output. */
export const circuit: Circuit = {
  name: 'pictures',
  tensors: [],
  tables: [],
  lookups: [],
  zeros: [],
  inputs: [
    { name: 'image', shape: [1, 1, 2, 2], ...port },
    { name: 'bias', shape: [2], ...port },
  ],
  outputs: [{ name: 'y', shape: [1, 2], ...port }],
};

export const key = bareKey(circuit, [12, 1, 1, 4]);
export const modelBytes = encodeModel({ ...key, weights: new Map(), secret: new Uint8Array(), report: '{}' });
export const keyBytes = encodeKey(key);

export const outputs = {
  y: { shape: [1, 2], integers: Int32Array.of(8, -4), values: Float32Array.of(0.5, -0.25) },
};

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'tessera-cli-'));
}

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line; a verb that the test does not provide fails the test. */
export async function tessera(args: readonly string[], verbs: Partial<Verbs> = {}, isTTY = false): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof said) => ({
    isTTY,
    write: (text: string) => {
      said[name] += text;
    },
  });
  const host: Host = {
    verbs: verbs as Verbs,
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    version: '1.2.3',
  };
  const exit = await runProgram(args, host);
  return { exit, ...said };
}
