/** What hides, on the real verbs: visibility, commitments, budgets, rotation; and every way in which one of them can be wrong. */
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit.ts';
import { libraryVerbs } from '../../src/cli/library.ts';
import { decodeJournal, encodeRecord, newJournal, newRecord } from '../../src/files/budget.ts';
import { decodeKey, encodeKey } from '../../src/files/key.ts';
import { decodeProof, encodeProof } from '../../src/files/proof.ts';
import { decodeOpening, encodeCommitment, encodeOpening } from '../../src/files/tensor.ts';
import { floats, model, node } from '../support/onnx-builder.ts';
import { type Ended, temporaryFolder, tessera } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);
const run = (...args: string[]) => tessera([...args, '--quiet'], libraryVerbs);
const ok = { exit: EXIT.ok, stderr: '' };

const compiling = ['compile', at('net.onnx'), '--samples', at('samples.json'), '--threads', '1'];
const proving = (...args: string[]) => run('prove', ...args, '--threads', '1');

/** Positions that are spent in a budget file. */
function spent(path: string): number {
  const bytes = readFileSync(path);
  return decodeJournal(bytes, bytes.subarray(16, 48)).reduce((n, r) => n + r.positions, 0);
}

/** Enters a record that leaves nothing. */
function exhaust(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([bytes, encodeRecord(bytes.subarray(16, 48), newRecord(2 ** 20))]));
}

function expectError({ exit, stdout, stderr }: Ended, code: string, expected: number, text = ''): void {
  expect(stdout).toBe('');
  expect(stderr).toMatch(new RegExp(`^${code}: `));
  expect(stderr).toContain(text);
  expect(exit).toBe(expected);
}

beforeAll(async () => {
  const onnx = model({
    inputs: { x: [1, 3] },
    outputs: { y: [1, 2] },
    nodes: [
      node('MatMul', ['x', 'base.w'], ['a']),
      node('MatMul', ['x', 'lora_a'], ['b']),
      node('Add', ['a', 'b'], ['h']),
      node('Relu', ['h'], ['r']),
      node('MatMul', ['r', 'base.v'], ['y']),
    ],
    initializers: {
      'base.w': floats([3, 2], [1, -1, 0.5, 2, -0.25, 1]),
      lora_a: floats([3, 2], [0.125, 0.25, -0.5, 0.125, 0.25, 0]),
      'base.v': floats([2, 2], [1, 0.5, -1, 2]),
    },
  });
  writeFileSync(at('net.onnx'), onnx);
  writeFileSync(at('x.json'), '{"x": [[0.5, 0.25, 1]]}');
  writeFileSync(at('samples.json'), '[[0, 0, 0], [1, 1, 1], [0.5, 0.25, 1], [1, 0, 0.5]]');
  expect(await run(...compiling, '-o', at('m.tsm'), '--weights', 'private', '--proof-budget', '20')).toMatchObject(ok);
  expect(await run('commit', at('m.tsk'), at('x.json'), '-o', at('x'))).toMatchObject(ok);
});

describe('private weights', () => {
  it('compile writes the budget file, says what is confidential, and keeps the model to its owner', async () => {
    const compiled = await run(...compiling, '-o', at('said.tsm'), '--weights', 'private');
    expect(compiled.stdout).toContain('said.tsm holds the private weights');
    expect(compiled.stdout).toContain(
      'said.tsm.budget counts the proofs and must stay beside it; a copy of both counts apart',
    );
    expect(statSync(at('said.tsm')).mode & 0o077).toBe(0);
    expect((await run(...compiling, '-o', at('open.tsm'))).stdout).not.toContain('confidential');
    expect(existsSync(at('open.tsm.budget'))).toBe(false);
  });

  it('a proof is counted, verified by the key alone, and says what stayed hidden', async () => {
    const before = spent(at('m.tsm.budget'));
    const proved = await proving(at('m.tsm'), at('x.json'), '-o', at('p.tsp'), '--save-output', at('y.json'), '--json');
    expect(proved).toMatchObject(ok);
    const { zk, budgets } = JSON.parse(proved.stdout);
    expect(zk).toBe(true);
    expect(budgets).toEqual([
      { of: 'the private weights', budget: at('m.tsm.budget'), proofsLeft: expect.any(Number) },
    ]);
    expect(spent(at('m.tsm.budget'))).toBeGreaterThan(before);
    const accepted = await run('verify', at('p.tsp'), '--key', at('m.tsk'), '--output', at('y.json'));
    expect(accepted.stdout).toContain('the output "y" that you gave from some input "x" that the prover knows');
    expect(accepted.stdout).toContain(
      'In zero knowledge: "x", the private weights and every value in between stay hidden.',
    );
    const inspected = JSON.parse((await run('inspect', at('m.tsm'), '--json')).stdout);
    expect(inspected.budget.proofsLeft).toBe(budgets[0].proofsLeft);
    expect(inspected).toMatchObject({ weights: { committed: 0, public: 0 }, certificate: { holds: true } });
  });

  it('patterns: a private part in a public base, private before committed before public', async () => {
    const patterns = ['--weights', 'public', '--private', 'lora_*', '--committed', '*.v', 'lora_a'];
    expect(await run(...compiling, '-o', at('lora.tsm'), ...patterns)).toMatchObject(ok);
    const { weights } = JSON.parse((await run('inspect', at('lora.tsk'), '--json')).stdout);
    expect(weights).toEqual({ public: 6, committed: 4, private: 6 });
    expect(await proving(at('lora.tsm'), at('x.json'), '-o', at('l.tsp'), '--save-output', at('l.json'))).toMatchObject(
      ok,
    );
    const accepted = await run('verify', at('l.tsp'), '--key', at('lora.tsk'), '--output', at('l.json'));
    expect(accepted.stdout).toContain('with public weights');
    expect(accepted).toMatchObject(ok);
  });
});

