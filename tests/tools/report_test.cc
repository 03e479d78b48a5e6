// SPDX-License-Identifier: Apache-2.0
// A report as CSV and as JSON, and its words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/tools/report_sample.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

using sample::AddFile;
using sample::Csv;
using sample::Json;
using sample::kHostile;
using sample::Rows;
using sample::Sample;
using testing::HasSubstr;

TEST(Csv, HasOneRowAPathAndMatchAndTheSameColumnsInEach) {
  const auto rows = Rows(Csv(Sample()));
  ASSERT_EQ(rows.size(), 4U);  // header, two paths of the first file, one of the second
  for (const auto& row : rows) EXPECT_EQ(row.size(), 47U);
  EXPECT_EQ(rows[0][0], "path");
  EXPECT_EQ(rows[1][2], "IDENTIFIED");
  EXPECT_EQ(rows[1][14], "17");
  EXPECT_EQ(rows[1][16], "Bluebell");
  EXPECT_EQ(rows[1][27], "J. Jansen");
  EXPECT_EQ(rows[3][0], "b\\xFF.jpg");
  EXPECT_EQ(rows[3][1], "Yv8uanBn");
}

TEST(Csv, RunsNoFormulaAndBreaksNoLine) {
  const auto rows = Rows(Csv(Sample()));
  EXPECT_EQ(rows[2][0], "'=cmd|' /C calc'!A0, \"b\".jpg");
  EXPECT_EQ(rows[1][29], "'+31 6 1234");
  EXPECT_THAT(rows[1][0], HasSubstr("\\n"));
  EXPECT_THAT(rows[1][0], HasSubstr("\\u{202E}"));
}

// Base64 of bytes 0xF8 to 0xFB begins with '+', and got an apostrophe that no program expects.
TEST(Csv, ThePathInBase64IsAsItIs) {
  for (const char first : {'\xF8', '\xF9', '\xFA', '\xFB'}) {
    v1::Report report;
    AddFile(report, std::string(1, first) + "ab", v1::VERDICT_RECOGNIZED);
    const auto rows = Rows(Csv(report));
    std::string decoded;
    ASSERT_TRUE(absl::Base64Unescape(rows[1][1], &decoded)) << rows[1][1];
    EXPECT_EQ(decoded, report.files(0).paths(0));
    EXPECT_EQ(rows[1][1].front(), '+');
  }
}

// An apostrophe before a path may be its own or that of the guard: which of the two, no program
// could tell.
TEST(Csv, APathThatTheGuardChangedStandsInBase64Too) {
  v1::Report report;
  AddFile(report, "=a.jpg", v1::VERDICT_UNRECOGNIZED);
  AddFile(report, "'=a.jpg", v1::VERDICT_UNRECOGNIZED);
  const auto rows = Rows(Csv(report));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1][0], rows[2][0]);
  std::string decoded;
  ASSERT_TRUE(absl::Base64Unescape(rows[1][1], &decoded)) << rows[1][1];
  EXPECT_EQ(decoded, "=a.jpg");
  EXPECT_EQ(rows[2][1], "");
}

// One picture at 10,000 paths with 1,000 matches made ten million rows.
TEST(Csv, ListsTheMatchesOfAFileOnceAndItsPathsOnce) {
  v1::Report report;
  v1::ReportFile& file = AddFile(report, "p0", v1::VERDICT_IDENTIFIED);
  for (int i = 1; i < 50; ++i) file.add_paths("p" + std::to_string(i));
  file.set_total_matches(20);
  for (unsigned i = 0; i < 20; ++i) {
    v1::ReportMatch& match = *file.add_matches();
    match.set_entry_id(100 + i);
    match.set_by("pdq");
    match.set_distance_bits(i);
    match.set_purpose(v1::PURPOSE_KNOWN);
    match.set_series(i == 7 ? "Bluebell" : "n");
    match.set_series_status(i == 7 ? v1::SERIES_STATUS_IDENTIFIED : v1::SERIES_STATUS_UNIDENTIFIED);
  }
  auto rows = Rows(Csv(report));
  ASSERT_EQ(rows.size(), 1U + 20 + 49);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(rows[1 + i][0], "p0");
    EXPECT_EQ(rows[1 + i][14], std::to_string(100 + i));
  }
  for (std::size_t i = 1; i < 50; ++i) {
    const auto& row = rows[20 + i];
    EXPECT_EQ(row[0], "p" + std::to_string(i));
    EXPECT_EQ(row[12], "20");
    EXPECT_EQ(row[16], "Bluebell") << "what the verdict rests on, not what is nearer";
  }
  // Nothing decides: the nearest.
  file.set_verdict(v1::VERDICT_UNRECOGNIZED);
  rows = Rows(Csv(report));
  EXPECT_EQ(rows.back()[14], "100");
}

