/**
 * The table of supported operators in README.md, from src/ops/index.ts. Writes it; with --check only compares, exit 1 on a difference.
 */
import { operators } from '../src/ops/index.ts';
import { fillPart } from './marked.ts';

fillPart(new URL('../README.md', import.meta.url), {
  name: 'operators',
  command: 'node scripts/operators-table.ts',
  contents: table(),
});

/** One row an operator: the ONNX ops that it covers, their meaning on integers. */
function table(): string {
  const rows = operators.map(({ ops, meaning }) => `| ${ops.join(', ')} | ${meaning} |\n`);
  return `| ONNX | on integers |\n|---|---|\n${rows.join('')}`;
}
