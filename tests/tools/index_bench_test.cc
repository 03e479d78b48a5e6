// SPDX-License-Identifier: Apache-2.0
// kith-bench index measures the engine that it names.
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

}  // namespace
}  // namespace kith
