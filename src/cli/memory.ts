/**
 * Resident memory over time. The thread that proves does not come back until it is done, so another one samples: only while a proof is
 * watched, never while one is timed.
 */
import { Worker } from 'node:worker_threads';
import type { Watch } from '../measure/proofs.ts';

/** Milliseconds between two samples, 30 microseconds of work each. */
const INTERVAL = 5;

const SAMPLER = `
const { parentPort, workerData } = require('node:worker_threads');
const samples = [];
const sample = () => samples.push([performance.timeOrigin + performance.now(), process.memoryUsage.rss()]);
sample();
const timer = setInterval(sample, workerData);
parentPort.once('message', () => { clearInterval(timer); sample(); parentPort.postMessage(samples); });
parentPort.postMessage('ready');
`;

export async function watchMemory(): Promise<Watch> {
  const worker = new Worker(SAMPLER, { eval: true, workerData: INTERVAL, execArgv: [] });
  await answer(worker);
  return {
    async stop() {
      worker.postMessage('stop');
      const samples = (await answer(worker)) as [number, number][];
      await worker.terminate();
      return samples;
    },
  };
}

function answer(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
}
