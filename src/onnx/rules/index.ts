/**
 * Every operator that the importer knows, by its ONNX name. A new one is one row in its family's file and one in normal.ts.
 */
import type { Rule } from '../rule.ts';
import { controlRules } from './control.ts';
import { elementwiseRules } from './elementwise.ts';
import { layoutRules } from './layout.ts';
import { matrixRules } from './matrix.ts';
import { normRules } from './norm.ts';
import { reduceRules } from './reduce.ts';
import { resizeRules } from './resize.ts';
import { sourceRules } from './source.ts';
import { windowRules } from './window.ts';

export const rules: ReadonlyMap<string, Rule> = new Map(
  Object.entries({
    ...controlRules,
    ...elementwiseRules,
    ...layoutRules,
    ...matrixRules,
    ...normRules,
    ...reduceRules,
    ...resizeRules,
    ...sourceRules,
    ...windowRules,
  }),
);
