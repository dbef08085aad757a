/** What tasks leave each other in their folder. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Sample } from '../../src/quantize/float-model.ts';

export interface Files {
  readonly model: Uint8Array;
  readonly key: Uint8Array;
}

export function writeCompiled(folder: string, { model, key }: Files, input: Sample): void {
  writeFileSync(join(folder, 'model.tsm'), model);
  writeFileSync(join(folder, 'model.tsk'), key);
  writeFileSync(join(folder, 'input.v8'), serialize(input));
}

export function readFiles(folder: string): Files {
  return { model: readFileSync(join(folder, 'model.tsm')), key: readFileSync(join(folder, 'model.tsk')) };
}

export function readInput(folder: string): Sample {
  return deserialize(readFileSync(join(folder, 'input.v8'))) as Sample;
}
