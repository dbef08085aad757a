/**
 * The intervals that lookups force on committed cells, whatever the prover commits.
 *
 * A column in a lookup holds values of the table's column. A column x in zero(k + sum c_i t_i), with c_x = 1 or -1 and all other t_i
 * bounded already, is congruent to an integer S in a known interval; where |S| < 2^30 it is that integer (limbs: x = sum 2^(16 i) l_i).
 */
import { columnRange } from './infer.ts';
import { addRange, isBelow, joinRange, MAGNITUDE, meetRange, scaleRange } from './interval.ts';
import type { Circuit, Definition, Range, TensorId } from './types.ts';

/**
 * The interval of every tensor in a lookup. Where the lookup falls away with a public input, the port's range takes its place.
 */
export function lookupRanges(circuit: Circuit): ReadonlyMap<TensorId, Range> {
  const ranges = new Map<TensorId, Range>();
  const ofColumns = circuit.tables.map(({ columns, rows }) => columns.map((c) => columnRange(c, rows)));
  for (const { table, tensors, input } of circuit.lookups) {
    tensors.forEach((id, i) => {
      const column = ofColumns[table]![i]!;
      meetAt(ranges, id, input === undefined ? column : joinRange(column, circuit.inputs[input]!.range));
    });
  }
  return ranges;
}

/** The interval of every tensor that a lookup bounds, or a zero with tensors that are bounded: no column may be without. */
export function pinnedRanges(circuit: Circuit): ReadonlyMap<TensorId, Range> {
  const pinned = new Map(lookupRanges(circuit));
  for (const zero of circuit.zeros) {
    const { def } = circuit.tensors[zero]!;
    if (def.kind !== 'linear' || def.shift !== 0) continue;
    for (const [id, range] of forcedByZero(circuit, def, pinned)) meetAt(pinned, id, range);
  }
  return pinned;
}

function meetAt(ranges: Map<TensorId, Range>, id: TensorId, range: Range): void {
  ranges.set(id, meetRange(ranges.get(id) ?? range, range));
}

function isCommitted(def: Definition): boolean {
  return def.kind === 'input' || def.kind === 'witness';
}

/** What constant + sum coefficient * tensor = 0 says about each of its columns. */
function forcedByZero(
  circuit: Circuit,
  { terms, constant }: Extract<Definition, { kind: 'linear' }>,
  pinned: ReadonlyMap<TensorId, Range>,
): (readonly [TensorId, Range])[] {
  const open = terms.filter((t) => !pinned.has(t.tensor));
  if (open.length > 1) return [];
  const bounds = terms.map((t) => scaleRange(pinned.get(t.tensor) ?? { lo: 0, hi: 0 }, t.coefficient));
  const sum = bounds.reduce(addRange, { lo: constant, hi: constant });
  return terms.flatMap((t, i) => {
    if (Math.abs(t.coefficient) !== 1 || !isCommitted(circuit.tensors[t.tensor]!.def)) return [];
    if (open.length === 1 && open[0] !== t) return [];
    const rest = { lo: sum.lo - bounds[i]!.lo, hi: sum.hi - bounds[i]!.hi };
    return isBelow(rest, MAGNITUDE) ? [[t.tensor, scaleRange(rest, -t.coefficient)] as const] : [];
  });
}
