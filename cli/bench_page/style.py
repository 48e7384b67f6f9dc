"""The page's colours and measures, for light and dark screens and for paper."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --panel: #ffffff; --text: #1c1f24; --soft: #5a626e; --line: #dfe2e6; --strong: #9aa1ab;
  --good: #17713f; --bad: #b3261e;
  --s0: #2463c9; --s1: #0f8a6a; --s2: #c8560b; --s3: #a5308a; --s4: #7a828e; --s5: #6b4bd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --panel: #1c1f25; --text: #e6e8eb; --soft: #a3abb7; --line: #31363f; --strong: #6c7480;
    --good: #5fcb8d; --bad: #ff8a80;
    --s0: #76a9ff; --s1: #4fd0ab; --s2: #ff9a52; --s3: #ec8fd4; --s4: #9ca5b3; --s5: #b49cff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 32px 20px 64px; max-width: 1000px; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
h1 { font-size: 1.7rem; margin: 0 0 4px; }
h2 { font-size: 1.3rem; margin: 44px 0 8px; padding-top: 12px; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 0 0 4px; }
p { margin: 6px 0 10px; max-width: 76ch; }
.machine, .soft, summary, caption { color: var(--soft); }
.machine { font-size: .92rem; margin-bottom: 20px; }
.verdict { background: var(--panel); border: 1px solid var(--line); border-left: 5px solid var(--s1);
  border-radius: 8px; padding: 14px 20px; }
.verdict .first { font-size: 1.15rem; font-weight: 600; }
.verdict ul { padding-left: 20px; margin: 8px 0; }
.verdict li p { margin: 3px 0; max-width: none; }
code { font: .95em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
figure { margin: 16px 0; padding: 16px 18px; background: var(--panel); border: 1px solid var(--line);
  border-radius: 8px; }
figcaption p { color: var(--soft); font-size: .92rem; }
svg { display: block; width: 100%; height: auto;
  font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; }
.pair { display: grid; grid-template-columns: 2fr 1fr; gap: 4px 8px; align-items: start; }
.halves { display: grid; grid-template-columns: 1fr 1fr; gap: 4px 20px; }
@media (max-width: 700px) { .pair, .halves { grid-template-columns: 1fr; } }
.pair h4, .halves h4 { grid-column: 1 / -1; margin: 10px 0 0; font-size: .92rem; font-weight: 600; }
.halves > div > h4 { margin-top: 8px; }
.grid { stroke: var(--line); }
.frame { stroke: var(--strong); }
.tick, .note { fill: var(--soft); }
.note { paint-order: stroke; stroke: var(--panel); stroke-width: 4px; stroke-linejoin: round; }
.axis, .value { fill: var(--text); }
.value.inside { fill: var(--panel); text-anchor: end; }
.mark { stroke: var(--strong); stroke-dasharray: 5 4; }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.line.wide { stroke-width: 6; opacity: .45; }
.line.reported, .swatch.reported { stroke-dasharray: 7 5; }
.stem { fill: none; stroke-width: 1.1; }
.ring { fill: none; stroke-width: 2; }
.s0 { --c: var(--s0); } .s1 { --c: var(--s1); } .s2 { --c: var(--s2); }
.s3 { --c: var(--s3); } .s4 { --c: var(--s4); } .s5 { --c: var(--s5); }
.line, .stem, .ring, .mark.p50, .mark.p99 { stroke: var(--c, var(--strong)); }
.column, .dot { fill: var(--c); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 20px; padding: 0; margin: 6px 0;
  font-size: .9rem; }
.swatch { display: inline-block; width: 22px; height: 0; border-top: 4px solid var(--c); margin-right: 7px;
  vertical-align: middle; }
.swatch.reported { border-top-style: dashed; border-top-width: 2px; }
.table { overflow-x: auto; margin-top: 10px; }
table { border-collapse: collapse; font-size: .88rem; min-width: 60%; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 4px 0; font-size: .88rem; }
th, td { padding: 4px 12px 4px 0; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap;
  font-weight: 400; }
thead th { color: var(--soft); vertical-align: bottom; white-space: normal; }
th:first-child { text-align: left; }
details { margin: 12px 0; }
summary { cursor: pointer; padding: 4px 0; }
summary h3 { display: inline; color: var(--text); }
.better { color: var(--good); font-weight: 600; } .worse { color: var(--bad); font-weight: 600; }
@media print { body { max-width: none; } figure { break-inside: avoid; } }
"""
