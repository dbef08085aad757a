/** What README.md and docs/guide show is true: the examples run, the commands work, every code has a paragraph, links lead somewhere. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tessera-docs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', ...readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`)];

/** The fenced blocks of a language, one after the other. */
function blocks(page: string, language: string): string {
  return [...read(page).matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map((m) => m[1]).join('');
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What a program of the documentation prints, with the sources as the package. */
function runExample(page: string): string {
  const source = (name: string) => JSON.stringify(new URL(`../src/${name}.ts`, import.meta.url).href);
  const program = blocks(page, 'ts')
    .replaceAll("'tessera'", source('index'))
    .replaceAll("'tessera/node'", source('node'))
    .replaceAll("'tessera/verify'", source('verify'));
  const file = join(folder, `${page.replace(/\W/g, '-')}.mts`);
  writeFileSync(file, program);
  return run(process.execPath, [file]);
}

describe('examples', () => {
  it('of README.md', () => {
    expect(runExample('README.md')).toMatch(/^accepted: -?\d/);
  });

  it('of docs/guide/library.md', () => {
    const said = runExample('docs/guide/library.md');
    expect(said).toMatch(/^true\naccepted with 100\.\d+ bits\nanother picture: rejected by /m);
    expect(said).toContain('hidden input and weights: accepted, in zero knowledge\nrotated: true');
    expect(said).toContain('true E_INPUT: input: ');
  });

  it('the commands of README.md', () => {
    const tessera = `tessera() { ${JSON.stringify(process.execPath)} src/cli/main.ts "$@" 2>&1; }`;
    const commands = blocks('README.md', 'sh')
      .replace(/^tessera\(\).*$/m, tessera)
      .replaceAll('build', folder);
    const said = run('bash', ['-euc', commands]);
    expect(said.match(/^ACCEPTED/gm)).toHaveLength(3);
    expect(said).toContain('In zero knowledge: "input", the private weights and every value in between stay hidden.');
    expect(said).toContain('the same network with the same private weights');
    expect(said).toContain('kind: key');
  }, 180_000); // thirteen processes: 25 to 32 s where three others want each core (2026-11-25)
});

describe('pages', () => {
  it('the table of operators is that of src/ops', () => {
    run(process.execPath, ['scripts/operators-table.ts', '--check']);
  });

  it('every error code has a paragraph, and no other has', () => {
    const declared = [...read('src/errors.ts').matchAll(/\| '(E_\w+)'/g)].map((m) => m[1]);
    const explained = [...read('docs/guide/troubleshooting.md').matchAll(/^### (E_\w+)$/gm)].map((m) => m[1]);
    expect(explained.toSorted()).toEqual(declared.toSorted());
  });

  it.each(pages)('the links of %s lead somewhere', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((m) => m[1]!);
    expect(targets.filter((target) => !existsSync(join(root, dirname(page), target)))).toEqual([]);
  });

  it('every command is in docs/guide/cli.md', () => {
    const commands = readdirSync(join(root, 'src/cli/commands')).map((name) => name.replace('.ts', ''));
    const page = read('docs/guide/cli.md');
    expect(commands.filter((name) => !new RegExp(`^ {4}tessera ${name}\\b`, 'm').test(page))).toEqual([]);
  });
});
