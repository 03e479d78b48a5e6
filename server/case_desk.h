// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the calls of CaseworkService: what people and time do to cases on record.
//
// Thread-safety: may be used from any thread.
//
// Errors: as proto/kith/v1/casework.proto says for each call, and those of catalog/database.h.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/report.pb.h"
#include "server/casework/ledger.h"
#include "server/casework/opinions.h"
#include "server/catalog/catalog.h"
#include "server/check_run.h"
#include "server/clusters.h"
#include "server/evidence_index.h"

namespace kith::server {

class CaseDesk {
 public:
  // All outlive the desk. `match` as of CaseworkOptions; it heeds `opinions`.
  CaseDesk(catalog::Catalog* catalog, casework::Opinions* opinions, MatchFunction match);

  [[nodiscard]] absl::StatusOr<v1::GiveOpinionResponse> GiveOpinion(
      const v1::GiveOpinionRequest& request);
  [[nodiscard]] absl::StatusOr<v1::ListOpinionsResponse> ListOpinions(
      const v1::ListOpinionsRequest& request);
  [[nodiscard]] absl::StatusOr<v1::RefreshCaseResponse> RefreshCase(
      const v1::RefreshCaseRequest& request);

  // Raises the alerts of the changes since the last time, in order, and gives the verdicts anew
  // that an opinion left behind when the program ended meanwhile. Called before alerts are listed
  // and before a case is checked. Changes that are watched at once and come to nothing together
  // raise none; where something came and something went, a file of which both tell the same is told
  // with what came. An opinion that cannot be applied because the evidence is damaged is told as an
  // alarm and tried again the next time. Nothing to do: O(1). Else one join of what was added with
  // all evidence, and a look-up of each file that it meets and of each that has an alert and was
  // not matched since.
  [[nodiscard]] absl::Status Watch();
  // Raises the alerts of the changes up to this one. Called before verdicts on record give way to
  // those of that change, lest that hides what was changed meanwhile.
  [[nodiscard]] absl::Status WatchTo(std::uint64_t change);
  [[nodiscard]] absl::StatusOr<v1::ListAlertsResponse> ListAlerts(
      const v1::ListAlertsRequest& request);
  [[nodiscard]] absl::StatusOr<v1::GetAlertResponse> GetAlert(const v1::GetAlertRequest& request);
  [[nodiscard]] absl::StatusOr<v1::CloseAlertResponse> CloseAlert(
      const v1::CloseAlertRequest& request);

  [[nodiscard]] absl::StatusOr<v1::ListClustersResponse> ListClusters(
      const v1::ListClustersRequest& request);
  [[nodiscard]] absl::StatusOr<v1::GetClusterResponse> GetCluster(
      const v1::GetClusterRequest& request);

  [[nodiscard]] absl::StatusOr<v1::PurgeCaseResponse> PurgeCase(
      const v1::PurgeCaseRequest& request);

  [[nodiscard]] absl::StatusOr<v1::ListNotificationsResponse> ListNotifications(
      const v1::ListNotificationsRequest& request);
  [[nodiscard]] absl::StatusOr<v1::MarkNotifiedResponse> MarkNotified(
      const v1::MarkNotifiedRequest& request);
  [[nodiscard]] absl::StatusOr<v1::SetHolidaysResponse> SetHolidays(
      const v1::SetHolidaysRequest& request);
  [[nodiscard]] absl::StatusOr<v1::ListHolidaysResponse> ListHolidays(
      const v1::ListHolidaysRequest& request);

  // For reports: all tasks, or those of a series and a case, by due day, series and case; all
  // clusters, as of now.
  [[nodiscard]] absl::StatusOr<std::vector<v1::NotificationTask>> Notifications(
      bool done_too, std::string_view code = "", std::string_view case_name = "");
  [[nodiscard]] absl::StatusOr<std::shared_ptr<const std::vector<FileCluster>>> Clusters();
  // The new files of a case, or ("") of all, in pieces: clusters as in Clusters(), then, as cluster
  // 0, files that lie near no other. One join. False from `take` ends it.
  [[nodiscard]] absl::Status Worklist(const std::string& case_name,
                                      const std::function<bool(v1::ReportCluster)>& take);

 private:
  using Causes = std::map<casework::AlertCause, std::vector<std::uint64_t>>;
  using Alerts = std::vector<std::pair<casework::AlertCause, std::vector<casework::AlertedFile>>>;
  // The files that a change may concern, gathered by cause. `of_record` gets the cause when the
  // change is one whose files are found by the matches that they have on record.
  [[nodiscard]] absl::Status Gather(std::uint64_t change, Causes& causes,
                                    std::optional<casework::AlertCause>& of_record);
  [[nodiscard]] absl::Status GatherNear(std::uint64_t set_id, std::uint64_t first,
                                        std::uint64_t last, std::vector<std::uint64_t>& files);
  // Of these files, those whose answer is another one now.
  [[nodiscard]] absl::StatusOr<std::vector<casework::AlertedFile>> Changed(
      const casework::AlertCause& cause, std::vector<std::uint64_t> file_ids);
  // Adds the files with an earlier alert that says something else of them than holds now, also
  // where that is again what is on record. What they matched then is not on record, so no change
  // finds them by that: they are looked at each time.
  [[nodiscard]] absl::Status TellAgain(const casework::AlertCause& cause, Alerts& alerts);
  // What the files match now, each within the radius that its record has.
  [[nodiscard]] absl::StatusOr<Matched> MatchNow(std::span<const casework::StoredFile> files) const;
  // What `files[file]` matches now.
  struct Recorded {
    std::size_t file = 0;
    v1::MatchResult result;
  };
  // Gives the verdicts anew that opinions touch; those of the one in `response` go there. Of the
  // others, one whose evidence is damaged is no error. Guarded by opinion_mutex_.
  [[nodiscard]] absl::Status SettleOpinions(v1::GiveOpinionResponse* response);
  [[nodiscard]] absl::Status Settle(const v1::Opinion& opinion, v1::GiveOpinionResponse* response);
  // Once for each opinion.
  void TellUnsettled(const v1::Opinion& opinion, const absl::Status& why);
  // Matches them and records that, after the alerts; returns those that were recorded: a case that
  // was purged meanwhile has none.
  [[nodiscard]] absl::StatusOr<std::vector<Recorded>> RecordNow(
      std::span<const casework::StoredFile> files);

  catalog::Catalog* catalog_;
  casework::Opinions* opinions_;
  MatchFunction match_;
  casework::Ledger ledger_;
  EvidenceIndex evidence_;
  std::mutex opinion_mutex_;  // taken before watch_mutex_
  // By change. Behind one that cannot be applied: those that were, and those that were told.
  std::set<std::uint64_t> settled_;         // guarded by opinion_mutex_
  std::set<std::uint64_t> told_unsettled_;  // likewise
  std::mutex watch_mutex_;
  std::mutex holidays_mutex_;  // taken before that of the writers
  std::mutex clusters_mutex_;
  std::string clusters_state_;                                // guarded by clusters_mutex_
  std::shared_ptr<const std::vector<FileCluster>> clusters_;  // likewise
};

}  // namespace kith::server
