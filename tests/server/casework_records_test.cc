// SPDX-License-Identifier: Apache-2.0
// What people say of a case, and which reports were given out.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "server/casework/report_digest.h"
#include "tests/server/casework_fixture.h"

namespace kith::server::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RecordsTest : public CaseworkTest {
 protected:
  static v1::EditCaseRequest EditOf(const std::string& name) {
    v1::EditCaseRequest request;
    request.set_name(name);
    request.mutable_signature()->set_who("J. Jansen");
    return request;
  }
  v1::Report Give(v1::ReportKind kind, const std::string& case_name, const std::string& series = "",
                  const std::string& who = "J. Jansen") {
    v1::GetReportRequest request;
    request.set_kind(kind);
    request.set_case_name(case_name);
    request.set_series(series);
    request.set_record(true);
    request.set_who(who);
    return GetReport(request);
  }
  std::vector<v1::ReportRecord> Reports(const std::string& case_name = "") {
    v1::ListReportsRequest request;
    request.set_case_name(case_name);
    request.set_page_size(2);
    std::vector<v1::ReportRecord> reports;
    while (true) {
      const auto page = Must(engine_->ListReports(request));
      EXPECT_LE(page.reports_size(), 2);
      reports.insert(reports.end(), page.reports().begin(), page.reports().end());
      if (page.next_page_token().empty()) return reports;
      request.set_page_token(page.next_page_token());
    }
  }
  std::uint64_t ChangeNow() { return Must(engine_->GetCapabilities({})).index_version().change(); }
};

TEST_F(RecordsTest, WhatIsSaidOfACaseStaysAndIsToldByItsReports) {
  AddEntry("known", "BLUE", 99);
  Check("LKA/1", {Picture("a", 1)});
  EXPECT_FALSE(GetCase("LKA/1").record().has_details());
  EXPECT_FALSE(GetReport("LKA/1").scope().has_details());
  const std::uint64_t change = ChangeNow();
  v1::EditCaseRequest first = EditOf("LKA/1");
  first.set_officer("A. Adams, +49 711 3");
  first.set_legal_basis("warrant 26-441");
  first.set_seized_on("2026-01-05");
  first.set_due_on("2031-02-28");  // may be to come
  first.set_state(v1::CASE_STATE_RECEIVED);
  Must(engine_->EditCase(first));
  v1::EditCaseRequest second = EditOf("LKA/1");
  second.set_reference("26 CR 118");
  second.set_priority("urgent");
  second.set_legal_basis("");
  second.set_state(v1::CASE_STATE_REVIEW);
  const v1::CaseDetails said = Must(engine_->EditCase(second)).record().details();
  EXPECT_EQ(said.officer(), "A. Adams, +49 711 3");
  EXPECT_EQ(said.reference(), "26 CR 118");
  EXPECT_EQ(said.legal_basis(), "");
  EXPECT_EQ(said.seized_on(), "2026-01-05");
  EXPECT_EQ(said.due_on(), "2031-02-28");
  EXPECT_EQ(said.priority(), "urgent");
  EXPECT_EQ(said.state(), v1::CASE_STATE_REVIEW);
  OpenEngine();
  EXPECT_EQ(GetCase("LKA/1").record().details().SerializeAsString(), said.SerializeAsString());
  EXPECT_EQ(Must(engine_->ListCases({})).cases(0).details().priority(), "urgent");
  for (const auto kind : {v1::REPORT_KIND_INITIAL, v1::REPORT_KIND_IDENTIFICATION,
                          v1::REPORT_KIND_METHOD, v1::REPORT_KIND_NOTIFICATIONS}) {
    const v1::Report report = Give(kind, "LKA/1");
    EXPECT_EQ(report.scope().details().reference(), "26 CR 118") << kind;
    // It is nothing that is known of files: no doubt arises of it.
    EXPECT_EQ(report.scope().warnings_size(), 0) << kind;
  }
  EXPECT_EQ(ChangeNow(), change);
}

