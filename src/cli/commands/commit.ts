/** tessera commit: commit to inputs before any proof, so that several proofs can speak of the same hidden values. */

import type { Command } from 'commander';
import { TesseraError } from '../../errors.ts';
import { fileKind } from '../../files/container.ts';
import { decodeKey, encodeKey } from '../../files/key.ts';
import { keyOf } from '../../files/model.ts';
import type { MachineOptions } from '../../node.ts';
import {
  action,
  type Call,
  command,
  type ImageOptions,
  machineOf,
  normalisation,
  type Program,
  withImages,
  withMachine,
} from '../command.ts';
import { readSources, valuesIn } from '../input.ts';
import type { Outcome } from '../output.ts';
import { inFile, readWhole } from '../read.ts';
import { baseNames, commitmentFiles, commitmentPaths, commitmentText, STANDALONE_PROOFS } from '../tensors.ts';
import { checkAbsent, checkTargets, writeFiles } from '../write.ts';

const examples = [
  'tessera commit model.tsk patient.json -o patient',
  'tessera commit model.tsm ids=ids.npy mask=mask.npy -o document',
];

interface CommitOptions extends ImageOptions, MachineOptions {
  readonly out: string;
}

export function commitCommand(program: Program): Command {
  const target = command('commit', 'Commit to inputs, for proofs that shall be about the same hidden values.', examples)
    .argument('<model>', 'key or model file, .tsk or .tsm: for the shapes and scales of its inputs')
    .argument('<input...>', 'FILE or NAME=FILE: .json, .npy, .bin, .png, .jpg')
    .requiredOption(
      '-o, --out <prefix>',
      'writes PREFIX.tsc, PREFIX.tso, PREFIX.tso.budget; PREFIX.NAME.* of several inputs',
    );
  return withMachine(withImages(target)).action(action(program, commit));
}

async function commit([path, sources]: readonly unknown[], { host, options }: Call<CommitOptions>): Promise<Outcome> {
  const file = String(path);
  const bytes = await readWhole(file);
  const key = await inFile(file, () => (fileKind(bytes) === 'model' ? keyOf(bytes) : decodeKey(bytes)));
  const ports = key.circuit.inputs;
  const bases = baseNames(
    options.out,
    ports.map((port) => port.name),
  );
  const pixels = normalisation(options);
  const values = await readSources(sources as string[], ports, (source) => valuesIn(source, ports, pixels));
  if (values.size === 0) throw new TesseraError('E_INPUT', 'No values are given.', { where: String(sources) });
  const given = [...values.keys()].map((name) => ({ name, base: bases.get(name)! }));
  const targets = given.flatMap(({ base }) => Object.values(commitmentPaths(base)));
  await checkTargets(Object.fromEntries(targets.map((target) => [target, target])), [file, ...(sources as string[])]);
  await checkAbsent(targets);

  const committed = await host.verbs.commit(encodeKey(key), Object.fromEntries(values), machineOf(options));
  await writeFiles(given.flatMap(({ name, base }) => commitmentFiles(base, committed[name]!)));
  const written = given.map(({ name, base }) => [name, { ...commitmentPaths(base), proofs: STANDALONE_PROOFS }]);
  return {
    result: { commitments: Object.fromEntries(written) },
    human: [
      ...given.map(({ name, base }) => commitmentText(name, base, 0)),
      `hidden in ${STANDALONE_PROOFS} proofs, then commit anew`,
    ].join('\n'),
  };
}
