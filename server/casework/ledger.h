// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the ledger of casework: which files of which case were found where, what they match, and
// which series were met. The same code keeps the ledger of a store and, for a look-up, one in
// memory that ends with it.
//
// Thread-safety: all functions may be called from any thread; writers wait for each other.
//
// Each writing function is one transaction and idempotent: what is told twice, also by two programs
// at once, counts once. What was found is not deleted: what no longer holds is marked and stays on
// record. Four things do not stay:
// - The files of a purged case, and the list of holidays that another replaces. The change sequence
//   tells of both.
// - What was read of a content, when the case's next reading of it ranks higher
//   (internal/same_content.h), or as high with another disposition or with views, orientations or a
//   dialect that are not on record. Digests, size, format, sides, disposition and detail become
//   those of that reading, save the SHA-256, which is what tells the content. Its codes replace
//   those of a lower reading; of an equal one those stay that were hashed otherwise. A digest that
//   was missing is added. What remains: that it happened, in evidence_replaced without a time, and
//   the verdicts and matches of before.
// - What became of reading a path, when the same content is read there again and ranks no lower:
//   device, inode, size, time, disposition and detail are those of the last reading.
// - The day of a sighting, which may become an earlier one.
//
// Errors: those of catalog/database.h, and as told at each function. Messages hold no hashes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/case.pb.h"
#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/match.pb.h"
#include "server/catalog/database.h"
#include "server/catalog/directory.h"

namespace kith::casework {

// AGENCY/NUMBER. The agency is what stands before the first "/"; the number may hold more of them.
struct CaseName {
  std::string agency;
  std::string number;
};
// Errors: INVALID_ARGUMENT (tells what a case name is): 1 to 200 bytes of UTF-8 without control
// characters, both halves not empty and without space at their ends.
[[nodiscard]] absl::StatusOr<CaseName> ParseCaseName(std::string_view name);

// So many matches of a file are kept, the nearest; of the others there is the number. The verdict
// saw them all.
inline constexpr int kMatchesKept = 1000;

// A run that has begun.
struct Run {
  std::uint64_t run_id = 0;
  std::uint64_t case_id = 0;
  std::uint64_t root_id = 0;
  std::optional<std::uint32_t> radius_bits;
  bool new_case = false;
  std::uint64_t recorded_paths = 0;  // of the case, before this run
};

// What became of one path of a batch.
struct PathOutcome {
  std::uint64_t path_id = 0;
  // An earlier run read this path and this one could not: what was found then stands.
  bool kept = false;
};

// How a case met a pair of file and entry; where both, the surer way.
enum class Met { kNever, kByDigest, kByPdq };

// How a run ended.
struct RunEnd {
  bool interrupted = false;
  std::uint64_t entries_walked = 0;
  std::uint64_t entries_sent = 0;  // distinct paths
  std::uint64_t entries_resumed = 0;
  std::uint64_t entries_kept = 0;
  std::span<const std::string> walk_errors = {};
};

// A file as it must be known to be matched again.
struct StoredFile {
  std::uint64_t file_id = 0;
  v1::Fingerprint fingerprint;  // digests, codes, disposition
  std::uint64_t case_id = 0;
  std::string case_name = {};
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;  // that is on record
  std::string rule = {};
  std::uint64_t matched_at = 0;
  std::optional<std::uint32_t> radius_bits = std::nullopt;  // within which it was matched
};

// A file as it stands in memory to be found by what is added later: its digests and codes.
struct EvidenceFacts {
  std::uint64_t file_id = 0;
  v1::Fingerprint fingerprint;
};

// What an alert is raised for: changes of one kind on one subject.
struct AlertCause {
  int kind = 0;  // catalog::ChangeKind
  std::string subject;
  std::uint64_t first_change = 0;
  std::uint64_t last_change = 0;
  std::uint64_t identified = 0;  // the series that they say who identified; 0: none
  friend bool operator<(const AlertCause& a, const AlertCause& b) {
    return a.kind != b.kind ? a.kind < b.kind : a.subject < b.subject;
  }
};
// A file whose answer is not any more what people were told of it.
struct AlertedFile {
  std::uint64_t file_id = 0;
  std::uint64_t case_id = 0;
  v1::Verdict before = v1::VERDICT_UNSPECIFIED;  // on record, or as the alert before told
  v1::Verdict now = v1::VERDICT_UNSPECIFIED;
  std::string rule;
};

class Ledger {
 public:
  // Both must outlive the ledger. The database holds the tables of CaseworkMigrations(). `watched`:
  // alerts are raised of what is in it, and no verdict in it gives way before they are.
  Ledger(catalog::Database* database, const catalog::Directory* directory, bool watched = false)
      : database_(database), directory_(directory), watched_(watched) {}

