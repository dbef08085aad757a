#!/usr/bin/env node
/** The `tessera` command. Ctrl-C ends it at once: files appear whole or not at all (write.ts), so nothing needs tidying up. */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { EXIT } from './exit.ts';
import { libraryVerbs } from './library.ts';
import { runProgram } from './program.ts';
import { fileError } from './read.ts';

const { version, engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
  engines: { node: string };
};

// A reader that has seen enough (`| head`) is no failure, and changes no exit code; a full disk is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`${fileError('stdout', error)}\n`);
  process.exit(EXIT.failure);
});
process.stderr.on('error', () => {}); // there is nobody to tell

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const [neededMajor = 0, neededMinor = 0] = engines.node.replace('>=', '').split('.').map(Number);
if (major < neededMajor || (major === neededMajor && minor < neededMinor)) {
  process.stderr.write(`E_USAGE: Node ${process.versions.node} is too old: ${engines.node} is needed.\n`);
  process.exit(EXIT.usage);
}

process.exitCode = await runProgram(process.argv.slice(2), {
  verbs: libraryVerbs,
  stdout: process.stdout,
  stderr: process.stderr,
  version,
});
