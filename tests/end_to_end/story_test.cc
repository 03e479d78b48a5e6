// SPDX-License-Identifier: Apache-2.0
// The main story, told by the programs themselves: an agency enrols what it knows, an analyst
// points `kith check` at a seizure, and the answer is right, complete and repeatable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/end_to_end/judge.h"
#include "tests/end_to_end/sample.h"
#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Story : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.MakeSample(3, 20);
    world_.Enrol();
  }

  [[nodiscard]] std::string Folder() const { return world_.Seizure().string(); }
  [[nodiscard]] std::string Out(const std::string& name) const {
    return world_.Path(name).string();
  }

  // Checks the sample into the report `name`. Returns what was said.
  [[nodiscard]] Outcome Check(const std::string& name, std::vector<std::string> more = {}) const {
    std::vector<std::string> line = {"check", Folder(), "--out", Out(name)};
    line.insert(line.end(), more.begin(), more.end());
    return world_.Kith(line);
  }

  void ExpectPerfect(const std::string& name) const {
    world_.Write("entries.jsonl", world_.Kith({"entry", "list", "--json"}).out);
    const auto judgement = Judge({.manifest = Out("sample/manifest.tsv"),
                                  .report = Out(name) + "/report.json",
                                  .entries = Out("entries.jsonl")});
    ASSERT_TRUE(judgement.ok()) << judgement.status();
    std::string problems;
    for (const std::string& problem : judgement->problems) problems += problem + "\n";
    EXPECT_EQ(judgement->wrong, 0U) << problems;
    EXPECT_EQ(judgement->found, judgement->expected) << problems;
    EXPECT_EQ(judgement->expected, 9U * 21U);
  }

  World world_;
};

TEST_F(Story, EveryCopyIsFoundAndNothingElse) {
  const Outcome checked = Check("report");
  EXPECT_EQ(checked.exit_code, 1) << checked.err;
  ExpectPerfect("report");
  EXPECT_THAT(checked.out, HasSubstr("lind@north.example"));
  EXPECT_THAT(checked.out, HasSubstr("+00 555 0100"));
  for (const char* name : {"report.json", "report.csv", "report.html"}) {
    EXPECT_GT(ReadFile(world_.Path("report") / name).size(), 1000U) << name;
  }
}

TEST_F(Story, ALookUpRecordsNothingAndSaysSo) {
  const Outcome checked = Check("report");
  EXPECT_THAT(checked.out + checked.err, HasSubstr("recorded"));
  EXPECT_EQ(world_.Kith({"case", "list", "--json"}).out, "");
  EXPECT_EQ(ReportWithoutRun(world_.Path("report"))["scope"]["recorded"], false);
}

TEST_F(Story, TheSumsAgree) {
  EXPECT_EQ(Check("report").exit_code, 1);
  const nlohmann::json report = ReportWithoutRun(world_.Path("report"));
  std::uint64_t walked = 0;
  for (const auto& [name, paths] : report["summary"]["dispositions"].items()) {
    walked += paths.get<std::uint64_t>();
  }
  std::uint64_t judged = 0;
  for (const auto& [name, count] : report["summary"]["verdicts"].items()) {
    judged += count["paths"].get<std::uint64_t>();
  }
  std::uint64_t listed = 0;
  for (const auto& file : report["files"]) listed += file["paths"].size();
  const std::uint64_t made = 9 * 22 + 20 + 4;
  EXPECT_EQ(walked, made);
  EXPECT_EQ(judged, made);
  EXPECT_EQ(listed, made);
  EXPECT_EQ(report["summary"]["entries_walked"], made);
  EXPECT_EQ(report["summary"]["dispositions"]["not_regular"], 1);
  EXPECT_EQ(report["summary"]["dispositions"]["empty"], 1);
  EXPECT_EQ(report["summary"]["dispositions"]["not_media"], 1);
  EXPECT_EQ(report["summary"]["dispositions"]["partial"], 1);
}

TEST_F(Story, ASecondRunCountsNothingTwice) {
  EXPECT_EQ(Check("first", {"--case", "NORTH/2026-0117"}).exit_code, 1);
  EXPECT_EQ(Check("second", {"--case", "NORTH/2026-0117"}).exit_code, 1);
  EXPECT_EQ(ReportWithoutRun(world_.Path("first")), ReportWithoutRun(world_.Path("second")));
  EXPECT_EQ(ReadFile(world_.Path("first") / "report.csv"),
            ReadFile(world_.Path("second") / "report.csv"));
  ExpectPerfect("second");
}

TEST_F(Story, ALookUpAndACaseGiveTheSameFiles) {
  EXPECT_EQ(Check("look-up").exit_code, 1);
  EXPECT_EQ(Check("case", {"--case", "NORTH/2026-0117"}).exit_code, 1);
  EXPECT_EQ(ReportWithoutRun(world_.Path("look-up"))["files"],
            ReportWithoutRun(world_.Path("case"))["files"]);
}

