/**
 * Every error a caller can meet: a stable code, one plain sentence, where it happened, what to do about it.
 */
export type ErrorCode =
  | 'E_ONNX_READ'
  | 'E_ONNX_GRAPH'
  | 'E_UNSUPPORTED_OP'
  | 'E_UNSUPPORTED_ATTRIBUTE'
  | 'E_EXTERNAL_DATA'
  | 'E_LIMIT'
  | 'E_SHAPE'
  | 'E_DTYPE'
  | 'E_INPUT'
  | 'E_NAN'
  | 'E_RANGE'
  | 'E_QUANTIZE'
  | 'E_CIRCUIT'
  | 'E_FILE'
  | 'E_VERSION'
  | 'E_SOUNDNESS'
  | 'E_PROVE'
  | 'E_MEMORY'
  | 'E_ABORTED'
  | 'E_USAGE';

export class TesseraError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, sentence: string, detail: { where?: string; hint?: string; cause?: unknown } = {}) {
    super(sentence, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'TesseraError';
    this.code = code;
    this.where = detail.where;
    this.hint = detail.hint;
  }

  /** `CODE: where: sentence. hint` on one line; the sentence gets its full stop here if it has none. */
  override toString(): string {
    const where = this.where === undefined ? '' : `${this.where}: `;
    const hint = this.hint === undefined ? '' : ` ${this.hint}`;
    const stop = /[.!?]$/.test(this.message) ? '' : '.';
    return `${this.code}: ${where}${this.message}${stop}${hint}`;
  }
}
