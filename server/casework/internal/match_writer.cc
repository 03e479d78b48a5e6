// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/match_writer.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "server/casework/deciding.h"
#include "server/casework/internal/sql.h"
#include "server/catalog/names.h"

namespace kith::casework {
namespace {

using catalog::Statement;
using catalog::Transaction;

// The columns of a match, as they are compared with those on record.
using Columns = std::array<std::int64_t, 15>;
constexpr std::size_t kSeries = 1;
constexpr std::size_t kHeldBack = 13;

Columns ColumnsOf(const v1::Match& match, const catalog::Directory& directory) {
  const auto set = directory.hash_sets.ByName(match.set());
  const auto series = match.series().empty() ? nullptr : directory.series.ByName(match.series());
  const auto number = [](auto value) { return static_cast<std::int64_t>(value); };
  return {number(set ? set->set_id() : 0),
          number(series ? series->series_id() : 0),
          number(match.series_status()),
          number(match.victim_identified()),
          number(match.purpose()),
          number(FoundByOf(match.by())),
          number(match.distance_bits()),
          number(match.view().frame()),
          number(match.view().crop()),
          number(match.query_view().frame()),
          number(match.query_view().crop()),
          number(match.orientation()),
          number(match.dialect()),
          number(match.held_back()),
          number(match.opinion() == v1::OPINION_KIND_CONFIRMED)};
}

absl::Status See(Transaction& write, const Run& run, std::uint64_t series_id) {
  return write.Execute(
      "INSERT OR IGNORE INTO sighting (series, case_record, first_seen_at, first_run)"
      " VALUES (?1, ?2, ?3, ?4)",
      series_id, run.case_id, catalog::TimeNow(), run.run_id);
}

// Of a match that counted as of series `before`: where its entry was moved, a split does not start
// the clock anew. The case met `series_id` when it held the file and had met the other series.
absl::Status SeeAsBefore(Transaction& write, const Run& run, std::uint64_t series_id,
                         std::uint64_t before, std::uint64_t file_id, std::uint64_t entry_id) {
  {
    // A look-up has a ledger of its own, and no catalog beside it.
    Statement named = write.Prepare("SELECT length(name) > 0 FROM case_record WHERE id = ?1");
    KITH_RETURN_IF_ERROR(named.Bind(run.case_id).Step().status());
    if (named.Int(0) == 0) return absl::OkStatus();
  }
  return write.Execute(
      "UPDATE sighting SET first_seen_at = min(first_seen_at, max("
      " coalesce((SELECT min(r.started_at) FROM evidence_path p JOIN run r ON r.id = p.run"
      "  WHERE p.file = ?4), first_seen_at),"
      " coalesce((SELECT b.first_seen_at FROM sighting b"
      "  WHERE b.series = ?3 AND b.case_record = ?2), first_seen_at)))"
      " WHERE series = ?1 AND case_record = ?2"
      " AND EXISTS (SELECT 1 FROM entry_moved w WHERE w.entry = ?5)",
      series_id, run.case_id, before, file_id, entry_id);
}

}  // namespace

absl::Status WriteMatches(Transaction& write, const Run& run, const catalog::Directory& directory,
                          std::uint64_t change, std::uint64_t file_id,
                          const v1::MatchResult& result) {
  std::map<std::uint64_t, std::pair<std::uint64_t, Columns>> on_record;  // by entry: row, columns
  Statement read = write.Prepare(
      "SELECT id, entry, hash_set, coalesce(series, 0), series_status, victim_identified, purpose,"
      " found_by, distance_bits, view_frame, view_crop, query_frame, query_crop, orientation,"
      " dialect, held_back, opinion FROM match WHERE file = ?1 AND superseded_at IS NULL");
  read.Bind(file_id);
  while (true) {
    KITH_ASSIGN(const bool more, read.Step());
    if (!more) break;
    Columns columns{};
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = read.Int(static_cast<int>(i) + 2);
    on_record.emplace(read.Id(1), std::pair(read.Id(0), columns));
  }
  Statement supersede = write.Prepare("UPDATE match SET superseded_at = ?2 WHERE id = ?1");
  Statement add = write.Prepare(
      "INSERT INTO match (file, entry, hash_set, series, series_status, victim_identified, purpose,"
      " found_by, distance_bits, view_frame, view_crop, query_frame, query_crop, orientation,"
      " dialect, held_back, opinion, found_at) VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6, ?7, ?8,"
      " ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");
  for (const v1::Match* one : KeptOf(result, kMatchesKept)) {
    const v1::Match& match = *one;
    const Columns c = ColumnsOf(match, directory);
    const auto found = on_record.find(match.entry_id());
    std::uint64_t before = 0;  // the series that it counted as
    if (found != on_record.end()) {
      const auto [row, columns] = found->second;
      on_record.erase(found);
      if (columns == c) continue;
      if (columns[kHeldBack] == 0) before = static_cast<std::uint64_t>(columns[kSeries]);
      KITH_RETURN_IF_ERROR(supersede.Bind(row, change).Run());
    }
    KITH_RETURN_IF_ERROR(add.Bind(file_id, match.entry_id(), c[0], c[1], c[2], c[3], c[4], c[5],
                                  c[6], c[7], c[8], c[9], c[10], c[11], c[12], c[13], c[14], change)
                             .Run());
    if (c[1] != 0 && !match.held_back() && match.purpose() != v1::PURPOSE_BENIGN) {
      const auto series_id = static_cast<std::uint64_t>(c[1]);
      KITH_RETURN_IF_ERROR(See(write, run, series_id));
      // A merge is none: it counts wherever sightings are read, and may be taken back.
      const auto was = before == 0 ? nullptr : directory.CurrentSeries(before);
      if (was != nullptr && was->series_id() != series_id) {
        KITH_RETURN_IF_ERROR(SeeAsBefore(write, run, series_id, before, file_id, match.entry_id()));
      }
    }
  }
  for (const auto& [entry, row] : on_record) {
    KITH_RETURN_IF_ERROR(supersede.Bind(row.first, change).Run());
  }
  return absl::OkStatus();
}

}  // namespace kith::casework
