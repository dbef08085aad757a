/**
 * The table of supported operators in README.md, from src/ops/index.ts. Writes it; with --check only compares, exit 1 on a difference.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { operators } from '../src/ops/index.ts';

const BEGIN = '<!-- operators: node scripts/operators-table.ts -->\n';
const END = '<!-- /operators -->';

const readme = new URL('../README.md', import.meta.url);
const before = readFileSync(readme, 'utf8');
const from = before.indexOf(BEGIN) + BEGIN.length;
const after = before.slice(0, from) + table() + before.slice(before.indexOf(END, from));

if (after !== before && process.argv.includes('--check')) {
  process.stderr.write(
    'The table of operators in README.md is not that of src/ops: run node scripts/operators-table.ts\n',
  );
  process.exitCode = 1;
} else if (after !== before) {
  writeFileSync(readme, after);
}

/** One row an operator: the ONNX ops that it covers, their meaning on integers. */
function table(): string {
  const rows = operators.map(({ ops, meaning }) => `| ${ops.join(', ')} | ${meaning} |\n`);
  return `| ONNX | on integers |\n|---|---|\n${rows.join('')}`;
}
