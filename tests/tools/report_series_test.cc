// SPDX-License-Identifier: Apache-2.0
// What reports tell of series: identification, leads and circulation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/tools/report_kinds_fixture.h"
#include "tools/report/render.h"

namespace kith::report {
namespace {

using testing::HasSubstr;
using testing::Not;

// What is told of the children is how many, and where their record is kept.
TEST(Identification, TellsWhereTheRecordOfTheChildrenIsKept) {
  v1::Report report = Of(v1::REPORT_KIND_IDENTIFICATION);
  v1::Series& series = *AddSeries(report, "brook", true).mutable_series();
  AddFile(report, "brook", "sha256", 0, "same file");
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("Their record")));
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("Children<")));
  EXPECT_EQ(Json(report)["series"][0]["victims"], 0);
  series.set_locator(kHostile);
  series.set_victims(2);
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<dt>Children</dt><dd>2</dd>"));
  EXPECT_THAT(html, HasSubstr(std::string("<dt>Their record</dt><dd>") + kHostileHtml));
  EXPECT_EQ(Json(report)["series"][0]["locator"], kHostile);
  EXPECT_EQ(Json(report)["series"][0]["victims"], 2);
  const std::string csv = Csv(report);
  EXPECT_THAT(csv, HasSubstr(",nearness,locator,victims,"));
  EXPECT_THAT(csv, HasSubstr(",2,0,no,no,"));
}

// Nobody is on record to call: the source of the set is to be asked, and no series is counted.
TEST(Identification, ByTheWordOfASourceAloneNamesTheSource) {
  v1::Report report = Of(v1::REPORT_KIND_IDENTIFICATION);
  v1::ReportSet& set = *report.add_sets();
  set.set_name("national");
  set.set_source("desk <national>");
  AddFile(report, "their name", "sha256", 0, "same file");
  report.mutable_files(0)->mutable_matches(0)->set_victim_identified(v1::TRI_STATE_YES);
  AddFile(report, "", "pdq", 3, "same picture");
  report.mutable_files(1)->mutable_matches(0)->set_victim_identified(v1::TRI_STATE_YES);
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("Identified by the word of the source"));
  EXPECT_THAT(html, HasSubstr("desk &lt;national&gt;</strong>source of the set"));
  EXPECT_THAT(html, HasSubstr("<td class=\"num\">2</td><td>their name</td>"));
  // A series that is on record as identified has whom to call.
  for (auto& file : *report.mutable_files()) {
    file.mutable_matches(0)->set_series_status(v1::SERIES_STATUS_IDENTIFIED);
  }
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("Identified by the word of the source")));
}

// The CSV of leads is of sightings; files beyond the first stood in no file that was named.
TEST(Leads, NamesTheFileThatListsAllFiles) {
  const auto page = [](v1::ReportKind kind) {
    v1::Report report = Of(kind);
    AddSeries(report, "lakeside", kind == v1::REPORT_KIND_IDENTIFICATION);
    for (int i = 0; i < 3; ++i) AddFile(report, "lakeside", "pdq", 3, "same picture");
    return RenderHtml(report, {.files_a_section = 2});
  };
  EXPECT_THAT(page(v1::REPORT_KIND_LEADS),
              HasSubstr("The first 2 of 3 are shown; leads.json lists all."));
  EXPECT_THAT(page(v1::REPORT_KIND_IDENTIFICATION),
              HasSubstr("The first 2 of 3 are shown; identification.csv lists all."));
}

