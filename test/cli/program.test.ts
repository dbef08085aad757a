import { execFileSync } from 'node:child_process';
import { constants, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit.ts';
import type { ProveOptions, Statement } from '../../src/cli/verbs.ts';
import { type ErrorCode, TesseraError } from '../../src/errors.ts';
import type { TensorValues } from '../../src/values.ts';
import { keyBytes, modelBytes, outputs, temporaryFolder, tessera } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder, name);

beforeAll(() => {
  writeFileSync(at('m.tsm'), modelBytes);
  writeFileSync(at('m.tsk'), keyBytes);
  writeFileSync(at('p.tsp'), Uint8Array.of(1));
  writeFileSync(at('m.onnx'), Uint8Array.of(2));
  writeFileSync(at('in.json'), '{"image": [[[[1, 2], [3, 4]]]], "bias": [0.5, -1]}');
  writeFileSync(at('kept.tso.budget'), 'counted');
  writeFileSync(at('y.json'), '{"y": [[0.5, -0.25]]}');
});

const prove = async () => ({ proof: Uint8Array.of(7, 7), outputs, commitments: {}, stages: { commit: 3 } });
/** Of proofs that open nothing which outlives them. */
const counters = async () => [];

describe('usage', () => {
  it('help shows examples first', async () => {
    const { exit, stdout } = await tessera(['--help']);
    expect(exit).toBe(EXIT.ok);
    expect(stdout.startsWith('Examples:\n  tessera check')).toBe(true);
    for (const name of [
      'check',
      'compile',
      'run',
      'commit',
      'prove',
      'verify',
      'rotate',
      'inspect',
      'bench',
      'doctor',
    ]) {
      const help = await tessera([name, '--help']);
      expect(help.exit).toBe(EXIT.ok);
      expect(help.stdout.startsWith(`Examples:\n  tessera ${name}`)).toBe(true);
    }
  });

  it('version', async () => {
    expect(await tessera(['--version'])).toEqual({ exit: EXIT.ok, stdout: '1.2.3\n', stderr: '' });
  });

  it.each([
    ['no command', []],
    ['an unknown command', ['bake']],
    ['an unknown option', ['doctor', '--fast']],
    ['a missing argument', ['inspect']],
    ['a bad number', ['run', 'm.tsm', 'in.json', '--threads', 'many']],
    ['a bad visibility', ['prove', 'm.tsm', 'in.json', '-o', 'p', '--no-zk', '--input', 'secret']],
  ])('%s: exit 2, one line on stderr that begins with E_USAGE', async (_, args) => {
    const { exit, stdout, stderr } = await tessera(args);
    expect(exit).toBe(EXIT.usage);
    expect(stdout).toBe('');
    expect(stderr).toContain('E_USAGE: ');
  });

  it('help and version are one object with --json', async () => {
    expect(JSON.parse((await tessera(['--version', '--json'])).stdout)).toEqual({
      schema: 1,
      ok: true,
      text: '1.2.3\n',
    });
    const { stdout } = await tessera(['prove', '--help', '--json']);
    expect(JSON.parse(stdout).text).toContain('--no-zk');
  });

  it.each([
    ['threads', ['run', 'm.tsm', 'in.json', '--threads', '0']],
    ['threads in another notation', ['run', 'm.tsm', 'in.json', '--threads', '1e1']],
    ['more memory than pointers reach', ['run', 'm.tsm', 'in.json', '--memory', '5']],
    ['no memory', ['run', 'm.tsm', 'in.json', '--memory', '0']],
    ['bits', ['compile', 'm.onnx', '-o', 'o.tsm', '--bits', '15']],
    ['no mean', ['run', 'm.tsm', 'in.json', '--mean', '']],
    ['a gap in a mean', ['run', 'm.tsm', 'in.json', '--mean', '0,,0']],
    ['a division by zero', ['run', 'm.tsm', 'in.json', '--std', '1,0']],
    ['a range that is none', ['compile', 'm.onnx', '-o', 'o.tsm', '--input-range', '1,0']],
    ['a shape without a name', ['check', 'm.onnx', '--shape', '1,3']],
    ['a shape without sizes', ['check', 'm.onnx', '--shape', 'x=']],
  ])('%s: exit 2, and the hint is the help of the command', async (_, args) => {
    const { exit, stderr } = await tessera(args);
    expect(exit).toBe(EXIT.usage);
    expect(stderr).toMatch(new RegExp(`^E_USAGE: .*See tessera ${args[0]} --help\\.\\n$`));
  });

  it('usage errors are one object with --json', async () => {
    const { exit, stdout, stderr } = await tessera(['bake', '--json']);
    expect(exit).toBe(EXIT.usage);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, ok: false, error: { code: 'E_USAGE' } });
    expect(stderr).toBe('');
  });
});

