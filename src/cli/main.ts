#!/usr/bin/env node
/** The `tessera` command. Ctrl-C ends it at once: files appear whole or not at all (write.ts), so nothing needs tidying up. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { libraryVerbs } from './library.ts';
import { runProgram } from './program.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await runProgram(process.argv.slice(2), {
  verbs: libraryVerbs,
  stdout: process.stdout,
  stderr: process.stderr,
  version,
});