  // Begins a run over `root`, and the case at its first use. An empty name stands for the one case
  // of a ledger in memory. Until FinishRun the case counts as incomplete. `libraries`, without line
  // feeds: what reads the files and makes their hashes.
  [[nodiscard]] absl::StatusOr<Run> StartRun(std::string_view case_name, std::uint64_t agency_id,
                                             std::string_view root,
                                             std::optional<std::uint32_t> radius_bits,
                                             std::span<const std::string> libraries = {});

  // Records files and what they match (`results`, one each, judged, at index version `change`).
  // A path that holds other content than before keeps both; a reading that failed gives way to one
  // that did not. ABORTED, and nothing is recorded: alerts of a later change are on record or being
  // raised, or those up to `change` are still to be raised before a verdict on record gives way;
  // match the files again, raise the alerts up to that change, and come back. O(files + matches),
  // one commit.
  [[nodiscard]] absl::StatusOr<std::vector<PathOutcome>> Record(
      const Run& run, std::span<const v1::EvidenceFile* const> files,
      std::span<const v1::MatchResult> results, std::uint64_t change);

  // Checks the sums and closes the run. It is complete when it was not interrupted and each entry
  // walked was sent or resumed.
  [[nodiscard]] absl::Status FinishRun(const Run& run, const RunEnd& end);

  // Up to `limit` files of the case with a number above `after` that were matched before index
  // version `change`, or within another radius than that of the run. Ascending.
  [[nodiscard]] absl::StatusOr<std::vector<StoredFile>> StaleFiles(const Run& run,
                                                                   std::uint64_t change,
                                                                   std::uint64_t after,
                                                                   std::size_t limit);
  // Records what stale files match now. Matches that no longer hold are superseded. ABORTED as of
  // Record.
  [[nodiscard]] absl::Status RecordAgain(const Run& run, std::span<const StoredFile> files,
                                         std::span<const v1::MatchResult> results,
                                         std::uint64_t change);

  // The last run of a case, for what is recorded outside of one. NOT_FOUND; FAILED_PRECONDITION of
  // a purged one.
  [[nodiscard]] absl::StatusOr<Run> LastRun(std::string_view case_name);
  // The files of this content that have a path now, in all cases, by number.
  [[nodiscard]] absl::StatusOr<std::vector<StoredFile>> FilesOf(std::string_view sha256);
  // These files, as far as they have a path now, by number.
  [[nodiscard]] absl::StatusOr<std::vector<StoredFile>> ReadFiles(
      std::span<const std::uint64_t> file_ids);
  // How a case ever met a pair of file and entry, by a match that may hold no longer.
  [[nodiscard]] absl::StatusOr<Met> HowMet(std::string_view sha256, std::uint64_t entry_id);
  // Up to `limit` opinions with a number above `after`, ascending; an empty SHA-256 and entry 0
  // stand for all.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Opinion>> ListOpinions(std::uint64_t after,
                                                                      std::size_t limit,
                                                                      std::string_view sha256,
                                                                      std::uint64_t entry_id);
  // Opinions after which the verdicts on their file were not given anew, by number: the program
  // ended in between. O(1) for none.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Opinion>> UnsettledOpinions();
  // That they were, up to this one.
  [[nodiscard]] absl::Status SettleOpinions(std::uint64_t change);