describe('errors', () => {
  it.each([
    ['E_UNSUPPORTED_OP', EXIT.unsupported],
    ['E_LIMIT', EXIT.limit],
    ['E_MEMORY', EXIT.limit],
    ['E_BUDGET', EXIT.limit],
    ['E_VISIBILITY', EXIT.usage],
    ['E_COMMITMENT', EXIT.failure],
    ['E_RANGE', EXIT.failure],
  ] as const)('%s ends with exit code %i', async (code, exit) => {
    const run = async () => {
      throw new TesseraError(code, 'It went wrong.', { where: 'node "Conv_3"', hint: 'Try less.' });
    };
    const human = await tessera(['run', at('m.tsm'), at('in.json')], { run });
    expect(human).toEqual({ exit, stdout: '', stderr: `${code}: node "Conv_3": It went wrong. Try less.\n` });
    const json = await tessera(['run', at('m.tsm'), at('in.json'), '--json'], { run });
    expect(JSON.parse(json.stdout).error).toEqual({
      code,
      message: 'It went wrong.',
      where: 'node "Conv_3"',
      hint: 'Try less.',
    });
  });

  it('a file that is not there', async () => {
    const { exit, stderr } = await tessera(['inspect', at('none.tsk')]);
    expect(exit).toBe(EXIT.failure);
    expect(stderr).toBe(`E_FILE: ${at('none.tsk')}: There is no such file or folder.\n`);
  });

  it('a key where a model is expected', async () => {
    const { stderr } = await tessera(['run', at('in.json'), at('in.json')]);
    expect(stderr).toContain('This is no Tessera file.');
  });
});

describe('check and compile', () => {
  const report = (supported: boolean) => ({
    supported,
    inputs: [{ name: 'x', shape: [2], dtype: 'float' as const }],
    outputs: [],
    parameters: 12,
    operators: [{ op: 'Conv', count: 3, supported, note: 'a sum' }],
  });

  it('check: a table, and exit 4 where something is missing', async () => {
    const yes = await tessera(['check', at('m.onnx')], { check: async () => report(true) });
    expect(yes.stdout).toBe(
      'op    count  supported  note\nConv  3      yes        a sum\nEvery operator is supported.\n',
    );
    expect(yes.exit).toBe(EXIT.ok);
    const no = await tessera(['check', at('m.onnx'), '--json'], { check: async () => report(false) });
    expect(JSON.parse(no.stdout)).toMatchObject({ schema: 1, ok: false, supported: false });
    expect(no.exit).toBe(EXIT.unsupported);
  });

  it('compile writes model and key, and passes what was given', async () => {
    writeFileSync(at('samples.json'), '[[1, 2], {"x": [3, 4]}]');
    writeFileSync(at('labels.json'), '[0, 1]');
    let given: unknown;
    const compile = async (_: Uint8Array, options: object) => {
      given = options;
      return {
        model: modelBytes,
        key: keyBytes,
        journal: undefined,
        report: { accuracy: { float: 0.91, integer: 0.9 } },
      };
    };
    const args = ['compile', at('m.onnx'), '-o', at('out.tsm'), '--samples', at('samples.json')];
    const more = ['--labels', at('labels.json'), '--bits', '10'];
    const { exit, stdout } = await tessera([...args, ...more], { compile, check: async () => report(true) });
    expect(exit).toBe(EXIT.ok);
    expect(stdout).toContain('accuracy\n  float: 0.91\n  integer: 0.9');
    expect(given).toMatchObject({
      samples: [{ x: Float32Array.of(1, 2) }, { x: Float32Array.of(3, 4) }],
      labels: [0, 1],
      bits: 10,
    });
    expect(new Uint8Array(readFileSync(at('out.tsm')))).toEqual(modelBytes);
    expect(new Uint8Array(readFileSync(at('out.tsk')))).toEqual(keyBytes);
  });

  it('shapes and a range reach the library', async () => {
    let given: unknown;
    const compile = async (_: Uint8Array, options: object) => {
      given = options;
      return { model: modelBytes, key: keyBytes, journal: undefined, report: {} };
    };
    const args = ['compile', at('m.onnx'), '-o', at('r.tsm'), '--input-range', '-1,1'];
    await tessera([...args, '--shape', 'a=b=1,3', '--shape', 'y=2', '--headroom', '0'], { compile });
    expect(given).toMatchObject({ inputRange: { min: -1, max: 1 }, shapes: { 'a=b': [1, 3], y: [2] }, headroom: 0 });
  });

  it('compile refuses labels without their samples', async () => {
    const { exit } = await tessera(['compile', at('m.onnx'), '-o', at('o.tsm'), '--labels', at('labels.json')]);
    expect(exit).toBe(EXIT.usage);
  });
});

