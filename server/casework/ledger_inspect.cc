// SPDX-License-Identifier: Apache-2.0
//
// What the ledger says of its own soundness.
#include <array>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"

namespace kith::casework {
namespace {

using catalog::Statement;
using catalog::Transaction;

// A query that gives the number of the case and how many of its rows are wrong.
struct Check {
  const char* wrong;  // "files whose ..."
  const char* sql;
};

constexpr std::array<Check, 5> kChecks = {{
    {"files whose number of paths is not what is on record",
     "SELECT f.case_record, count(*) FROM evidence_file f WHERE f.paths <> (SELECT count(*)"
     " FROM evidence_path p WHERE p.file = f.id AND p.superseded_by IS NULL) GROUP BY 1"},
    {"times another number of files or paths than are on record",
     "SELECT c.id, count(*) FROM case_record c WHERE (c.files, c.paths) <>"
     " (SELECT count(*), coalesce(sum(f.paths), 0) FROM evidence_file f"
     " WHERE f.case_record = c.id AND f.paths > 0)"
     " AND c.id NOT IN (SELECT case_record FROM case_purged) GROUP BY 1"},
    {"files with more matches than were counted",
     "SELECT f.case_record, count(*) FROM evidence_file f WHERE f.total_matches < (SELECT count(*)"
     " FROM match m WHERE m.file = f.id AND m.superseded_at IS NULL) GROUP BY 1"},
    {"files whose codes are gone",
     "SELECT f.case_record, count(*) FROM evidence_file f LEFT JOIN evidence_code c ON c.file = "
     "f.id"
     " WHERE (f.codes > 0) <> (c.file IS NOT NULL) GROUP BY 1"},
    {"series that were met without a sighting",
     "SELECT f.case_record, count(DISTINCT m.series) FROM match m JOIN evidence_file f"
     " ON f.id = m.file WHERE m.superseded_at IS NULL AND m.held_back = 0 AND m.purpose <> 2"
     " AND m.series IS NOT NULL AND NOT EXISTS (SELECT 1 FROM sighting s"
     " WHERE s.series = m.series AND s.case_record = f.case_record) GROUP BY 1"},
}};

}  // namespace

absl::StatusOr<std::vector<std::string>> Ledger::Inspect() {
  std::vector<std::string> problems;
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  for (const Check& check : kChecks) {
    Statement rows = read.Prepare(check.sql);
    while (true) {
      KITH_ASSIGN(const bool more, rows.Step());
      if (!more) break;
      problems.push_back(
          absl::StrCat("case ", rows.Id(0), " of the ledger: ", rows.Id(1), " ", check.wrong));
    }
  }
  return problems;
}

}  // namespace kith::casework
