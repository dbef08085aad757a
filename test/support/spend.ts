/**
 * A process of its own that spends from a budget file: node spend.ts JOURNAL LIMIT POSITIONS TIMES. It says that it is there, waits until its input
 * ends, spends one after the other, and says how often it could.
 */

import { readFileSync } from 'node:fs';
import { TesseraError } from '../../src/errors.ts';
import { fileBudget } from '../../src/node.ts';

const [path, ...numbers] = process.argv.slice(2) as [string, ...string[]];
const [limit, positions, times] = numbers.map(Number) as [number, number, number];
const root = new Uint8Array(readFileSync(path).subarray(16, 48));
const budget = fileBudget(() => path);

process.stdout.write('ready\n');
for await (const _ of process.stdin);
let spent = 0;
for (let i = 0; i < times; i++) {
  try {
    await budget.spend({ root, positions, limit, what: { kind: 'weights' } });
    spent += 1;
  } catch (error) {
    if (!(error instanceof TesseraError) || error.code !== 'E_BUDGET') throw error;
  }
}
process.stdout.write(`${spent}\n`);
