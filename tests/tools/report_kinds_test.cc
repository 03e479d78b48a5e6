// SPDX-License-Identifier: Apache-2.0
// The kinds of report beside the initial comparison, but for those of series.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/tools/report_kinds_fixture.h"
#include "tools/report/kinds.h"
#include "tools/report/render.h"
#include "tools/report/words.h"

namespace kith::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CaseDetails, StandInTheHeaderOfTheReport) {
  v1::Report report = Of(v1::REPORT_KIND_LEADS);
  EXPECT_FALSE(Json(report)["scope"].contains("details"));
  EXPECT_THAT(RenderHtml(report), Not(HasSubstr("Submitted by")));
  v1::CaseDetails& details = *report.mutable_scope()->mutable_details();
  details.set_officer(kHostile);
  details.set_reference("26 CR 118");
  details.set_legal_basis("warrant");
  details.set_seized_on("2026-01-05");
  details.set_due_on("2026-02-06");
  details.set_priority("urgent");
  details.set_state(v1::CASE_STATE_FINAL_REPORT);
  const std::string html = RenderHtml(report);
  const std::string head = html.substr(0, html.find("</header>"));
  EXPECT_THAT(head, HasSubstr(std::string("<dt>Submitted by</dt><dd>") + kHostileHtml));
  for (const char* text :
       {"26 CR 118", "warrant", "2026-01-05", "2026-02-06", "urgent", "final-report"}) {
    EXPECT_THAT(head, HasSubstr(text));
  }
  const nlohmann::json json = Json(report)["scope"]["details"];
  EXPECT_EQ(json["officer"], kHostile);
  EXPECT_EQ(json["state"], "final-report");
  EXPECT_EQ(json["due_on"], "2026-02-06");
}

TEST(CaseDetails, StatesHaveWordsThatLeadBack) {
  for (int state = 1; state <= v1::CaseState_MAX; ++state) {
    const std::string word = CaseStateWord(static_cast<v1::CaseState>(state));
    EXPECT_EQ(CaseStateOfWord(word), state) << word;
  }
  EXPECT_EQ(CaseStateWord(v1::CASE_STATE_UNSPECIFIED), "");
  EXPECT_EQ(CaseStateWord(static_cast<v1::CaseState>(99)), "99");
  EXPECT_EQ(CaseStateOfWord("unknown"), v1::CASE_STATE_UNSPECIFIED);
}

// One page said that the children are identified, by their source, and that nobody has identified
// them.
TEST(EveryKind, OfASeriesThatOnlyASourceCallsIdentifiedNobodySaysTheOpposite) {
  const auto page = [](v1::ReportKind kind) {
    v1::Report report = Of(kind);
    if (kind != v1::REPORT_KIND_IDENTIFICATION) {
      AddSeries(report, "SYNTH", false).mutable_series()->set_status(v1::SERIES_STATUS_UNSPECIFIED);
    }
    if (kind == v1::REPORT_KIND_CIRCULATION) {
      AddSighting(report, "SYNTH", "NORTH/1", "2026-01-05T10:00:00Z", true);
    } else {
      AddFile(report, "SYNTH", "md5", 0, "same file");
      report.mutable_files(0)->mutable_matches(0)->set_victim_identified(v1::TRI_STATE_YES);
    }
    return report;
  };
  for (const v1::ReportKind kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_LEADS}) {
    v1::Report report = page(kind);
    const std::string html = RenderHtml(report);
    EXPECT_THAT(html, Not(HasSubstr("No agency on record"))) << KindWord(kind);
    EXPECT_THAT(html, Not(HasSubstr("no agency on record"))) << KindWord(kind);
    EXPECT_THAT(html, Not(HasSubstr("series not identified"))) << KindWord(kind);
    EXPECT_THAT(html, HasSubstr("named by an import")) << KindWord(kind);
    EXPECT_THAT(html, HasSubstr("its source says that it is.")) << KindWord(kind);
    // Beside one that nobody has identified, each is told as what it is.
    AddSeries(report, "meadow", false);
    const std::string both = RenderHtml(report);
    EXPECT_THAT(both, HasSubstr(kind == v1::REPORT_KIND_LEADS
                                    ? "has identified the children of 1 series yet. Of 1 series"
                                    : "no agency on record has identified the children yet."));
  }
  v1::Report circulation = page(v1::REPORT_KIND_CIRCULATION);
  EXPECT_THAT(RenderHtml(circulation), HasSubstr("<td>nobody here has said</td>"));
  circulation.mutable_scope()->clear_case_name();
  circulation.mutable_scope()->set_series("SYNTH");
  EXPECT_THAT(RenderHtml(circulation),
              HasSubstr("Nobody here has said whether the series is identified"));
  EXPECT_THAT(RenderHtml(circulation), Not(HasSubstr("not identified")));
  const std::string identification = RenderHtml(page(v1::REPORT_KIND_IDENTIFICATION));
  EXPECT_THAT(identification, Not(HasSubstr("No file of this case matches a series whose")));
  EXPECT_THAT(identification, HasSubstr("by the word of a source alone: ask it."));
}

