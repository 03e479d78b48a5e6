// SPDX-License-Identifier: Apache-2.0
// kith-bench index measures the engine that it names; tune writes what kith reads.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/tools/scratch.h"

namespace kith {
namespace {

TEST(IndexBench, PutsFewCodesIntoTheEngineThatIsNamedToo) {
  const test::Scratch scratch;
  const std::string command = std::string("'") + KITH_BENCH_PROGRAM +
                              "' index --count 20000 --queries 3 --json "
                              "--engines scan,mih,faiss-multihash >'" +
                              scratch.At("out") + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::map<std::string, double> bytes;
  std::istringstream lines(test::ReadAll(scratch.At("out")));
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    bytes[json.at("engine")] = json.at("bytes_per_hash");
  }
  ASSERT_EQ(bytes.size(), 3U);
  // Each holds tables of its own beside the codes.
  EXPECT_NE(bytes["scan"], bytes["faiss-multihash"]);
  EXPECT_NE(bytes["scan"], bytes["mih"]);
  EXPECT_NE(bytes["mih"], bytes["faiss-multihash"]);
}

TEST(TuneBench, WritesSettingsThatKithTakes) {
  const test::Scratch scratch;
  const std::string file = scratch.At("kith.toml");
  const std::string tune = std::string("'") + KITH_BENCH_PROGRAM +
                           "' tune --count 4000 --queries 50 --threads 2 --out '" + file + "' 2>'" +
                           scratch.At("err") + "'";
  ASSERT_EQ(std::system(tune.c_str()), 0) << test::ReadAll(scratch.At("err"));
  const std::string settings = test::ReadAll(file);
  EXPECT_NE(settings.find("#       2000 codes:"), std::string::npos) << settings;
  const std::string show = "KITH_CONFIG='" + file + "' '" + KITH_PROGRAM + "' config show >'" +
                           scratch.At("shown") + "'";
  ASSERT_EQ(std::system(show.c_str()), 0);
  std::istringstream lines(test::ReadAll(scratch.At("shown")));
  int from_file = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(file) == std::string::npos) continue;
    ++from_file;
    EXPECT_TRUE(line.find("index.engine") != std::string::npos ||
                line.find("server.threads") != std::string::npos)
        << line;
  }
  EXPECT_EQ(from_file, 2) << settings;
  // What is there is left as it is.
  EXPECT_NE(std::system(tune.c_str()), 0);
  EXPECT_EQ(test::ReadAll(file), settings);
  EXPECT_NE(test::ReadAll(scratch.At("err")).find("is not replaced"), std::string::npos);
}

}  // namespace
}  // namespace kith