TEST_F(Story, AListOfAnotherDialectThatComesLaterFindsWhatIsOnRecord) {
  EXPECT_EQ(Check("first", {"--case", "NORTH/1"}).exit_code, 1);
  const auto picture = std::filesystem::directory_iterator(Folder() + "/unrelated")->path();
  const Outcome hashed = world_.Kith({"hash", "--dialect", "cli512", picture.string()});
  const Outcome imported =
      world_.Kith({"import", "--set", kRecognisedSet, "--kind", "pdq", "--dialect", "cli512", "-"},
                  hashed.out.substr(0, 64) + "\n");
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  EXPECT_EQ(Check("second", {"--case", "NORTH/1"}).exit_code, 1);
  std::string verdict;
  const nlohmann::json report = ReportWithoutRun(world_.Path("second"));
  for (const auto& file : report["files"]) {
    if (file["paths"].dump().find(picture.filename().string()) == std::string::npos) continue;
    verdict = file["verdict"];
    EXPECT_EQ(file["matches"][0]["dialect"], "cli512");
  }
  EXPECT_EQ(verdict, "RECOGNIZED");
}

TEST_F(Story, AWithdrawnEntryIsSilentAtOnce) {
  // Numbers are given in the order of enrolment: the recognised pictures are the last three.
  EXPECT_EQ(world_.Kith({"entry", "withdraw", "7", "8", "9"}).exit_code, 0);
  EXPECT_EQ(Check("report").exit_code, 1);
  const nlohmann::json verdicts = ReportWithoutRun(world_.Path("report"))["summary"]["verdicts"];
  EXPECT_EQ(verdicts["RECOGNIZED"]["files"], 0);
  EXPECT_GE(verdicts["IDENTIFIED"]["files"], 6 * 20);
}

TEST_F(Story, NothingKnownIsExitCodeZeroAndThreeWhereSomethingWasNotRead) {
  const std::string unrelated = Folder() + "/unrelated";
  EXPECT_EQ(world_.Kith({"check", unrelated}).exit_code, 0);
  // Begins as a JPEG does and is none.
  world_.Write("sample/seizure/unrelated/broken.jpg", "\xff\xd8\xff\xe0 no picture at all");
  EXPECT_EQ(world_.Kith({"check", unrelated}).exit_code, 3);
}

TEST_F(Story, ReportsHoldNoPictureAndNoHash) {
  EXPECT_EQ(Check("report", {"--case", "NORTH/2026-0117"}).exit_code, 1);
  const Outcome hashed = world_.Kith({"hash", Folder() + "/exact/lakeside-01.jpg"});
  const std::string pdq = hashed.out.substr(0, hashed.out.find('\t'));
  ASSERT_EQ(pdq.size(), 64U) << hashed.out << hashed.err;
  for (const char* name : {"report.json", "report.csv", "report.html"}) {
    const std::string text = ReadFile(world_.Path("report") / name);
    EXPECT_THAT(text, HasSubstr("lakeside-01")) << name;
    EXPECT_THAT(text, Not(HasSubstr(pdq))) << name;
    EXPECT_THAT(text, Not(HasSubstr("data:image"))) << name;
  }
  EXPECT_THAT(ReadFile(world_.Path("report/report.html")),
              Not(AnyOf(HasSubstr("<img"), HasSubstr("<script"), HasSubstr("http://"),
                        HasSubstr("https://"))));
}

TEST_F(Story, TheReportIsNeverWrittenIntoTheEvidence) {
  const Outcome checked = world_.Kith({"check", Folder(), "--out", Folder() + "/report"});
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(world_.Seizure() / "report"));
}

TEST_F(Story, JsonLinesEachSayWhatTheyAre) {
  const Outcome checked = world_.Kith({"check", Folder(), "--json"});
  EXPECT_EQ(checked.exit_code, 1);
  EXPECT_GE(JsonLines(checked.out).size(), 2U);
}

TEST_F(Story, AMatchOfABareHashNamesSeriesAndDistance) {
  const Outcome hashed = world_.Kith({"hash", Folder() + "/jpeg-30/harbour-02.jpg"});
  const Outcome matched = world_.Kith({"match", "--json", "-"}, hashed.out.substr(0, 64) + "\n");
  EXPECT_EQ(matched.exit_code, 1) << matched.err;
  const auto lines = JsonLines(matched.out);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["type"], "match");
  EXPECT_EQ(lines[0]["query"], 0);
  EXPECT_EQ(lines[0]["verdict"], "IDENTIFIED");
  EXPECT_EQ(lines[0]["total"], 1);
  EXPECT_EQ(lines[0]["truncated"], false);
  EXPECT_EQ(lines[0]["matches"][0]["series"], kHarbour);
  EXPECT_LE(lines[0]["matches"][0]["distance"], 31);
}

}  // namespace
}  // namespace kith::end_to_end