TEST_F(RecordsTest, WhatCannotBeSaidOfACaseIsRefused) {
  Check("LKA/1", {Picture("a", 1)});
  const auto refused = [&](const v1::EditCaseRequest& request, absl::StatusCode code,
                           const std::string& why) {
    const absl::Status status = engine_->EditCase(request).status();
    EXPECT_EQ(status.code(), code) << why;
    EXPECT_THAT(std::string(status.message()), HasSubstr(why));
  };
  v1::EditCaseRequest request = EditOf("LKA/1");
  refused(request, absl::StatusCode::kInvalidArgument, "say what to change");
  request.set_due_on("2026-02-30");
  refused(request, absl::StatusCode::kInvalidArgument, "is no day");
  request = EditOf("LKA/1");
  request.set_seized_on("2999-01-01");
  refused(request, absl::StatusCode::kInvalidArgument, "yet to come");
  request = EditOf("LKA/1");
  request.set_state(static_cast<v1::CaseState>(99));
  refused(request, absl::StatusCode::kInvalidArgument, "is not known");
  request = EditOf("LKA/1");
  request.set_officer("two\nlines");
  refused(request, absl::StatusCode::kInvalidArgument, "control character");
  request = EditOf("LKA/9");
  request.set_priority("low");
  refused(request, absl::StatusCode::kNotFound, "not on record");
  EXPECT_FALSE(GetCase("LKA/1").record().has_details());
}

TEST_F(RecordsTest, APurgeEmptiesWhatWasSaidButForTheState) {
  Check("LKA/1", {Picture("a", 1)});
  for (const char* officer : {"Zacharias Zeisig", "Xaver Xander"}) {
    v1::EditCaseRequest request = EditOf("LKA/1");
    request.set_officer(officer);
    request.set_reference("26 CR 118");
    request.mutable_signature()->set_why("named by the Quendel office");
    request.set_state(v1::CASE_STATE_SENT);
    Must(engine_->EditCase(request));
  }
  v1::PurgeCaseRequest purge;
  purge.set_name("LKA/1");
  purge.mutable_signature()->set_who("B. Brown");
  purge.mutable_signature()->set_why("court order");
  Must(engine_->PurgeCase(purge));
  const v1::CaseDetails left = GetCase("LKA/1").record().details();
  EXPECT_EQ(left.officer(), "");
  EXPECT_EQ(left.reference(), "");
  EXPECT_EQ(left.state(), v1::CASE_STATE_SENT);
  v1::EditCaseRequest request = EditOf("LKA/1");
  request.set_officer("somebody");
  EXPECT_TRUE(absl::IsFailedPrecondition(engine_->EditCase(request).status()));
  // Of older rows, too, and on the disk.
  for (const auto& file : std::filesystem::directory_iterator(folder_ + "/store")) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    for (const char* word : {"Zeisig", "Xander", "26 CR 118", "Quendel"}) {
      EXPECT_EQ(bytes.find(word), std::string::npos) << file.path() << " has " << word;
    }
  }
}

TEST_F(RecordsTest, ReportsThatAreGivenOutAreOnRecord) {
  AddEntry("known", "BLUE", 1);
  Check("DPD/2", {Picture("a", 1)});  // its report is the first
  Check("LKA/1", {Picture("a", 1)});  // tells that BLUE was met in two cases, as do later ones
  Check("", {Picture("a", 1)});       // a look-up: nothing is on record
  GetReport("LKA/1");                 // nor of what nobody asked to record
  EXPECT_EQ(Reports().size(), 2U);
  const std::uint64_t change = ChangeNow();
  Give(v1::REPORT_KIND_INITIAL, "LKA/1");
  Give(v1::REPORT_KIND_IDENTIFICATION, "LKA/1", "", "");
  Give(v1::REPORT_KIND_CIRCULATION, "", "BLUE");
  Give(v1::REPORT_KIND_LEADS, "");
  std::vector<std::string> all;
  for (const v1::ReportRecord& one : Reports()) {
    all.push_back(std::to_string(one.report_id()) + " " + std::to_string(one.kind()) + " " +
                  one.case_name() + " " + one.series() + " " + one.who());
    EXPECT_EQ(one.change(), change);
    EXPECT_EQ(one.sha256().size(), 64U);
    EXPECT_EQ(one.made_at().size(), 20U);
  }
  EXPECT_THAT(all, ElementsAre("6 3   J. Jansen", "5 4  BLUE J. Jansen", "4 2 LKA/1  ",
                               "3 1 LKA/1  J. Jansen", "2 1 LKA/1  ", "1 1 DPD/2  "));
  OpenEngine();
  const auto of_case = Reports("LKA/1");
  ASSERT_EQ(of_case.size(), 3U);
  // The report of the check, and the same from what is on record.
  EXPECT_EQ(of_case[1].sha256(), of_case[2].sha256());
  EXPECT_NE(of_case[0].sha256(), of_case[1].sha256());
  v1::EditCaseRequest edit = EditOf("LKA/1");
  edit.set_priority("urgent");
  Must(engine_->EditCase(edit));
  Give(v1::REPORT_KIND_INITIAL, "LKA/1");
  EXPECT_NE(Reports()[0].sha256(), of_case[1].sha256());
  v1::ListReportsRequest unknown;
  unknown.set_case_name("LKA/9");
  EXPECT_TRUE(absl::IsNotFound(engine_->ListReports(unknown).status()));
  unknown.set_case_name("");
  unknown.set_page_token("cases:1");
  EXPECT_TRUE(absl::IsInvalidArgument(engine_->ListReports(unknown).status()));
}

