// The page's style: the system's own type, few colours that stay apart for every kind of colour sight (after Okabe and
// Ito), light or dark as the reader's system asks, plain on paper. No style attribute is used: the policy allows none.

const LIGHT = `--page: #ffffff; --card: #f5f7fa; --ink: #1a2330; --soft: #566272; --line: #d8dee6; --accent: #1f5c99;
  --mark: #2a6cb0; --mark-2: #b4551a; --idle: #8d99a8; --track: #e6eaf0; --care: #fff4df; --care-line: #b86e00; --fine: #eaf5ef; --fine-line: #2b7d54;
  --shade1: #e4eef8; --shade2: #c2daf0; --shade3: #92bde3; --shade4: #2d6dac; --shade5: #174a7e; --on-dark: #ffffff; --on-light: #12202f;
  --zone0: #0072b2; --zone1: #d55e00; --zone2: #009e73; --zone3: #b9568f; --zone4: #b98a00; --zone5: #3a9bd0; --zone6: #6b5b95; --zone7: #7a6a53; --zone8: #8d99a8;
  --band: 0.38; --band-lit: 0.72;`

const DARK = `--page: #11161d; --card: #1a212b; --ink: #e5eaf1; --soft: #a5b1c0; --line: #323c49; --accent: #86bdf2;
  --mark: #5a9fe0; --mark-2: #e0904f; --idle: #6b7786; --track: #262f3b; --care: #33270f; --care-line: #e0a13c; --fine: #12291f; --fine-line: #55b487;
  --shade1: #1a2a3c; --shade2: #1d3b5a; --shade3: #22527f; --shade4: #69a8e0; --shade5: #add5f8; --on-dark: #0c1622; --on-light: #e5eaf1;
  --zone0: #3b9fe0; --zone1: #e8803c; --zone2: #2fbf95; --zone3: #d98ab8; --zone4: #d9b036; --zone5: #7cc4ee; --zone6: #a393d0; --zone7: #b5a283; --zone8: #6b7786;
  --band: 0.42; --band-lit: 0.8;`

