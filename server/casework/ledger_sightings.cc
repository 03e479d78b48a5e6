// SPDX-License-Identifier: Apache-2.0
//
// Sightings across cases: whom to tell of them, and that they were told.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "server/casework/internal/case_sql.h"
#include "server/casework/internal/quick_sql.h"
#include "server/casework/internal/series_counts.h"
#include "server/casework/internal/sql.h"
#include "server/casework/ledger.h"
#include "server/catalog/names.h"

namespace kith::casework {

using catalog::Statement;
using catalog::Transaction;

namespace {

// The day from which it can be told of a sighting: its own or, where that is later, that of the
// identification. Of a series that nobody identified, the merge into one that is identified it.
class SinceWhen {
 public:
  explicit SinceWhen(const catalog::Directory* directory) : directory_(*directory) {}

  absl::Status ReadMerges(Transaction& read) {
    Statement rows = read.Prepare(
        "SELECT v.series, max(c.at) FROM series_version v JOIN change c ON c.number = v.change"
        " WHERE v.merged_into IS NOT NULL GROUP BY v.series");
    while (true) {
      KITH_ASSIGN(const bool more, rows.Step());
      if (!more) return absl::OkStatus();
      merged_on_.emplace(rows.Id(0), catalog::DayOf(rows.Text(1)));
    }
  }

  [[nodiscard]] std::string Of(std::uint64_t series_id, std::string_view first_seen_at) const {
    std::string day = catalog::DayOf(first_seen_at);
    const auto current = directory_.CurrentSeries(series_id);
    for (auto series = directory_.series.ById(series_id); series != nullptr;
         series = directory_.series.ByName(series->merged_into())) {
      const bool identified = series->status() == v1::SERIES_STATUS_IDENTIFIED;
      if (identified) day = std::max(day, series->identified_on());
      if (identified || series->merged_into().empty() || series == current) break;
      const auto merged = merged_on_.find(series->series_id());
      if (merged != merged_on_.end()) day = std::max(day, merged->second);
    }
    return day;
  }

 private:
  const catalog::Directory& directory_;
  std::map<std::uint64_t, std::string> merged_on_;  // by series: the day, of the last time
};

// What cases show by matches that count. Each case is asked once, whatever is asked of it: by pairs
// of series and case, it would be the matches of the series in all cases each time.
class Shown {
 public:
  Shown(Transaction& read, const catalog::Directory* directory)
      : directory_(*directory),
        shown_by_(read.Prepare(absl::StrCat(std::string(kSeriesShown), std::string(kShownBy)))),
        counted_by_(
            read.Prepare(absl::StrCat(std::string(kSeriesCounted), std::string(kShownBy)))) {}

  // Whether a sighting holds. Where no match says so by its own series, one may by another: since a
  // refresh after a merge, the match tells the series that its entry counts as.
  absl::StatusOr<bool> Holds(std::uint64_t series_id, std::uint64_t case_id) {
    KITH_ASSIGN(const std::set<std::uint64_t>* shown, ShownIn(case_id));
    if (shown->contains(series_id)) return true;
    auto series = directory_.series.ById(series_id);
    for (int i = 0; i < catalog::kLongestChain && series && !series->merged_into().empty(); ++i) {
      series = directory_.series.ByName(series->merged_into());
      if (series == nullptr) break;
      KITH_ASSIGN(const Pairs* counted, CountedIn(case_id));
      if (counted->contains({series->series_id(), series_id})) return true;
    }
    return false;
  }

 private:
  using Pairs = std::set<std::pair<std::uint64_t, std::uint64_t>>;

  absl::StatusOr<const std::set<std::uint64_t>*> ShownIn(std::uint64_t case_id) {
    const auto [place, is_new] = shown_.try_emplace(case_id);
    if (is_new) {
      shown_by_.Bind(case_id);
      while (true) {
        KITH_ASSIGN(const bool more, shown_by_.Step());
        if (!more) break;
        place->second.insert(shown_by_.Id(0));
      }
    }
    return &place->second;
  }
  absl::StatusOr<const Pairs*> CountedIn(std::uint64_t case_id) {
    const auto [place, is_new] = counted_.try_emplace(case_id);
    if (is_new) {
      counted_by_.Bind(case_id);
      while (true) {
        KITH_ASSIGN(const bool more, counted_by_.Step());
        if (!more) break;
        place->second.emplace(counted_by_.Id(0), counted_by_.Id(1));
      }
    }
    return &place->second;
  }

  const catalog::Directory& directory_;
  Statement shown_by_;
  Statement counted_by_;
  std::map<std::uint64_t, std::set<std::uint64_t>> shown_;  // by case
  std::map<std::uint64_t, Pairs> counted_;                  // by case: on record, of the entry
};

// That they were told; `place` finds the sighting of a row that begins with series and case.
absl::Status ReadNotified(Transaction& read,
                          absl::FunctionRef<Ledger::SeenIn&(const Statement&)> place) {
  Statement told = read.Prepare(
      "SELECT n.series, c.name, n.at, n.who, n.why FROM notified n"
      " JOIN case_record c ON c.id = n.case_record ORDER BY n.at, n.series");
  while (true) {
    KITH_ASSIGN(const bool more, told.Step());
    if (!more) return absl::OkStatus();
    Ledger::SeenIn& one = place(told);
    if (!one.notified_at.empty()) continue;  // told twice, before the merge
    one.notified_at = std::string(told.Text(2));
    one.notified_by = std::string(told.Text(3));
    one.note = std::string(told.Text(4));
  }
}

// The files that show a series, by case; each case is counted once.
class FilesShowing {
 public:
  FilesShowing(Transaction& read, const catalog::Directory* directory)
      : read_(read), directory_(*directory) {}

