/**
 * Files that a command line names, whole. Every problem with one names it: a file system's error by the path that it was given, a
 * decoder's by the path before the place in the file.
 */
import { readFile } from 'node:fs/promises';
import { TesseraError } from '../errors.ts';

const sentences: Readonly<Record<string, string>> = {
  ENOENT: 'There is no such file or folder.',
  ENOTDIR: 'A part of the path is no folder.',
  EISDIR: 'This is a folder, a file is expected.',
  EACCES: 'Permission is denied.',
  EPERM: 'Permission is denied.',
  EROFS: 'The file system is read-only.',
  ENOSPC: 'The disk is full.',
  ELOOP: 'The symbolic links go in circles.',
  ENAMETOOLONG: 'The name is too long.',
  ERR_INVALID_ARG_VALUE: 'This is no path.',
};

/** @throws TesseraError E_FILE, E_LIMIT above 2 GB */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** What the file system said about `path`. */
export function fileError(path: string, cause: unknown): TesseraError {
  const code = String((cause as { code?: unknown }).code);
  const where = path === '' ? '""' : path;
  if (code === 'ERR_FS_FILE_TOO_LARGE') {
    return new TesseraError('E_LIMIT', 'The file is larger than 2 GB.', { where, cause });
  }
  return new TesseraError('E_FILE', sentences[code] ?? String((cause as Error).message), { where, cause });
}

/** Runs `read` on what the file at `path` holds. @throws TesseraError what it throws, with the path in `where` */
export async function inFile<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof TesseraError)) throw error;
    const { code, message, hint, where, cause } = error;
    const namesFile = code === 'E_BUDGET' || where === path || where?.startsWith(`${path}, `);
    if (namesFile) throw error;
    const detail = { where: where === undefined ? path : `${path}, ${where}`, cause };
    throw new TesseraError(code, message, hint === undefined ? detail : { ...detail, hint });
  }
}
