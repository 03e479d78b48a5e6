// SPDX-License-Identifier: Apache-2.0
//
// The contract of `kith-bench check`: what it prints, how it refuses, and that nothing stays
// behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/end_to_end/process.h"
#include "tests/golden/synthetic_picture.h"
#include "tests/tools/scratch.h"

namespace {

namespace fs = std::filesystem;
using kith::end_to_end::Child;
using kith::end_to_end::Outcome;
using kith::end_to_end::RunToEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string LittleEndian(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> 8 * i & 255));
  return text;
}

// A BMP of 64 x 64 with the golden picture of that seed.
std::string Bmp(std::uint32_t seed) {
  constexpr int kSide = 64;
  const std::vector<std::uint8_t> rgb = kith::golden::SyntheticPicture(seed, kSide, kSide);
  std::string text = "BM" + LittleEndian(54 + static_cast<std::uint32_t>(rgb.size()), 4) +
                     LittleEndian(0, 4) + LittleEndian(54, 4) + LittleEndian(40, 4) +
                     LittleEndian(kSide, 4) + LittleEndian(kSide, 4) + LittleEndian(1, 2) +
                     LittleEndian(24, 2) + LittleEndian(0, 24);
  for (int row = kSide - 1; row >= 0; --row) {
    for (int column = 0; column < kSide; ++column) {
      const std::size_t at =
          3 * (static_cast<std::size_t>(row) * kSide + static_cast<std::size_t>(column));
      for (const std::size_t channel : {2U, 1U, 0U}) {
        text.push_back(static_cast<char>(rgb[at + channel]));
      }
    }
  }
  return text;
}

class KithBenchCheckTest : public ::testing::Test {
 protected:
  // 13 pictures of 12,342 bytes and usable quality, two of which are the same, a text, an empty
  // file.
  KithBenchCheckTest() {
    for (std::uint32_t seed = 20; seed < 32; ++seed) {
      folder_.Write(std::to_string(100 + seed) + ".bmp", Bmp(seed));
    }
    folder_.Write("999.bmp", Bmp(20));
    folder_.Write("text.txt", "no picture");
    folder_.Write("empty", "");
  }

  std::vector<std::string> Arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> all = {KITH_BENCH_PROGRAM, "check"};
    all.insert(all.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--store-in") == more.end()) {
      all.insert(all.end(), {"--store-in", stores_.path()});
    }
    return all;
  }
  Outcome Check(const std::vector<std::string>& more) const {
    return RunToEnd({.arguments = Arguments(more)});
  }
  std::vector<fs::path> StoresLeft() const {
    return {fs::directory_iterator(stores_.path()), fs::directory_iterator()};
  }

  const kith::test::Scratch folder_;
  const kith::test::Scratch stores_;
};