export const PAGE_STYLE = `
:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; }
main, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
main { padding-top: 40px; }
h1 { font-size: 30px; line-height: 1.2; letter-spacing: -0.015em; margin: 0; text-wrap: balance; overflow-wrap: anywhere; }
h2 { font-size: 21px; line-height: 1.3; letter-spacing: -0.01em; margin: 0 0 6px; }
h3 { font-size: 17px; line-height: 1.35; margin: 32px 0 6px; scroll-margin-top: 12px; }
p { margin: 0 0 12px; max-width: 76ch; }
a { color: var(--accent); text-underline-offset: 2px; }
section { margin: 52px 0 0; }
header + section { margin-top: 24px; }
h2[id] { scroll-margin-top: 16px; }
code, pre { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 0.86em; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: 16px; top: 8px; background: var(--page); padding: 6px 10px; border-radius: 6px; z-index: 3; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.about { color: var(--soft); margin: 6px 0 0; }
.about strong { color: var(--ink); font-weight: 600; }
.set-back, .detail, .note { color: var(--soft); }
.whole { white-space: nowrap; }

.figures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1px; margin: 0 0 16px; background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
.figure { background: var(--card); padding: 16px 18px; }
.figure dt { color: var(--soft); font-size: 14px; }
.figure dd { margin: 0; }
.figure .value { display: block; font-size: 28px; line-height: 1.25; font-weight: 620; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.figure .note { display: block; font-size: 13.5px; line-height: 1.4; }
.trust { max-width: none; margin: 0; padding: 10px 14px; border-left: 4px solid var(--fine-line); background: var(--fine); border-radius: 4px; font-size: 15px; }
.trust.careful { border-color: var(--care-line); background: var(--care); }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 20px; list-style: none; margin: 24px 0 0; padding: 0; font-size: 15px; }

.scroll { overflow-x: auto; margin: 12px 0 0; }
.scroll:has(> .sortable) { max-height: min(720px, 80vh); overflow: auto; }
table.sortable thead th { position: sticky; top: 0; background: var(--page); box-shadow: inset 0 -1px var(--line); z-index: 1; }
table.sortable tfoot { position: sticky; bottom: 0; background: var(--page); box-shadow: inset 0 1px var(--line); }
table { border-collapse: collapse; width: 100%; font-size: 14.5px; line-height: 1.4; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: 0.94em; padding: 0 0 8px; }
th, td { text-align: left; vertical-align: top; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--line); }
th:last-child, td:last-child { padding-right: 4px; }
thead th { font-weight: 600; font-size: 0.9em; color: var(--soft); vertical-align: bottom; white-space: nowrap; }
tbody th { font-weight: 500; }
tbody + tbody { border-top: 2px solid var(--line); }
tfoot th, tfoot td { font-weight: 600; border-bottom: 0; }
tfoot tr.rest th, tfoot tr.rest td { font-weight: 400; color: var(--soft); border-bottom: 1px solid var(--line); }
.number { text-align: right; white-space: nowrap; }
td.zone, tbody th code { white-space: nowrap; }
bdi { overflow-wrap: anywhere; }
.ns { color: var(--soft); }
.wl { font-weight: 500; }
.app, .detail, .peer { display: block; font-size: 0.9em; line-height: 1.45; }
.peer .wl { font-weight: 400; }
tbody td:not([class]) { min-width: 190px; }

td.bar { width: 130px; padding-right: 10px; padding-top: 12px; line-height: 0; }
svg.bar rect { fill: var(--mark); }
svg.bar.received rect { fill: var(--mark-2); }
svg.bar.idle rect { fill: var(--idle); }
svg.bar rect.track { fill: var(--track); }

table.heat { width: auto; border-collapse: separate; border-spacing: 4px; }
table.heat td, table.heat th { border: 0; padding: 8px 12px; border-radius: 6px; }
table.heat thead td { padding: 0; }
table.heat thead th, table.heat tbody th { font-weight: 600; font-size: 13.5px; color: var(--soft); white-space: nowrap; }
table.heat thead th { text-align: right; }
table.heat tbody th { vertical-align: middle; padding-left: 0; }
table.heat tbody td { text-align: right; min-width: 118px; font-weight: 600; white-space: nowrap; }
form { margin: 0 0 4px; }
table.heat .cost { display: block; font-size: 12.5px; font-weight: 400; }
table.heat td.same { box-shadow: inset 0 0 0 1.5px var(--line); color: var(--soft); font-weight: 500; }
.shade0 { color: var(--soft); background: var(--card); }
.shade1 { background: var(--shade1); color: var(--on-light); }
.shade2 { background: var(--shade2); color: var(--on-light); }
.shade3 { background: var(--shade3); color: var(--on-light); }
.shade4 { background: var(--shade4); color: var(--on-dark); }
.shade5 { background: var(--shade5); color: var(--on-dark); }

svg.crossings, svg.trend { display: block; width: 100%; height: auto; min-width: 820px; }
svg text { fill: var(--ink); font-size: 13px; font-family: inherit; }
svg.crossings text { paint-order: stroke; stroke: var(--page); stroke-width: 3px; stroke-linejoin: round; }
td .amount { color: var(--soft); }
svg .amount, svg .head, svg.trend .axis text { fill: var(--soft); font-size: 12px; }
svg.crossings .links path { fill: none; stroke-opacity: var(--band); }
svg.crossings .links path:hover, svg.crossings .links path.lit { stroke-opacity: var(--band-lit); }
svg.crossings.dimmed .links path:not(.lit) { stroke-opacity: 0.1; }
svg .plain { fill: var(--soft); }
${Array.from({ length: 9 }, (_, at) => `svg rect.zone${at} { fill: var(--zone${at}); } svg path.zone${at} { stroke: var(--zone${at}); }`).join('\n')}
svg.trend .axis line { stroke: var(--line); stroke-width: 1; }
svg.trend rect.bar { fill: var(--mark); }
svg.trend rect.bar:hover { fill: var(--accent); }
svg.trend rect.gap { fill: url(#hatch); }
svg.trend pattern rect { fill: var(--idle); }

.gain { font-weight: 400; color: var(--soft); font-size: 15px; white-space: nowrap; }
.assumption { font-size: 14.5px; color: var(--soft); max-width: 92ch; }
.assumption strong { color: var(--ink); }
section > p + pre, section > pre { margin-top: 4px; }
.scroll + p { margin-top: 18px; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; overflow-x: auto; margin: 8px 0 12px; line-height: 1.55; }
details { margin: 12px 0 0; }
summary { cursor: pointer; color: var(--accent); font-size: 15px; width: fit-content; }
ul.wary { padding-left: 20px; margin: 6px 0 0; max-width: 92ch; }
ul.wary li { margin: 0 0 6px; }

form[hidden], label[hidden] { display: none; }
fieldset { border: 1px solid var(--line); border-radius: 8px; padding: 8px 14px 14px; margin: 12px 0 0; display: flex; flex-wrap: wrap; gap: 10px 16px; align-items: end; min-width: 0; }
legend { color: var(--soft); font-size: 13.5px; padding: 0 6px; }
label { display: grid; gap: 2px; font-size: 13.5px; color: var(--soft); flex: 1 1 150px; min-width: 0; }
select, input { font: inherit; font-size: 15px; color: var(--ink); background: var(--page); border: 1px solid var(--idle); border-radius: 6px; padding: 5px 8px; min-height: 36px; width: 100%; min-width: 0; }
input::placeholder { color: var(--soft); opacity: 1; }
button { font: inherit; color: inherit; cursor: pointer; }
fieldset button { font-size: 15px; color: var(--accent); background: none; border: 1px solid var(--idle); border-radius: 6px; padding: 5px 14px; min-height: 36px; }
form [role="status"] { min-height: 1.5em; margin: 8px 0 0; color: var(--soft); font-size: 14px; }
thead button { background: none; border: 0; padding: 4px 0; margin: -4px 0; font-weight: inherit; }
thead button:hover { color: var(--accent); }
thead button::after { content: "↕"; opacity: 0.45; padding-left: 4px; font-size: 11px; }
th[aria-sort="descending"] button::after { content: "↓"; opacity: 1; }
th[aria-sort="ascending"] button::after { content: "↑"; opacity: 1; }
.tip { position: fixed; z-index: 4; pointer-events: none; max-width: min(420px, calc(100vw - 16px)); background: var(--ink); color: var(--page); border-radius: 6px; padding: 5px 10px; font-size: 13.5px; line-height: 1.4; overflow-wrap: anywhere; }
.tip[hidden] { display: none; }
footer { margin-top: 56px; padding-bottom: 40px; color: var(--soft); font-size: 13.5px; }
footer p { border-top: 1px solid var(--line); padding-top: 14px; max-width: none; }

@media (max-width: 640px) {
  main, footer { padding-left: 16px; padding-right: 16px; }
  main { padding-top: 24px; }
  h1 { font-size: 25px; }
  .figures { grid-template-columns: 1fr 1fr; }
  .figure { padding: 12px 14px; }
  .figure .value { font-size: 22px; }
  section { margin-top: 40px; }
  label { flex-basis: 130px; }
  .gain { display: block; }
  table.heat { border-spacing: 3px; font-size: 13px; }
  table.heat td, table.heat th { padding: 6px 7px; }
  table.heat tbody td { min-width: 0; }
  table.heat thead th, table.heat tbody th { font-size: 12px; }
  table.heat .cost { font-size: 11.5px; }
}

@media print {
  :root { color-scheme: light; ${LIGHT} }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  @page { margin: 14mm 12mm; }
  body { font-size: 10.5pt; }
  main, footer { max-width: none; padding: 0; }
  nav, form, .skip, .tip, details, thead button::after { display: none !important; }
  .scroll, .scroll:has(> .sortable) { overflow: visible; max-height: none; }
  table.sortable thead th, table.sortable tfoot { position: static; }
  table { font-size: 8.5pt; }
  th, td { padding: 4px 8px 4px 0; }
  table.heat td, table.heat th { padding: 5px 8px; }
  table.heat tbody td { min-width: 90px; }
  tbody td:not([class]) { min-width: 0; }
  td.bar { width: 70px; padding-top: 7px; }
  svg.bar { width: 64px; }
  svg.crossings, svg.trend { min-width: 0; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
  section { margin-top: 26px; }
  h2, h3, caption, .assumption { break-after: avoid; }
  tr, svg, .figures, pre { break-inside: avoid; }
  a { color: inherit; text-decoration: none; }
  #pairs-table tbody tr:nth-child(n + 41) { display: none; }
}
`
