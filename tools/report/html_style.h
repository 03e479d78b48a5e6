// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the look of report.html.
//
// Thread-safety: a constant.
#pragma once

#include <string_view>

namespace kith::report {

// The whole look of report.html. Calm colours, no web fonts, readable at arm's length, prints on
// white. A verdict is always told by its word too, never by colour alone.
inline constexpr std::string_view kHtmlStyle = R"css(
:root{color-scheme:light;--ink:#1f2a35;--soft:#5b6875;--line:#dde2e6;--page:#f6f7f5;--card:#fff;--accent:#1c5d7a;
--identified:#1c5d7a;--recognized:#b9832b;--conflict:#7a4c8f;--unrecognized:#93a1ad;
--undetermined:#b5523b;--none:#cfd6db;--good:#2f6f4f;--goodbg:#e9f3ed;--badbg:#fbeee9}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{max-width:68rem;margin:0 auto;padding:2rem 1.5rem 4rem}
h1{font-size:1.7rem;line-height:1.2;margin:0}
h2{font-size:1.2rem;margin:0 0 .25rem}
p{margin:.25rem 0 .75rem}
.kind{color:var(--soft);font-size:.9375rem;margin:0}
.soft{color:var(--soft)}
.small{font-size:.875rem}
section,header{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1.25rem 1.5rem;margin:0 0 1.25rem}
header dl,.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.25rem;margin:1rem 0 0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.banner{border-radius:.6rem;padding:.9rem 1.25rem;margin:0 0 1.25rem;border-left:.4rem solid}
.banner strong{display:block;font-size:1.1rem}
.complete{background:var(--goodbg);border-color:var(--good);color:#1e4a34}
.incomplete{background:var(--badbg);border-color:var(--undetermined);color:#6d2c1c}
.tiles{display:flex;flex-wrap:wrap;gap:.75rem;list-style:none;margin:.75rem 0 1rem;padding:0}
.tile{flex:1 1 9rem;border:1px solid var(--line);border-top:.35rem solid var(--line);
border-radius:.4rem;padding:.5rem .9rem .6rem}
.tile b{display:block;font-size:1.9rem;line-height:1.2;font-variant-numeric:tabular-nums}
.tile a{color:inherit;text-decoration:none;display:block}
.tile a:hover span,.tile a:focus span{text-decoration:underline}
.tile.IDENTIFIED{border-top-color:var(--identified)}
.tile.RECOGNIZED{border-top-color:var(--recognized)}
.tile.CONFLICT{border-top-color:var(--conflict)}
.tile.UNRECOGNIZED{border-top-color:var(--unrecognized)}
.tile.UNDETERMINED{border-top-color:var(--undetermined)}
.answer{font-size:1.1rem;margin:.25rem 0}
.answer+svg,.answer+dl{margin-top:1rem}
.rule{color:var(--soft);font-size:.8125rem;margin-top:.15rem}
.answer b{white-space:nowrap}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
svg .n{fill:var(--soft);font-size:13px}
svg .mid{text-anchor:middle}
svg .axis{stroke:var(--soft)}
svg .stretch{stroke:var(--soft);stroke-width:3}
svg+.scroll{margin-top:1rem}
.IDENTIFIED{fill:var(--identified)}.RECOGNIZED{fill:var(--recognized)}
.CONFLICT{fill:var(--conflict)}.UNRECOGNIZED{fill:var(--unrecognized)}
.UNDETERMINED{fill:var(--undetermined)}.NOT_APPLICABLE{fill:var(--none)}
.lead{fill:var(--accent)}
.scroll{overflow-x:auto}
.scroll+.scroll{margin-top:1.25rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 .25rem}
th{text-align:left;font-weight:600;color:var(--soft);font-size:.8125rem}
th,td{padding:.45rem .75rem .45rem 0;border-bottom:1px solid var(--line);vertical-align:top}
tbody tr:last-child td{border-bottom:0}
td.num,th.num{text-align:right;padding-right:1.5rem;font-variant-numeric:tabular-nums}
td.path{overflow-wrap:anywhere;min-width:14rem;
font:.875rem/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
.call strong{display:block;font-size:1.05rem;font-variant-numeric:tabular-nums}
.code{font-weight:600}
.tag{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .55rem;
font-size:.8125rem;white-space:nowrap;color:var(--soft)}
.tag.certain{color:var(--good);border-color:var(--good)}
.late{color:#8d3520;font-weight:600}
ul{margin:.25rem 0 .75rem;padding-left:1.25rem}
footer{color:var(--soft);font-size:.875rem;padding:0 .25rem}
@page{size:A4;margin:15mm 14mm 16mm;@bottom-right{content:counter(page) " / " counter(pages);
font:9pt sans-serif;color:#5b6875}}
@media print{body{background:#fff;font-size:10pt}main{max-width:none;padding:0}
section,header,.banner{border-radius:0;border-width:0 0 1px;padding:.75rem 0;margin:0 0 .5rem}
.banner{border:2px solid;padding:.5rem .75rem}
section{break-inside:auto}tr,svg,.tile,.facts{break-inside:avoid}h2,h2+p,.answer{break-after:avoid}
.tile{flex-basis:6rem;padding:.25rem .6rem}.tile span{font-size:9pt}svg text{font-size:17px}svg .n{font-size:15px}
.tile b{font-size:1.4rem}.scroll{overflow:visible}thead{display:table-header-group}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace kith::report
