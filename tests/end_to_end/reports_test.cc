// SPDX-License-Identifier: Apache-2.0
// The page of a check as a browser shows it: no complaint, no request, every count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/end_to_end/browser.h"
#include "tests/end_to_end/sample.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using ::testing::HasSubstr;

std::string Counted(std::uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

TEST(Reports, AreWholeInABrowserAndAskNothingOfTheWorld) {
  const World world;
  world.MakeSample(1, 6);
  world.Enrol();
  const auto check = [&](const std::vector<std::string>& more, const std::string& out) {
    std::vector<std::string> line = {"check", world.Seizure().string(), "--out",
                                     world.Path(out).string()};
    line.insert(line.end(), more.begin(), more.end());
    EXPECT_EQ(world.Kith(line).exit_code, 1);
  };
  check({"--case", "NORTH/1"}, "case");
  check({}, "look-up");
  // The last page is guilty, so that guilt is known to be seen.
  world.Write("guilty.html",
              "<!doctype html><html><head><title>guilty</title><meta "
              "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"></head><body>"
              "<img src=\"http://127.0.0.1:9/picture.png\"></body></html>");
  const Shown shown =
      OpenInBrowser(world, {world.Path("case/report.html"), world.Path("look-up/report.html"),
                            world.Path("guilty.html")});
  ASSERT_EQ(shown.pages.size(), 3U);
  EXPECT_EQ(shown.pages[2].requests, 1);
  ASSERT_EQ(shown.console.size(), 1U) << shown.log;
  EXPECT_THAT(shown.console[0], HasSubstr("picture.png"));

  const std::vector<std::string> folders = {"case", "look-up"};
  for (std::size_t i = 0; i < folders.size(); ++i) {
    SCOPED_TRACE(folders[i]);
    const ShownPage& page = shown.pages[i];
    EXPECT_EQ(page.requests, 0);
    EXPECT_EQ(page.scripts, 0);
    EXPECT_GT(page.elements, 100);
    EXPECT_FALSE(page.wider_than_window);
    EXPECT_THAT(page.title, HasSubstr(i == 0 ? "Case NORTH/1" : "Look-up"));
    const auto has = [&](const std::string& text) { EXPECT_THAT(page.text, HasSubstr(text)); };
    const auto report = ReportWithoutRun(world.Path(folders[i]));
    for (const auto& [word, count] : report["summary"]["verdicts"].items()) {
      has(word + ": " + Counted(count["files"], "file"));
    }
    for (const auto& [word, paths] : report["summary"]["dispositions"].items()) {
      if (paths != 0) has(word);
    }
    int distances = 0;
    for (const auto& [bits, files] : report["summary"]["distances"].items()) {
      if (files == 0) continue;
      ++distances;
      has(Counted(std::stoul(bits), "bit") + ": " + Counted(files, "file"));
    }
    EXPECT_GE(distances, 3);
    has("all" + std::to_string(3 * 22 + 6 + 4));
    const auto counts = report["summary"]["verdicts"];
    has(counts["IDENTIFIED"]["files"].dump() + " identified: call");
    has(counts["UNRECOGNIZED"]["files"].dump() + " never seen: look first");
    has("Never seen before (" + counts["UNRECOGNIZED"]["files"].dump() + ")");
    for (const auto& file : report["files"]) {
      if (file["verdict"] != "NOT_APPLICABLE") has(file["rule"]);
    }
    has("lead, same picture, ");
    has("lind@north.example");
    has("if not reached: desk, desk@north.example");
    has("desk of the agency");
  }
}

}  // namespace
}  // namespace kith::end_to_end