describe('run, prove, verify', () => {
  it('run prints outputs and writes them', async () => {
    let given: TensorValues = {};
    const run = async (_: Uint8Array, inputs: TensorValues) => {
      given = inputs;
      return { outputs };
    };
    const { stdout } = await tessera(['run', at('m.tsm'), at('in.json'), '-o', at('out.json')], { run });
    expect(stdout).toBe('y [1, 2]  0.5 -0.25, largest at 0\n');
    expect(given).toEqual({ image: Float32Array.of(1, 2, 3, 4), bias: Float32Array.of(0.5, -1) });
    const written = JSON.parse(readFileSync(at('out.json'), 'utf8'));
    expect(written.outputs.y).toEqual({ shape: [1, 2], integers: [8, -4], values: [0.5, -0.25] });
  });

  it('prove hides unless told otherwise, and then says that it does not', async () => {
    const asked: boolean[] = [];
    const spy = async (_: Uint8Array, __: object, { zk }: ProveOptions) => {
      asked.push(zk);
      return prove();
    };
    const args = ['prove', at('m.tsm'), at('in.json'), '-o', at('zk.tsp')];
    const hiding = await tessera(args, { prove: spy, counters });
    expect(hiding.stdout).toContain('in zero knowledge');
    expect(hiding.stderr).not.toContain('hides nothing');
    const plain = await tessera([...args, '--no-zk'], { prove: spy, counters });
    expect(plain.stdout).not.toContain('in zero knowledge');
    expect(plain.stderr).toContain('note: This proof hides nothing: ');
    expect(asked).toEqual([true, false]);
  });

  it('prove writes the proof; verify reads what it wrote as the statement', async () => {
    let asked: ProveOptions | undefined;
    const spy = async (_: Uint8Array, __: object, options: ProveOptions) => {
      asked = options;
      return prove();
    };
    const args = ['prove', at('m.tsm'), at('in.json'), '-o', at('q.tsp'), '--no-zk', '--tag', 'étude'];
    const proved = await tessera([...args, '--save-output', at('q.json'), '--json'], { prove: spy, counters });
    expect(proved.exit).toBe(EXIT.ok);
    expect(JSON.parse(proved.stdout)).toMatchObject({ schema: 1, ok: true, proofBytes: 2, stages: { commit: 3 } });
    expect(asked).toMatchObject({ zk: false, input: 'private', tag: new TextEncoder().encode('étude') });
    expect(new Uint8Array(readFileSync(at('q.tsp')))).toEqual(Uint8Array.of(7, 7));

    let stated: Statement | undefined;
    const verify = async (_: Uint8Array, statement: Statement) => {
      stated = statement;
      return { ok: true, bits: 100.5, zk: false } as const;
    };
    const verifyArgs = ['verify', at('q.tsp'), '--key', at('m.tsk'), '--output', at('q.json'), '--tag', 'étude'];
    const verified = await tessera(verifyArgs, { verify });
    expect(verified.exit).toBe(EXIT.ok);
    expect(verified.stdout).toBe(
      'ACCEPTED: The network "pictures" of this key computes the output "y" that you gave from some input "image" that the ' +
        'prover knows and some input "bias" that the prover knows, for the purpose "étude". (100 bits)\n' +
        'Not in zero knowledge: the proof may tell about everything that it was made from.\n',
    );
    expect(stated!.outputs).toEqual({ y: Int32Array.of(8, -4) });
    expect(stated!.inputs).toEqual({});
    expect(stated!.tag).toEqual(new TextEncoder().encode('étude'));
  });

  it('a rejected proof: exit 3, and the check that rejects it', async () => {
    const verify = async () => ({ ok: false, check: 'lookup.root', where: 'Conv_3', sentence: 'No.' }) as const;
    const args = ['verify', at('p.tsp'), '--key', at('m.tsk'), '--output', at('y.json'), '--input', at('in.json')];
    const human = await tessera(args, { verify });
    expect(human).toEqual({ exit: EXIT.rejected, stdout: 'REJECTED by lookup.root at Conv_3: No.\n', stderr: '' });
    const json = await tessera([...args, '--json'], { verify });
    expect(JSON.parse(json.stdout)).toEqual({
      schema: 1,
      ok: false,
      check: 'lookup.root',
      where: 'Conv_3',
      sentence: 'No.',
    });
  });

  it('verify demands the outputs', async () => {
    expect((await tessera(['verify', at('p.tsp'), '--key', at('m.tsk')])).exit).toBe(EXIT.usage);
  });
});