TEST(Csv, OfNothingIsItsHeader) { EXPECT_EQ(Rows(Csv(v1::Report())).size(), 1U); }

TEST(Json, CanBeReadAndHoldsEverything) {
  const auto json = nlohmann::json::parse(Json(Sample()));
  EXPECT_EQ(json["type"], "report");
  EXPECT_EQ(json["scope"]["case"], "DPD/1<2");
  EXPECT_EQ(json["summary"]["verdicts"]["IDENTIFIED"]["paths"], 2);
  EXPECT_EQ(json["series"][0]["contact"]["phone"], "+31 6 1234");
  EXPECT_EQ(json["files"][0]["paths"][0]["path"], kHostile);
  EXPECT_EQ(json["files"][0]["matches"][0]["distance"], 4);
  EXPECT_EQ(json["files"][0]["matches"][0]["orientation"], "rotate90");
  EXPECT_EQ(json["files"][1]["paths"][0]["path_base64"], "Yv8uanBn");
}

TEST(Json, DiffersBetweenRunsInOneBlockOnly) {
  v1::Report later = Sample();
  later.mutable_run()->set_started_at("2027-01-01T00:00:00Z");
  auto a = nlohmann::json::parse(Json(Sample()));
  auto b = nlohmann::json::parse(Json(later));
  EXPECT_NE(a, b);
  a.erase("run");
  b.erase("run");
  EXPECT_EQ(a, b);
}

// "Jane Doe 7 years, aunt's house" behind a hash in a list stood in every report on the file.
TEST(Json, TellsTheNameOfARecordAndNoFreeText) {
  v1::Report report;
  v1::ReportMatch& match = *AddFile(report, "a.jpg", v1::VERDICT_RECOGNIZED).add_matches();
  const auto told = [&](const std::string& ref) {
    match.set_source_ref(ref);
    return nlohmann::json::parse(Json(report))["files"][0]["matches"][0]["source_ref"];
  };
  for (const char* name :
       {"MediaID 1000001", "ncmec 42/img1", "ICSE 17", "2.jpg", "C:\\X\\7.HLP"}) {
    EXPECT_EQ(told(name), name);
  }
  for (const char* words : {"Jane Doe 7 years, aunt's house", "Jane", "MediaID of Jane 7", ""}) {
    EXPECT_EQ(told(words), "") << words;
  }
}

TEST(Json, OfNothingIsWhole) { EXPECT_TRUE(nlohmann::json::accept(Json(v1::Report()))); }

TEST(Words, AreThoseOfTheContract) {
  EXPECT_EQ(VerdictWord(v1::VERDICT_NOT_APPLICABLE), "NOT_APPLICABLE");
  EXPECT_EQ(DispositionWord(v1::DISPOSITION_LOW_QUALITY), "low_quality");
  EXPECT_EQ(DialectWord(v1::DIALECT_CLI512), "cli512");
  EXPECT_EQ(DialectWord(v1::DIALECT_UNSPECIFIED), "unknown");
  EXPECT_EQ(OrientationWord(v1::ORIENTATION_FLIPMINUS1), "flipminus1");
  for (int i = 1; i <= 6; ++i) EXPECT_NE(VerdictMeaning(static_cast<v1::Verdict>(i)), "");
  for (int i = 1; i <= 12; ++i) EXPECT_NE(DispositionMeaning(static_cast<v1::Disposition>(i)), "");
  v1::View view;
  EXPECT_EQ(ViewWord(view), "original");
  view.set_frame(3);
  EXPECT_EQ(ViewWord(view), "frame:3");
}

TEST(Words, CountForPeople) {
  EXPECT_EQ(Number(0), "0");
  EXPECT_EQ(Number(999), "999");
  EXPECT_EQ(Number(1234567), "1,234,567");
  EXPECT_EQ(Counted(1, "file"), "1 file");
  EXPECT_EQ(Counted(1000, "file"), "1,000 files");
  EXPECT_EQ(Size(1023), "1,023 bytes");
  EXPECT_EQ(Size(1536), "1.5 KiB");
  EXPECT_EQ(Size(1048575), "1.0 MiB");
}

}  // namespace
}  // namespace kith::report