TEST(Notifications, TellWhatTheyRestOn) {
  v1::Report report = Of(v1::REPORT_KIND_NOTIFICATIONS);
  const auto add = [&](std::uint64_t files, std::uint64_t by_digest, std::uint64_t confirmed) {
    v1::NotificationTask& task = *report.add_tasks();
    task.set_series("lakeside");
    task.set_files(files);
    task.set_files_by_digest(by_digest);
    task.set_files_confirmed(confirmed);
  };
  add(4, 0, 0);
  add(5, 2, 1);
  add(0, 0, 0);
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("4 files<br><strong>leads only: confirm first</strong>"));
  EXPECT_THAT(html, HasSubstr("5 files<br>3 certain"));
  EXPECT_THAT(html, HasSubstr("no file on record"));
  EXPECT_THAT(html, HasSubstr("1 rests on leads only"));
  const std::string csv = Csv(report);
  EXPECT_THAT(csv, HasSubstr(",files,files_by_digest,files_confirmed,rests_on\r\n"));
  EXPECT_THAT(csv, HasSubstr(",4,0,0,leads only: confirm first\r\n"));
  EXPECT_THAT(csv, HasSubstr(",5,2,1,3 certain\r\n"));
  const auto json = Json(report);
  EXPECT_EQ(json["notifications"][1]["files"], 5);
  EXPECT_EQ(json["notifications"][1]["files_by_digest"], 2);
  EXPECT_EQ(json["notifications"][1]["files_confirmed"], 1);
}

TEST(Worklist, JoinsWhatCameInPieces) {
  v1::Report report = Of(v1::REPORT_KIND_WORKLIST);
  const auto add = [&](std::uint64_t id, bool continued, std::uint64_t files) {
    v1::ReportCluster& cluster = *report.add_clusters();
    cluster.set_cluster_id(id);
    cluster.set_continued(continued);
    cluster.set_files(files);
    cluster.set_files_of_case(files == 0 ? 0 : 1);
    if (!continued && id != 0) {
      cluster.add_case_names("NORTH/1");
      cluster.add_case_names("SOUTH/7");
    }
    v1::ReportClusterFile& file = *cluster.add_listed();
    file.set_sha256(std::string(64, 'c'));
    file.add_case_names("NORTH/1");
    file.set_path(kHostile);
    file.set_path_case("NORTH/1");
  };
  add(7, false, 2);
  add(7, true, 0);
  add(0, false, 1);
  // Files of other cases were counted as files of this one.
  EXPECT_THAT(RenderHtml(report), HasSubstr("<b>2</b> <span>files to look at here</span>"));
  EXPECT_THAT(RenderHtml(report), HasSubstr("<b>2</b> <span>files in its clusters</span>"));
  EXPECT_THAT(RenderHtml(report), HasSubstr("2 files, 1 of them here, in 2 cases: NORTH/1, "));
  EXPECT_THAT(Csv(report), HasSubstr(",1\r\n0,1,1,"));
  EXPECT_EQ(Json(report)["clusters"][0]["files_of_case"], 1);
  report.mutable_scope()->clear_case_name();
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<b>3</b> <span>files to look at</span>"));
  EXPECT_THAT(html, HasSubstr("<b>1</b> <span>clusters of them</span>"));
  EXPECT_THAT(html, HasSubstr("2 files in 2 cases: NORTH/1, SOUTH/7."));
  EXPECT_THAT(html, HasSubstr("Near no other"));
  EXPECT_THAT(html, HasSubstr(kHostileHtml));
  EXPECT_THAT(html, Not(HasSubstr("<b onmouseover")));
  EXPECT_THAT(Csv(report), HasSubstr("\r\n7,2,2,"));
  EXPECT_EQ(Json(report)["clusters"].size(), 3U);
}

