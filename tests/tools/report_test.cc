// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kHostile[] = "x\n<img src=x onerror=alert(1)>\u202E\x1b[2J.jpg";

v1::ReportFile& AddFile(v1::Report& report, const std::string& path, v1::Verdict verdict) {
  v1::ReportFile& file = *report.add_files();
  file.add_paths(path);
  file.set_verdict(verdict);
  file.set_disposition(v1::DISPOSITION_HASHED);
  file.set_sha256(std::string(64, 'a'));
  file.set_size_bytes(2048);
  return file;
}

v1::Report Sample() {
  v1::Report report;
  report.mutable_run()->set_started_at("2026-11-23T19:00:00Z");
  report.mutable_run()->set_program("kith 0.1.0");
  v1::ReportScope& scope = *report.mutable_scope();
  scope.set_case_name("DPD/1<2");
  scope.set_root("/mnt/a&b");
  scope.set_complete(true);
  scope.set_method("Digests and PDQ.");
  for (int verdict = 1; verdict <= 6; ++verdict) {
    auto& count = *report.mutable_summary()->add_verdicts();
    count.set_verdict(static_cast<v1::Verdict>(verdict));
    count.set_files(verdict <= 2 ? 1 : 0);
    count.set_paths(verdict == 1 ? 2 : count.files());
  }
  auto& hashed = *report.mutable_summary()->add_dispositions();
  hashed.set_disposition(v1::DISPOSITION_HASHED);
  hashed.set_paths(3);
  report.mutable_summary()->set_entries_walked(3);
  v1::ReportSeries& series = *report.add_series();
  series.mutable_series()->set_code("Bluebell");
  series.mutable_series()->set_status(v1::SERIES_STATUS_IDENTIFIED);
  series.mutable_series()->set_agency("DPD");
  series.mutable_series()->mutable_contact()->set_contact_id(3);
  series.mutable_series()->mutable_contact()->set_name("J. Jansen");
  series.mutable_series()->mutable_contact()->set_phone("+31 6 1234");
  series.set_files(1);
  v1::ReportFile& identified = AddFile(report, kHostile, v1::VERDICT_IDENTIFIED);
  identified.add_paths("=cmd|' /C calc'!A0, \"b\".jpg");
  identified.set_total_matches(1);
  v1::ReportMatch& match = *identified.add_matches();
  match.set_entry_id(17);
  match.set_set("national");
  match.set_series("Bluebell");
  match.set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  match.set_by("pdq");
  match.set_distance_bits(4);
  match.set_orientation(v1::ORIENTATION_ROTATE90);
  AddFile(report, "b\xff.jpg", v1::VERDICT_RECOGNIZED);
  return report;
}

std::string Csv(const v1::Report& report) {
  std::string out;
  RenderCsv(report, [&out](std::string_view bytes) { out += bytes; });
  return out;
}

std::string Json(const v1::Report& report) {
  std::string out;
  RenderJson(report, [&out](std::string_view bytes) { out += bytes; });
  return out;
}

// The rows of a CSV as RFC 4180 reads them.
std::vector<std::vector<std::string>> Rows(const std::string& csv) {
  std::vector<std::vector<std::string>> rows(1, {""});
  bool quoted = false;
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (quoted && c == '"' && i + 1 < csv.size() && csv[i + 1] == '"') {
      rows.back().back() += csv[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\r') {
      if (i + 2 < csv.size()) rows.push_back({""});
      ++i;
    } else {
      rows.back().back() += c;
    }
  }
  return rows;
}

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

TEST(Html, AsksNothingOfTheWorldAndRunsNothing) {
  const std::string html = RenderHtml(Sample());
  EXPECT_THAT(html, HasSubstr("Content-Security-Policy\" content=\"default-src 'none'"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("http://")));
  EXPECT_THAT(html, Not(HasSubstr("https://")));
  EXPECT_THAT(html, Not(HasSubstr("url(")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
}

TEST(Html, ShowsHostileNamesAsText) {
  const std::string html = RenderHtml(Sample());
  EXPECT_THAT(html, HasSubstr("x\\n&lt;img src=x onerror=alert(1)&gt;\\u{202E}\\x1B[2J.jpg"));
  EXPECT_THAT(html, HasSubstr("Case DPD/1&lt;2"));
  EXPECT_THAT(html, HasSubstr("/mnt/a&amp;b"));
}

TEST(Html, TellsWhomToCall) {
  const std::string html = RenderHtml(Sample());
  EXPECT_THAT(html, HasSubstr("Bluebell"));
  EXPECT_THAT(html, HasSubstr("<strong>+31 6 1234</strong>J. Jansen"));
  EXPECT_THAT(html, HasSubstr("1 file at 2 paths"));
}

TEST(Html, CallsALeadALead) {
  v1::Report report = Sample();
  EXPECT_THAT(RenderHtml(report), HasSubstr("(1 lead to confirm)"));
  report.mutable_files(0)->mutable_matches(0)->set_by("sha256");
  EXPECT_THAT(RenderHtml(report), HasSubstr("(1 certain by digest)"));
}

TEST(Html, SaysLoudlyThatItIsIncomplete) {
  v1::Report report = Sample();
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("INCOMPLETE")));
  report.mutable_scope()->set_complete(false);
  EXPECT_THAT(RenderHtml(report), HasSubstr("<strong>INCOMPLETE</strong>"));
}

