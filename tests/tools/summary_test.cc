// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "tools/kith/check_summary.h"
#include "tools/kith/progress.h"

namespace kith::cli {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

void Count(v1::Report& report, v1::Verdict verdict, std::uint64_t files) {
  auto& count = *report.mutable_summary()->add_verdicts();
  count.set_verdict(verdict);
  count.set_files(files);
  count.set_paths(files);
}

void Count(v1::Report& report, v1::Disposition disposition, std::uint64_t paths) {
  auto& count = *report.mutable_summary()->add_dispositions();
  count.set_disposition(disposition);
  count.set_paths(paths);
}

v1::Report Complete() {
  v1::Report report;
  report.mutable_scope()->set_complete(true);
  return report;
}

// "Nothing known found" was the code of a report that told why not to rely on it.
TEST(ExitCode, IsNotThatOfNothingFoundWhereTheReportIsNotSure) {
  EXPECT_EQ(ExitCodeOf(Complete()), 0);
  EXPECT_EQ(ExitCodeOf(v1::Report()), 3);
  v1::Report doubts = Complete();
  doubts.mutable_scope()->add_warnings("Not looked into: files that may match were not hashed");
  EXPECT_EQ(ExitCodeOf(doubts), 3);
  Count(doubts, v1::VERDICT_RECOGNIZED, 1);
  EXPECT_EQ(ExitCodeOf(doubts), 1);
}

// What takes nothing from the answer had the code of a doubt.
TEST(ExitCode, IsThatOfNothingFoundBesideARemark) {
  v1::Report report = Complete();
  report.mutable_scope()->add_remarks("1 path of an earlier run is counted here as found then");
  EXPECT_EQ(ExitCodeOf(report), 0);
  const std::string text = CheckSummary(report, "/mnt/a", Paint(Program()));
  EXPECT_THAT(text, HasSubstr(": complete\n"));
  EXPECT_THAT(text, HasSubstr("Note: 1 path of an earlier run"));
}

TEST(ExitCode, SaysWhetherSomethingKnownWasFound) {
  for (const auto verdict :
       {v1::VERDICT_IDENTIFIED, v1::VERDICT_RECOGNIZED, v1::VERDICT_CONFLICT}) {
    v1::Report report;
    Count(report, verdict, 1);
    Count(report, v1::DISPOSITION_UNREADABLE, 5);
    EXPECT_EQ(ExitCodeOf(report), 1);
  }
  v1::Report report = Complete();
  Count(report, v1::VERDICT_IDENTIFIED, 0);
  Count(report, v1::VERDICT_UNRECOGNIZED, 100);
  EXPECT_EQ(ExitCodeOf(report), 0);
}

TEST(ExitCode, SaysThatNotEverythingCouldBeRead) {
  for (const auto disposition :
       {v1::DISPOSITION_UNREADABLE, v1::DISPOSITION_VANISHED, v1::DISPOSITION_OVER_LIMIT,
        v1::DISPOSITION_DECODER_CRASH, v1::DISPOSITION_DECODER_TIMEOUT}) {
    v1::Report report = Complete();
    Count(report, disposition, 1);
    EXPECT_EQ(ExitCodeOf(report), 3) << v1::Disposition_Name(disposition);
  }
  for (const auto disposition : {v1::DISPOSITION_HASHED, v1::DISPOSITION_LOW_QUALITY,
                                 v1::DISPOSITION_UNSUPPORTED, v1::DISPOSITION_NOT_REGULAR}) {
    v1::Report report = Complete();
    Count(report, disposition, 1);
    EXPECT_EQ(ExitCodeOf(report), 0) << v1::Disposition_Name(disposition);
  }
}

TEST(Summary, TellsWhomToCallAndWhatToDo) {
  v1::Report report;
  report.mutable_scope()->set_complete(true);
  Count(report, v1::VERDICT_IDENTIFIED, 3);
  Count(report, v1::VERDICT_UNRECOGNIZED, 5);
  Count(report, v1::VERDICT_UNDETERMINED, 2);
  auto& format = *report.mutable_summary()->add_unsupported_formats();
  format.set_format("mp4");
  format.set_paths(7);
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("Bluebell");
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.mutable_series()->set_agency("DPD");
  series.set_agency_desk("+31 88");
  const std::string text = CheckSummary(report, "/mnt/a", Paint(Program()));
  EXPECT_THAT(text, HasSubstr("5 files match nothing known"));
  EXPECT_THAT(text, HasSubstr("Call about Bluebell: +31 88 (DPD)."));
  EXPECT_THAT(text, HasSubstr("digest only: 7 videos (7 mp4)."));
  EXPECT_THAT(text, HasSubstr("2 files could not be compared"));
  EXPECT_THAT(text, Not(HasSubstr("INCOMPLETE")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  report.mutable_scope()->set_complete(false);
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())), HasSubstr("INCOMPLETE"));
}

