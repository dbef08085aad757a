/** Files of a gzipped tar archive by name: as much of the format as archives of small files need (ustar, GNU long names). */
import { gunzipSync } from 'node:zlib';

const BLOCK = 512;

export function readTarGz(bytes: Uint8Array): Map<string, Uint8Array> {
  const tar = gunzipSync(bytes);
  const files = new Map<string, Uint8Array>();
  const text = (from: number, length: number): string => {
    const field = tar.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  let longName = '';
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || '0', 8);
    const type = text(at + 156, 1);
    const prefix = text(at + 345, 155);
    const name = longName || (prefix ? `${prefix}/${text(at, 100)}` : text(at, 100));
    const data = tar.subarray(at + BLOCK, at + BLOCK + size);
    longName = type === 'L' ? new TextDecoder().decode(data.subarray(0, data.indexOf(0))) : '';
    if (type === '0' || type === '') files.set(name, data);
    at += BLOCK + BLOCK * Math.ceil(size / BLOCK);
  }
  return files;
}
