/**
 * How the page looks, by daylight and at night. Every colour has a name, so that there is one place for each of the two; what
 * a colour says is said by a word or a sign as well.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f7f6f3; --card: #ffffff; --ink: #1c1b19; --soft: #5f5d57; --line: #dedbd3; --grid: #ebe8e1;
  --data: #2368b8; --data-soft: #2368b81f; --act: #b3261e; --act-soft: #b3261e14; --look: #8a5a00; --look-soft: #b8770014;
  --fine: #2c6e35;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #141413; --card: #1e1e1c; --ink: #efede8; --soft: #aaa79e; --line: #3a3935; --grid: #2c2b28;
    --data: #6aa9f0; --data-soft: #6aa9f02b; --act: #ff8a80; --act-soft: #ff8a8017; --look: #f0b95a; --look-soft: #f0b95a17;
    --fine: #86cf8f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.45rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .6rem; }
p { margin: .3rem 0; }
.soft { color: var(--soft); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; margin-top: 1rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1rem 0 0; }
.tiles > div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
.tiles dd small { display: block; font-size: .8rem; font-weight: 400; color: var(--soft); }
.attention { list-style: none; margin: 0; padding: 0; }
.attention li { border-left: 4px solid; padding: .35rem .7rem; margin-top: .4rem; border-radius: 3px; overflow-wrap: anywhere; }
.attention .problem { border-color: var(--act); background: var(--act-soft); }
.attention .warning { border-color: var(--look); background: var(--look-soft); }
.attention b { margin-right: .4rem; }
.problem b, .act { color: var(--act); }
.warning b, .look { color: var(--look); }
.fine { color: var(--fine); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--grid); vertical-align: middle; }
td.name { overflow-wrap: anywhere; min-width: 8rem; }
th.number, td.number { text-align: right; padding-right: 1.6rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
svg { display: block; max-width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 12px; font-family: inherit; }
svg .soft { fill: var(--soft); }
svg .act { fill: var(--act); } svg .look { fill: var(--look); }
.gridline { stroke: var(--grid); stroke-width: 1; }
.limit { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 6 3; }
.curve { fill: none; stroke: var(--data); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.ahead { fill: none; stroke: var(--data); stroke-width: 2; stroke-dasharray: 2 5; stroke-linecap: round; }
.area { fill: var(--data-soft); }
.dot, .bar { fill: var(--data); }
.hover { fill: transparent; }
.hover:hover { fill: var(--data); }
footer { color: var(--soft); font-size: .85rem; margin-top: 1.2rem; }
@media print { body { background: none; } section { break-inside: avoid; } }
`;