// It named the person and left out the number, which the report tells.
TEST(Summary, TellsTheDeskOfAPersonWithoutPhoneAndEmail) {
  v1::Report report = Complete();
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("lakeside");
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.mutable_series()->set_agency("NORTH");
  series.set_agency_desk("+00 555 0100");
  v1::Contact& contact = *series.mutable_series()->mutable_contact();
  contact.set_name("A. Lind");
  const auto text = [&report] { return CheckSummary(report, "/mnt/a", Paint(Program())); };
  EXPECT_THAT(text(), HasSubstr("Call about lakeside: A. Lind, desk +00 555 0100 (NORTH)."));
  contact.set_email("lind@north.example");
  EXPECT_THAT(text(), HasSubstr("Call about lakeside: A. Lind, lind@north.example (NORTH)."));
}

// Stock files were to be looked at first, and what a person confirmed was not certain.
TEST(Summary, TellsWhatIsHarmlessRejectedAndConfirmed) {
  v1::Report report = Complete();
  Count(report, v1::VERDICT_UNRECOGNIZED, 5);
  report.mutable_summary()->set_harmless_files(3);
  report.mutable_summary()->set_rejected_files(1);
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("Bluebell");
  series.set_files(4);
  series.set_files_by_digest(1);
  series.set_files_confirmed(3);
  series.set_has_lead(true);
  series.set_nearest_lead_bits(7);
  std::string text = CheckSummary(report, "/mnt/a", Paint(Program()));
  EXPECT_THAT(text, HasSubstr("1 file matches nothing known"));
  EXPECT_THAT(text, HasSubstr("Of the UNRECOGNIZED, 3 files are known to be harmless"));
  EXPECT_THAT(text, HasSubstr("1 file had only leads that a person rejected"));
  EXPECT_THAT(text, ContainsRegex("Bluebell +4 +4"));
  EXPECT_THAT(text, Not(HasSubstr("7 bits")));
  report.mutable_series(0)->set_files_confirmed(2);
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())), HasSubstr("7 bits"));
  report.mutable_summary()->set_rejected_files(2);
  text = CheckSummary(report, "/mnt/a", Paint(Program()));
  EXPECT_THAT(text, Not(HasSubstr("that nobody looks for yet")));
}

// That a series is found in one more case was told by no check.
TEST(Summary, TellsInHowManyCasesASeriesWasMet) {
  v1::Report report = Complete();
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("Bluebell");
  series.set_files(4);
  series.set_files_by_digest(4);
  series.set_cases(41);
  report.mutable_scope()->set_case_name("NORTH/1");
  const std::string text = CheckSummary(report, "/mnt/a", Paint(Program()));
  EXPECT_THAT(text, ContainsRegex("FILES +CERTAIN +IN CASES"));
  EXPECT_THAT(text, ContainsRegex("Bluebell +4 +4 +41"));
  report.mutable_scope()->clear_case_name();
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())), Not(HasSubstr("IN CASES")));
}

void AddIdentified(v1::Report& report, const std::string& code, const std::string& agency,
                   std::uint64_t files, std::uint64_t by_digest) {
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code(code);
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.mutable_series()->set_agency(agency);
  series.set_files(files);
  series.set_files_by_digest(by_digest);
  series.set_has_lead(true);
  series.set_cases(1);
}