TEST(Html, DoesNotCallARunWithRemarksSpotless) {
  v1::Report report = Sample();
  EXPECT_THAT(RenderHtml(report), HasSubstr("Every file of the folder was looked at"));
  report.mutable_scope()->add_warnings("folder closed: Permission denied");
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, Not(HasSubstr("Every file of the folder was looked at")));
  EXPECT_THAT(html, HasSubstr("folder closed: Permission denied"));
}

TEST(Html, ListsNoMoreFilesThanItIsToldAndSaysSo) {
  v1::Report report = Sample();
  for (int i = 0; i < 30; ++i) {
    AddFile(report, "many/" + std::to_string(i), v1::VERDICT_UNDETERMINED);
  }
  const std::string html = RenderHtml(report, {.files_a_section = 10});
  EXPECT_THAT(html, HasSubstr("many/9<"));
  EXPECT_THAT(html, Not(HasSubstr("many/10<")));
  EXPECT_THAT(html, HasSubstr("The first 10 of 30 are shown; report.csv lists all."));
}

v1::Report WithMatches(v1::Verdict verdict, const std::vector<v1::ReportMatch>& matches) {
  v1::Report report;
  v1::ReportFile& file = AddFile(report, "a.jpg", verdict);
  file.set_total_matches(matches.size());
  for (const v1::ReportMatch& match : matches) *file.add_matches() = match;
  return report;
}

v1::ReportMatch Lead(const std::string& series, unsigned bits, v1::SeriesStatus status,
                     const std::string& set = "national") {
  v1::ReportMatch match;
  match.set_series(series);
  match.set_set(set);
  match.set_by("pdq");
  match.set_distance_bits(bits);
  match.set_series_status(status);
  match.set_purpose(v1::PURPOSE_KNOWN);
  return match;
}

constexpr auto kYes = v1::SERIES_STATUS_IDENTIFIED;
constexpr auto kNo = v1::SERIES_STATUS_UNIDENTIFIED;

TEST(Html, ShowsWhatDecidesBeforeWhatIsNearer) {
  const v1::Report report = WithMatches(
      v1::VERDICT_IDENTIFIED,
      {Lead("n1", 1, kNo), Lead("n2", 2, kNo), Lead("n3", 3, kNo), Lead("Bluebell", 9, kYes)});
  const std::string html = RenderHtml(report);
  const std::size_t decides = html.find("Bluebell");
  ASSERT_NE(decides, std::string::npos);
  EXPECT_LT(decides, html.find("n1"));
  EXPECT_LT(html.find("n1"), html.find("n2"));
  EXPECT_THAT(html, Not(HasSubstr("n3")));
  EXPECT_THAT(html, HasSubstr("4 matches in all"));
  // Programs get all of it, nearest first.
  EXPECT_EQ(nlohmann::json::parse(Json(report))["files"][0]["matches"][0]["series"], "n1");
  EXPECT_EQ(Rows(Csv(report))[1][16], "n1");
  EXPECT_EQ(Rows(Csv(report)).size(), 5U);
}

TEST(Html, DoesNotTakeWhatIsHeldBackForWhatDecides) {
  v1::ReportMatch held_back = Lead("Held", 4, kYes);
  held_back.set_held_back(true);
  const std::string html = RenderHtml(WithMatches(
      v1::VERDICT_IDENTIFIED, {held_back, Lead("n1", 5, kNo), Lead("Bluebell", 9, kYes)}));
  EXPECT_LT(html.find("Bluebell"), html.find("Held<"));
}

