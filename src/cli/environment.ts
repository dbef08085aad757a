/** Where and when something was measured. */
import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import process from 'node:process';
import type { Environment } from '../measure/types.ts';

export function environment(version: string): Environment {
  const commit = commitOf(new URL('.', import.meta.url));
  return {
    date: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
    version,
    ...(commit && { commit }),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
  };
}

/** Most resident memory of this process so far, bytes. */
export function processPeak(): number {
  return 1024 * process.resourceUsage().maxRSS;
}

/** Milliseconds of processor time used so far, all cores together: by this process, and by all others. */
export function processorTime(): { readonly own: number; readonly others: number } {
  const all = cpus().reduce((n, { times }) => n + times.user + times.nice + times.sys + times.irq, 0);
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1000;
  return { own, others: all - own };
}

/** The commit of these sources, "+" where they have changed since; undefined where they are a package. */
function commitOf(folder: URL): string | undefined {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const tracked = git('ls-files', '.') !== '';
    return tracked
      ? `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain', '../') === '' ? '' : '+'}`
      : undefined;
  } catch {
    return undefined;
  }
}
