/** What the files of a compiled network say about it. */
import type { Cost } from '../circuit/cost.ts';
import type { CompileReport } from '../compile.ts';
import { decodeModel } from '../files/model.ts';
import { nodeCosts } from './nodes.ts';
import type { NodeCost } from './types.ts';

export interface ModelSizes {
  readonly cost: Cost;
  readonly nodes: readonly NodeCost[];
  readonly keyBytes: number;
  readonly modelBytes: number;
}

/** @throws TesseraError E_FILE, E_VERSION */
export function sizesOf({ model, key }: { readonly model: Uint8Array; readonly key: Uint8Array }): ModelSizes {
  const { circuit, report } = decodeModel(model);
  const { cost, accuracy } = JSON.parse(report) as CompileReport;
  const values = new Set(accuracy.values.map((value) => value.name));
  return { cost, nodes: nodeCosts(circuit, values), keyBytes: key.length, modelBytes: model.length };
}
