/**
 * What the circuit spends on each node: committed cells, lookups and multiply-adds, as shares of the network's. Few nodes are rows with
 * their names; many are columns in the order of the circuit, a profile of the network's depth.
 */
import type { NodeCost } from '../measure/types.ts';
import type { Drawing, PlotOptions } from './drawing.ts';
import { countText, shortNames } from './text.ts';

const QUANTITIES = ['cells', 'lookups', 'multiplyAdds'] as const;
const TITLES = { cells: 'committed cells', lookups: 'lookups', multiplyAdds: 'multiply-adds' } as const;

type Quantity = (typeof QUANTITIES)[number];

/** More rows than this are no longer read. */
const MOST_ROWS = 26;
const ROW = 18;

export function layersPlot(drawing: Drawing, nodes: readonly NodeCost[]): string {
  const options = nodes.length > MOST_ROWS ? columnsOf(drawing, nodes) : rowsOf(drawing, nodes);
  return drawing.svg('Committed cells, lookups and multiply-adds of every node.', options);
}

function rowsOf({ Plot }: Drawing, nodes: readonly NodeCost[]): PlotOptions {
  const names = shortNames(
    nodes.map(({ node }) => node),
    34,
  );
  return {
    height: ROW * nodes.length + 80,
    marginLeft: 230,
    marginRight: 24,
    marginTop: 34,
    marginBottom: 38,
    fx: { label: null, domain: QUANTITIES.map((quantity) => titleOf(nodes, quantity)), padding: 0.08 },
    x: { label: 'share of the network, %', labelAnchor: 'center', labelArrow: 'none', ticks: 4 },
    y: { label: null, domain: nodes.map(({ node }) => node), tickFormat: (n: string) => names.get(n)!, tickSize: 0 },
    marks: [
      Plot.gridX({ stroke: 'var(--grid)', strokeOpacity: 1 }),
      Plot.barX(sharesOf(nodes), {
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
  };
}

function columnsOf({ Plot }: Drawing, nodes: readonly NodeCost[]): PlotOptions {
  const shares = sharesOf(nodes);
  const titles = QUANTITIES.map((quantity) => titleOf(nodes, quantity));
  return {
    height: 340,
    marginLeft: 50,
    marginRight: 24,
    marginTop: 12,
    marginBottom: 34,
    fy: { label: null, axis: null, domain: titles, padding: 0.2 },
    x: {
      type: 'band',
      label: `${nodes.length} nodes in the order of the circuit`,
      labelAnchor: 'center',
      labelArrow: 'none',
      domain: nodes.map(({ node }) => node),
      ticks: [],
      padding: 0.15,
    },
    y: { label: '%', labelArrow: 'none', ticks: 3 },
    marks: [
      Plot.gridY({ stroke: 'var(--grid)', strokeOpacity: 1, ticks: 3 }),
      Plot.barY(shares, { x: 'node', y: 'share', fy: 'quantity', fill: 'var(--stage-run)', title: 'text' }),
      Plot.ruleY([0]),
      Plot.text(titles, { fy: (title) => title, text: (title) => title, frameAnchor: 'top-right', dy: -2 }),
    ],
  };
}

function sharesOf(nodes: readonly NodeCost[]) {
  return QUANTITIES.flatMap((quantity) =>
    nodes.map((node) => ({
      node: node.node,
      quantity: titleOf(nodes, quantity),
      share: (100 * node[quantity]) / Math.max(1, totalOf(nodes, quantity)),
      text: `${node.node}: ${countText(node[quantity])} ${TITLES[quantity]}`,
    })),
  );
}

function titleOf(nodes: readonly NodeCost[], quantity: Quantity): string {
  return `${TITLES[quantity]}, of ${countText(totalOf(nodes, quantity))}`;
}

function totalOf(nodes: readonly NodeCost[], quantity: Quantity): number {
  return nodes.reduce((n, node) => n + node[quantity], 0);
}