// All files and sightings were read over again for each series, of which an import may make a
// hundred thousand, and each had a section of its own.
TEST(Leads, OfManySeriesHaveAHundredSectionsAndSaySo) {
  const auto page = [](bool identified, int count) {
    v1::Report report = Of(identified ? v1::REPORT_KIND_IDENTIFICATION : v1::REPORT_KIND_LEADS);
    for (int i = 0; i < count; ++i) {
      const std::string code = "s" + std::to_string(i);
      AddSeries(report, code, identified);
      AddSighting(report, code, "SOUTH/" + std::to_string(i), "2026-03-05T10:00:00Z", false);
      AddFile(report, code, "pdq", 3, "same picture");
    }
    return RenderHtml(report);
  };
  const std::string leads = page(false, 150);
  EXPECT_THAT(leads, HasSubstr("<h2>Series s99</h2>"));
  EXPECT_THAT(leads, HasSubstr("SOUTH/99<"));
  EXPECT_THAT(leads, Not(HasSubstr("Series s100")));
  EXPECT_THAT(leads, Not(HasSubstr("SOUTH/100<")));
  EXPECT_THAT(leads, HasSubstr("The first 100 of 150 series are shown; leads.csv lists"));
  // Whom to call is told of all.
  const std::string identified = page(true, 150);
  EXPECT_THAT(identified, HasSubstr("<h2>Series s99</h2>"));
  EXPECT_THAT(identified, Not(HasSubstr("<h2>Series s100</h2>")));
  EXPECT_THAT(identified, HasSubstr("The files of the first 100 of 150 series are shown above"));
  const std::size_t rest = identified.find("More identified series");
  ASSERT_NE(rest, std::string::npos);
  EXPECT_NE(identified.find(">s149<", rest), std::string::npos);
  EXPECT_NE(identified.find("desk@north.example", identified.find(">s149<", rest)),
            std::string::npos);
  for (const bool kind : {false, true}) {
    EXPECT_THAT(page(kind, 100), Not(HasSubstr("The first 100 of"))) << kind;
    EXPECT_THAT(page(kind, 100), Not(HasSubstr("More identified series"))) << kind;
  }
}

// A file whose matches lie in several series stands once with each.
TEST(Leads, AFileOfTwoSeriesStandsInBoth) {
  v1::Report report = Of(v1::REPORT_KIND_LEADS);
  AddSeries(report, "a", false);
  AddSeries(report, "b", false);
  AddFile(report, "a", "pdq", 3, "");
  for (const char* series : {"b", "a"}) {
    v1::ReportMatch match = report.files(0).matches(0);
    match.set_series(series);
    *report.mutable_files(0)->add_matches() = match;
  }
  AddFile(report, "a", "pdq", 3, "");
  const std::string html = RenderHtml(report, {.files_a_section = 1});
  const std::size_t second = html.find("<h2>Series b</h2>");
  ASSERT_NE(second, std::string::npos);
  EXPECT_THAT(html.substr(0, second), HasSubstr("The first 1 of 2 are shown; leads.json"));
  EXPECT_THAT(html.substr(second), HasSubstr(kHostileHtml));
  EXPECT_THAT(html.substr(second), Not(HasSubstr("are shown")));
}

TEST(Identification, TellsPersonDeskFilesAndHowNear) {
  v1::Report report = Of(v1::REPORT_KIND_IDENTIFICATION);
  v1::ReportSeries& series = AddSeries(report, "lakeside", true);
  series.set_agency_country("NL");
  v1::Contact& contact = *series.mutable_series()->mutable_contact();
  contact.set_name("A. Lind");
  contact.set_email("lind@north.example");
  contact.set_verified_at("2026-10-01");
  AddFile(report, "lakeside", "sha256", 0, "certain");
  AddFile(report, "lakeside", "pdq", 7, "same picture");
  AddFile(report, "lakeside", "pdq", 25, "lead");
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("3 files, 1 certain by digest, 2 leads to confirm."));
  EXPECT_THAT(html, HasSubstr("<strong>lind@north.example</strong>A. Lind"));
  EXPECT_THAT(html, HasSubstr("verified 2026-10-01"));
  EXPECT_THAT(html, HasSubstr("if not reached: desk, desk@north.example"));
  EXPECT_THAT(html, HasSubstr("NORTH, NL"));
  EXPECT_THAT(html, HasSubstr("certain, sha256"));
  EXPECT_THAT(html, HasSubstr("lead, same picture, 7 bits"));
  EXPECT_THAT(html, HasSubstr("lead, 25 bits"));
  EXPECT_THAT(html, HasSubstr("SHA-256 aaaa"));
  EXPECT_THAT(html, HasSubstr("a known match says identified"));
  EXPECT_THAT(html, HasSubstr(kHostileHtml));
  EXPECT_THAT(html, Not(HasSubstr("<b onmouse")));
  EXPECT_EQ(Json(report)["files"][1]["matches"][0]["nearness"], "same picture");
  // Nobody has asked the person for long: said, and without a person the desk is to be called.
  contact.clear_verified_at();
  EXPECT_THAT(RenderHtml(report), HasSubstr("never verified"));
  series.mutable_series()->clear_contact();
  EXPECT_THAT(RenderHtml(report),
              HasSubstr("<strong>desk@north.example</strong>desk of the agency"));
  series.clear_agency_desk();
  EXPECT_THAT(RenderHtml(report), HasSubstr("no contact on record"));
}

