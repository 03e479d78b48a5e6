// SPDX-License-Identifier: Apache-2.0
// The charts of a page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/report/html_charts.h"

namespace kith::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kHostile[] = "<b onmouseover=alert(1)>\"'&\n\u202Ex";
constexpr char kHostileHtml[] = "&lt;b onmouseover=alert(1)&gt;&quot;&#39;&amp;\\n\\u{202E}x";

TEST(Charts, HoldEveryNumberAsText) {
  const std::string bars = BarChart({.id = "x", .title = "T", .one = "file"},
                                    {{.label = kHostile, .value = 1234, .css = "lead"},
                                     {.label = "b", .value = 0, .css = "lead"}});
  EXPECT_THAT(bars, HasSubstr("aria-labelledby=\"x-t x-d\""));
  EXPECT_THAT(bars, HasSubstr(std::string(kHostileHtml) + ": 1,234 files; b: 0 files.</desc>"));
  EXPECT_THAT(bars, Not(HasSubstr("<b ")));
  std::vector<std::uint64_t> values(32, 0);
  values[4] = 7;
  values[31] = 1;
  const std::string histogram = Histogram({.id = "h", .title = "T", .one = "file"}, "bit", values,
                                          {{"near", 0, 10}, {"far", 11, 31}});
  EXPECT_THAT(histogram, HasSubstr("4 bits: 7 files; 31 bits: 1 file."));
  EXPECT_THAT(histogram, HasSubstr(">near<"));
}

TEST(Charts, ALabelIsCutBetweenCharacters) {
  const std::string bars = BarChart({.id = "x", .title = "T", .one = "file"},
                                    {{.label = "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"
                                               "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9",
                                      .value = 1,
                                      .css = "lead"}});
  EXPECT_THAT(bars, Not(HasSubstr("\\x")));
}

TEST(Charts, ChooseDaysMonthsOrYears) {
  const ChartWords words{.id = "t", .title = "T", .one = "case"};
  EXPECT_THAT(TimeChart(words, {"2026-11-25T01:00:00Z", "2026-11-25T02:00:00Z", "2026-11-27"}),
              HasSubstr("2026-11-25: 2 cases; 2026-11-27: 1 case."));
  EXPECT_THAT(TimeChart(words, {"2024-12-31", "2025-12-01"}),
              HasSubstr("2024-12: 1 case; 2025-12: 1 case."));
  EXPECT_THAT(TimeChart(words, {"1999-12-31", "2025-12-01"}),
              HasSubstr("1999: 1 case; 2025: 1 case."));
  EXPECT_THAT(TimeChart(words, {"0001-01-01", "9999-12-31"}), HasSubstr("One column a year."));
  EXPECT_EQ(TimeChart(words, {}), "");
  EXPECT_EQ(TimeChart(words, {"soon", "2026-13-01", "2026-02-30", ""}), "");
}

}  // namespace
}  // namespace kith::report
