/**
 * Whole files or none. Before the work: can the files be written, and do they leave the inputs alone? After it: all are written beside
 * their targets under other names, then renamed, so that an interrupted command leaves no half file.
 */
import { randomUUID } from 'node:crypto';
import { constants, realpathSync } from 'node:fs';
import { access, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TesseraError } from '../errors.ts';
import { fileError } from './read.ts';

const OWNER_ONLY = 0o600;

export interface Target {
  readonly path: string;
  readonly contents: Uint8Array | string;
  /** For the owner's eyes: it holds a secret. */
  readonly confidential?: boolean;
}

/**
 * Refuses what would fail, or destroy an input, after the work is done.
 * @param outputs paths by the option that names them; undefined where the option is absent
 * @throws TesseraError E_USAGE where two outputs, or an output and an input, are one file; E_FILE where one cannot be written
 */
export async function checkTargets(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly string[],
): Promise<void> {
  const taken = new Map(inputs.map((path) => [identity(path), 'an input']));
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    await checkWritable(path);
    if (await isSpecial(path)) continue;
    const other = taken.get(identity(path));
    if (other !== undefined) {
      throw new TesseraError('E_USAGE', `${option} is the same file as ${other}.`, {
        where: path,
        hint: 'Give it another name.',
      });
    }
    taken.set(identity(path), option);
  }
}

/**
 * Refuses to replace what cannot be made again: budget files, and what they count for.
 * @throws TesseraError E_USAGE where one of these files is there
 */
export async function checkAbsent(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if ((await stat(path).catch(() => undefined)) === undefined) continue;
    throw new TesseraError(
      'E_USAGE',
      'The file is there already, and is never replaced: a counter that is lost cannot be made again.',
      {
        where: path,
        hint: 'Choose another name, or remove what it counts for together with it.',
      },
    );
  }
}

/** @throws TesseraError E_FILE, after the temporary files are gone. */
export async function writeFiles(targets: readonly Target[]): Promise<void> {
  const written: { temporary: string; path: string }[] = [];
  try {
    for (const { path, contents, confidential = false } of targets) {
      const mode = confidential ? OWNER_ONLY : undefined;
      if (await isSpecial(path)) {
        await naming(path, writeFile(path, contents));
        continue;
      }
      const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
      written.push({ temporary, path });
      await naming(path, writeFile(temporary, contents, mode === undefined ? {} : { mode }));
    }
    for (const { temporary, path } of written) await naming(path, rename(temporary, path));
  } finally {
    for (const { temporary } of written) await rm(temporary, { force: true });
  }
}

async function checkWritable(path: string): Promise<void> {
  const found = path === '' ? undefined : await stat(path).catch(() => undefined);
  if (path === '' || found?.isDirectory()) throw fileError(path, { code: path === '' ? 'ENOENT' : 'EISDIR' });
  const folder = dirname(path);
  await naming(folder, access(folder, constants.W_OK));
}

/** A device or pipe: it is written to, never replaced. */
async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile();
}

/** One name for one file, whatever links lead there. */
function identity(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

async function naming<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw fileError(path, cause);
  }
}
