/** What the circuit spends on each node: committed cells, lookups and multiply-adds, as shares of the network's. */
import type { NodeCost } from '../measure/types.ts';
import type { Drawing } from './drawing.ts';
import { countText, shortNames } from './text.ts';

const QUANTITIES = ['cells', 'lookups', 'multiplyAdds'] as const;
const TITLES = { cells: 'committed cells', lookups: 'lookups', multiplyAdds: 'multiply-adds' } as const;

/** Nodes shown; the others are summed. */
const MOST_NODES = 24;
const ROW = 18;

export function layersPlot({ Plot, svg }: Drawing, nodes: readonly NodeCost[]): string {
  const shown = withRest(nodes);
  const total = (quantity: (typeof QUANTITIES)[number]) => nodes.reduce((n, node) => n + node[quantity], 0);
  const names = shortNames(
    shown.map(({ node }) => node),
    34,
  );
  const rows = QUANTITIES.flatMap((quantity) =>
    shown.map((node) => ({
      node: node.node,
      quantity: `${TITLES[quantity]}, of ${countText(total(quantity))}`,
      share: (100 * node[quantity]) / Math.max(1, total(quantity)),
      text: `${node.node}: ${countText(node[quantity])} ${TITLES[quantity]}`,
    })),
  );
  return svg('Committed cells, lookups and multiply-adds of every node.', {
    height: ROW * shown.length + 80,
    marginLeft: 230,
    marginRight: 24,
    marginTop: 34,
    marginBottom: 38,
    fx: { label: null, domain: [...new Set(rows.map((row) => row.quantity))], padding: 0.08 },
    x: { label: 'share of the network, %', labelAnchor: 'center', labelArrow: 'none', ticks: 4 },
    y: { label: null, domain: shown.map(({ node }) => node), tickFormat: (n: string) => names.get(n)!, tickSize: 0 },
    marks: [
      Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1 }),
      Plot.barX(rows, {
        x: 'share',
        y: 'node',
        fx: 'quantity',
        fill: 'var(--stage-run)',
        title: 'text',
        insetTop: 1,
        insetBottom: 1,
      }),
      Plot.ruleX([0]),
    ],
  });
}

/** In the order of the circuit, the costly ones; the others as one row at the end. */
function withRest(nodes: readonly NodeCost[]): NodeCost[] {
  if (nodes.length <= MOST_NODES) return [...nodes];
  const largest = QUANTITIES.map((quantity) => Math.max(1, ...nodes.map((node) => node[quantity])));
  const weight = (node: NodeCost) => Math.max(...QUANTITIES.map((quantity, i) => node[quantity] / largest[i]!));
  const kept = new Set(nodes.toSorted((a, b) => weight(b) - weight(a)).slice(0, MOST_NODES));
  const rest = nodes.filter((node) => !kept.has(node));
  const sum = (quantity: (typeof QUANTITIES)[number]) => rest.reduce((n, node) => n + node[quantity], 0);
  const other = {
    node: `${rest.length} other nodes`,
    cells: sum('cells'),
    lookups: sum('lookups'),
    multiplyAdds: sum('multiplyAdds'),
  };
  return [...nodes.filter((node) => kept.has(node)), other];
}
