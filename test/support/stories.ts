/** False stories about the tiny network, each of which ends in some wrong cell: what malicious provers are made to believe. */
import type { IntArray, TensorId } from '../../src/circuit/types.ts';
import { inversePowerOfTwo, P } from '../../src/field/m31.ts';
import type { ModelFile } from '../../src/files/model.ts';
import { type Story, tell } from './lies.ts';
import type { Tiny } from './tiny.ts';

interface Told {
  readonly model: ModelFile;
  readonly network: Tiny;
  readonly idOf: (name: string) => TensorId;
}

/** Changes one cell of one tensor when it is computed. */
export function cell(tensor: TensorId, at: number, change: (v: number) => number): Story {
  return {
    cells: (id, values) => {
      if (id === tensor) values[id]![at] = change(values[id]![at]!);
    },
  };
}

/** Both at once: the cells of each, then the ends of each. */
export function both(a: Story, b: Story): Story {
  return {
    cells: (id, values) => {
      a.cells?.(id, values);
      b.cells?.(id, values);
    },
    end: (values) => {
      a.end?.(values);
      b.end?.(values);
    },
  };
}

/** The honest values of all tensors. */
export function honestValues({ model, network }: Told): IntArray[] {
  const values: number[][] = [];
  tell(model, [network.input], {
    end: (all) => {
      values.push(...all.map((cells) => [...cells]));
    },
  });
  return values.map((cells) => Int32Array.from(cells));
}

/** By name: what is false. Every one of them is met by the lookups. */
export function storiesOf(told: Told): Readonly<Record<string, Story>> {
  const { idOf } = told;
  const honest = honestValues(told);
  // for a lie that would otherwise have no table row to go on from
  const keep = (name: string, at: number) => cell(idOf(name), at, () => honest[idOf(name)]![at]!);
  const end = (change: (values: number[][]) => void): Story => ({ end: change });
  const relu = idOf('relu.multiplicity');
  const limb = idOf('range [0, 7].multiplicity');
  return {
    'a wrong activation': cell(idOf('y1'), 7, (v) => (v === 3 ? 4 : 3)),
    'a wrong remainder within its range': both(
      cell(idOf('y1.bits0'), 0, (v) => v ^ 1),
      keep('y1', 0),
    ),
    'a remainder out of range, made good in the quotient': cell(idOf('y1.bits0'), 5, (v) => v - 8),
    'a remainder that is a fraction in the field': both(
      cell(idOf('y1.bits0'), 0, (v) => (v + inversePowerOfTwo(1)) % P),
      keep('y1', 0),
    ),
    'a value in no row of its table': cell(idOf('y2'), 3, () => 60),
    'a value in a row of another table': both(
      cell(idOf('y2.bits0'), 3, (v) => 4 + (v % 4)),
      both(
        keep('y2', 3),
        end((values) => {
          values[limb]![4]! += 1;
        }),
      ),
    ),
    'a wrong multiplicity': end((values) => {
      values[relu]![200]! += 1;
    }),
    'a multiplicity moved to another row': end((values) => {
      values[limb]![2]! -= 1;
      values[limb]![3]! += 1;
    }),
    'a private input outside its range': cell(idOf('x'), 11, () => 100),
  };
}