TEST(Html, ShowsBothSidesOfAContradiction) {
  const std::string html = RenderHtml(WithMatches(
      v1::VERDICT_CONFLICT, {Lead("n1", 1, kYes), Lead("n2", 2, kYes), Lead("n3", 3, kYes),
                             Lead("n4", 4, kNo), Lead("Foxglove", 9, kNo, "other")}));
  EXPECT_THAT(html, HasSubstr("n1"));
  EXPECT_LT(html.find("Foxglove"), html.find("n2"));
  EXPECT_THAT(html, Not(HasSubstr("n4")));

  v1::ReportMatch known = Lead("Bluebell", 0, kNo);
  known.set_by("md5");
  v1::ReportMatch benign = known;
  benign.set_purpose(v1::PURPOSE_BENIGN);
  benign.set_set("harmless");
  const std::string digests =
      RenderHtml(WithMatches(v1::VERDICT_CONFLICT, {known, known, known, known, benign}));
  EXPECT_THAT(digests, HasSubstr("in harmless"));
}

// A set that says nothing of it contradicts nobody: the page named it in the place of one that
// does.
TEST(Html, ASilentMatchIsNoSideOfAContradiction) {
  constexpr auto kSilent = v1::SERIES_STATUS_UNSPECIFIED;
  v1::ReportMatch said = Lead("Foxglove", 9, kSilent, "says-no");
  said.set_victim_identified(v1::TRI_STATE_NO);
  const std::string html = RenderHtml(
      WithMatches(v1::VERDICT_CONFLICT,
                  {Lead("", 0, kSilent, "silent1"), Lead("", 0, kSilent, "silent2"),
                   Lead("", 0, kSilent, "silent3"), Lead("Bluebell", 5, kYes, "says-yes"), said}));
  EXPECT_LT(html.find("Bluebell"), html.find("silent1"));
  EXPECT_LT(html.find("Foxglove"), html.find("silent1"));
}

TEST(Html, ShowsTheLeadThatIsHeldBackAndWhatTheVerdictRestsOn) {
  v1::ReportMatch benign = Lead("", 2, v1::SERIES_STATUS_UNSPECIFIED, "harmless");
  benign.set_purpose(v1::PURPOSE_BENIGN);
  v1::ReportMatch lead = Lead("Foxglove", 9, kNo);
  lead.set_held_back(true);
  const auto section = [](const v1::Report& report) {
    const std::string html = RenderHtml(report);
    const std::size_t at = html.find("<h2>Leads held back");
    return at == std::string::npos ? "" : html.substr(at);
  };
  v1::Report report = WithMatches(v1::VERDICT_RECOGNIZED, {Lead("n1", 0, kNo), Lead("n2", 1, kNo),
                                                           Lead("n3", 1, kNo), benign, lead});
  report.mutable_files(0)->set_held_back(true);
  const std::string other = section(report);
  EXPECT_THAT(other, HasSubstr("1 file has leads that a nearer benign picture holds back"));
  EXPECT_LT(other.find("Foxglove"), other.find("in harmless"));
  EXPECT_LT(other.find("in harmless"), other.find("n1"));
  EXPECT_THAT(other, HasSubstr("Verdict RECOGNIZED: it rests on other matches."));

  report = WithMatches(v1::VERDICT_UNRECOGNIZED, {benign, lead});
  report.mutable_files(0)->set_held_back(true);
  const std::string alone = section(report);
  EXPECT_LT(alone.find("Foxglove"), alone.find("in harmless"));
  EXPECT_THAT(alone, HasSubstr("Verdict UNRECOGNIZED: nothing else known matches."));
}

TEST(Html, TellsTheRuleAndHowNearInWords) {
  const auto found = [](const std::string& by, unsigned bits, const std::string& nearness,
                        v1::OpinionKind opinion = v1::OPINION_KIND_UNSPECIFIED) {
    v1::ReportMatch match = Lead("n1", bits, kNo);
    match.set_by(by);
    match.set_nearness(nearness);
    match.set_opinion(opinion);
    v1::Report report = WithMatches(v1::VERDICT_RECOGNIZED, {match});
    report.mutable_files(0)->set_rule("known & not identified");
    report.mutable_summary()->add_verdicts()->set_verdict(v1::VERDICT_RECOGNIZED);
    report.mutable_summary()->mutable_verdicts(0)->set_files(1);
    EXPECT_EQ(Rows(Csv(report))[1][32], nearness);
    return RenderHtml(report);
  };
  EXPECT_THAT(found("pdq", 10, "same picture"), HasSubstr(">lead, same picture, 10 bits<"));
  EXPECT_THAT(found("pdq", 11, "very likely"), HasSubstr(">lead, very likely, 11 bits<"));
  EXPECT_THAT(found("pdq", 31, "lead"), HasSubstr(">lead, 31 bits<"));
  EXPECT_THAT(found("pdq", 31, "lead"), HasSubstr("known &amp; not identified"));
  EXPECT_THAT(found("pdq", 31, "lead"), HasSubstr("(1 lead to confirm)"));
  EXPECT_THAT(found("md5", 0, "same file"), HasSubstr("certain, md5"));
  const std::string confirmed = found("pdq", 12, "very likely", v1::OPINION_KIND_CONFIRMED);
  EXPECT_THAT(confirmed, HasSubstr(">confirmed, very likely, 12 bits<"));
  EXPECT_THAT(confirmed, HasSubstr("(1 confirmed by a person)"));
}

