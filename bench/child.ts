/** One task in a process of its own: the task comes as JSON on the command line, the result goes to the parent. */
import process from 'node:process';
import { asTesseraError } from '../src/cli/output.ts';
import { doTask, type Results, type Task } from './tasks.ts';

export type Answer =
  | { readonly ok: true; readonly result: Results[Task['kind']] }
  | { readonly ok: false; readonly error: string };

const answer: Answer = await doTask(JSON.parse(process.argv[2]!) as Task).then(
  (result) => ({ ok: true, result }),
  (error) => ({ ok: false, error: String(asTesseraError(error)) }),
);
process.send!(answer, undefined, undefined, () => process.disconnect());
