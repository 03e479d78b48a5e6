// SPDX-License-Identifier: Apache-2.0
//
// The contract of `kith-bench index`: what it prints, and how it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/end_to_end/json_lines.h"
#include "tests/end_to_end/process.h"

namespace {

namespace fs = std::filesystem;
using kith::end_to_end::Child;
using kith::end_to_end::Command;
using kith::end_to_end::JsonLines;
using kith::end_to_end::Outcome;
using kith::end_to_end::RunToEnd;
using ::testing::HasSubstr;

// Of the arguments, which are parted by blanks.
Command Bench(const std::string& arguments) {
  Command command{.arguments = {KITH_BENCH_PROGRAM}};
  std::istringstream words(arguments);
  for (std::string word; words >> word;) command.arguments.push_back(word);
  return command;
}
Outcome RunBench(const std::string& arguments) { return RunToEnd(Bench(arguments)); }

// It said that a subcommand is required, of whatever was no subcommand.
TEST(KithBench, NamesWhatItDoesNotKnow) {
  const Outcome wrong = RunBench("idnex --count 7");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("there is no idnex; say what to measure: index, hash"));
  const Outcome nothing = RunBench("");
  EXPECT_EQ(nothing.exit_code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("kith-bench: say what to measure"));
  const Outcome help = RunBench("--help");
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("kith-bench tune --count 1000000 --out kith.toml"));
}

