// SPDX-License-Identifier: Apache-2.0
//
// Purpose: which series a case met, each together with those that were merged into it. Matches and
// sightings on record tell a series as it counted when they were written; a merge writes none of
// them again, so whoever reads them asks here what they count as now.
//
// Thread-safety: one thread; it reads within the transaction of its owner.
// Errors: those of catalog/database.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "server/catalog/database.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// What series on record count as now, asked once each.
class CurrentSeries {
 public:
  explicit CurrentSeries(const catalog::Directory* directory) : directory_(*directory) {}
  // 0: none.
  [[nodiscard]] std::uint64_t Of(std::uint64_t series_id);

 private:
  const catalog::Directory& directory_;
  std::unordered_map<std::uint64_t, std::uint64_t> current_;
};

struct SeriesCount {
  std::uint64_t series_id = 0;
  std::uint64_t files = 0;  // distinct, of all series that count as this one
  std::uint64_t files_by_digest = 0;
  std::uint64_t files_confirmed = 0;  // by a person, of the others
  std::optional<std::uint32_t> nearest_lead_bits;
};

// The series that files of a case match now, by number. O(matches of the case).
[[nodiscard]] absl::StatusOr<std::vector<SeriesCount>> CountSeries(
    catalog::Transaction& read, const catalog::Directory& directory, std::uint64_t case_id);

// How many files of a case show each series on record, for when which files it were is expunged: a
// file that shows several which count as one series now is counted once, by its own name if it has
// that, so that the numbers add up to those of CountSeries. O(matches of the case).
[[nodiscard]] absl::StatusOr<std::map<std::uint64_t, std::uint64_t>> CountToKeep(
    catalog::Transaction& read, const catalog::Directory& directory, std::uint64_t case_id);

// That a case met a series, whether that holds still or not.
struct SeriesSeen {
  std::string first_seen_at;
  // Of a purged case. A file that matched two series which were merged after the purge counts
  // twice, as which files it were is expunged; never more than the case had.
  std::uint64_t files_when_purged = 0;

  void Add(std::string_view seen_at, std::uint64_t purged, std::uint64_t files_of_case);
};

// The series that a case ever met, by number.
[[nodiscard]] absl::StatusOr<std::map<std::uint64_t, SeriesSeen>> SeriesSeenIn(
    catalog::Transaction& read, const catalog::Directory& directory, std::uint64_t case_id);

}  // namespace kith::casework