// Each had a section of its own, of one line, and a hundred of them hid the clusters behind them.
TEST(Worklist, FilesThatLieInSeveralCasesAreOneTable) {
  v1::Report report = Of(v1::REPORT_KIND_WORKLIST);
  const auto add = [&](std::uint64_t id, std::uint64_t files) {
    v1::ReportCluster& cluster = *report.add_clusters();
    cluster.set_cluster_id(id);
    cluster.set_files(files);
    cluster.set_files_of_case(files);
    for (const char* name : {"NORTH/1", "SOUTH/<7>"}) cluster.add_case_names(name);
    for (std::uint64_t i = 0; i < files; ++i) {
      v1::ReportClusterFile& file = *cluster.add_listed();
      file.set_sha256(std::string(64, 'c'));
      for (const char* name : {"NORTH/1", "SOUTH/<7>"}) file.add_case_names(name);
      file.set_path(std::string(kHostile) + std::to_string(id));
      file.set_path_case("NORTH/1");
    }
  };
  for (std::uint64_t id = 1; id <= 150; ++id) add(id, 1);
  add(151, 2);
  const std::string html = RenderHtml(report, {.files_a_section = 120});
  EXPECT_THAT(html, HasSubstr("The same file in several cases <span class=\"soft\">(150)"));
  EXPECT_THAT(html, HasSubstr(std::string(kHostileHtml) + "1</td><td class=\"num\">2</td><td>"
                                                          "NORTH/1, SOUTH/&lt;7&gt;</td>"));
  EXPECT_THAT(html, HasSubstr("The first 120 of 150 are shown; worklist.csv lists all."));
  EXPECT_THAT(html, HasSubstr("<h2>Cluster 151"));
  EXPECT_THAT(html, Not(HasSubstr("<h2>Cluster 150")));
  EXPECT_THAT(html, Not(HasSubstr("The first 100 of")));
  EXPECT_THAT(html, HasSubstr("href=\"#same\""));
}

