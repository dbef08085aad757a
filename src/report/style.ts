/** The look of a report: one column, light or dark as the reader's system is, plots in the colours of the page. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fcfcfb; --card: #ffffff; --ink: #1b1c1e; --soft: #55585e; --muted: #9a9da3; --grid: #e6e6e3; --on-fill: #14161a;
  --stage-run: #4269d0; --stage-commit: #97bbf5; --stage-lookups: #efb118; --stage-linear: #3ca951; --stage-batch: #6cc5b0;
  --stage-opening: #ff725c; --stage-hiding: #a463f2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #16181b; --card: #1d2024; --ink: #e9eaec; --soft: #b3b7bd; --muted: #7d828a; --grid: #33373d;
    --stage-run: #6b8fe8;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 2.5rem 1.25rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; }
h2 { font-size: 1.2rem; margin: 2.6rem 0 .3rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
p { margin: .2rem 0 .8rem; color: var(--soft); max-width: 75ch; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .35rem .7rem .35rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { font-weight: 600; font-size: .85rem; color: var(--soft); vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { text-align: left; }
td small { color: var(--muted); }
.card { background: var(--card); border: 1px solid var(--grid); border-radius: 8px; padding: .9rem 1rem; margin: .8rem 0; }
.card > h3 { margin-top: 0; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr)); gap: .8rem; }
.pair > .card { margin: 0; }
svg { color: var(--soft); max-width: 100%; height: auto; overflow: visible; }
.keys { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; margin: 0 0 .4rem; padding: 0; list-style: none; color: var(--soft);
  font-size: .85rem; }
.keys i { display: inline-block; width: .8em; height: .8em; border-radius: 2px; margin-right: .4em; vertical-align: -.05em; }
details > summary { cursor: pointer; font-weight: 600; }
@media print { body { max-width: none; } details { break-inside: avoid; } }
`;