// A digest of an entry that says nothing on identification made the lead to an identified series
// "certain by digest".
TEST(Html, IsAsSureAsTheMatchesThatDecide) {
  const auto answer = [](v1::Verdict verdict, const std::vector<v1::ReportMatch>& matches) {
    v1::Report report = WithMatches(verdict, matches);
    report.mutable_summary()->add_verdicts()->set_verdict(verdict);
    report.mutable_summary()->mutable_verdicts(0)->set_files(1);
    return RenderHtml(report);
  };
  v1::ReportMatch silent = Lead("", 0, v1::SERIES_STATUS_UNSPECIFIED);
  silent.set_by("sha256");
  const std::string lead = answer(v1::VERDICT_IDENTIFIED, {silent, Lead("Bluebell", 9, kYes)});
  EXPECT_THAT(lead, HasSubstr("(1 lead to confirm)"));
  EXPECT_THAT(lead, Not(HasSubstr("certain by digest")));

  v1::ReportMatch confirmed = Lead("n1", 3, kNo);
  confirmed.set_opinion(v1::OPINION_KIND_CONFIRMED);
  EXPECT_THAT(answer(v1::VERDICT_IDENTIFIED, {confirmed, Lead("Bluebell", 9, kYes)}),
              HasSubstr("(1 lead to confirm)"));

  v1::ReportMatch benign = silent;
  benign.set_purpose(v1::PURPOSE_BENIGN);
  EXPECT_THAT(answer(v1::VERDICT_RECOGNIZED, {benign, Lead("n1", 9, kNo)}),
              HasSubstr("(1 lead to confirm)"));
  EXPECT_THAT(answer(v1::VERDICT_RECOGNIZED, {silent, Lead("n1", 9, kNo)}),
              HasSubstr("(1 certain by digest)"));
}

TEST(Html, ListsWhatCouldNotBeReadApartFromWhatCouldNotBeCompared) {
  v1::Report report;
  AddFile(report, "flat.png", v1::VERDICT_UNDETERMINED)
      .set_disposition(v1::DISPOSITION_LOW_QUALITY);
  v1::ReportFile& broken = AddFile(report, "broken.jpg", v1::VERDICT_UNDETERMINED);
  broken.set_disposition(v1::DISPOSITION_UNREADABLE);
  broken.set_detail("Input/output error");
  broken.clear_sha256();
  AddFile(report, "new.jpg", v1::VERDICT_UNRECOGNIZED).set_format("jpeg");
  const std::string html = RenderHtml(report);
  const std::size_t unread = html.find("<h2>Could not be read");
  const std::size_t unfit = html.find("<h2>Could not be compared");
  const std::size_t fresh = html.find("<h2>Never seen before");
  ASSERT_NE(fresh, std::string::npos);
  EXPECT_LT(unread, html.find("broken.jpg"));
  EXPECT_LT(html.find("broken.jpg"), unfit);
  EXPECT_LT(unfit, html.find("flat.png"));
  EXPECT_LT(html.find("flat.png"), fresh);
  EXPECT_LT(fresh, html.find("new.jpg"));
  EXPECT_THAT(html, HasSubstr("Input/output error"));
}

TEST(Html, NamesTheDeskBehindThePersonAndWhenHeWasVerified) {
  v1::Report report = Sample();
  EXPECT_THAT(RenderHtml(report), HasSubstr("never verified"));
  report.mutable_series(0)->set_agency_desk("desk@dpd.example");
  report.mutable_series(0)->mutable_series()->mutable_contact()->set_verified_at("2026-10-02");
  EXPECT_THAT(RenderHtml(report), HasSubstr("verified 2026-10-02"));
  EXPECT_THAT(RenderHtml(report), HasSubstr("if not reached: desk, desk@dpd.example"));
  report.mutable_series(0)->mutable_series()->clear_contact();
  EXPECT_THAT(RenderHtml(report), HasSubstr("<strong>desk@dpd.example</strong>desk of the agency"));
}

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
