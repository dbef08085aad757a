/**
 * The libraries that draw: Observable Plot on a document of its own, d3-hierarchy for treemaps. They are loaded when a report is made
 * (docs/decisions/011): nothing else needs them.
 */
import { TesseraError } from '../errors.ts';

type Plot = typeof import('@observablehq/plot');
export type PlotOptions = import('@observablehq/plot').PlotOptions;
export type Markish = import('@observablehq/plot').Markish;
type Hierarchy = typeof import('d3-hierarchy');

export interface Drawing {
  readonly Plot: Plot;
  readonly hierarchy: Hierarchy;
  /** One plot as SVG, with a sentence that says what it shows to those who cannot see it. */
  svg(sentence: string, options: PlotOptions): string;
}

/** Width of a plot over the whole page, pixels; it shrinks with the page. */
export const WIDTH = 920;

/** @throws TesseraError E_USAGE where they are not installed */
export async function openDrawing(): Promise<Drawing> {
  const [Plot, hierarchy, { parseHTML }] = await loadLibraries();
  return {
    Plot,
    hierarchy,
    svg(sentence, options) {
      const { document } = parseHTML('<html><body></body></html>');
      const drawn = Plot.plot({
        document: document as unknown as Document,
        width: WIDTH,
        className: 'plot',
        ariaLabel: sentence,
        style: { fontSize: '12px', background: 'none' },
        ...options,
      });
      return drawn.outerHTML;
    },
  };
}

async function loadLibraries() {
  try {
    return await Promise.all([import('@observablehq/plot'), import('d3-hierarchy'), import('linkedom')]);
  } catch (cause) {
    throw new TesseraError('E_USAGE', 'A report needs the packages @observablehq/plot, d3-hierarchy and linkedom.', {
      hint: 'Install them: npm install @observablehq/plot d3-hierarchy linkedom.',
      cause,
    });
  }
}