TEST(Leads, PutTheOtherAgenciesFirst) {
  v1::Report report = Of(v1::REPORT_KIND_LEADS);
  AddSeries(report, "meadow", false);
  AddSighting(report, "meadow", "NORTH/1", "2026-01-05T10:00:00Z", true);
  AddSighting(report, "meadow", "SOUTH/7", "2026-03-05T10:00:00Z", false);
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("Met in 2 cases of 2 agencies."));
  EXPECT_LT(html.find("SOUTH/7"), html.find("NORTH/1 <span class=\"tag\">this case"));
  EXPECT_THAT(html, HasSubstr("your agency"));
  EXPECT_THAT(html, Not(HasSubstr("No other agency")));
  const std::string csv = Csv(report);
  EXPECT_THAT(csv, HasSubstr("meadow,unidentified,2,2,SOUTH/7,SOUTH,'=desk,2026-03-05T10:00:00Z,3,"
                             "0,no,no,0,no,"));
  EXPECT_EQ(Json(report)["sightings"][0]["this_case"], true);
  report.mutable_sightings()->RemoveLast();
  EXPECT_THAT(RenderHtml(report), HasSubstr("No other agency has met it."));
}

TEST(Circulation, DrawsCasesAndTime) {
  v1::Report report = Of(v1::REPORT_KIND_CIRCULATION);
  AddSeries(report, "lakeside", true);
  AddSighting(report, "lakeside", "NORTH/1", "2026-01-05T10:00:00Z", true);
  AddSighting(report, "lakeside", "SOUTH/7", "2026-04-05T10:00:00Z", false);
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("lakeside: 2 cases of 2 agencies."));
  EXPECT_THAT(html, HasSubstr("2026-01: 1 sighting; 2026-04: 1 sighting."));
  EXPECT_THAT(html, HasSubstr("One column a month."));
  report.mutable_scope()->clear_case_name();
  report.mutable_scope()->set_series("lakeside");
  EXPECT_THAT(RenderHtml(report), HasSubstr("<h1>Series lakeside</h1>"));
  EXPECT_THAT(RenderHtml(report), HasSubstr("The series is <b>identified</b>."));
}

