/**
 * Operators that are evaluated at import when all their inputs are known.
 */
import { arithmetic } from './arithmetic.ts';
import type { Evaluator } from './evaluator.ts';
import { layout } from './layout.ts';

export const evaluators: ReadonlyMap<string, Evaluator> = new Map(Object.entries({ ...arithmetic, ...layout }));