describe('commitments', () => {
  it('commit says in how many proofs, inspect how many are left', async () => {
    const { stdout } = await run('commit', at('m.tsm'), at('x.json'), '-o', at('again'));
    expect(stdout).toContain('hidden in 66 proofs');
    expect(statSync(at('again.tso')).mode & 0o077).toBe(0);
    const opening = JSON.parse((await run('inspect', at('again.tso'), '--json')).stdout);
    expect(opening).toMatchObject({ kind: 'opening', confidential: true, budget: { records: 0, proofsLeft: 66 } });
    expect((await run('inspect', at('again.tsc'))).stdout).toContain('it fixes the values and shows none');
    expect((await run('inspect', at('again.tso.budget'))).stdout).toContain('kind: budget');
  });

  it('two proofs about one committed input, with a committed output that a third can take up', async () => {
    for (const [i, output] of [
      ['1', 'public'],
      ['2', 'private'],
    ] as const) {
      const args = [at('m.tsm'), at('x.tso'), '-o', at(`c${i}.tsp`), '--output', output, '--save-output', at('c.json')];
      expect(await proving(...args)).toMatchObject(ok);
      const said = output === 'public' ? at('c.json') : 'private';
      const verified = await run(
        'verify',
        at(`c${i}.tsp`),
        '--key',
        at('m.tsk'),
        '--input',
        at('x.tsc'),
        '--output',
        said,
      );
      expect(verified).toMatchObject(ok);
      expect(verified.stdout).toContain('the input "x" behind the commitment that you gave');
    }
    const args = [at('m.tsm'), `x=${at('x.tso')}`, '-o', at('c3.tsp'), '--output', 'committed'];
    const proved = await proving(...args, '--save-commitment', at('y'));
    expect(proved).toMatchObject(ok);
    expect(proved.stdout).toContain('65 are left');
    const statement = ['--key', at('m.tsk'), '--input', `x=${at('x.tsc')}`, '--output', `y=${at('y.tsc')}`, '--json'];
    const verified = JSON.parse((await run('verify', at('c3.tsp'), ...statement)).stdout);
    expect(verified).toMatchObject({ ok: true, zk: true, hidden: expect.arrayContaining(['"x"', '"y"']) });
    expect(spent(at('y.tso.budget'))).toBeGreaterThan(0);
  });

  it('another commitment is another statement', async () => {
    expect(await run('commit', at('m.tsk'), at('x.json'), '-o', at('twin'))).toMatchObject(ok);
    expect(await proving(at('m.tsm'), at('x.tso'), '-o', at('t.tsp'), '--output', 'private')).toMatchObject(ok);
    const statement = ['--key', at('m.tsk'), '--output', 'private', '--input', at('twin.tsc')];
    expect(await run('verify', at('t.tsp'), ...statement)).toMatchObject({ exit: EXIT.rejected });
  });
});

