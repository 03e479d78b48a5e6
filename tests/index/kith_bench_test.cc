// SPDX-License-Identifier: Apache-2.0
//
// The contract of `kith-bench index`: what it prints, and how it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace {

using ::testing::HasSubstr;

struct Outcome {
  int exit_code = -1;
  std::string output;  // what `redirect` sends there
};

Outcome RunBench(const std::string& arguments, const std::string& redirect = "2>&1") {
  Outcome outcome;
  const std::string command = std::string(KITH_BENCH_PROGRAM) + " " + arguments + " " + redirect;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer;
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    outcome.output.append(buffer.data(), got);
  }
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) outcome.exit_code = WEXITSTATUS(status);
  return outcome;
}

TEST(KithBenchIndexTest, PrintsOneObjectAnEngine) {
  const Outcome outcome = RunBench(
      "index --count 2000 --queries 60 --engines faiss-flat,scan,mih,mih-batch,faiss-multihash "
      "--threads 2 --radius 31 --duplicates 0.2 --seed 7 --json",
      "2>/dev/null");
  EXPECT_EQ(outcome.exit_code, 0);
  std::istringstream lines(outcome.output);
  std::vector<std::string> engines;
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json object = nlohmann::json::parse(line);
    EXPECT_EQ(object.at("type"), "index");
    EXPECT_EQ(object.at("count"), 2000);
    EXPECT_EQ(object.at("queries"), 60);
    EXPECT_EQ(object.at("threads"), 2);
    EXPECT_EQ(object.at("radius"), 31);
    EXPECT_EQ(object.at("seed"), 7);
    EXPECT_EQ(object.at("duplicates"), 0.2);
    const std::string engine = object.at("engine");
    EXPECT_EQ(object.at("batch"), engine == "mih" ? 1 : engine == "mih-batch" ? 30 : 256);
    EXPECT_EQ(object.at("recall"), 1.0);
    EXPECT_EQ(object.at("wrong_hits"), 0);
    EXPECT_EQ(object.at("checked_queries"), 60);
    EXPECT_GT(object.at("qps").get<double>(), 0);
    EXPECT_GT(object.at("qps_per_core").get<double>(), 0);
    EXPECT_GE(object.at("build_seconds").get<double>(), 0);
    EXPECT_DOUBLE_EQ(object.at("comparisons_per_second").get<double>(),
                     object.at("qps").get<double>() * 2000);
    EXPECT_GT(object.at("bytes_per_hash").get<double>(), 32);
    EXPECT_FALSE(object.at("simd").get<std::string>().empty());
    EXPECT_FALSE(object.at("machine").get<std::string>().empty());
    engines.push_back(object.at("engine"));
  }
  EXPECT_THAT(engines,
              ::testing::ElementsAre("faiss-flat", "scan", "mih", "mih-batch", "faiss-multihash"));
}

TEST(KithBenchIndexTest, PrintsATableForPeople) {
  const Outcome outcome = RunBench("index --count 100 --queries 5 --engines scan");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output, HasSubstr("recall"));
  EXPECT_THAT(outcome.output, HasSubstr("1.0000"));
}

TEST(KithBenchIndexTest, AnswersBeyondTheUsualRadius) {
  const Outcome outcome = RunBench("index --count 1000 --queries 5 --engines scan --radius 256");
  EXPECT_EQ(outcome.exit_code, 0);
}

struct BadCall {
  const char* arguments;
  const char* message;
};

class KithBenchBadCallTest : public ::testing::TestWithParam<BadCall> {};

TEST_P(KithBenchBadCallTest, IsRefusedWithWhatToDo) {
  const Outcome outcome = RunBench(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.output, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, KithBenchBadCallTest,
    ::testing::Values(BadCall{"", "subcommand"}, BadCall{"index --count 0", "--count"},
                      BadCall{"index --count x", "--count"}, BadCall{"index --count -1", "--count"},
                      BadCall{"index --queries 0", "--queries"},
                      BadCall{"index --threads 0", "--threads"},
                      BadCall{"index --batch 0", "--batch"},
                      BadCall{"index --duplicates 1", "--duplicates"},
                      BadCall{"index --radius 257", "--radius"},
                      BadCall{"index --radius 32", "use engine scan for more"},
                      BadCall{"index --engines scan,hnsw", "use one of scan, mih"},
                      BadCall{"index --bogus", "--bogus"}));

}  // namespace
