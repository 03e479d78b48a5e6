// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one case as the ledger has it at one moment, read for a report.
//
// Thread-safety: one thread. It holds a reading transaction: it is short-lived.
// Errors: those of catalog/database.h; messages hold no hashes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/report.pb.h"
#include "server/casework/internal/series_counts.h"
#include "server/casework/ledger.h"
#include "server/casework/report_builder.h"

namespace kith::casework {

// The last run over a root.
struct RunRecord {
  std::uint64_t run_id = 0;
  std::string root;
  std::string started_at;
  std::string finished_at;
  std::optional<std::uint32_t> radius_bits;
  bool ended = false;
  bool interrupted = false;
  bool complete = false;
  std::uint64_t entries_walked = 0;
  std::uint64_t entries_sent = 0;
  std::uint64_t entries_resumed = 0;
  std::int64_t entries_unseen = 0;
  std::uint64_t entries_kept = 0;
  std::vector<std::string> walk_errors;
};

// Which states of the knowledge the files of the case were matched against.
struct MatchedAt {
  std::uint64_t oldest = 0;
  std::uint64_t newest = 0;
  std::uint64_t older_files = 0;  // before a change that the newest saw and that can tell on them
  std::uint64_t radii = 0;        // different ones
  std::uint64_t truncated_files = 0;  // more matches than are on record
};

// Files of which alerts that nobody has closed say something else than is on record.
struct KnownOtherwise {
  std::uint64_t files = 0;
  std::vector<std::uint64_t> alerts;  // ascending
};

// As of a case, whatever the report is on.
[[nodiscard]] absl::StatusOr<KnownOtherwise> OpenAlertsOf(catalog::Transaction& read,
                                                          std::uint64_t case_id);

class LedgerView {
 public:
  // NOT_FOUND for the case.
  [[nodiscard]] static absl::StatusOr<LedgerView> Open(Ledger& ledger, std::string_view case_name);

  // Complete or not, as GetCase says it.
  [[nodiscard]] absl::StatusOr<bool> Complete();
  // The last run over each root, in the order of the roots.
  [[nodiscard]] absl::StatusOr<std::vector<RunRecord>> LastRuns();
  [[nodiscard]] absl::StatusOr<MatchedAt> MatchedWhen(const LastVerdictChange& last_change);
  [[nodiscard]] absl::StatusOr<KnownOtherwise> OpenAlerts() {
    return OpenAlertsOf(read_, case_id_);
  }
  [[nodiscard]] absl::StatusOr<v1::ReportSummary> Summary();
  [[nodiscard]] absl::StatusOr<std::vector<SeriesCount>> Series() {
    return CountSeries(read_, *directory_, case_id_);
  }
  // All runs, in order, with how many places they could not see.
  [[nodiscard]] absl::StatusOr<std::vector<v1::ReportRun>> AllRuns();
  // Each file with its paths, by its first path (roots in order, paths by bytes), to `emit` until
  // that says false; with `matched_only` those that match something. Where the case has several
  // roots, a path has its root before it.
  [[nodiscard]] absl::Status Files(bool matched_only,
                                   const std::function<bool(v1::ReportFile)>& emit);
  // Each file on which somebody gave an opinion, by its first path. Its matches are those opinions,
  // in order, also what was rejected or taken back: each as the case met it last, with `given`.
  [[nodiscard]] absl::StatusOr<std::vector<v1::ReportFile>> FilesWithOpinions();
  // The moment at which all of this is read, for what is asked of other cases.
  [[nodiscard]] catalog::Transaction& read() { return read_; }
  [[nodiscard]] std::uint64_t case_id() const { return case_id_; }

 private:
  LedgerView(catalog::Transaction read, const catalog::Directory* directory, std::uint64_t case_id)
      : read_(std::move(read)), directory_(directory), case_id_(case_id) {}

  [[nodiscard]] absl::Status ReadRoots();
  [[nodiscard]] absl::StatusOr<v1::ReportFile> ReadFile(std::uint64_t file_id,
                                                        std::uint64_t paths_on_record);
  [[nodiscard]] absl::Status ReadPaths(std::uint64_t file_id, v1::ReportFile& file);
  [[nodiscard]] absl::Status ReadMatches(std::uint64_t file_id, v1::ReportFile& file);
  // A row of kMatchColumns.
  void FillMatch(const catalog::Statement& row, v1::ReportMatch& match);

  struct Root {
    std::uint64_t id = 0;
    std::string path;
  };

  catalog::Transaction read_;
  const catalog::Directory* directory_;
  std::uint64_t case_id_;
  std::vector<Root> roots_;  // in order
  // Codes of series (of those that they count as now) and names of sets by number, as far as they
  // were needed.
  std::map<std::uint64_t, std::string> series_codes_;
  std::map<std::uint64_t, std::string> set_names_;
};

// What FillMatch reads.
inline constexpr std::string_view kMatchColumns =
    "SELECT entry, hash_set, coalesce(series, 0), series_status, purpose, found_by,"
    " distance_bits, view_frame, view_crop, query_frame, query_crop, orientation, dialect,"
    " held_back, victim_identified, opinion FROM match ";

}  // namespace kith::casework