describe('targets are checked before the work', () => {
  const proving = ['prove', at('m.tsm'), at('in.json'), '--no-zk'];
  const committing = [...proving.slice(0, 3), '-o', at('new.tsp'), '--output', 'committed', '--save-commitment'];
  const cases: [string, string[], ErrorCode][] = [
    ['a folder that is not there', [...proving, '-o', at('none/p.tsp')], 'E_FILE'],
    ['a folder', [...proving, '-o', folder], 'E_FILE'],
    ['no name', [...proving, '-o', ''], 'E_FILE'],
    ['an input', [...proving, '-o', at('in.json')], 'E_USAGE'],
    ['the model, written otherwise', [...proving, '-o', `${folder}/./m.tsm`], 'E_USAGE'],
    ['one file for two', [...proving, '-o', at('new.tsp'), '--save-output', at('new.tsp')], 'E_USAGE'],
    ['the second target', [...proving, '-o', at('new.tsp'), '--save-output', at('none/y.json')], 'E_FILE'],
    ['the place of a commitment', [...committing, at('none/y')], 'E_FILE'],
    ['a budget file that is there', [...committing, at('kept')], 'E_USAGE'],
    ['the ONNX file', ['compile', at('m.onnx'), '-o', at('m.onnx')], 'E_USAGE'],
    ['one file for model and key', ['compile', at('m.onnx'), '-o', at('n.tsm'), '--key', at('n.tsm')], 'E_USAGE'],
    ['the input of a run', ['run', at('m.tsm'), at('in.json'), '-o', at('in.json')], 'E_USAGE'],
  ];

  it.each(cases)('%s', async (_, args, code) => {
    const before = readdirSync(folder);
    const { stdout } = await tessera([...args, '--json']); // a verb that is called fails the test with another code
    expect(JSON.parse(stdout).error.code).toBe(code);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('what is not a file is written to, never replaced', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    // a reader that waits for nobody: where nothing is written the test fails, it does not hang
    const reader = await open(at('pipe'), constants.O_RDONLY | constants.O_NONBLOCK);
    const { exit } = await tessera([...proving, '-o', at('pipe')], { prove, counters });
    expect(exit).toBe(EXIT.ok);
    const { bytesRead, buffer } = await reader.read(new Uint8Array(8), 0, 8);
    await reader.close();
    expect(buffer.subarray(0, bytesRead)).toEqual(Uint8Array.of(7, 7));
    expect(statSync(at('pipe')).isFIFO()).toBe(true);
  });
});

describe('inspect and doctor', () => {
  it('inspect prints a tree', async () => {
    const inspect = async () => ({ kind: 'key', inputs: [{ name: 'x', shape: [1, 2] }], parameters: { rate: 0.5 } });
    const { stdout } = await tessera(['inspect', at('m.tsk')], { inspect });
    expect(stdout).toBe('kind: key\ninputs\n  name  shape\n  x     [1, 2]\nparameters\n  rate: 0.5\n');
  });

  it('doctor knows this machine', async () => {
    const { exit, stdout } = await tessera(['doctor', '--json']);
    expect(exit).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 1, ok: true, tessera: '1.2.3', simd: true });
  });
});

it('no command leaves temporary files', () => {
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