describe('rotation', () => {
  it('makes a new model of the same weights, with a full budget, and shows it', async () => {
    const rotated = await run('rotate', at('m.tsm'), '-o', at('n.tsm'), '--proof', at('r.tsp'));
    expect(rotated).toMatchObject(ok);
    const question = ['verify', at('r.tsp'), '--key', at('n.tsk'), '--rotated-from', at('m.tsk')];
    expect((await run(...question)).stdout).toContain('the same network with the same private weights');
    const swapped = await run('verify', at('r.tsp'), '--key', at('m.tsk'), '--rotated-from', at('n.tsk'));
    expect(swapped.exit).toBe(EXIT.rejected);
    expect(await proving(at('n.tsm'), at('x.json'), '-o', at('n.tsp'), '--save-output', at('n.json'))).toMatchObject(
      ok,
    );
    expect(await run('verify', at('n.tsp'), '--key', at('n.tsk'), '--output', at('n.json'))).toMatchObject(ok);
    expectError(await run(...question, '--output', 'private'), 'E_USAGE', EXIT.usage, '--rotated-from');
    expectError(await run('rotate', at('m.tsm'), '-o', at('n.tsm')), 'E_USAGE', EXIT.usage, 'never replaced');
  });

  it('of a model without private weights there is none', async () => {
    expect(await run(...compiling, '-o', at('plain.tsm'))).toMatchObject(ok);
    expectError(await run('rotate', at('plain.tsm'), '-o', at('plain2.tsm')), 'E_VISIBILITY', EXIT.usage);
    expect(existsSync(at('plain2.tsm'))).toBe(false);
  });
});

describe('bad budget files', () => {
  const copy = (name: string) => {
    copyFileSync(at('m.tsm'), at(name));
    copyFileSync(at('m.tsm.budget'), at(`${name}.budget`));
  };
  const attempt = (name: string) => proving(at(name), at('x.json'), '-o', at('none.tsp'));
  const cases: [string, (budget: string) => void, string][] = [
    ['missing', (budget) => rmSync(budget), 'cannot be read'],
    ['spent', exhaust, 'is spent'],
    [
      'of another model',
      (budget) => writeFileSync(budget, newJournal(new Uint8Array(32).fill(7))),
      'another commitment',
    ],
    ['cut', (budget) => writeFileSync(budget, readFileSync(budget).subarray(0, -3)), 'is cut'],
    ['changed', (budget) => writeFileSync(budget, readFileSync(budget).fill(1, 50, 51)), 'does not check'],
    ['no budget file', (budget) => writeFileSync(budget, 'nothing is spent, I promise'), 'no budget file'],
  ];

  it.each(cases)('%s: refused with exit 5 before any work, naming the file', async (name, spoil, text) => {
    const file = `${name.replaceAll(' ', '-')}.tsm`;
    copy(file);
    spoil(at(`${file}.budget`));
    const ended = await attempt(file);
    expectError(ended, 'E_BUDGET', EXIT.limit, text);
    expect(ended.stderr).toContain(`${at(file)}.budget`);
    expect(existsSync(at('none.tsp'))).toBe(false);
    const json = JSON.parse((await proving(at(file), at('x.json'), '-o', at('none.tsp'), '--json')).stdout);
    expect(json).toMatchObject({ ok: false, error: { code: 'E_BUDGET' } });
  });

  it('the last proof of a commitment is counted, the next refused', async () => {
    expect(await run('commit', at('m.tsk'), at('x.json'), '-o', at('last'))).toMatchObject(ok);
    const bytes = readFileSync(at('last.tso.budget'));
    writeFileSync(
      at('last.tso.budget'),
      Buffer.concat([bytes, encodeRecord(bytes.subarray(16, 48), newRecord(8191 - 124))]),
    );
    const args = [at('m.tsm'), at('last.tso'), '-o', at('last.tsp')];
    expect((await proving(...args)).stdout).toContain('the committed input "x" can be in 0 more proofs');
    expectError(await proving(...args), 'E_BUDGET', EXIT.limit, 'last.tso.budget');
    expect(JSON.parse((await run('inspect', at('last.tso'), '--json')).stdout).budget.proofsLeft).toBe(0);
  });

  it('what is counted is never replaced', async () => {
    expectError(
      await run(...compiling, '-o', at('m.tsm'), '--weights', 'private'),
      'E_USAGE',
      EXIT.usage,
      'm.tsm.budget',
    );
    expectError(await run('commit', at('m.tsk'), at('x.json'), '-o', at('x')), 'E_USAGE', EXIT.usage, 'never replaced');
    const args = [
      at('m.tsm'),
      at('x.json'),
      '-o',
      at('none.tsp'),
      '--output',
      'committed',
      '--save-commitment',
      at('x'),
    ];
    expectError(await proving(...args), 'E_USAGE', EXIT.usage, 'never replaced');
  });
});

