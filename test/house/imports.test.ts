/**
 * The rooms of src/ and who may import whom. Imports point one way: a room sees only rooms listed for it here, so the
 * arrows of the data's way can be read off the table. Type imports count too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../src');

const foundations = ['errors', 'progress', 'bytes', 'field', 'circuit'];
const protocol = [...foundations, 'kernels', 'transcript', 'soundness'];
const argument = [...protocol, 'commit', 'argue'];
const compiler = [...foundations, 'kernels', 'ops', 'onnx', 'quantize'];
/** What both sides of a proof derive, and what checks one. */
const verifying = [...argument, 'files', 'proof'];
const proving = [...verifying, 'prover'];
const verbs = ['values', 'check', 'compile', 'run', 'prove', 'rotate', 'verify', 'inspect'];

/** Room (a folder or a file of src/) -> the rooms it may import. Its own files are always allowed. */
const mayImport: Record<string, readonly string[]> = {
  errors: [],
  progress: ['errors'],
  bytes: ['errors'],
  field: ['errors'],
  circuit: ['errors', 'bytes', 'field', 'kernels'],
  kernels: ['errors', 'bytes', 'field'],
  transcript: ['errors', 'bytes', 'field', 'circuit', 'kernels'],
  soundness: ['errors', 'bytes', 'field', 'circuit'],
  commit: protocol,
  argue: [...protocol, 'commit'],
  onnx: ['errors', 'progress', 'bytes'],
  ops: ['errors', 'field', 'circuit', 'onnx'],
  quantize: [...foundations, 'kernels', 'ops', 'onnx'],
  files: ['errors', 'bytes', 'circuit', 'soundness'],
  check: [...compiler],
  values: foundations,
  proof: [...argument, 'files'],
  prover: [...verifying, 'run', 'values'],
  compile: [...argument, ...compiler, 'files', 'run', 'prover', 'values'],
  run: [...foundations, 'kernels', 'files', 'values'],
  prove: [...proving, 'progress', 'values'],
  rotate: proving,
  verify: [...verifying, 'values'],
  inspect: [...verifying, 'values'],
  measure: [...proving, ...compiler, ...verbs],
  report: ['errors', 'measure'],
  index: [...proving, ...compiler, ...verbs],
  node: [...proving, ...compiler, ...verbs, 'index'],
  browser: [...proving, ...compiler, ...verbs, 'index'],
  cli: [...proving, ...compiler, ...verbs, 'measure', 'report', 'index', 'node'],
};

const importPattern = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\bnew URL\(\s*)'([^']+)'/g;

interface Source {
  /** Path below src/, with forward slashes. */
  readonly path: string;
  readonly room: string;
  readonly code: string;
  readonly imports: readonly string[];
}

function readSource(file: string): Source {
  const path = relative(root, file).replaceAll('\\', '/');
  const code = withoutComments(readFileSync(file, 'utf8'));
  const imports = [...code.matchAll(importPattern)].map((match) => match[1]!);
  return { path, room: roomOf(path), code, imports };
}

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

function roomOf(path: string): string {
  return path.split('/')[0]!.replace(/\.ts$/, '');
}

/** The file below src/ that a relative import names. */
function target(source: Source, specifier: string): string {
  return join(dirname(source.path), specifier).replaceAll('\\', '/');
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('kernels/assembly'))
  .map((name) => readSource(join(root, name)));

/** Every file that `start` reaches by imports that exist at run time. */
function reachable(start: string): Source[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const found = new Set<Source>();
  const pending = [start];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const source = byPath.get(path);
    if (source === undefined || found.has(source)) continue;
    found.add(source);
    const typeless = source.code.replace(/\b(?:import|export)\s+type\b[^;]*;/g, '');
    for (const match of typeless.matchAll(importPattern)) {
      if (match[1]!.startsWith('.')) pending.push(target(source, match[1]!));
    }
  }
  return [...found];
}

describe('imports', () => {
  it.each(sources.map((source) => [source.path, source] as const))('%s sees only its rooms', (_, source) => {
    const allowed = mayImport[source.room];
    expect(allowed, `src/${source.room} is not in the table of rooms`).toBeDefined();
    const inside = source.imports.filter((s) => s.startsWith('.')).map((s) => target(source, s));
    const seen = inside.filter((path) => !path.startsWith('..')).map(roomOf);
    expect(seen.filter((room) => room !== source.room && !allowed!.includes(room))).toEqual([]);
  });

  it('only node.ts and cli/ import node:*', () => {
    const others = sources.filter((source) => source.room !== 'node' && source.room !== 'cli');
    expect(others.filter((s) => s.imports.some((i) => i.startsWith('node:'))).map((s) => s.path)).toEqual([]);
  });

  it('an operator imports no other operator', () => {
    const operators = sources.filter((s) => s.room === 'ops' && /^export const \w+: Operator\b/m.test(s.code));
    const paths = new Set(operators.map((s) => s.path));
    const bad = operators.filter((s) => s.path !== 'ops/index.ts' && s.imports.some((i) => paths.has(target(s, i))));
    expect(bad.map((s) => s.path)).toEqual([]);
  });

  it('verify reaches no compiler, no workers', () => {
    const rooms = ['onnx', 'ops', 'quantize', 'compile', 'rotate', 'run', 'prover', 'prove', 'node', 'cli'];
    const reached = reachable('verify.ts');
    expect(reached.filter((s) => rooms.includes(s.room)).map((s) => s.path)).toEqual([]);
    expect(reached.filter((s) => /\bWorker\b/.test(s.code)).map((s) => s.path)).toEqual([]);
  });
});

describe('the house', () => {
  it('only bytes/ touches DataView', () => {
    expect(sources.filter((s) => s.room !== 'bytes' && /\bDataView\b/.test(s.code)).map((s) => s.path)).toEqual([]);
  });

  it('only node.ts and cli/ know of a process', () => {
    const others = sources.filter((s) => s.room !== 'node' && s.room !== 'cli');
    expect(others.filter((s) => /\bprocess\s*\./.test(s.code)).map((s) => s.path)).toEqual([]);
  });

  it('only cli/ writes to the console', () => {
    expect(sources.filter((s) => s.room !== 'cli' && /\bconsole\s*\./.test(s.code)).map((s) => s.path)).toEqual([]);
  });
});