TEST_F(KithBenchCheckTest, PrintsOneObject) {
  const Outcome outcome = Check({folder_.path(), "--count", "20000", "--own", "3", "--threads", "2",
                                 "--seed", "7", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const auto object = nlohmann::ordered_json::parse(outcome.out);
  EXPECT_EQ(object.at("type"), "check");
  EXPECT_EQ(object.at("files"), 15);
  EXPECT_EQ(object.at("bytes"), 13 * 12342 + 10);
  EXPECT_EQ(object.at("threads"), 2);
  EXPECT_EQ(object.at("pictures"), 13);
  // Three known ones, and the copy of the first.
  EXPECT_EQ(object.at("own_files"), 3);
  EXPECT_EQ(object.at("matched"), 4);
  EXPECT_EQ(object.at("case"), true);
  EXPECT_EQ(object.at("codes"), 20000);
  EXPECT_EQ(object.at("seed"), 7);
  EXPECT_EQ(object.at("dialect"), "full");
  EXPECT_EQ(object.at("walk_errors"), 0);
  const double seconds = object.at("seconds");
  EXPECT_GT(seconds, 0);
  EXPECT_DOUBLE_EQ(object.at("files_per_second").get<double>(), 15 / seconds);
  EXPECT_GT(object.at("files_per_second_per_core").get<double>(), 0);
  EXPECT_NEAR(object.at("megabytes_per_second").get<double>() * seconds, 0.160456, 1e-9);
  std::vector<std::string> names;
  double shares = 0;
  for (const auto& [name, share] : object.at("stages").items()) {
    names.push_back(name);
    shares += share.get<double>();
    EXPECT_GE(share.get<double>(), 0) << name;
    EXPECT_GE(object.at("stage_seconds").at(name).get<double>(), 0) << name;
  }
  EXPECT_THAT(names, ElementsAre("read", "digest", "decode", "hash", "match", "commit"));
  EXPECT_NEAR(shares, 1, 1e-9);
  for (const char* worked : {"read", "digest", "decode", "hash", "match"}) {
    EXPECT_GT(object.at("stage_seconds").at(worked).get<double>(), 0) << worked;
  }
  EXPECT_GE(object.at("batches"), 1);
  EXPECT_EQ(object.at("replay").at("batches"), object.at("batches"));
  EXPECT_GT(object.at("replay").at("match_seconds").get<double>(), 0);
  EXPECT_GT(object.at("replay").at("record_seconds").get<double>(), 0);
  EXPECT_FALSE(object.at("bound_by").get<std::string>().empty());
  EXPECT_FALSE(object.at("simd").get<std::string>().empty());
  EXPECT_FALSE(object.at("machine").get<std::string>().empty());
  EXPECT_THAT(StoresLeft(), IsEmpty());
}

TEST_F(KithBenchCheckTest, PrintsATableForPeople) {
  const Outcome outcome = Check({folder_.path(), "--count", "10", "--no-case"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("a look-up"));
  EXPECT_THAT(outcome.out, HasSubstr("15 files (13 pictures, 11 matched)"));
  EXPECT_THAT(outcome.out, HasSubstr("bound by "));
  EXPECT_THAT(StoresLeft(), IsEmpty());
}

TEST_F(KithBenchCheckTest, HashesBothDialectsWhereNobodyKnowsWhich) {
  const Outcome outcome = Check({folder_.path(), "--count", "10", "--dialect", "unknown", "--own",
                                 "0", "--engine", "mih", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out).at("matched"), 0);
}

TEST_F(KithBenchCheckTest, TakesAnEmptyFolderAndAnEmptyStore) {
  const kith::test::Scratch empty;
  const Outcome outcome = Check({empty.path(), "--count", "0", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json object = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(object.at("files"), 0);
  EXPECT_EQ(object.at("bound_by"), "rest");
}

TEST_F(KithBenchCheckTest, RefusesAndSaysWhatToDo) {
  const std::string missing = folder_.At("missing");
  const std::vector<std::pair<std::vector<std::string>, std::string>> bad = {
      {{}, "folder is required"},
      {{missing}, "cannot look into " + missing + ": No such file"},
      {{folder_.At("text.txt")}, "it is not a folder"},
      {{folder_.path(), "--store-in", missing}, "cannot look into " + missing},
      {{folder_.path(), "--store-in", folder_.path()}, "give another place with --store-in"},
      {{folder_.path(), "--engine", "hnsw"}, "hnsw"},
      {{folder_.path(), "--threads", "0"}, "--threads"},
      {{folder_.path(), "--count", "-1"}, "--count"},
      {{folder_.path(), "--own", "x"}, "--own"},
      {{folder_.path(), "--dialect", "half"}, "--dialect"},
      {{folder_.path(), "--bogus"}, "--bogus"},
  };
  for (const auto& [arguments, message] : bad) {
    const Outcome outcome = Check(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << message;
    EXPECT_EQ(outcome.out, "") << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_THAT(StoresLeft(), IsEmpty()) << message;
  }
}

// The store holds what may be turned back into pictures.
TEST_F(KithBenchCheckTest, KeepsItsStorePrivateAndTakesItAwayWhenInterrupted) {
  Child child({.arguments = Arguments({folder_.path(), "--count", "100000000"})});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (StoresLeft().empty() && child.IsRunning() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ASSERT_EQ(StoresLeft().size(), 1U) << child.Err();
  struct stat status {};
  ASSERT_EQ(::stat(StoresLeft().front().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  child.Signal(SIGINT);
  const Outcome outcome = child.Wait();
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_THAT(outcome.err, HasSubstr("interrupted"));
  EXPECT_THAT(StoresLeft(), IsEmpty());
}

}  // namespace
