// SPDX-License-Identifier: Apache-2.0
// The page of a report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/tools/report_sample.h"
#include "tools/report/render.h"

namespace kith::report {
namespace {

using sample::AddFile;
using sample::Csv;
using sample::Json;
using sample::Rows;
using sample::Sample;
using testing::HasSubstr;
using testing::Not;

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

}  // namespace
}  // namespace kith::report
