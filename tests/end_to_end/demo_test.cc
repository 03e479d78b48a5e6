// SPDX-License-Identifier: Apache-2.0
// tools/demo, the first thing that anybody runs: with the programs of this build, it says what
// README.md promises.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// It draws and looks at nearly a thousand pictures.
constexpr std::chrono::seconds kDemoPatience(800);

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

std::string LastLine(std::string text) {
  EXPECT_TRUE(text.ends_with('\n')) << text;
  if (!text.empty()) text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

class Demo : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directory(scratch_); }

  // `tools/demo ARGUMENTS`, which may write nowhere but in scratch_.
  [[nodiscard]] Outcome Run(const std::vector<std::string>& arguments,
                            const std::string& programs = "") const {
    Command line = world_.Line("kith", arguments);
    const std::string built = fs::path(line.arguments[0]).parent_path().string();
    line.arguments[0] = KITH_DEMO;
    line.environment["KITH_BIN"] = programs.empty() ? built : programs;
    line.environment["TMPDIR"] = scratch_.string();
    return RunToEnd(line, kDemoPatience);
  }

  // The report.json of the only run, beside which the other two lie.
  [[nodiscard]] nlohmann::json Report() const {
    const std::vector<std::string> runs = NamesIn(scratch_);
    EXPECT_THAT(runs, SizeIs(1));
    if (runs.size() != 1) return {};
    const fs::path folder = scratch_ / runs[0] / "report";
    for (const char* name : {"report.html", "report.csv"}) {
      EXPECT_GT(ReadFile(folder / name).size(), 100U) << name;
    }
    return ReportWithoutRun(folder);
  }

  World world_;
  const fs::path scratch_ = world_.Path("scratch");
};

TEST_F(Demo, FindsAllThatItDrewAndSaysSoLast) {
  const Outcome ran = Run({});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(LastLine(ran.out), "demo: found 630 of 630 expected, 30 expected misses, 0 wrong")
      << ran.out;
  const nlohmann::json report = Report();
  EXPECT_EQ(report["scope"]["complete"], true);
  EXPECT_EQ(report["summary"]["entries_walked"], 904);
  // The store of whoever runs it is left alone.
  EXPECT_FALSE(fs::exists(world_.Store()));
}

TEST_F(Demo, ChecksAFolderAgainstTheSameStore) {
  // The first picture of a sample is the same in one of any size, so the demo's store knows it. The
  // last one is beyond those that it knows.
  world_.MakeSample(1, 30);
  const fs::path folder = world_.Path("folder of two");
  fs::create_directory(folder);
  fs::copy_file(world_.Seizure() / "jpeg-50/lakeside-01.jpg", folder / "known.jpg");
  fs::copy_file(world_.Seizure() / "unrelated/picture-0030.jpg", folder / "unknown.jpg");

  const Outcome ran = Run({folder.string()});
  EXPECT_EQ(ran.exit_code, 0) << ran.out << ran.err;
  EXPECT_EQ(LastLine(ran.out), "demo: checked " + folder.string() + " (exit code 1)") << ran.out;
  const nlohmann::json report = Report();
  EXPECT_EQ(report["summary"]["entries_walked"], 2);
  EXPECT_EQ(report["summary"]["verdicts"]["IDENTIFIED"]["files"], 1);
  EXPECT_EQ(report["summary"]["verdicts"]["UNRECOGNIZED"]["files"], 1);
  EXPECT_THAT(NamesIn(folder), UnorderedElementsAre("known.jpg", "unknown.jpg"));
}

TEST_F(Demo, RefusesAWrongCommandLineBeforeItDoesAnything) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"/", "/"}, {"--help"}}) {
    const Outcome ran = Run(arguments);
    EXPECT_EQ(ran.exit_code, 2) << arguments[0];
    EXPECT_THAT(ran.err, HasSubstr("usage: tools/demo [FOLDER]")) << arguments[0];
  }
  world_.Write("file", "no folder");
  for (const char* name : {"nowhere", "file"}) {
    const std::string path = world_.Path(name).string();
    const Outcome ran = Run({path});
    EXPECT_EQ(ran.exit_code, 2) << name;
    EXPECT_THAT(ran.err, HasSubstr(path + " is no folder"));
  }
  const Outcome ran = Run({}, scratch_.string());
  EXPECT_EQ(ran.exit_code, 2);
  EXPECT_THAT(ran.err, HasSubstr("no program kith in " + scratch_.string()));
  EXPECT_THAT(NamesIn(scratch_), IsEmpty());
}

}  // namespace
}  // namespace kith::end_to_end
