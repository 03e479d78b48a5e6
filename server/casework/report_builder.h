// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the reports on cases, series, look-ups and the store, made from the ledger and the
// catalog: proto/kith/v1/report.proto says what each kind holds.
//
// Thread-safety: a pure function over one snapshot of the ledger; may run beside writers.
//
// Fragments: header, scope and summary first, then sets, series, and files in pages; protobuf's
// merge of all is the report. Equal ledgers and catalogs give equal fragments, save `run`. Memory:
// one fragment and a few bytes a file. Complexity: O(files + paths + matches).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/admin.pb.h"
#include "proto/kith/v1/case.pb.h"
#include "proto/kith/v1/report.pb.h"
#include "server/casework/ledger.h"
#include "server/catalog/catalog.h"

namespace kith::casework {

// The last change up to this one that can touch a verdict: what people write of a series or say of
// a match gives no file another one. An empty function: each change can.
using LastVerdictChange = std::function<absl::StatusOr<std::uint64_t>(std::uint64_t up_to)>;

// The new files of a case, or ("") of all, cluster by cluster, in pieces; false from `take`:
// enough.
using WorklistFunction = std::function<absl::Status(
    const std::string& case_name, const std::function<bool(v1::ReportCluster)>& take)>;
// All tasks, done ones too, by due day, series and case.
using NotificationsFunction = std::function<absl::StatusOr<std::vector<v1::NotificationTask>>()>;

// A method statement on a case has as its files those on which people gave opinions, and as their
// matches these opinions, in order, also what was rejected or taken back (`given`).
struct ReportOptions {
  std::string program;  // name and version, for the run header
  std::string host;     // likewise
  std::string store_id;
  std::uint64_t current_change = 0;  // index version now; an older ledger is told in the warnings
  // Active entries of a set, by its number.
  std::function<std::uint64_t(std::uint64_t set_id)> set_entries;
  // All sets, with version, radius and whether they were on as of this index version: what the
  // files were compared with. Empty: as they are now.
  std::function<absl::StatusOr<std::vector<v1::HashSet>>(std::uint64_t change)> sets_at;
  LastVerdictChange verdict_change;
  // What was said of a pair of content (SHA-256, raw) and entry, in order.
  std::function<absl::StatusOr<std::vector<v1::Opinion>>(std::string_view sha256,
                                                         std::uint64_t entry_id)>
      opinions;
  // What the sources call these entries, in order.
  std::function<absl::StatusOr<std::vector<catalog::EntryLabel>>(std::span<const std::uint64_t>)>
      labels;
  // What the service can do, for the statement of method.
  std::function<absl::StatusOr<v1::GetCapabilitiesResponse>()> capabilities;
  WorklistFunction worklist;
  NotificationsFunction notifications;
  std::size_t fragment_bytes = 512 << 10;  // files of a fragment, about
};

// Hands the fragments to `emit` until done or `emit` says false (which is no error). Without a kind
// it is the initial comparison; of a ledger in memory, case "" is its look-up.
// Errors: NOT_FOUND for the case or series, INVALID_ARGUMENT where the kind is not of the subject,
// FAILED_PRECONDITION for a purged case (its circulation and notifications are left), and those of
// catalog/database.h.
[[nodiscard]] absl::Status BuildReport(Ledger& ledger, const v1::GetReportRequest& request,
                                       const ReportOptions& options,
                                       const std::function<bool(v1::Report)>& emit);

}  // namespace kith::casework
