/** Every message and challenge of the protocol, by name. The index is what is hashed: append only, never reorder. */
export const LABELS = [
  'statement',
  'model root',
  'witness root',
  'lookup grinding',
  'lookup challenge',
  'tree root',
  'tree lambda',
  'tree round',
  'tree values',
  'tree child',
  'leaf value',
  'zero point',
  'linear value',
  'stage batch',
  'stage round',
  'stage values',
  'opening batch',
  'opening round',
  'slab values',
  'eta grinding',
  'eta',
  'level root',
  'level grinding',
  'level positions',
  'level columns',
  'level batch',
  'level round',
  'last vector',
  'mask root',
  'pad root',
  'inverse',
  'factor',
  'mask value',
  'gate batch',
  'gate values',
  'opened value',
  'pad batch',
  'pad product',
  'pad fold',
  'pad vector',
  'pad positions',
  'pad columns',
] as const;

export type Label = (typeof LABELS)[number];

const IDS: ReadonlyMap<string, number> = new Map(LABELS.map((label, i) => [label, i]));

export function labelId(label: Label): number {
  return IDS.get(label)!;
}