TEST(Method, StatesThresholdsRatesAndRuns) {
  v1::Report report = Of(v1::REPORT_KIND_METHOD);
  v1::ReportMethod& method = *report.mutable_method();
  method.set_program("kith 9");
  method.set_minimum_quality(50);
  method.set_default_radius_bits(31);
  method.set_max_radius_bits(31);
  method.add_libraries("sqlite 3");
  for (const auto& [words, bits] : {std::pair("same picture", 10U), std::pair("lead", 31U)}) {
    method.add_bands()->set_words(words);
    method.mutable_bands(method.bands_size() - 1)->set_to_bits(bits);
  }
  v1::MeasuredRates& rates = *method.mutable_rates();
  rates.set_measured_on("2026-11-25");
  rates.set_radius_bits(31);
  rates.set_unlike_pairs(4950);
  rates.set_unlike_nearest_bits(70);
  v1::AlterationRate& rate = *rates.add_alterations();
  rate.set_alteration("crop-5");
  rate.set_copies(10'000);
  rate.set_found(9'999);
  method.add_runs()->set_started_at("2026-11-25T01:02:03Z");
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("11 to 31 bits"));
  // One miss is never rounded away.
  EXPECT_THAT(html, HasSubstr("&lt; 100 %"));
  EXPECT_THAT(html, HasSubstr("of 4,950 pairs of different pictures, 0 were within 31 bits"));
  EXPECT_THAT(html, HasSubstr("not ended"));
  const auto json = Json(report);
  EXPECT_EQ(json["method"]["rates"]["alterations"][0]["found"], 9999);
  EXPECT_EQ(json["method"]["libraries"][0], "sqlite 3");
  EXPECT_THAT(Csv(report), HasSubstr("rate,crop-5,2026-11-25,9999,10000,0,0,,"));
  EXPECT_THAT(Csv(report), HasSubstr("rate,different pictures,2026-11-25,0,4950,,,70,"));
}

// Of each run, what decoded the pictures; of each set, its radius and how it is to be handled; of
// each opinion, whose it is. The CSV had none of them.
TEST(Method, TellsWhatMadeTheHashesAndWhoSaidWhat) {
  v1::Report report = Of(v1::REPORT_KIND_METHOD);
  v1::ReportSet& set = *report.add_sets();
  set.set_name("national");
  set.set_version("2026-11");
  set.set_source("police");
  set.set_purpose(v1::PURPOSE_KNOWN);
  set.set_enabled(true);
  set.set_radius_bits(24);
  set.set_entries(1'000);
  set.set_handling(kHostile);
  for (const char* at : {"2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z"}) {
    v1::ReportRun& run = *report.mutable_method()->add_runs();
    run.set_started_at(at);
    run.set_finished_at("2026-01-06T11:00:00Z");
    run.set_complete(true);
    run.set_radius_bits(30);
    run.set_entries_walked(12);
    run.add_libraries("libpng 1.6.39");
    run.add_libraries("PDQ of kith 9");
  }
  AddFile(report, "lakeside", "pdq", 7, "same picture");
  v1::ReportMatch& match = *report.mutable_files(0)->mutable_matches(0);
  match.set_entry_id(17);
  match.set_opinion(v1::OPINION_KIND_REJECTED);
  match.mutable_given()->set_who("J. <Jansen>");
  match.mutable_given()->set_at("2026-01-07T10:00:00Z");
  match.mutable_given()->set_why("another door");
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<b>Read and hashed with:</b> libpng 1.6.39, PDQ of kith 9.</p>"));
  EXPECT_THAT(html, HasSubstr(std::string("<td>") + kHostileHtml + "</td></tr>"));
  EXPECT_THAT(html, HasSubstr("entry 17, 7 bits</td><td>rejected</td><td>J. &lt;Jansen&gt;</td>"
                              "<td>2026-01-07T10:00:00Z</td><td>another door</td>"));
  const nlohmann::json json = Json(report);
  EXPECT_EQ(json["sets"][0]["handling"], kHostile);
  EXPECT_EQ(json["method"]["runs"][1]["libraries"][0], "libpng 1.6.39");
  EXPECT_EQ(json["files"][0]["matches"][0]["opinion"]["kind"], "rejected");
  EXPECT_EQ(json["files"][0]["matches"][0]["opinion"]["who"], "J. <Jansen>");
  EXPECT_EQ(json["files"][0]["matches"][0]["confirmed"], false);
  const std::string csv = Csv(report);
  EXPECT_THAT(csv,
              HasSubstr("part,name,value,found,copies,median,farthest,nearest,source,purpose,"
                        "enabled,radius,dialect,entries,handling,folder,ended,walked,read,"
                        "on_record,not_seen,libraries,entry,set,series,sha256,who,at,why\r\n"));
  EXPECT_THAT(csv, HasSubstr("set,national,2026-11,,,,,,police,known,yes,24,unknown,1000,"));
  EXPECT_THAT(csv,
              HasSubstr("run,2026-01-05T10:00:00Z,complete,,,,,,,,,30,,,,,2026-01-06T11:00:00Z,"
                        "12,0,0,0,libpng 1.6.39; PDQ of kith 9,"));
  EXPECT_THAT(csv, HasSubstr(",17,national,lakeside," + std::string(64, 'a') +
                             ",J. <Jansen>,2026-01-07T10:00:00Z,another door\r\n"));
  // Runs that used something else say so, and old ones that it is not on record.
  report.mutable_method()->mutable_runs(0)->clear_libraries();
  EXPECT_THAT(RenderHtml(report),
              HasSubstr("Read and hashed with (runs of 2026-01-05T10:00:00Z):</b> not on record."));
}

// Harmless stock files and files whose leads were rejected were told as never seen before.
TEST(Initial, TellsApartWhatIsNewRejectedAndHarmless) {
  v1::Report report = Of(v1::REPORT_KIND_INITIAL);
  auto& count = *report.mutable_summary()->add_verdicts();
  count.set_verdict(v1::VERDICT_UNRECOGNIZED);
  count.set_files(4);
  report.mutable_summary()->set_harmless_files(2);
  report.mutable_summary()->set_rejected_files(1);
  for (const char* name : {"stock", "stock too", "rejected", "new"}) {
    v1::ReportFile& file = *report.add_files();
    file.add_paths(name);
    file.set_verdict(v1::VERDICT_UNRECOGNIZED);
    file.set_rule("why");
  }
  report.mutable_files(0)->set_harmless(true);
  report.mutable_files(1)->set_harmless(true);
  report.mutable_files(2)->set_rejected_matches(2);
  const std::string html = RenderHtml(report);
  EXPECT_THAT(html, HasSubstr("<b>1</b> <span>never seen: look first</span>"));
  EXPECT_THAT(html, HasSubstr("<b>1</b> <span>leads rejected</span>"));
  EXPECT_THAT(html, HasSubstr("<b>2</b> <span>known to be harmless</span>"));
  EXPECT_THAT(html, HasSubstr("<b>1 file</b> was never seen before"));
  EXPECT_THAT(html, HasSubstr("<b>1 file</b> had only leads that a person rejected"));
  EXPECT_THAT(html, HasSubstr("<b>2 files</b> are known to be harmless"));
  const auto section = [&html](const std::string& id) {
    const std::size_t begin = html.find("<section id=\"" + id + "\">");
    return begin == std::string::npos ? ""
                                      : html.substr(begin, html.find("</section>", begin) - begin);
  };
  EXPECT_THAT(section("new"), HasSubstr("<td class=\"path\">new</td>"));
  EXPECT_THAT(section("new"), Not(HasSubstr("stock")));
  EXPECT_THAT(section("rejected"), HasSubstr("2 leads rejected"));
  EXPECT_THAT(section("harmless"), HasSubstr("stock too"));
  EXPECT_EQ(Json(report)["summary"]["harmless_files"], 2);
  EXPECT_EQ(Json(report)["summary"]["rejected_files"], 1);
  EXPECT_EQ(Json(report)["files"][0]["harmless"], true);
  EXPECT_THAT(Csv(report), HasSubstr(",0,yes,,"));
  EXPECT_THAT(Csv(report), HasSubstr(",2,no,,"));
}

TEST(EveryKind, OfNothingIsAWholePage) {
  for (const v1::ReportKind kind : AllKinds()) {
    v1::Report report;
    report.set_kind(kind);
    const std::string html = RenderHtml(report);
    EXPECT_THAT(html, HasSubstr("</html>")) << KindWord(kind);
    EXPECT_THAT(html, HasSubstr(std::string(KindTitle(kind)))) << KindWord(kind);
    EXPECT_THAT(html, Not(HasSubstr("<script"))) << KindWord(kind);
    EXPECT_EQ(Json(report)["kind"], std::string(KindWord(kind)));
    EXPECT_THAT(Csv(report), HasSubstr("\r\n")) << KindWord(kind);
    EXPECT_EQ(KindOfWord(KindWord(kind)), kind);
    EXPECT_NE(KindPurpose(kind), "");
  }
  EXPECT_EQ(KindFile(v1::REPORT_KIND_UNSPECIFIED), "report");
  EXPECT_EQ(KindFile(v1::REPORT_KIND_LEADS), "leads");
  EXPECT_EQ(KindOfWord("poem"), v1::REPORT_KIND_UNSPECIFIED);
}

}  // namespace
}  // namespace kith::report