// How a series is to be handled, and where restitution is asked, stood in the JSON alone; of the
// circulation of one series nobody learnt whom to call.
TEST(Series, TellHowTheyAreToBeHandledAndWhomToCall) {
  v1::Report report = Of(v1::REPORT_KIND_IDENTIFICATION);
  v1::ReportSeries& series = AddSeries(report, "lakeside", true);
  series.set_agency_country("NL");
  series.mutable_series()->set_sensitivity("national <only>");
  series.mutable_series()->set_jurisdiction("Texas");
  series.mutable_series()->mutable_contact()->set_name("A. Lind");
  series.mutable_series()->mutable_contact()->set_phone("+1 2");
  series.mutable_series()->mutable_restitution_contact()->set_name("R. Court");
  series.mutable_series()->mutable_restitution_contact()->set_phone("+1 9");
  AddFile(report, "lakeside", "sha256", 0, "same file");
  const std::vector<std::string> facts = {
      "<dt>Sensitivity</dt><dd>national &lt;only&gt;</dd>", "<dt>Jurisdiction</dt><dd>Texas</dd>",
      "<dt>For restitution</dt><dd>R. Court, +1 9</dd>", "<dt>Identified by</dt><dd>NORTH, NL",
      "<strong>+1 2</strong>A. Lind"};
  for (const std::string& fact : facts) EXPECT_THAT(RenderHtml(report), HasSubstr(fact));
  EXPECT_EQ(Json(report)["series"][0]["agency_country"], "NL");
  EXPECT_THAT(Csv(report), HasSubstr(",agency_country,jurisdiction,sensitivity,restitution_contact,"
                                     "restitution_phone,restitution_email\r\n"));
  EXPECT_THAT(Csv(report), HasSubstr(",NL,Texas,national <only>,R. Court,'+1 9,\r\n"));
  report.set_kind(v1::REPORT_KIND_INITIAL);
  EXPECT_THAT(RenderHtml(report), HasSubstr("lakeside<br><span class=\"tag\">national &lt;only"));
  report.set_kind(v1::REPORT_KIND_CIRCULATION);
  report.mutable_scope()->clear_case_name();
  report.mutable_scope()->set_series("lakeside");
  AddSighting(report, "lakeside", "SOUTH/7", "2026-04-05T10:00:00Z", false);
  for (const std::string& fact : facts) EXPECT_THAT(RenderHtml(report), HasSubstr(fact));
  EXPECT_THAT(Csv(report), HasSubstr(",0,no,NORTH,NL,desk@north.example,,A. Lind,'+1 2,,Texas,"
                                     "national <only>,0,no\r\n"));
}

// What a person confirmed was counted among the leads to confirm, or not at all.
TEST(Series, CountWhatAPersonConfirmedAsCertain) {
  v1::Report report = Of(v1::REPORT_KIND_IDENTIFICATION);
  v1::ReportSeries& series = AddSeries(report, "lakeside", true);  // 3 files, 1 by digest
  series.set_files_confirmed(1);
  series.set_has_lead(true);
  series.set_nearest_lead_bits(7);
  AddFile(report, "lakeside", "pdq", 7, "same picture");
  v1::ReportMatch& match = *report.mutable_files(0)->mutable_matches(0);
  match.set_opinion(v1::OPINION_KIND_CONFIRMED);
  match.mutable_given()->set_who("J. <Jansen>");
  match.mutable_given()->set_at("2026-01-07T10:00:00Z");
  match.mutable_given()->set_why("same room");
  EXPECT_THAT(
      RenderHtml(report),
      HasSubstr("3 files, 1 certain by digest, 1 confirmed by a person, 1 lead to confirm."));
  EXPECT_THAT(RenderHtml(report), HasSubstr("by J. &lt;Jansen&gt;, 2026-01-07: same room"));
  EXPECT_THAT(Csv(report), HasSubstr(",0,no,yes,J. <Jansen>,2026-01-07T10:00:00Z,same room,"));
  EXPECT_EQ(Json(report)["series"][0]["files_confirmed"], 1);
  EXPECT_EQ(Json(report)["files"][0]["matches"][0]["opinion"]["why"], "same room");
  report.set_kind(v1::REPORT_KIND_INITIAL);
  EXPECT_THAT(RenderHtml(report),
              HasSubstr(">1 confirmed</span> <span class=\"tag\">nearest lead"));
  report.mutable_series(0)->set_files(2);
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("nearest lead")));
  report.set_kind(v1::REPORT_KIND_CIRCULATION);
  AddSighting(report, "lakeside", "NORTH/1", "2026-01-05T10:00:00Z", true);
  report.mutable_sightings(0)->set_files_by_digest(1);
  report.mutable_sightings(0)->set_files_confirmed(1);
  EXPECT_THAT(RenderHtml(report),
              HasSubstr("<td class=\"num\">3</td><td class=\"num\">2</td></tr>"));
  EXPECT_THAT(Csv(report), HasSubstr(",3,1,yes,yes,1,no,"));
  EXPECT_EQ(Json(report)["sightings"][0]["files_confirmed"], 1);
}

