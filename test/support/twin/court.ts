/** The verifier and its twin, asked the same: what one says, the other must say. */
import { expect } from 'vitest';
import { acceptKey as acceptTheirs, verify, verifyRotation } from '../../../src/verify.ts';
import type { Given } from './ports.ts';
import { type Claimed as Asked, acceptKey, twin, twinRotation } from './twin.ts';

export interface Claimed {
  readonly key: Uint8Array;
  readonly inputs: Given;
  readonly outputs: Given;
  readonly tag: Uint8Array;
}

export interface Case {
  readonly proof: Uint8Array;
  readonly claimed: Claimed;
}

/** A key that both have accepted: a certificate is checked once. */
interface Keys {
  readonly theirs: ReturnType<typeof acceptTheirs>;
  readonly ours: Exclude<Asked['key'], Uint8Array>;
}

export class Twins {
  /** Every word that both have said. */
  readonly said = new Set<string>();
  readonly #accepted = new Map<Uint8Array, Keys>();

  /** Both have to accept the key, and need not look at it again. */
  accept(key: Uint8Array): void {
    this.#accepted.set(key, { theirs: acceptTheirs(key), ours: acceptKey(key) });
  }

  /** What both say: `accepted`, or the name of the check. */
  verdictOn({ proof, claimed }: Case): string {
    const keys = this.#accepted.get(claimed.key) ?? { theirs: claimed.key, ours: claimed.key };
    const theirs = verify(proof, { ...claimed, key: keys.theirs } as Parameters<typeof verify>[1]);
    const ours = twin(proof, { ...claimed, key: keys.ours });
    expect(ours).toEqual(theirs.ok ? { ok: true, bits: theirs.bits } : { ok: false, check: theirs.check });
    return this.#say(theirs.ok ? 'accepted' : theirs.check);
  }

  verdictOnRotation(rotation: Uint8Array, keys: { readonly from: Uint8Array; readonly to: Uint8Array }): string {
    const theirs = verifyRotation(rotation, keys);
    const ours = twinRotation(rotation, keys);
    expect(ours).toMatchObject(theirs.ok ? { ok: true } : { ok: false, check: theirs.check });
    return this.#say(theirs.ok ? 'accepted' : theirs.check);
  }

  #say(word: string): string {
    this.said.add(word);
    return word;
  }
}

/** Checks of docs/spec/10-statement.md whose number is one of these, by name. */
export function checksOf(statementPage: string, numbers: RegExp): string[] {
  const rows = [...statementPage.matchAll(/^\| ([A-Z]\d+) \|.*\| `([a-z.]+)` \|$/gm)];
  return [...new Set(rows.flatMap(([, number, name]) => (numbers.test(number!) ? [name!] : [])))].sort();
}
