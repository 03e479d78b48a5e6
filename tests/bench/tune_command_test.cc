// SPDX-License-Identifier: Apache-2.0
//
// kith-bench index measures the engine that it names; tune writes what kith reads.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/end_to_end/json_lines.h"
#include "tests/end_to_end/process.h"
#include "tests/tools/scratch.h"

namespace kith {
namespace {

using end_to_end::Command;
using end_to_end::Outcome;
using end_to_end::RunToEnd;

TEST(IndexBench, PutsFewCodesIntoTheEngineThatIsNamedToo) {
  const Outcome outcome =
      RunToEnd({.arguments = {KITH_BENCH_PROGRAM, "index", "--count", "20000", "--queries", "3",
                              "--json", "--engines", "scan,mih,faiss-multihash"}});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::map<std::string, double> bytes;
  for (const nlohmann::json& json : end_to_end::JsonLines(outcome.out)) {
    bytes[json.at("engine")] = json.at("bytes_per_hash");
  }
  ASSERT_EQ(bytes.size(), 3U);
  // Each holds tables of its own beside the codes.
  EXPECT_NE(bytes["scan"], bytes["faiss-multihash"]);
  EXPECT_NE(bytes["scan"], bytes["mih"]);
  EXPECT_NE(bytes["mih"], bytes["faiss-multihash"]);
}

TEST(KithBench, HelpThatCannotBePrintedIsNotSuccess) {
  const Outcome outcome = RunToEnd(
      {.arguments = {"sh", "-c", "exec \"$1\" --help >/dev/full", "sh", KITH_BENCH_PROGRAM}});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_NE(outcome.err.find("cannot write to standard output"), std::string::npos);
}

TEST(TuneBench, WritesSettingsThatKithTakes) {
  const test::Scratch scratch;
  const std::string file = scratch.At("kith.toml");
  const Command tune{.arguments = {KITH_BENCH_PROGRAM, "tune", "--count", "4000", "--queries",
                                   "1000", "--threads", "2", "--out", file, "--dir",
                                   scratch.At("files")}};
  std::filesystem::create_directory(scratch.At("files"));
  const Outcome tuned = RunToEnd(tune);
  ASSERT_EQ(tuned.exit_code, 0) << tuned.err;
  const std::string settings = test::ReadAll(file);
  EXPECT_NE(settings.find("#       2000 codes:"), std::string::npos) << settings;
  EXPECT_TRUE(std::filesystem::is_empty(scratch.At("files")));
  const Outcome shown =
      RunToEnd({.arguments = {KITH_PROGRAM, "config", "show"},
                .environment = {{"KITH_CONFIG", file}, {"HOME", scratch.path()}}});
  ASSERT_EQ(shown.exit_code, 0) << shown.err;
  std::istringstream lines(shown.out);
  int from_file = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(file) == std::string::npos || line.starts_with("Settings file: ")) continue;
    ++from_file;
    EXPECT_TRUE(line.find("index.engine") != std::string::npos ||
                line.find("server.threads") != std::string::npos)
        << line;
  }
  EXPECT_EQ(from_file, 2) << settings;
  // What is there is left as it is.
  const Outcome again = RunToEnd(tune);
  EXPECT_NE(again.exit_code, 0);
  EXPECT_EQ(test::ReadAll(file), settings);
  EXPECT_NE(again.err.find("is not replaced"), std::string::npos);
}

// It measured an index in memory, whatever the memory was.
TEST(TuneBench, AsksForRoomFirst) {
  // Where there is no room at all, and where there is no folder.
  const std::map<std::string, std::string> wrong = {
      {"/proc", " GB are free"}, {"/nowhere/at/all", "needs a folder for its file"}};
  for (const auto& [dir, words] : wrong) {
    const Outcome outcome =
        RunToEnd({.arguments = {KITH_BENCH_PROGRAM, "tune", "--count", "100000000", "--dir", dir}});
    EXPECT_EQ(outcome.exit_code, 2) << dir;
    EXPECT_NE(outcome.err.find(words), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.out, "") << dir;
  }
}

// Ten queries were written down as the truth about a machine.
TEST(TuneBench, RefusesToConcludeFromNoise) {
  const test::Scratch scratch;
  const std::string file = scratch.At("kith.toml");
  for (const std::vector<std::string>& few : std::vector<std::vector<std::string>>{
           {"--queries", "999"}, {"--queries", "10"}, {"--count", "1"}}) {
    std::vector<std::string> arguments = {KITH_BENCH_PROGRAM, "tune", "--out", file};
    arguments.insert(arguments.end(), few.begin(), few.end());
    const Outcome outcome = RunToEnd({.arguments = arguments});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find(few[0]), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(file));
  }
}

}  // namespace
}  // namespace kith
