// SPDX-License-Identifier: Apache-2.0
//
// What people said of the files of a case, and what alerts say of them.
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/ledger_view.h"
#include "server/casework/internal/quick_sql.h"
#include "server/casework/internal/same_content.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {

using catalog::BlobView;
using catalog::Statement;

absl::StatusOr<KnownOtherwise> OpenAlertsOf(catalog::Transaction& read, std::uint64_t case_id) {
  // Of a file that was matched since, the answer tells. So does that of one of which the last of
  // several alerts says what is on record: it was told back.
  Statement rows = read.Prepare(
      "SELECT a.id, x.file, x.now = f.verdict AND x.rule = f.rule FROM alert a"
      " JOIN alert_file x ON x.alert = a.id JOIN evidence_file f ON f.id = x.file"
      " WHERE a.case_record = ?1 AND a.closed_at IS NULL AND f.paths > 0"
      " AND f.matched_at < a.last_change ORDER BY x.file, a.id");
  rows.Bind(case_id);
  KnownOtherwise known;
  std::set<std::uint64_t> alerts;
  std::vector<std::uint64_t> of_file;
  std::uint64_t file_id = 0;
  bool is_as_on_record = false;
  const auto count = [&] {
    if (of_file.empty() || (of_file.size() > 1 && is_as_on_record)) return;
    ++known.files;
    alerts.insert(of_file.begin(), of_file.end());
  };
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more || rows.Id(1) != file_id) {
      count();
      of_file.clear();
    }
    if (!more) break;
    of_file.push_back(rows.Id(0));
    file_id = rows.Id(1);
    is_as_on_record = rows.Int(2) != 0;
  }
  known.alerts.assign(alerts.begin(), alerts.end());
  return known;
}

absl::StatusOr<std::vector<v1::ReportFile>> LedgerView::FilesWithOpinions() {
  Statement opinions = read_.Prepare(
      "SELECT change, sha256, entry, kind, at, who, why FROM opinion ORDER BY sha256, change");
  Statement find = read_.Prepare(
      "SELECT id, paths FROM evidence_file WHERE case_record = ?1 AND identity = ?2 AND paths > 0");
  Statement met = read_.Prepare(absl::StrCat(std::string(kMatchColumns), std::string(kMetLast)));
  std::vector<v1::ReportFile> files;
  std::string sha256;
  std::uint64_t file_id = 0;  // of this content; 0: the case does not hold it
  while (true) {
    KITH_ASSIGN(const bool more, opinions.Step());
    if (!more) break;
    if (opinions.Blob(1) != sha256) {
      sha256 = std::string(opinions.Blob(1));
      const std::string identity = ContentIdentity(sha256);
      KITH_ASSIGN(const bool held, find.Bind(case_id_, BlobView{identity}).Step());
      file_id = held ? find.Id(0) : 0;
      if (held) {
        KITH_ASSIGN(v1::ReportFile file, ReadFile(file_id, find.Id(1)));
        file.clear_matches();
        files.push_back(std::move(file));
      }
    }
    if (file_id == 0) continue;
    v1::ReportMatch& match = *files.back().add_matches();
    KITH_ASSIGN(const bool was_met, met.Bind(file_id, opinions.Id(2)).Step());
    if (was_met) FillMatch(met, match);
    ReadOpinion(opinions, *match.mutable_given());
    match.set_entry_id(match.given().entry_id());
    match.set_opinion(match.given().kind());
  }
  std::sort(files.begin(), files.end(), [](const v1::ReportFile& a, const v1::ReportFile& b) {
    return a.paths(0) < b.paths(0);
  });
  return files;
}

}  // namespace kith::casework
