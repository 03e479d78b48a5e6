// SPDX-License-Identifier: Apache-2.0
// A run that ends early, however it ends, loses nothing and counts nothing twice: the run after it
// gives the report of a run that was never interrupted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <string>
#include <thread>

#include "tests/end_to_end/service.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Resume : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.MakeSample(2, 20);
    world_.Enrol();
    // Bytes after the end of a JPEG make another file of the same picture: much to do, quickly
    // made.
    for (const auto& entry : fs::directory_iterator(world_.Seizure() / "unrelated")) {
      const std::string picture = ReadFile(entry.path());
      for (int copy = 0; copy < kCopies; ++copy) {
        world_.Write(
            "sample/seizure/more-" + std::to_string(copy) + "-" + entry.path().filename().string(),
            picture + std::to_string(copy));
      }
    }
    world_.CopyStore("quiet");
    const auto start = steady_clock::now();
    const Outcome quiet = RunToEnd(CheckLine("quiet", "expected"));
    quiet_run_ = std::chrono::duration_cast<milliseconds>(steady_clock::now() - start);
    ASSERT_EQ(quiet.exit_code, 1) << quiet.err;
  }

  [[nodiscard]] Command CheckLine(const std::string& store, const std::string& out) const {
    return world_.Line("kith", {"check", world_.Seizure().string(), "--case", "NORTH/9", "--store",
                                world_.Path(store).string(), "--out", world_.Path(out).string(),
                                "--progress", "always"});
  }

  // Returns how many files the last run found on record and did not read again.
  std::uint64_t ExpectTheReportOfAQuietRun(const std::string& out) const {
    Command line = CheckLine("store", out);
    line.arguments.emplace_back("--json");
    const Outcome last = RunToEnd(line);
    EXPECT_EQ(last.exit_code, 1) << last.err;
    for (const char* name : {"report.json", "report.csv", "report.html"}) {
      EXPECT_EQ(TextWithoutRun(world_.Path(out) / name),
                TextWithoutRun(world_.Path("expected") / name))
          << name;
    }
    EXPECT_EQ(world_.Kith({"store", "verify"}).exit_code, 0);
    const std::vector<nlohmann::json> lines = JsonLines(last.out);
    if (lines.empty() || lines.back()["type"] != "summary") {
      ADD_FAILURE() << "no summary: " << last.err;
      return 0;
    }
    const auto resumed = lines.back()["resumed"].get<std::uint64_t>();
    // Each file is on record or told of by a line of this run.
    EXPECT_EQ(resumed + std::count_if(lines.begin(), lines.end(),
                                      [](const auto& one) { return one["type"] == "file"; }),
              lines.back()["entries_walked"].get<std::uint64_t>());
    return resumed;
  }

  // Until files are on record and others are to come, however long the start took.
  void WaitUntilAmidFiles(Child& child) const {
    // Who asks must not hold the store itself, and then wait for the run.
    while (child.IsRunning() &&
           ReadFile(world_.Store() / "lock").find("address ") == std::string::npos) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    while (child.IsRunning()) {
      const auto lines = JsonLines(world_.Kith({"case", "list", "--json"}).out);
      const bool any = std::any_of(lines.begin(), lines.end(), [](const nlohmann::json& line) {
        return line.value("case", "") == "NORTH/9" && line.value("files", 0) > 0;
      });
      if (any) return;
    }
  }

  static constexpr int kCopies = 20;
  World world_;
  milliseconds quiet_run_{0};
};

TEST_F(Resume, AfterKillsAtRandomMoments) {
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kKills = 6;
  int killed = 0;
  // Less is left to do each time, and the machine may be faster than in the quiet run.
  int most_ms = static_cast<int>(quiet_run_.count());
  for (int runs = 0; killed < kKills && runs < 40; ++runs) {
    Child child(CheckLine("store", "killed"));
    most_ms = std::max(most_ms, 1);
    std::this_thread::sleep_for(milliseconds(std::uniform_int_distribution<>(1, most_ms)(random)));
    child.Signal(SIGKILL);
    const bool was_running = child.Wait().exit_code == 128 + SIGKILL;
    killed += was_running ? 1 : 0;
    most_ms = was_running ? most_ms * 3 / 4 : most_ms / 2;
  }
  EXPECT_EQ(killed, kKills);
  ExpectTheReportOfAQuietRun("last");
}

TEST_F(Resume, AfterCtrlC) {
  Child child(CheckLine("store", "interrupted"));
  WaitUntilAmidFiles(child);
  child.Signal(SIGINT);
  const Outcome interrupted = child.Wait();
  EXPECT_EQ(interrupted.exit_code, 130) << interrupted.err;
  EXPECT_EQ(ReportWithoutRun(world_.Path("interrupted"))["scope"]["complete"], false);
  EXPECT_THAT(ReadFile(world_.Path("interrupted/report.html")), ::testing::HasSubstr("ncomplete"));
  // What was answered is not read again.
  EXPECT_GT(ExpectTheReportOfAQuietRun("last"), 0U);
}

// A service that answers nothing any more keeps the run from its end: only the second one ends it.
TEST_F(Resume, AfterASecondCtrlCThatEndsAtOnce) {
  {
    Service service(world_, world_.Store());
    Child child(CheckLine("store", "interrupted"));
    WaitUntilAmidFiles(child);
    service.Process().Signal(SIGSTOP);
    child.Signal(SIGINT);
    while (child.IsRunning() && child.Err().find("Stopping") == std::string::npos) {
      std::this_thread::sleep_for(milliseconds(2));
    }
    std::this_thread::sleep_for(milliseconds(300));
    ASSERT_TRUE(child.IsRunning()) << child.Err();
    child.Signal(SIGINT);
    EXPECT_EQ(child.Wait(std::chrono::seconds(5)).exit_code, 130);
    EXPECT_FALSE(fs::exists(world_.Path("interrupted/report.json")));
    service.Process().Signal(SIGCONT);
  }
  EXPECT_GT(ExpectTheReportOfAQuietRun("last"), 0U);
}

TEST_F(Resume, AfterFilesHaveVanished) {
  Child child(CheckLine("store", "interrupted"));
  WaitUntilAmidFiles(child);
  child.Signal(SIGINT);
  EXPECT_EQ(child.Wait().exit_code, 130);
  fs::remove_all(world_.Seizure() / "exact");
  Command line = CheckLine("store", "last");
  line.arguments.emplace_back("--json");
  const Outcome last = RunToEnd(line);
  EXPECT_EQ(last.exit_code, 1) << last.err;
  const std::vector<nlohmann::json> lines = JsonLines(last.out);
  ASSERT_FALSE(lines.empty()) << last.err;
  EXPECT_GT(lines.back()["resumed"].get<std::uint64_t>(), 0U);
  const auto report = ReportWithoutRun(world_.Path("last"));
  EXPECT_EQ(report["scope"]["complete"], true);
  std::uint64_t sum = 0;
  for (const auto& [name, paths] : report["summary"]["dispositions"].items()) {
    sum += paths.get<std::uint64_t>();
  }
  EXPECT_EQ(report["summary"]["entries_walked"], sum);
}

}  // namespace
}  // namespace kith::end_to_end
