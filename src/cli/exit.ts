/** Exit codes, as the guide lists them. */
import type { ErrorCode } from '../errors.ts';

export const EXIT = { ok: 0, failure: 1, usage: 2, rejected: 3, unsupported: 4, limit: 5 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const codes: Partial<Record<ErrorCode, ExitCode>> = {
  E_USAGE: EXIT.usage,
  E_VISIBILITY: EXIT.usage,
  E_CERTIFICATE: EXIT.rejected,
  E_UNSUPPORTED_OP: EXIT.unsupported,
  E_UNSUPPORTED_ATTRIBUTE: EXIT.unsupported,
  E_LIMIT: EXIT.limit,
  E_MEMORY: EXIT.limit,
  E_BUDGET: EXIT.limit,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return codes[code] ?? EXIT.failure;
}
