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
  | 'E_VISIBILITY'
  | 'E_COMMITMENT'
  | 'E_CERTIFICATE'
  | 'E_BUDGET'
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

  /** The message as people read it. */
  get sentence(): string {
    return asSentence(this.message);
  }

  /** `CODE: where: Sentence. hint` on one line. */
  override toString(): string {
    const where = this.where === undefined ? '' : `${this.where}: `;
    const hint = this.hint === undefined ? '' : ` ${this.hint}`;
    return `${this.code}: ${where}${this.sentence}${hint}`;
  }
}

/** With a capital and a full stop, where it has none. A name keeps its case: `bits = 3 is ..`, `mode=cubic ..`. */
export function asSentence(text: string): string {
  const capital = /^[a-z]+[ ,](?!=)/.test(text) ? text[0]!.toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
