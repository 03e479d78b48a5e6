// SPDX-License-Identifier: Apache-2.0
//
// The contract of `kith-bench hash`: what it prints, what it takes, and how it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/end_to_end/json_lines.h"
#include "tests/end_to_end/process.h"
#include "tests/hashing/pictures.h"
#include "tests/tools/scratch.h"

namespace {

using kith::end_to_end::Outcome;
using kith::end_to_end::RunToEnd;
using kith::hashing::test::Data;
using kith::hashing::test::EncodeJpeg;
using kith::hashing::test::EncodePng;
using kith::hashing::test::JpegStyle;
using kith::hashing::test::Synthetic;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Text(const Data& bytes) { return {bytes.begin(), bytes.end()}; }

class KithBenchHashTest : public ::testing::Test {
 protected:
  // Two baseline JPEGs, a progressive one, a PNG; and what is not to be taken.
  KithBenchHashTest() {
    baseline_ = EncodeJpeg(Synthetic(20, 640, 480));
    folder_.Write("a.jpg", Text(baseline_));
    folder_.Write("below/no-suffix", Text(EncodeJpeg(Synthetic(21, 500, 400))));
    JpegStyle progressive;
    progressive.progressive = true;
    folder_.Write("b.jpeg", Text(EncodeJpeg(Synthetic(22, 640, 480), progressive)));
    folder_.Write("c.png", Text(EncodePng(Synthetic(23, 320, 200))));
    folder_.Write("text.jpg", std::string(10'000, 'x'));
    folder_.Write("small.jpg", Text(EncodeJpeg(Synthetic(24, 16, 16))));
    folder_.Write("cut.jpg", Text({baseline_.begin(), baseline_.end() - 5'000}));
  }

  Outcome Hash(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {KITH_BENCH_PROGRAM, "hash"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunToEnd({.arguments = arguments});
  }
  std::vector<nlohmann::json> Objects(const std::vector<std::string>& more) const {
    const Outcome outcome = Hash(more);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return kith::end_to_end::JsonLines(outcome.out);
  }

  const kith::test::Scratch folder_;
  Data baseline_;
};

TEST_F(KithBenchHashTest, PrintsAnObjectAMode) {
  const auto objects = Objects({folder_.path(), "--min-bytes", "2000", "--rounds", "1", "--json"});
  std::vector<std::string> modes;
  for (const nlohmann::json& object : objects) {
    modes.push_back(object.at("mode"));
    EXPECT_EQ(object.at("type"), "hash");
    EXPECT_EQ(object.at("files"), 4);
    EXPECT_EQ(object.at("skipped"), 1);  // the one that is cut off
    EXPECT_EQ(object.at("baseline").at("files"), 2);
    EXPECT_EQ(object.at("progressive").at("files"), 1);
    EXPECT_EQ(object.at("png").at("files"), 1);
    const double seconds = object.at("seconds");
    EXPECT_GT(seconds, 0);
    EXPECT_DOUBLE_EQ(object.at("images_per_second").get<double>(), 4 / seconds);
    double parts = 0;
    for (const char* kind : {"baseline", "progressive", "png"}) {
      parts += object.at(kind).at("seconds").get<double>();
      EXPECT_GT(object.at(kind).at("images_per_second").get<double>(), 0) << kind;
      EXPECT_GT(object.at(kind).at("megabytes_per_second").get<double>(), 0) << kind;
      EXPECT_GT(object.at(kind).at("times_opencv_colour").get<double>(), 0) << kind;
    }
    EXPECT_NEAR(parts, seconds, 1e-9);
  }
  EXPECT_THAT(modes, ElementsAre("fast", "exact", "opencv-colour", "opencv-grey8"));
  EXPECT_EQ(objects[0].at("handed_over"), 4);  // all are small
  EXPECT_EQ(objects[1].at("worst_bits_from_exact"), 0);
  EXPECT_EQ(objects[2].at("times_opencv_colour"), 1);
  EXPECT_LE(objects[2].at("worst_bits_from_exact"), 4);
}

TEST_F(KithBenchHashTest, LeavesSmallFilesOut) {
  const auto objects = Objects({folder_.path(), "--mode", "exact", "--min-bytes",
                                std::to_string(baseline_.size()), "--json"});
  ASSERT_EQ(objects.size(), 1U);
  for (const nlohmann::json& object : objects) EXPECT_LT(object.at("files"), 4);
  EXPECT_GT(objects[0].at("left_out"), 0);
  // A table of zeros was printed, with exit code 0.
  for (const char* json : {"--json", "--rounds=1"}) {
    const Outcome none = Hash({folder_.path(), "--mode", "exact", json, "--min-bytes", "9999999"});
    EXPECT_EQ(none.exit_code, 2);
    EXPECT_EQ(none.out, "");
    EXPECT_THAT(none.err, HasSubstr("7 smaller files were left out (--min-bytes)"));
  }
}

TEST_F(KithBenchHashTest, PrintsATableForPeople) {
  const Outcome outcome = Hash({folder_.path(), "--min-bytes", "2000", "--mode", "exact"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("progressive"));
  EXPECT_THAT(outcome.out, HasSubstr("1 skipped"));
}

TEST_F(KithBenchHashTest, HelpHasExamples) {
  const Outcome outcome = Hash({"--help"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("Examples:"));
}

TEST_F(KithBenchHashTest, RefusesAndSaysWhatToDo) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> bad = {
      {{}, "folder is required"},
      {{folder_.At("missing")}, "cannot look into " + folder_.At("missing") + ": No such file"},
      {{folder_.path(), "--mode", "psychic"}, "--mode"},
      {{folder_.path(), "--rounds", "0"}, "--rounds"},
      {{folder_.path(), "--min-bytes", "-1"}, "--min-bytes"},
  };
  for (const auto& [arguments, message] : bad) {
    const Outcome outcome = Hash(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << message;
    EXPECT_EQ(outcome.out, "") << message;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
}

}  // namespace
