/** One task in a process of its own: the task comes as JSON on the command line, the result goes to the parent. */
import process from 'node:process';
import { asTesseraError } from '../src/cli/output.ts';
import type { Results, Task } from './tasks/types.ts';

export type Answer =
  | { readonly ok: true; readonly result: Results[Task['kind']] }
  | { readonly ok: false; readonly error: string };

const answer: Answer = await work(JSON.parse(process.argv[2]!) as Task).then(
  (result) => ({ ok: true, result }),
  (error) => ({ ok: false, error: String(asTesseraError(error)) }),
);
process.send!(answer, undefined, undefined, () => process.disconnect());

/** Only what a task needs is loaded: with ONNX Runtime and the importer a proof's process had 172 MB, without 139 (fashion-cnn, 2026-11-25). */
async function work(task: Task): Promise<Results[Task['kind']]> {
  switch (task.kind) {
    case 'compile':
      return (await import('./tasks/compile.ts')).task(task);
    case 'prove':
      return (await import('./tasks/prove.ts')).task(task);
    case 'float':
      return (await import('./tasks/float.ts')).task(task);
    case 'accuracy':
      return (await import('./tasks/accuracy.ts')).task(task);
  }
}