describe('bad keys, openings and visibilities', () => {
  it('a key whose certificate fails, or has none: rejected, exit 3', async () => {
    const key = decodeKey(readFileSync(at('m.tsk')));
    expect(await proving(at('m.tsm'), at('x.json'), '-o', at('k.tsp'), '--output', 'private')).toMatchObject(ok);
    const { proof, ...envelope } = decodeProof(key.certificate);
    proof[200]! ^= 1;
    const cut = key.certificate.slice(0, -1);
    for (const certificate of [encodeProof({ ...envelope, proof }), cut, new Uint8Array()]) {
      writeFileSync(at('bad.tsk'), encodeKey({ ...key, certificate }));
      const verified = await run('verify', at('k.tsp'), '--key', at('bad.tsk'), '--output', 'private');
      expect(verified).toMatchObject({
        exit: EXIT.rejected,
        stdout: expect.stringContaining('REJECTED by E_CERTIFICATE'),
      });
      const inspected = JSON.parse((await run('inspect', at('bad.tsk'), '--json')).stdout);
      expect(inspected.certificate).toMatchObject({ bytes: certificate.length, holds: false });
    }
  });

  it('an opening of another shape or scale, a commitment in its place, and the other way round', async () => {
    const opening = decodeOpening(readFileSync(at('x.tso')));
    writeFileSync(at('wide.tso'), encodeOpening({ ...opening, shape: [3, 1] }));
    writeFileSync(at('fine.tsc'), encodeCommitment({ ...opening, scale: opening.scale + 1 }));
    const args = ['-o', at('none.tsp')];
    expectError(await proving(at('m.tsm'), at('wide.tso'), ...args), 'E_COMMITMENT', EXIT.failure, 'wide.tso');
    expectError(await proving(at('m.tsm'), at('x.tsc'), ...args), 'E_FILE', EXIT.failure, 'x.tsc');
    const verifying = ['verify', at('p.tsp'), '--key', at('m.tsk'), '--output', 'private', '--input'];
    expectError(await run(...verifying, at('fine.tsc')), 'E_COMMITMENT', EXIT.failure, 'fine.tsc');
    expectError(await run(...verifying, at('x.tso')), 'E_INPUT', EXIT.failure, 'Verify with the commitment');
  });

  it('an opening of other data', async () => {
    const opening = decodeOpening(readFileSync(at('x.tso')));
    const values = Int32Array.from(opening.values);
    values[0]! += 1;
    writeFileSync(at('other.tso'), encodeOpening({ ...opening, values }));
    copyFileSync(at('x.tso.budget'), at('other.tso.budget'));
    const before = spent(at('other.tso.budget'));
    const refused = await proving(at('m.tsm'), at('other.tso'), '-o', at('none.tsp'));
    expectError(refused, 'E_COMMITMENT', EXIT.failure, 'other.tso');
    expect(spent(at('other.tso.budget'))).toBe(before);
    expect(existsSync(at('none.tsp'))).toBe(false);
  });

  it.each([
    ['plain proofs of private weights', ['--no-zk']],
    ['plain proofs of committed outputs', ['--no-zk', '--output', 'committed', '--save-commitment', at('zzz')]],
  ])('%s: E_VISIBILITY, exit 2', async (_, options) => {
    const name = options.includes('--output') ? at('open2.tsm') : at('m.tsm');
    if (name === at('open2.tsm')) expect(await run(...compiling, '-o', name)).toMatchObject(ok);
    expectError(await proving(name, at('x.json'), '-o', at('none.tsp'), ...options), 'E_VISIBILITY', EXIT.usage);
  });

  it.each([
    [
      'a committed output that nobody keeps',
      ['prove', at('m.tsm'), at('x.json'), '-o', at('q'), '--output', 'committed'],
      'E_USAGE',
    ],
    [
      'a commitment that there is not',
      ['prove', at('m.tsm'), at('x.json'), '-o', at('q'), '--save-commitment', at('q2')],
      'E_USAGE',
    ],
    [
      'one pattern, two visibilities',
      [...compiling, '-o', at('q'), '--private', 'lora_a', '--public', 'lora_a'],
      'E_USAGE',
    ],
    ['a budget of nothing', [...compiling, '-o', at('q'), '--proof-budget', '10'], 'E_USAGE'],
    ['a pattern of no initializer', [...compiling, '-o', at('q'), '--private', 'none*'], 'E_VISIBILITY'],
  ] as const)('%s', async (_, args, code) => {
    expectError(await run(...args), code, EXIT.usage);
  });

  it('an output that nothing is said of, or two things', async () => {
    const verifying = ['verify', at('p.tsp'), '--key', at('m.tsk')];
    expectError(await run(...verifying), 'E_USAGE', EXIT.usage, '--output');
    expectError(
      await run(...verifying, '--output', at('y.json'), 'y=private'),
      'E_INPUT',
      EXIT.failure,
      'private, and given',
    );
  });
});

it('no command leaves temporary files', () => {
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