  // Files with a number above `after`, and, with a number above `replaced`, those whose codes or
  // digests were replaced; updates both. For the index of evidence. O(new files).
  [[nodiscard]] absl::Status NewEvidence(std::uint64_t& after, std::uint64_t& replaced,
                                         const std::function<absl::Status(EvidenceFacts)>& take);

  // Alerts. The last change whose alerts are on record:
  [[nodiscard]] absl::StatusOr<std::uint64_t> LastWatched();
  // Before the files are gathered that the changes up to this one may concern: from here on nothing
  // comes on record that was matched before it, so that none is missed.
  [[nodiscard]] absl::Status Announce(std::uint64_t change);
  // The least index version at which a file that has a path now was matched; nothing: there is no
  // such file. O(files).
  [[nodiscard]] absl::StatusOr<std::optional<std::uint64_t>> LeastMatchedAt();
  // The files on record that match one of: an entry of `change` (withdrawn or moved); an entry of
  // this series, of one that it was ever merged with, whatever the depth, or that was moved there;
  // an entry of this set; and all that match more than is kept. 0 stands for nothing.
  [[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> FilesMet(std::uint64_t change,
                                                                    std::uint64_t series_id,
                                                                    std::uint64_t set_id);
  // Files with an alert that were not matched since: what the last one tells of each, by number.
  // O(files in alerts).
  struct ToldFile {
    std::uint64_t file_id = 0;
    v1::Verdict now = v1::VERDICT_UNSPECIFIED;
    std::string rule;
  };
  [[nodiscard]] absl::StatusOr<std::vector<ToldFile>> FilesTold();
  // What a file matches on record: sorted words, one an entry, to be compared with WordsOf. Benign
  // matches are left out: what they do shows in the words of those that they hold back.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> MatchWords(std::uint64_t file_id);
  // The same for what it matches now.
  [[nodiscard]] std::vector<std::string> WordsOf(const v1::MatchResult& result) const;
  // Adds alerts, one a case and cause, and sets the last change watched: all or none, and once.
  // Files of a case that was purged meanwhile are left out.
  [[nodiscard]] absl::Status AddAlerts(
      std::uint64_t watched,
      const std::vector<std::pair<AlertCause, std::vector<AlertedFile>>>& alerts);
  [[nodiscard]] absl::StatusOr<std::vector<v1::Alert>> ListAlerts(std::uint64_t after,
                                                                  std::size_t limit,
                                                                  std::string_view case_name,
                                                                  bool closed_too);
  // NOT_FOUND.
  [[nodiscard]] absl::StatusOr<v1::Alert> GetAlert(std::uint64_t alert_id);
  // Up to `limit` files of an alert with a number above `after`; their numbers go to `ids`.
  [[nodiscard]] absl::StatusOr<std::vector<v1::AlertFile>> AlertFiles(
      std::uint64_t alert_id, std::uint64_t after, std::size_t limit,
      std::vector<std::uint64_t>& ids);
  [[nodiscard]] absl::Status CloseAlert(std::uint64_t alert_id, std::string_view who,
                                        std::string_view why);

  // The files of all cases that nothing known matches and that are not known to be harmless (a
  // digest of theirs stands in a benign set), by content, then number.
  struct Unrecognized {
    std::uint64_t file_id = 0;
    std::string sha256;
    std::string case_name;
    v1::Fingerprint codes;
  };
  [[nodiscard]] absl::Status EachUnrecognized(
      const std::function<absl::Status(Unrecognized)>& take);
  // A number that is another one whenever EachUnrecognized would tell something else.
  [[nodiscard]] absl::StatusOr<std::string> UnrecognizedState();
  // One of the paths that a file has now; empty: none.
  [[nodiscard]] absl::StatusOr<std::string> PathOf(std::uint64_t file_id);

  // Expunges the files of a case within `write`. NOT_FOUND, FAILED_PRECONDITION when it was purged
  // before.
  [[nodiscard]] absl::StatusOr<v1::PurgeCaseResponse> Purge(catalog::Transaction& write,
                                                            std::string_view case_name,
                                                            std::uint64_t change);

  // A sighting of a series, or of one that was merged into it: what a notification is about.
  struct SeenIn {
    std::uint64_t series_id = 0;
    std::string case_name;
    std::string since;  // YYYY-MM-DD: the day of the sighting or, if later, of the identification
    std::string notified_at;
    std::string notified_by;
    std::string note;
    // What it rests on: distinct files of the case; of a purged one it is not known any more: 0.
    std::uint64_t files = 0;
    std::uint64_t files_by_digest = 0;
    std::uint64_t files_confirmed = 0;  // of the others
  };
  // Sightings that hold still, or of a purged case, each as the series that it counts as now: since
  // the earliest day, and told if they were told of any. By series and case; only those that are
  // `wanted`, which is asked first: it sees series, case and who was told. O(sightings + matches of
  // the cases of those that are wanted).
  [[nodiscard]] absl::StatusOr<std::vector<SeenIn>> Sightings(
      const std::function<bool(const SeenIn&)>& wanted);
  // FAILED_PRECONDITION when it is recorded already.
  [[nodiscard]] absl::Status MarkNotified(std::uint64_t series_id, std::string_view case_name,
                                          std::string_view who, std::string_view why);
  // Replaces the days that are no business days, within `write`.
  [[nodiscard]] static absl::Status SetHolidays(catalog::Transaction& write,
                                                const std::set<std::string>& days);
  [[nodiscard]] absl::StatusOr<std::set<std::string>> Holidays();
  // The change that gave their list; nothing: nobody gave one, or before that was recorded.
  // O(changes).
  [[nodiscard]] absl::StatusOr<std::optional<v1::Change>> HolidaysSetBy();

  // The paths of a root whose file was read to its end, by path, in messages of up to 1,000 or
  // some 1 MiB; an unknown root has none. NOT_FOUND for the case.
  [[nodiscard]] absl::Status ListRecordedPaths(
      std::string_view case_name, std::string_view root,
      const std::function<bool(v1::ListRecordedPathsResponse)>& emit);

  // The roots of a case, or of all cases (""): folders that hold evidence. NOT_FOUND for the case.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Roots(std::string_view case_name);

  // Up to `limit` cases with a number above `after`, ascending.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Case>> ListCases(std::uint64_t after,
                                                                std::size_t limit);
  // The case and the series that its files match now, by code. NOT_FOUND.
  [[nodiscard]] absl::StatusOr<v1::GetCaseResponse> GetCase(std::string_view case_name);

  // What people say of a case: fields that are absent stay. No change of what is known, so it moves
  // no index version. NOT_FOUND, INVALID_ARGUMENT, FAILED_PRECONDITION of a purged case.
  [[nodiscard]] absl::Status EditCase(const v1::EditCaseRequest& request);

  // Puts on record that a report was given out, now; `report_id` and `made_at` are not read.
  // NOT_FOUND for the case, INVALID_ARGUMENT for the digest.
  [[nodiscard]] absl::Status AddReport(const v1::ReportRecord& report);
  // Up to `limit` reports with a number below `before` (0: all), newest first; of all cases ("").
  // NOT_FOUND for the case.
  [[nodiscard]] absl::StatusOr<std::vector<v1::ReportRecord>> ListReports(
      std::uint64_t before, std::size_t limit, std::string_view case_name);

  // Counts again what the ledger keeps counts of, and tells what does not agree: no hashes, no
  // paths. O(files + paths + matches).
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Inspect();

  [[nodiscard]] catalog::Database& database() const { return *database_; }
  [[nodiscard]] const catalog::Directory& directory() const { return *directory_; }

 private:
  catalog::Database* database_;
  const catalog::Directory* directory_;
  bool watched_;
};

}  // namespace kith::casework
