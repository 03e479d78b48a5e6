// SPDX-License-Identifier: Apache-2.0
//
// Purpose: charts of a report as inline SVG.
//
// Thread-safety: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kith::report {

// Charts as inline SVG: shapes and text only, readable in print, dark on white. A screen reader
// gets title and description, which hold every number that is drawn. Pure, thread-safe.

struct ChartWords {
  std::string_view id;      // of the page's own; makes the ids within
  std::string_view title;   // what is drawn
  std::string_view one;     // "file"
  std::string_view many{};  // "files"; "" adds an s
};

struct Bar {
  std::string label;  // escaped here
  std::uint64_t value = 0;
  std::string_view css;   // class of its colour
  std::string note{};     // after the number, escaped here
  std::string meaning{};  // shown by pointing at it; escaped here
};
// One bar a row, the label before it, the number after it.
[[nodiscard]] std::string BarChart(const ChartWords& words, const std::vector<Bar>& bars);

// Columns over an axis of numbers 0..values-1, with named stretches of it.
struct Stretch {
  std::string label;
  std::size_t from = 0;
  std::size_t to = 0;  // inclusive
};
[[nodiscard]] std::string Histogram(const ChartWords& words, std::string_view unit,
                                    const std::vector<std::uint64_t>& values,
                                    const std::vector<Stretch>& stretches);

// Columns over time: how many of the moments (RFC 3339) lie in each day, month or year, whichever
// gives at most some 36 columns; those without any are there too. Moments that cannot be read are
// left out.
[[nodiscard]] std::string TimeChart(const ChartWords& words,
                                    const std::vector<std::string>& moments);

}  // namespace kith::report
