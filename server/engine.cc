// SPDX-License-Identifier: Apache-2.0
#include "server/engine.h"

#include <unistd.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/casework/schema.h"
#include "server/internal/engine_impl.h"

namespace kith::server {
namespace {

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "";
  return name.data();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  auto catalog =
      catalog::Catalog::Open({.store_dir = options.store_dir,
                              .create = options.create,
                              .index_engine = options.index_engine,
                              .more_migrations = casework::CaseworkMigrations(),
                              .keep_from = options.keep_from,
                              .progress = options.progress,
                              .alarm = options.alarm,
                              .scrubbing = {.bytes_a_second = options.scrub_bytes_a_second,
                                            .pause_ms = options.scrub_pause_ms}});
  if (!catalog.ok()) return catalog.status();
  auto engine = std::make_unique<EngineImpl>(*std::move(catalog));
  if (auto status = engine->Load(); !status.ok()) return status;
  return engine;
}

EngineImpl::EngineImpl(std::unique_ptr<catalog::Catalog> catalog)
    : catalog_(std::move(catalog)),
      imports_(*catalog_),
      matcher_(*catalog_, &opinions_),
      casework_(catalog_.get(),
                {.match = Matching(),
                 .watch = [this](std::uint64_t change) { return desk_.WatchTo(change); },
                 .capabilities = [this] { return GetCapabilities({}); },
                 .worklist = [this](const std::string& name,
                                    const auto& take) { return desk_.Worklist(name, take); },
                 .notifications = [this] { return desk_.Notifications(true); },
                 .program = absl::StrCat("kith ", KITH_VERSION),
                 .host = HostName()}),
      desk_(catalog_.get(), &opinions_, Matching()) {}

MatchFunction EngineImpl::Matching() const {
  return [this](std::span<const v1::Fingerprint* const> queries,
                const v1::MatchOptions& match_options) {
    return MatchAll(queries, match_options, kMaxMatchesACheckBatch);
  };
}

absl::StatusOr<Matched> EngineImpl::MatchAll(std::span<const v1::Fingerprint* const> queries,
                                             const v1::MatchOptions& options,
                                             std::size_t max_matches) const {
  // Without an end it would go on while somebody withdraws one entry after the other. The last one
  // may lack what a withdrawal during it replaced.
  constexpr int kRounds = 3;
  for (int round = 1;; ++round) {
    const std::uint64_t withdrawals = catalog_->Withdrawals();
    // The moment first: everything that the answer claims to have seen is in the indexes by now.
    const auto moment = catalog_->Now();
    if (!moment.ok()) return moment.status();
    auto results = matcher_.Match(queries, options, *moment, max_matches);
    if (!results.ok()) return results.status();
    if (round < kRounds && catalog_->Withdrawals() != withdrawals) continue;
    return Matched{.results = *std::move(results), .change = moment->change};
  }
}

absl::StatusOr<v1::MatchResponse> EngineImpl::Match(const v1::MatchRequest& request) {
  if (static_cast<std::uint32_t>(request.queries_size()) > kMaxQueriesABatch) {
    return absl::ResourceExhaustedError(
        absl::StrCat(request.queries_size(), " queries in one call: at most ", kMaxQueriesABatch));
  }
  const std::vector<const v1::Fingerprint*> queries(request.queries().pointer_begin(),
                                                    request.queries().pointer_end());
  auto matched = MatchAll(queries, request.options(), kMaxMatchesACall);
  if (!matched.ok()) return matched.status();
  v1::MatchResponse response;
  for (v1::MatchResult& result : matched->results) *response.add_results() = std::move(result);
  response.mutable_index_version()->set_store_id(catalog_->store_id());
  response.mutable_index_version()->set_change(matched->change);
  return response;
}

absl::StatusOr<std::unique_ptr<CheckRun>> EngineImpl::StartCheck(const v1::MatchStreamOpen& open) {
  if (auto status = CheckOptions(open.options()); !status.ok()) return status;
  if (!open.case_name().empty() && open.options().purpose() != v1::PURPOSE_UNSPECIFIED) {
    return absl::InvalidArgumentError(
        "a run with a case asks sets of every purpose: leave the purpose out, or the case");
  }
  // The run will bring its case up to date: what changed since is told first.
  if (!open.case_name().empty() && casework_.IsOnRecord(open.case_name())) {
    if (auto status = desk_.Watch(); !status.ok()) return status;
  }
  return casework_.StartCheck(open);
}

absl::Status EngineImpl::ListRecordedPaths(
    const v1::ListRecordedPathsRequest& request,
    const std::function<bool(v1::ListRecordedPathsResponse)>& emit) {
  return casework_.ListRecordedPaths(request, emit);
}

absl::Status EngineImpl::GetReport(const v1::GetReportRequest& request,
                                   const std::function<bool(v1::GetReportResponse)>& emit) {
  return casework_.GetReport(request, emit);
}

absl::StatusOr<v1::ListCasesResponse> EngineImpl::ListCases(const v1::ListCasesRequest& request) {
  return casework_.ListCases(request);
}

absl::StatusOr<v1::GetCaseResponse> EngineImpl::GetCase(const v1::GetCaseRequest& request) {
  return casework_.GetCase(request);
}

absl::StatusOr<v1::EditCaseResponse> EngineImpl::EditCase(const v1::EditCaseRequest& request) {
  return casework_.EditCase(request);
}

absl::StatusOr<v1::ListReportsResponse> EngineImpl::ListReports(
    const v1::ListReportsRequest& request) {
  return casework_.ListReports(request);
}

absl::StatusOr<v1::GiveOpinionResponse> EngineImpl::GiveOpinion(
    const v1::GiveOpinionRequest& request) {
  return desk_.GiveOpinion(request);
}

absl::StatusOr<v1::ListOpinionsResponse> EngineImpl::ListOpinions(
    const v1::ListOpinionsRequest& request) {
  return desk_.ListOpinions(request);
}

absl::StatusOr<v1::RefreshCaseResponse> EngineImpl::RefreshCase(
    const v1::RefreshCaseRequest& request) {
  return desk_.RefreshCase(request);
}

absl::StatusOr<v1::ListAlertsResponse> EngineImpl::ListAlerts(
    const v1::ListAlertsRequest& request) {
  return desk_.ListAlerts(request);
}

absl::StatusOr<v1::GetAlertResponse> EngineImpl::GetAlert(const v1::GetAlertRequest& request) {
  return desk_.GetAlert(request);
}

absl::StatusOr<v1::CloseAlertResponse> EngineImpl::CloseAlert(
    const v1::CloseAlertRequest& request) {
  return desk_.CloseAlert(request);
}

absl::StatusOr<v1::ListClustersResponse> EngineImpl::ListClusters(
    const v1::ListClustersRequest& request) {
  return desk_.ListClusters(request);
}

absl::StatusOr<v1::GetClusterResponse> EngineImpl::GetCluster(
    const v1::GetClusterRequest& request) {
  return desk_.GetCluster(request);
}

absl::StatusOr<v1::PurgeCaseResponse> EngineImpl::PurgeCase(const v1::PurgeCaseRequest& request) {
  return desk_.PurgeCase(request);
}

absl::StatusOr<v1::ListNotificationsResponse> EngineImpl::ListNotifications(
    const v1::ListNotificationsRequest& request) {
  return desk_.ListNotifications(request);
}

absl::StatusOr<v1::MarkNotifiedResponse> EngineImpl::MarkNotified(
    const v1::MarkNotifiedRequest& request) {
  return desk_.MarkNotified(request);
}

absl::StatusOr<v1::SetHolidaysResponse> EngineImpl::SetHolidays(
    const v1::SetHolidaysRequest& request) {
  return desk_.SetHolidays(request);
}

absl::StatusOr<v1::ListHolidaysResponse> EngineImpl::ListHolidays(
    const v1::ListHolidaysRequest& request) {
  return desk_.ListHolidays(request);
}

}  // namespace kith::server
