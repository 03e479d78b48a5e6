// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/series_counts.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "server/casework/internal/quick_sql.h"
#include "server/casework/internal/sql.h"

namespace kith::casework {

using catalog::Statement;
using catalog::Transaction;

std::uint64_t CurrentSeries::Of(std::uint64_t series_id) {
  const auto [place, is_new] = current_.try_emplace(series_id);
  if (is_new) {
    const auto series = directory_.CurrentSeries(series_id);
    place->second = series == nullptr ? 0 : series->series_id();
  }
  return place->second;
}

absl::StatusOr<std::vector<SeriesCount>> CountSeries(Transaction& read,
                                                     const catalog::Directory& directory,
                                                     std::uint64_t case_id) {
  // In the order of the files, so that one of which several matches count as the same series is
  // told by the last one that was counted; of each, what matches by digest first.
  Statement rows =
      read.Prepare(absl::StrCat("SELECT f.id, m.series, m.found_by, m.distance_bits, m.opinion",
                                std::string(kShownBy), " ORDER BY f.id, m.found_by"));
  rows.Bind(case_id);
  struct Counted {
    SeriesCount count;
    std::uint64_t last_file = 0;
    std::uint64_t last_file_by_digest = 0;
    std::uint64_t last_file_confirmed = 0;
  };
  std::map<std::uint64_t, Counted> counted;
  CurrentSeries current(&directory);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    const std::uint64_t series_id = current.Of(rows.Id(1));
    if (series_id == 0) continue;
    const std::uint64_t file_id = rows.Id(0);
    auto& [count, last_file, last_file_by_digest, last_file_confirmed] = counted[series_id];
    count.series_id = series_id;
    if (last_file != file_id) ++count.files;
    last_file = file_id;
    if (static_cast<FoundBy>(rows.Int(2)) == FoundBy::kPdq) {
      const auto distance = static_cast<std::uint32_t>(rows.Int(3));
      count.nearest_lead_bits = std::min(count.nearest_lead_bits.value_or(distance), distance);
      const bool counts = rows.Int(4) != 0 && last_file_by_digest != file_id;
      if (counts && last_file_confirmed != file_id) ++count.files_confirmed;
      if (counts) last_file_confirmed = file_id;
    } else if (last_file_by_digest != file_id) {
      ++count.files_by_digest;
      last_file_by_digest = file_id;
    }
  }
  std::vector<SeriesCount> counts;
  counts.reserve(counted.size());
  for (const auto& [series_id, one] : counted) counts.push_back(one.count);
  return counts;
}

absl::StatusOr<std::map<std::uint64_t, std::uint64_t>> CountToKeep(
    Transaction& read, const catalog::Directory& directory, std::uint64_t case_id) {
  Statement rows = read.Prepare(
      absl::StrCat("SELECT f.id, m.series", std::string(kShownBy), " ORDER BY f.id, m.series"));
  rows.Bind(case_id);
  std::map<std::uint64_t, std::uint64_t> files;
  std::map<std::uint64_t, std::uint64_t> shown;  // by the file: as what it is counted
  std::uint64_t last_file = 0;
  const auto count = [&] {
    for (const auto& [series_id, on_record] : shown) ++files[on_record];
    shown.clear();
  };
  CurrentSeries current(&directory);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    if (rows.Id(0) != last_file) count();
    last_file = rows.Id(0);
    const std::uint64_t series_id = current.Of(rows.Id(1));
    if (series_id == 0) continue;
    const auto [place, is_new] = shown.emplace(series_id, rows.Id(1));
    if (!is_new && rows.Id(1) == series_id) place->second = series_id;
  }
  count();
  return files;
}

void SeriesSeen::Add(std::string_view seen_at, std::uint64_t purged, std::uint64_t files_of_case) {
  if (first_seen_at.empty() || seen_at < first_seen_at) first_seen_at = std::string(seen_at);
  files_when_purged = std::min(files_when_purged + purged, files_of_case);
}

absl::StatusOr<std::map<std::uint64_t, SeriesSeen>> SeriesSeenIn(
    Transaction& read, const catalog::Directory& directory, std::uint64_t case_id) {
  Statement rows = read.Prepare(
      "SELECT s.series, s.first_seen_at, s.files_when_purged, c.files FROM sighting s"
      " JOIN case_record c ON c.id = s.case_record WHERE s.case_record = ?1 ORDER BY s.series");
  rows.Bind(case_id);
  std::map<std::uint64_t, SeriesSeen> seen;
  CurrentSeries current(&directory);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) return seen;
    const std::uint64_t series_id = current.Of(rows.Id(0));
    if (series_id != 0) seen[series_id].Add(rows.Text(1), rows.Id(2), rows.Id(3));
  }
}

}  // namespace kith::casework