// Its first screen told other numbers than the program, and than its own last line of the demo.
TEST(Summary, IsWhatTheReadmeShows) {
  // The sample of tools/demo: three groups of known pictures, of each 22 copies, of which one is
  // cropped; and of files that are no whole picture one each.
  constexpr std::uint64_t kGroup = 10;
  constexpr std::uint64_t kFound = 21 * kGroup;
  constexpr std::uint64_t kUnrelated = 240;
  v1::Report report = Complete();
  report.mutable_scope()->set_case_name("NORTH/2026-0117");
  report.mutable_scope()->set_root("/mnt/exhibit-7");
  Count(report, v1::VERDICT_IDENTIFIED, 2 * kFound);
  Count(report, v1::VERDICT_RECOGNIZED, kFound);
  Count(report, v1::VERDICT_CONFLICT, 0);
  Count(report, v1::VERDICT_UNRECOGNIZED, kUnrelated + 3 * kGroup + 1);
  Count(report, v1::VERDICT_UNDETERMINED, 0);
  Count(report, v1::VERDICT_NOT_APPLICABLE, 3);
  Count(report, v1::DISPOSITION_HASHED, kUnrelated + 3 * 22 * kGroup);
  Count(report, v1::DISPOSITION_PARTIAL, 1);
  Count(report, v1::DISPOSITION_NOT_MEDIA, 1);
  Count(report, v1::DISPOSITION_EMPTY, 1);
  Count(report, v1::DISPOSITION_NOT_REGULAR, 1);
  report.mutable_summary()->set_entries_walked(kUnrelated + 3 * 22 * kGroup + 4);
  AddIdentified(report, "harbour", "SOUTH", kFound, kGroup);
  report.mutable_series(0)->set_agency_desk("desk@south.example");
  AddIdentified(report, "lakeside", "NORTH", kFound, kGroup);
  v1::Contact& contact = *report.mutable_series(1)->mutable_series()->mutable_contact();
  contact.set_name("A. Lind");
  contact.set_email("lind@north.example");

  std::ifstream file(KITH_README);
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  std::istringstream lines(CheckSummary(report, "/mnt/exhibit-7", Paint(Program())));
  std::string block;
  for (std::string line; std::getline(lines, line);) {
    block += (line.empty() ? "" : "    ") + line + "\n";
  }
  EXPECT_THAT(readme, HasSubstr(block));
  const std::string found = std::to_string(3 * kFound);
  EXPECT_THAT(readme, HasSubstr("demo: found " + found + " of " + found + " expected, " +
                                std::to_string(3 * kGroup) + " expected misses, 0 wrong"));
}

TEST(Summary, DoesNotCallARunWithRemarksSpotless) {
  v1::Report report;
  report.mutable_scope()->set_complete(true);
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())), HasSubstr(": complete\n"));
  report.mutable_scope()->add_warnings("folder closed: Permission denied");
  const std::string text = CheckSummary(report, "/mnt/a", Paint(Program()));
  EXPECT_THAT(text, HasSubstr(": complete, with doubts: read the notes"));
  EXPECT_THAT(text, HasSubstr("Note: folder closed: Permission denied\n"));
  report.mutable_scope()->set_complete(false);
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())), Not(HasSubstr("with doubts")));
}

TEST(Summary, CountsFilesWithLeadsHeldBackNotLeads) {
  v1::Report report;
  report.mutable_summary()->set_held_back_files(1);
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())),
              HasSubstr("1 file has leads that a nearer benign picture holds back"));
  report.mutable_summary()->set_held_back_files(2);
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())),
              HasSubstr("2 files have leads that a nearer benign picture holds back"));
}

TEST(Progress, SaysHowLong) {
  EXPECT_EQ(Duration(0.4), "0 s");
  EXPECT_EQ(Duration(59), "59 s");
  EXPECT_EQ(Duration(185), "3 min 05 s");
  EXPECT_EQ(Duration(7800), "2 h 10 min");
  EXPECT_EQ(Bar(0.5, 4), "[##..]");
  EXPECT_EQ(Bar(2, 4), "[####]");
}

TEST(Summary, OfACaseWithSeveralFoldersNamesTheOneThatWasChecked) {
  v1::Report report;
  report.mutable_scope()->set_complete(true);
  report.mutable_scope()->set_case_name("NORTH/1");
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())),
              HasSubstr("Case NORTH/1 of /mnt/a and the other folders of the case: complete"));
  report.mutable_scope()->set_root("/mnt/a");
  EXPECT_THAT(CheckSummary(report, "/mnt/a", Paint(Program())),
              HasSubstr("Case NORTH/1 of /mnt/a: complete"));
}

}  // namespace
}  // namespace kith::cli
