// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "bench/kith_bench/index_bench.h"

namespace kith::bench {

// What was measured, as a table in Markdown, a line a result.
[[nodiscard]] std::string SweepTable(std::span<const IndexBenchResult> results);

// The same as a picture: queries a second of one core, a curve an engine. Along x runs what was
// varied, the first of count, radius, bands and threads that has several values; each combination
// of the rest has a frame of its own. Both axes are logarithmic (radius, bands and threads along x
// are not). One SVG that needs nothing else; `title` and `subtitle` are shown as they are.
[[nodiscard]] std::string SweepPlot(std::span<const IndexBenchResult> results,
                                    const std::string& title, const std::string& subtitle);

}  // namespace kith::bench