  absl::Status Fill(std::uint64_t case_id, Ledger::SeenIn& seen) {
    const auto [counts, is_new] = counts_.try_emplace(case_id);
    if (is_new) {
      KITH_ASSIGN(counts->second, CountSeries(read_, directory_, case_id));
    }
    for (const SeriesCount& count : counts->second) {
      if (count.series_id != seen.series_id) continue;
      seen.files = count.files;
      seen.files_by_digest = count.files_by_digest;
      seen.files_confirmed = count.files_confirmed;
    }
    return absl::OkStatus();
  }

 private:
  Transaction& read_;
  const catalog::Directory& directory_;
  std::map<std::uint64_t, std::vector<SeriesCount>> counts_;  // by case
};

}  // namespace

absl::StatusOr<std::vector<Ledger::SeenIn>> Ledger::Sightings(
    const std::function<bool(const SeenIn&)>& wanted) {
  KITH_ASSIGN(Transaction read, database_->BeginRead());
  // By series, as they count now, and case: a merge neither begins a sighting anew nor forgets that
  // they were told of it.
  struct Seen {
    SeenIn seen;
    std::optional<bool> wanted;
    std::uint64_t case_id = 0;
    bool holds = false;
  };
  std::map<std::pair<std::uint64_t, std::string>, Seen> all;
  SinceWhen since_when(directory_);
  KITH_RETURN_IF_ERROR(since_when.ReadMerges(read));
  CurrentSeries current(directory_);
  const auto place = [&](const Statement& row) -> Seen& {
    const std::uint64_t series_id = current.Of(row.Id(0));
    Seen& one = all[{series_id, std::string(row.Text(1))}];
    one.seen.series_id = series_id;
    one.seen.case_name = std::string(row.Text(1));
    return one;
  };
  // First, as it says what is wanted.
  KITH_RETURN_IF_ERROR(
      ReadNotified(read, [&](const Statement& row) -> SeenIn& { return place(row).seen; }));
  Statement rows = read.Prepare(
      "SELECT s.series, c.name, s.first_seen_at, s.files_when_purged > 0, s.case_record,"
      " EXISTS (SELECT 1 FROM case_purged p WHERE p.case_record = s.case_record)"
      " FROM sighting s JOIN case_record c ON c.id = s.case_record");
  Shown shown(read, directory_);
  while (true) {
    KITH_ASSIGN(const bool more, rows.Step());
    if (!more) break;
    Seen& one = place(rows);
    if (!one.wanted) one.wanted = one.seen.series_id != 0 && wanted(one.seen);
    if (!*one.wanted) continue;
    one.case_id = rows.Id(4);
    bool holds = rows.Int(3) != 0;
    if (!holds) {
      KITH_ASSIGN(holds, shown.Holds(rows.Id(0), one.case_id));
    }
    // Of a purged case it cannot be told any more: then the earlier day is the safe one.
    const bool unsure = rows.Int(5) != 0;
    // The day of what was rejected or withdrawn is no day of the other series.
    if (!holds && !unsure) continue;
    std::string since = since_when.Of(rows.Id(0), rows.Text(2));
    if (one.seen.since.empty() || since < one.seen.since) one.seen.since = std::move(since);
    one.holds = one.holds || holds;
  }
  std::vector<SeenIn> holding;
  FilesShowing files(read, directory_);
  for (auto& [key, one] : all) {
    // What was met and is a match no longer (rejected, withdrawn) is nothing to be told.
    if (!one.holds) continue;
    KITH_RETURN_IF_ERROR(files.Fill(one.case_id, one.seen));
    holding.push_back(std::move(one.seen));
  }
  return holding;
}

absl::Status Ledger::MarkNotified(std::uint64_t series_id, std::string_view case_name,
                                  std::string_view who, std::string_view why) {
  KITH_ASSIGN(Transaction write, database_->BeginWrite());
  KITH_ASSIGN(const std::uint64_t case_id, FindCase(write, case_name));
  if (case_id == 0) return NoSuchCase(case_name);
  const absl::Status status = write.Execute(
      "INSERT INTO notified (series, case_record, at, who, why) VALUES (?1, ?2, ?3, ?4, ?5)",
      series_id, case_id, catalog::TimeNow(), who, why);
  if (absl::IsAlreadyExists(status)) {
    return absl::FailedPreconditionError(absl::StrCat(
        "that they were told of case ", catalog::Quoted(case_name), " is recorded already"));
  }
  KITH_RETURN_IF_ERROR(status);
  return write.Commit();
}

}  // namespace kith::casework