TEST(KithBenchIndexTest, PrintsOneObjectAnEngine) {
  const Outcome outcome = RunBench(
      "index --count 2000 --queries 60 --engines faiss-flat,scan,mih,mih-batch,faiss-multihash "
      "--threads 2 --radius 31 --duplicates 0.2 --seed 7 --json");
  EXPECT_EQ(outcome.exit_code, 0);
  std::vector<std::string> engines;
  for (const nlohmann::json& object : JsonLines(outcome.out)) {
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

// The plain scan that tells the truth would take longest: it answers so many and no more.
TEST(KithBenchIndexTest, ChecksTwoHundredQueriesAtMost) {
  const Outcome outcome =
      RunBench("index --count 2000 --queries 250 --engines scan,mih,mih-batch --threads 2 --json");
  EXPECT_EQ(outcome.exit_code, 0);
  const std::vector<nlohmann::json> objects = JsonLines(outcome.out);
  for (const nlohmann::json& object : objects) {
    EXPECT_EQ(object.at("queries"), 250);
    EXPECT_EQ(object.at("checked_queries"), 200);
    EXPECT_EQ(object.at("recall"), 1.0);
    EXPECT_EQ(object.at("wrong_hits"), 0);
  }
  EXPECT_EQ(objects.size(), 3U);
}

TEST(KithBenchIndexTest, PrintsATableForPeople) {
  const Outcome outcome = RunBench("index --count 100 --queries 5 --engines scan");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("recall"));
  EXPECT_THAT(outcome.out, HasSubstr("1.0000"));
}

TEST(KithBenchIndexTest, AnswersBeyondTheUsualRadius) {
  const Outcome outcome = RunBench("index --count 1000 --queries 5 --engines scan --radius 256");
  EXPECT_EQ(outcome.exit_code, 0);
}

// A folder for the files of one test.
class KithBenchFilesTest : public ::testing::Test {
 protected:
  KithBenchFilesTest() {
    std::string name = ::testing::TempDir() + "kith_bench_XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~KithBenchFilesTest() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string At(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string Write(const std::string& name, const std::string& bytes) const {
    std::ofstream(At(name), std::ios::binary) << bytes;
    return At(name);
  }
  [[nodiscard]] static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  std::string folder_;
};

TEST_F(KithBenchFilesTest, TakesCodesFromATextAndFromRawBytes) {
  std::mt19937_64 random(5);
  std::string raw;
  std::string text = "# codes of a list\n\n";
  for (int code = 0; code < 300; ++code) {
    for (int byte = 0; byte < 32; ++byte) {
      const auto value = static_cast<unsigned>(random() % 256);
      raw.push_back(static_cast<char>(value));
      constexpr std::string_view kDigits = "0123456789abcdef";
      text += {kDigits[value / 16], kDigits[value % 16]};
    }
    text += code % 2 == 0 ? "\n" : ",a name\r\n";
  }
  for (const std::string& path : {Write("codes.txt", text), Write("codes.bin", raw)}) {
    const Outcome outcome = RunBench("index --queries 40 --engines scan,mih --json --from " + path);
    EXPECT_EQ(outcome.exit_code, 0);
    const auto first = nlohmann::json::parse(outcome.out.substr(0, outcome.out.find('\n')));
    EXPECT_EQ(first.at("count"), 300);
    EXPECT_EQ(first.at("recall"), 1.0);
    EXPECT_EQ(first.at("from"), path);
  }
  const Outcome some =
      RunBench("index --count 7 --queries 5 --engines scan --json --from " + At("codes.txt"));
  EXPECT_THAT(some.out, HasSubstr("\"count\":7,"));
}

TEST_F(KithBenchFilesTest, RefusesFilesThatHoldNoCodes) {
  const std::string code(64, 'a');
  const Outcome line = RunBench("index --from " + Write("line", code + "\n\n" + code + "a\n"));
  EXPECT_EQ(line.exit_code, 2);
  EXPECT_THAT(line.err, HasSubstr("line:3: the line does not begin with a code"));
  const Outcome shorter = RunBench("index --from " + Write("shorter", code + "\n" + "ab\n"));
  EXPECT_THAT(shorter.err, HasSubstr("shorter:2:"));
  const Outcome raw = RunBench("index --from " + Write("raw", std::string(33, '\x7f')));
  EXPECT_EQ(raw.exit_code, 2);
  EXPECT_THAT(raw.err, HasSubstr("1 bytes are left behind code 1"));
  EXPECT_THAT(RunBench("index --from " + Write("empty", "")).err, HasSubstr("holds no code"));
  EXPECT_THAT(RunBench("index --from " + At("none")).err, HasSubstr("cannot read"));
}

TEST_F(KithBenchFilesTest, SweepsAllCombinationsIntoATableAndAPlot) {
  const Outcome outcome = RunBench(
      "index --count 300,20000 --queries 30 --radius 7,31 --threads 1,2 --bands 0,20 --engines "
      "scan,mih --json --sweep " +
      At("out"));
  EXPECT_EQ(outcome.exit_code, 0);
  // The scan has no bands.
  const auto runs = std::count(outcome.out.begin(), outcome.out.end(), '\n');
  EXPECT_EQ(runs, 2 * 2 * 2 * (1 + 2));
  const std::string table = Read(At("out/sweep.md"));
  EXPECT_THAT(table, HasSubstr("| mih | 20000 | 7 | 20 | 2 |"));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 2 + 2 + runs);
  const std::string plot = Read(At("out/sweep.svg"));
  EXPECT_TRUE(plot.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_THAT(plot, HasSubstr("radius 7, bands 0, threads 1"));
  EXPECT_THAT(plot, ::testing::Not(HasSubstr("nan")));
  EXPECT_THAT(plot, ::testing::Not(HasSubstr("href")));
  EXPECT_TRUE(plot.ends_with("</svg>\n"));
}

TEST_F(KithBenchFilesTest, MeasuresASegmentInAFileAndRemovesIt) {
  const Outcome outcome = RunBench(
      "index --count 30000 --queries 60 --engines mih-file,mih-file-resident --batch 16 --json "
      "--dir " +
      folder_);
  EXPECT_EQ(outcome.exit_code, 0);
  const std::vector<nlohmann::json> objects = JsonLines(outcome.out);
  for (const nlohmann::json& object : objects) {
    EXPECT_EQ(object.at("recall"), 1.0);
    EXPECT_EQ(object.at("wrong_hits"), 0);
    EXPECT_EQ(object.at("batch"), 16);
    EXPECT_GT(object.at("hot_bytes_per_hash").get<double>(), 32);
    EXPECT_GT(object.at("bytes_per_hash"), object.at("hot_bytes_per_hash"));
    EXPECT_GT(object.at("first_open_seconds").get<double>(), 0);
    EXPECT_GT(object.at("open_seconds").get<double>(), 0);
  }
  EXPECT_EQ(objects.size(), 2U);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(KithBenchFilesTest, TakesItsFilesAwayWhenItIsStopped) {
  // Far more codes than are written before the signal comes.
  Child child(Bench("index --count 30000000 --queries 1 --engines mih-file --dir " + folder_));
  const auto is_begun = [this] {
    const fs::directory_iterator files(folder_);
    return std::any_of(begin(files), end(files),
                       [](const auto& file) { return file.path().extension() == ".tmp"; });
  };
  while (child.IsRunning() && !is_begun()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  child.Signal(SIGTERM);
  const Outcome outcome = child.Wait();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST(KithBenchIndexTest, ShowsAPeerThatPromisesNoRecall) {
  const Outcome outcome =
      RunBench("index --count 3000 --queries 50 --duplicates 0.3 --engines faiss-hnsw,scan --json");
  EXPECT_EQ(outcome.exit_code, 0);
  const std::vector<nlohmann::json> objects = JsonLines(outcome.out);
  ASSERT_EQ(objects.size(), 2U);
  const nlohmann::json& peer = objects[0];
  EXPECT_EQ(peer.at("engine"), "faiss-hnsw");
  EXPECT_EQ(peer.at("exact"), false);
  EXPECT_EQ(peer.at("wrong_hits"), 0);
  EXPECT_GT(peer.at("recall").get<double>(), 0.5);
  EXPECT_GT(peer.at("bytes_per_hash").get<double>(), 32 + 4 * 64);
}

TEST(KithBenchIndexTest, TellsMemoryAndPageFaults) {
  const Outcome outcome = RunBench("index --count 100000 --queries 50 --engines faiss-flat --json");
  ASSERT_EQ(outcome.exit_code, 0);
  const nlohmann::json line = nlohmann::json::parse(outcome.out);
  constexpr std::uint64_t kCodeBytes = std::uint64_t{100000} * 32;
  EXPECT_GE(line.at("resident_bytes").get<std::uint64_t>(), kCodeBytes);
  // The codes as they were handed over are in the peak, too.
  EXPECT_GE(line.at("peak_bytes").get<std::uint64_t>(), 2 * kCodeBytes);
  EXPECT_GE(line.at("build_minor_faults").get<std::uint64_t>(), 1U);
  EXPECT_TRUE(line.at("minor_faults").is_number_unsigned());
  EXPECT_TRUE(line.at("major_faults").is_number_unsigned());
}

struct BadCall {
  const char* arguments;
  const char* message;
};

// Else a test would be called by addresses, which are others each time.
void PrintTo(const BadCall& call, std::ostream* out) { *out << '"' << call.arguments << '"'; }

class KithBenchBadCallTest : public ::testing::TestWithParam<BadCall> {};

TEST_P(KithBenchBadCallTest, IsRefusedWithWhatToDo) {
  const Outcome outcome = RunBench(GetParam().arguments);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(
    All, KithBenchBadCallTest,
    ::testing::Values(BadCall{"", "say what to measure"}, BadCall{"index --count 0", "--count"},
                      BadCall{"index --count x", "--count"}, BadCall{"index --count -1", "--count"},
                      BadCall{"index --queries 0", "--queries"},
                      BadCall{"index --threads 0", "--threads"},
                      BadCall{"index --batch 0", "--batch"},
                      BadCall{"index --duplicates 1", "--duplicates"},
                      BadCall{"index --radius 257", "--radius"},
                      BadCall{"index --radius 32", "use engine scan for more"},
                      BadCall{"index --engines scan,hnsw", "use one of scan, mih"},
                      BadCall{"index --count 10,20", "need --sweep DIR"},
                      BadCall{"index --engines mih-file --dir /proc/none",
                              "needs a folder for its file, and /proc/none is none"},
                      BadCall{"index --engines mih-file --dir /proc --count 2000000",
                              "GB in /proc and 0.0 GB are free; give another folder"},
                      BadCall{"index --memory-mib 1", "--memory-mib"},
                      BadCall{"index --bands 11 --engines mih", "bands is 11"},
                      // Told after all codes were made and compared.
                      BadCall{"index --bands 5 --engines mih-file --dir /proc --count 2000000",
                              "5 bands are not within 8..32"},
                      BadCall{"index --bands 33 --engines mih", "--bands"},
                      BadCall{"index --sweep /proc/none --engines scan", "cannot make /proc/none"},
                      BadCall{"index --bogus", "--bogus"}));

}  // namespace
