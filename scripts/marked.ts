/** Parts of README.md that are made from elsewhere: between a line `<!-- NAME: COMMAND -->` and a line `<!-- /NAME -->`. */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

export interface Part {
  readonly name: string;
  /** What makes it, as the opening line says. */
  readonly command: string;
  readonly contents: string;
}

/** Puts a part into a file; with --check only compares, exit 1 on a difference. @throws Error where the file has no such part */
export function fillPart(file: URL | string, { name, command, contents }: Part): void {
  const before = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- ${name}: ${command} -->\n`, `<!-- /${name} -->`];
  const from = before.indexOf(begin) + begin.length;
  const to = before.indexOf(end, from);
  if (from < begin.length || to < 0) throw new Error(`${file} has no part ${begin.trim()} .. ${end}`);
  const after = before.slice(0, from) + contents + before.slice(to);
  if (after === before) return;
  if (!process.argv.includes('--check')) {
    writeFileSync(file, after);
    return;
  }
  process.stderr.write(`The part "${name}" of README.md is not what ${command} makes: run it.\n`);
  process.exitCode = 1;
}