// Counts of a purged case cannot be looked up any more, and a content in two cases counts twice.
TEST(Circulation, SaysWhatIsPurgedAndHowFilesAreCounted) {
  v1::Report report = Of(v1::REPORT_KIND_CIRCULATION);
  report.mutable_scope()->clear_case_name();
  report.mutable_scope()->set_series("lakeside");
  AddSeries(report, "lakeside", false);
  AddSighting(report, "lakeside", "NORTH/1", "2026-01-05T10:00:00Z", false);
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr(">purged<")));
  report.mutable_sightings(0)->set_purged(true);
  EXPECT_THAT(RenderHtml(report), HasSubstr("NORTH/1 <span class=\"tag\">purged</span>"));
  EXPECT_THAT(RenderHtml(report), HasSubstr("<b>3</b> <span>files, counted in each case</span>"));
  EXPECT_THAT(Csv(report), HasSubstr(",3,0,no,no,0,yes,"));
  report.set_kind(v1::REPORT_KIND_LEADS);
  report.mutable_scope()->clear_series();
  EXPECT_THAT(RenderHtml(report), HasSubstr("NORTH/1 <span class=\"tag\">purged</span>"));
  EXPECT_THAT(RenderHtml(report), HasSubstr("3 files, counted in each case, 1 certain by digest"));
  report.mutable_scope()->set_case_name("NORTH/1");
  EXPECT_THAT(RenderHtml(report), HasSubstr("<b>3 files, 1 certain by digest"));
}

// Other cases were counted as they stood on record, and nothing said that they are known otherwise.
TEST(Circulation, MarksTheCasesThatAreInDoubt) {
  v1::Report report = Of(v1::REPORT_KIND_CIRCULATION);
  AddSeries(report, "lakeside", false);
  AddSighting(report, "lakeside", "NORTH/1", "2026-01-05T10:00:00Z", false);
  AddSighting(report, "lakeside", "SOUTH/1", "2026-01-06T10:00:00Z", false);
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("in doubt")));
  report.mutable_sightings(0)->set_open_alerts(2);
  report.mutable_sightings(1)->set_incomplete(true);
  for (const auto kind : {v1::REPORT_KIND_CIRCULATION, v1::REPORT_KIND_LEADS}) {
    report.set_kind(kind);
    const std::string html = RenderHtml(report);
    EXPECT_THAT(html, HasSubstr("NORTH/1 <span class=\"tag\">in doubt: open alerts</span>"));
    EXPECT_THAT(html, HasSubstr("SOUTH/1 <span class=\"tag\">not checked to the end</span>"));
    EXPECT_THAT(Csv(report), HasSubstr(",open_alerts,incomplete\r\n"));
    EXPECT_THAT(Csv(report), HasSubstr(",2,no\r\n"));
    EXPECT_THAT(Csv(report), HasSubstr(",0,yes\r\n"));
    EXPECT_EQ(Json(report)["sightings"][0]["open_alerts"], 2);
    EXPECT_EQ(Json(report)["sightings"][1]["incomplete"], true);
  }
  // That no case has met it is no certainty where an alert may say otherwise.
  report.clear_sightings();
  report.set_kind(v1::REPORT_KIND_CIRCULATION);
  EXPECT_THAT(RenderHtml(report), HasSubstr("No case has met this.<"));
  report.mutable_scope()->add_warnings("1 other case has open alerts");
  EXPECT_THAT(RenderHtml(report), HasSubstr("No case has met this, as far as is known.<"));
}

// "This series is now found in its 41st case."
TEST(Series, TellInHowManyCasesTheyWereMet) {
  v1::Report report = Of(v1::REPORT_KIND_IDENTIFICATION);
  AddSeries(report, "lakeside", true).set_cases(41);
  for (const auto kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_IDENTIFICATION}) {
    report.set_kind(kind);
    EXPECT_THAT(RenderHtml(report), HasSubstr("41 cases of 2 agencies")) << kind;
    EXPECT_EQ(Json(report)["series"][0]["cases"], 41);
  }
  report.mutable_scope()->clear_case_name();
  report.mutable_series(0)->clear_cases();
  EXPECT_THAT(RenderHtml(report),
              Not(testing::AnyOf(HasSubstr("Met in"), HasSubstr("Cases in all"))));
  EXPECT_FALSE(Json(report)["series"][0].contains("cases"));
}

}  // namespace
}  // namespace kith::report