TEST_F(RecordsTest, AReportThatWasNotTakenIsNotOnRecord) {
  Check("LKA/1", {Picture("a", 1)});
  v1::GetReportRequest request;
  request.set_case_name("LKA/1");
  request.set_record(true);
  int left = 2;  // the folders, and the first fragment
  Must(engine_->GetReport(request, [&](const v1::GetReportResponse&) { return --left > 0; }));
  EXPECT_EQ(Reports().size(), 1U);
  request.set_who("two\nlines");
  EXPECT_TRUE(absl::IsInvalidArgument(
      engine_->GetReport(request, [](const v1::GetReportResponse&) { return true; })));
  request.set_case_name("LKA/9");
  EXPECT_FALSE(engine_->GetReport(request, [](const v1::GetReportResponse&) { return true; }).ok());
  EXPECT_EQ(Reports().size(), 1U);
}

// One fragment for each record, file, path and file of a cluster, and all in one.
TEST(ReportDigestTest, DoesNotDependOnHowAReportIsCut) {
  v1::Report whole;
  whole.mutable_run()->set_host("one");
  whole.mutable_scope()->set_case_name("LKA/1");
  whole.set_kind(v1::REPORT_KIND_INITIAL);
  v1::ReportFile& file = *whole.add_files();
  file.set_sha256("aa");
  for (const char* path : {"a", "b", "c"}) file.add_paths(path);
  whole.add_files()->set_rule("other");
  v1::ReportCluster& cluster = *whole.add_clusters();
  cluster.set_files(2);
  cluster.add_listed()->set_sha256("bb");
  cluster.add_listed()->set_sha256("cc");
  std::vector<v1::Report> cut(6);
  cut[0].mutable_run()->set_host("another");
  *cut[0].mutable_scope() = whole.scope();
  v1::ReportFile& start = *cut[1].add_files();
  start.set_sha256("aa");
  start.add_paths("a");
  for (const char* path : {"b", "c"}) {
    v1::ReportFile& more = *cut[2].add_files();
    more.set_sha256("aa");
    more.set_continued(true);
    more.add_paths(path);
  }
  *cut[3].add_files() = whole.files(1);
  cut[3].set_kind(whole.kind());
  cut[4].add_clusters()->set_files(2);
  *cut[4].mutable_clusters(0)->add_listed() = cluster.listed(0);
  cut[5].add_clusters()->set_continued(true);
  *cut[5].mutable_clusters(0)->add_listed() = cluster.listed(1);
  const auto digest_of = [](const std::vector<v1::Report>& fragments) {
    casework::ReportDigest digest;
    for (const v1::Report& fragment : fragments) digest.Add(fragment);
    return Must(digest.Finish());
  };
  const std::string digest = digest_of({whole});
  EXPECT_EQ(digest_of(cut), digest);
  // Where a path ends counts.
  file.set_paths(0, "ab");
  file.set_paths(1, "");
  EXPECT_NE(digest_of({whole}), digest);
}

}  // namespace
}  // namespace kith::server::testing
