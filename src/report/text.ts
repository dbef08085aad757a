/** Numbers and names as a report writes them. */

export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (c) => entities[c]!);
}

/** 47 ms, 1.3 s, 210 s. */
export function timeText(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toPrecision(2)} ms`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** 350 B, 112 kB, 1.2 MB, 0.21 GB where it is memory: decimal units. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const unit = Math.min(3, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1000 ** unit;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${['B', 'kB', 'MB', 'GB'][unit]}`;
}

/** 93 k, 15.2 M. */
export function countText(count: number): string {
  if (count < 1000) return String(count);
  const unit = Math.min(3, Math.floor(Math.log10(count) / 3));
  const scaled = count / 1000 ** unit;
  return `${scaled.toFixed(scaled < 100 ? 1 : 0).replace(/\.0$/, '')} ${['', 'k', 'M', 'G'][unit]}`;
}

/** Names without the path that all with a path begin with, and at most `most` characters, the end kept. */
export function shortNames(names: readonly string[], most: number): Map<string, string> {
  const paths = names.filter((name) => name.includes('/'));
  const shared = paths.length < 2 ? '' : paths.reduce(sharedPrefix);
  const path = shared.slice(0, shared.lastIndexOf('/') + 1);
  return new Map(names.map((name) => [name, ending(name.startsWith(path) ? name.slice(path.length) : name, most)]));
}

function sharedPrefix(a: string, b: string): string {
  let i = 0;
  while (i < Math.min(a.length, b.length) && a[i] === b[i]) i += 1;
  return a.slice(0, i);
}

function ending(name: string, most: number): string {
  return name.length <= most ? name : `…${name.slice(1 - most)}`;
}
