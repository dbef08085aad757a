/** Wrong proofs made from right ones, on the bytes of the transcript, sealed again so that no envelope stops them. */
import { decodeProof, encodeProof, type ProofFile } from '../../src/files/proof.ts';
import type { Kind } from '../../src/transcript/transcript.ts';
import type { Verdict } from '../../src/verify.ts';

/** Where one message lies in the transcript's bytes. */
export interface Message {
  readonly label: string;
  readonly kind: Kind;
  readonly start: number;
  readonly length: number;
}

/** The messages of an accepted proof, in order, without the statement, which is not in it. */
export function messagesOf(verdict: Verdict): Message[] {
  if (!verdict.ok) throw new Error(`the honest proof is rejected by ${verdict.check}`);
  const messages: Message[] = [];
  let start = 0;
  for (const { label, kind, length } of verdict.steps) {
    if (kind === 'challenge' || label === 'statement') continue;
    messages.push({ label, kind, start, length });
    start += length;
  }
  return messages;
}

export function reseal(sealed: Uint8Array, change: (proof: Uint8Array) => Uint8Array): Uint8Array {
  const file: ProofFile = decodeProof(sealed);
  return encodeProof({ ...file, proof: change(file.proof.slice()) });
}

/** One bit of one byte, another bit for each byte. */
export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at]! ^= 1 << (at % 8);
  return copy;
}

export function splice(bytes: Uint8Array, start: number, removed: number, ...inserted: Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    [bytes.subarray(0, start), ...inserted, bytes.subarray(start + removed)].flatMap((b) => [...b]),
  );
}

/** How often each check fired, by what was done: the numbers that a frozen histogram keeps. */
export class Histogram {
  readonly counts: Record<string, Record<string, number>> = {};

  add(what: string, check: string): void {
    this.counts[what] ??= {};
    const row = this.counts[what];
    row[check] = (row[check] ?? 0) + 1;
  }

  /** JSON with sorted keys. */
  toString(): string {
    const sorted = <T>(record: Record<string, T>) =>
      Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
    const rows = Object.entries(this.counts).map(([what, row]) => [what, sorted(row)] as const);
    return `${JSON.stringify(sorted(Object.fromEntries(rows)), null, 2)}\n`;
  }
}
