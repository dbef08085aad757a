/** tessera rotate: a new root of a model's private weights, for when the budget of the old one is spent. */

import type { Command } from 'commander';
import { keyOf } from '../../files/model.ts';
import type { MachineOptions } from '../../node.ts';
import { action, type Call, command, machineOf, type Program, withMachine } from '../command.ts';
import { bytesText, type Outcome } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { budgetBeside } from '../tensors.ts';
import { checkAbsent, checkTargets, writeFiles } from '../write.ts';
import { keyBeside, modelNotes } from './compile.ts';

const examples = [
  'tessera rotate model.tsm -o model-2.tsm --proof rotation.tsp',
  'tessera verify rotation.tsp --key model-2.tsk --rotated-from model.tsk',
];

interface RotateOptions extends MachineOptions {
  readonly out: string;
  readonly key?: string;
  readonly proof?: string;
}

export function rotateCommand(program: Program): Command {
  const target = command(
    'rotate',
    'Hide the private weights of a model anew, and prove that they are the same.',
    examples,
  )
    .argument('<model>', 'model file, .tsm, with its budget file beside it')
    .requiredOption('-o, --out <file>', 'new model to write, .tsm; its budget file comes beside it')
    .option('--key <file>', 'new key to write (default: beside the new model, .tsk)')
    .option('--proof <file>', 'proof of the rotation (default: beside the new model, .rotation.tsp)');
  return withMachine(target).action(action(program, rotate));
}

async function rotate([path]: readonly unknown[], { host, options }: Call<RotateOptions>): Promise<Outcome> {
  const file = String(path);
  const out = options.out;
  const key = options.key ?? keyBeside(out);
  const proof = options.proof ?? `${out.replace(/\.tsm$/, '')}.rotation.tsp`;
  const budget = budgetBeside(out);
  await checkTargets({ '--out': out, '--key': key, '--proof': proof, 'the budget file': budget }, [
    file,
    budgetBeside(file),
  ]);
  await checkAbsent([out, key, proof, budget]);
  const model = await readWhole(file);
  await inFile(file, () => keyOf(model));
  const rotated = await inFile(file, () =>
    host.verbs.rotate(model, { ...machineOf(options), journalPath: () => budgetBeside(file) }),
  );
  await writeFiles([
    { path: budget, contents: rotated.journal },
    { path: out, contents: rotated.model, confidential: true },
    { path: key, contents: rotated.key },
    { path: proof, contents: rotated.rotation },
  ]);
  const sizes = { modelBytes: rotated.model.length, keyBytes: rotated.key.length, proofBytes: rotated.rotation.length };
  return {
    result: { model: out, key, budget, proof, ...sizes },
    human: [
      `model    ${out}  ${bytesText(sizes.modelBytes)}`,
      `key      ${key}  ${bytesText(sizes.keyBytes)}`,
      `rotation ${proof}  ${bytesText(sizes.proofBytes)}`,
      ...modelNotes(out),
      'Whoever trusts the old key checks the rotation with `tessera verify --rotated-from` and uses the new one.',
    ].join('\n'),
  };
}
