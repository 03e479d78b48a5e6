// SPDX-License-Identifier: Apache-2.0
//
// Purpose: in which cases a series was met, and when: the ledger of circulation, over all cases.
//
// Thread-safety: one thread; it reads within the transaction of its owner.
// Errors: those of catalog/database.h. Complexity: each case that met one of the series asked for
// is counted once, O(its files that match); what makes it doubtful is read once, where it is told.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/kith/v1/report.pb.h"
#include "server/casework/internal/report_words.h"
#include "server/casework/internal/series_counts.h"
#include "server/catalog/database.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// How far a series is spread.
struct Spread {
  std::uint64_t cases = 0;
  std::uint64_t agencies = 0;
};

class Circulation {
 public:
  // Both outlive it.
  Circulation(catalog::Transaction* read, const catalog::Directory* directory)
      : read_(*read), directory_(*directory) {}

  // The cases whose files match the series now, or one that counts as it, by time, then by name.
  [[nodiscard]] absl::StatusOr<std::vector<v1::ReportSighting>> Of(const v1::Series& series);
  // How many these are; what is told of each is not read.
  [[nodiscard]] absl::StatusOr<Spread> SpreadOf(const v1::Series& series);

  // What makes the counts of cases doubtful: of those that met the series (`sightings`), and how
  // many others an open alert concerns that may bring it there.
  [[nodiscard]] absl::StatusOr<CaseDoubts> DoubtsOf(
      const v1::Series& series, const std::vector<v1::ReportSighting>& sightings);
  // The same of all cases.
  [[nodiscard]] absl::StatusOr<CaseDoubts> DoubtsOfAll();

  // All series that some case met, as what they count as now, by number.
  [[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> SeriesMet();

 private:
  struct CaseRecord {
    std::string name;
    std::string agency;
    std::string desk;
    std::uint64_t files = 0;
  };
  struct CaseDoubt {
    std::vector<std::uint64_t> open_alerts;  // ascending
    bool incomplete = false;
  };
  using CaseCounts = std::map<std::uint64_t, SeriesCount>;  // by series
  [[nodiscard]] absl::StatusOr<const CaseRecord*> Case(std::uint64_t case_id);
  [[nodiscard]] absl::StatusOr<const CaseDoubt*> DoubtOf(std::uint64_t case_id);
  [[nodiscard]] absl::StatusOr<const CaseCounts*> CountsOf(std::uint64_t case_id);
  // The cases that Of tells, and when each first met one of the series.
  [[nodiscard]] absl::StatusOr<std::map<std::uint64_t, SeriesSeen>> Holding(
      const v1::Series& series);
  // This series and those that were merged into it.
  [[nodiscard]] const std::vector<std::uint64_t>& CountedAs(std::uint64_t series_id);

  catalog::Transaction& read_;
  const catalog::Directory& directory_;
  // By case, those that were needed so far.
  std::map<std::uint64_t, CaseRecord> cases_;
  std::map<std::uint64_t, CaseDoubt> doubts_;
  std::map<std::uint64_t, CaseCounts> counts_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> counted_as_;  // empty until it is needed
};

}  // namespace kith::casework
