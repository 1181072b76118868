"""The style sheet of the HTML bulletin: one for desk, phone and print."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f3f3f1; color: #1a1a1a; line-height: 1.8; font-size: 17px;
  font-family: "FangSong", "STFangsong", "仿宋_GB2312", "Noto Serif CJK SC", "Noto Serif SC",
  "Songti SC", serif; overflow-wrap: anywhere; }
main { max-width: 46rem; margin: 0 auto; background: #fff; padding: 2.5rem 3rem 3rem; }
h1 { font-family: "FZXiaoBiaoSong-B05S", "方正小标宋简体", "STSong", "SimSun", "Noto Serif CJK SC",
  serif; font-size: 1.65rem; line-height: 1.45; text-align: center; font-weight: 700;
  margin: 0.5rem 0 0.75rem; }
h1 span { display: block; }
h2, h3.annex { font-family: "SimHei", "Heiti SC", "Noto Sans CJK SC", "Noto Sans SC",
  sans-serif; font-size: 1.15rem; margin: 1.8rem 0 0.5rem; font-weight: 700; }
h3 { font-family: "KaiTi", "STKaiti", "Kaiti SC", serif; font-size: 1.08rem;
  margin: 1.1rem 0 0.3rem; }
p { margin: 0.4rem 0; text-indent: 2em; }
p.flush, p.note, p.mark, p.sign { text-indent: 0; }
p.note { font-size: 0.88rem; color: #4a4a4a; line-height: 1.6; }
p.mark { text-align: center; font-weight: 700; color: #7a4100; }
p.sign { text-align: right; padding-right: 4em; margin-top: 0.2rem; }
p.letterhead { text-indent: 0; text-align: center; color: #c00010; font-size: 2rem;
  margin: 0.5rem 0; line-height: 1.4; font-weight: 700;
  font-family: "FZXiaoBiaoSong-B05S", "STSong", "SimSun", "Noto Serif CJK SC", serif; }
p.letterhead + .number { border-bottom: 2px solid #c00010; }
.number { display: flex; justify-content: space-between; gap: 1rem; flex-wrap: wrap; }
figure { margin: 1.2rem 0; }
figcaption, caption { font-weight: 700; text-align: center; padding: 0.3rem 0; caption-side: top;
  font-family: "SimHei", "Heiti SC", "Noto Sans CJK SC", "Noto Sans SC", sans-serif; }
.scroll { overflow-x: auto; margin: 0.9rem 0; }
.scroll:focus-visible, .month:focus-visible .strip { outline: 2px solid #0b57a4; }
table { border-collapse: collapse; width: 100%; font-size: 0.94rem; line-height: 1.5;
  font-variant-numeric: tabular-nums; }
th, td { border: 1px solid #777; padding: 0.28rem 0.45rem; text-align: left; font-weight: 400; }
thead th { background: #eef2f7; font-weight: 700; text-align: center; overflow-wrap: normal; }
td.n { text-align: right; white-space: nowrap; }
tbody th { min-width: 6.5em; }
data { white-space: nowrap; }
p data, li data, th data, td:not(.n) data, caption data { white-space: normal; }
.annex { border-top: 1px solid #999; margin-top: 2.2rem; padding-top: 0.6rem; }
.chart { width: 100%; height: auto; display: block; background: #fff; }
.chart text { font-family: "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "PingFang SC",
  sans-serif; font-size: 14px; fill: #333; }
.chart .grid { stroke: #e2e2e2; fill: none; }
.chart .axis { stroke: #555; fill: none; }
.chart .outer { fill: #cfdfF1; }
.chart .inner { fill: #93b8de; }
.chart .median { stroke: #0b4a8f; stroke-width: 2; stroke-dasharray: 7 4; fill: none; }
.chart .past { stroke: #1a1a1a; stroke-width: 2; fill: none; }
.chart .cap { stroke-width: 2; fill: none; }
.chart text.mark { font-size: 60px; fill: #8a8a8a; opacity: 0.22; }
.chart .strip { fill: transparent; }
.chart .dot, .chart .tip { visibility: hidden; pointer-events: none; }
.chart .dot { fill: #b3261e; }
.chart text.tip { font-size: 15px; fill: #1a1a1a; font-weight: 700; }
.chart .month { outline: none; }
.chart .month:hover .dot, .chart .month:hover .tip, .chart .month:focus .dot,
.chart .month:focus .tip { visibility: visible; }
.key { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; font-size: 0.86rem; padding: 0;
  margin: 0.3rem 0 0; list-style: none; justify-content: center; }
.key i { display: inline-block; width: 1.6em; height: 0.7em; margin-right: 0.35em;
  vertical-align: -0.02em; }
@media (max-width: 600px) {
  body { font-size: 16px; background: #fff; }
  main { padding: 1rem 1rem 2rem; }
  h1 { font-size: 1.3rem; }
  p.sign { padding-right: 1em; }
  .chart text { font-size: 23px; }
  .chart text.tip { font-size: 22px; }
  .chart text.tick { font-size: 21px; }
  table { font-size: 0.86rem; }
  th, td { padding: 0.25rem 0.2rem; }
  tbody th { min-width: 4.2em; }
  table:has(th:nth-child(6)) { font-size: 0.78rem; }
}
@media print {
  @page { size: A4; margin: 37mm 26mm 35mm 28mm; }
  body { background: #fff; font-size: 16pt; line-height: 28.95pt; color: #000; }
  main { max-width: none; padding: 0; }
  h1 { font-size: 22pt; line-height: 33pt; font-weight: 400; }
  h2, h3, h3.annex { font-size: 16pt; font-weight: 400; break-after: avoid; }
  table, p.note, figcaption, .key { font-size: 11pt; line-height: 16pt; }
  .scroll { overflow: visible; }
  figure, tr { break-inside: avoid; }
  thead { display: table-header-group; }
  .annex { break-before: page; border-top: 0; }
}
"""
