// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the engine's parts and how they hang together; one source file a service.
//
// Thread-safety: that of Engine.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>

#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "server/check_run.h"
#include "server/engine.h"
#include "server/matcher.h"

namespace kith::server {

class EngineImpl final : public Engine {
 public:
  explicit EngineImpl(std::unique_ptr<catalog::Catalog> catalog);

#define KITH_ENGINE_CALL(Name) \
  [[nodiscard]] absl::StatusOr<v1::Name##Response> Name(const v1::Name##Request& request) override
  KITH_ENGINE_CALL(AddAgency);
  KITH_ENGINE_CALL(GetAgency);
  KITH_ENGINE_CALL(ListAgencies);
  KITH_ENGINE_CALL(AddContact);
  KITH_ENGINE_CALL(GetContact);
  KITH_ENGINE_CALL(ListContacts);
  KITH_ENGINE_CALL(AddSeries);
  KITH_ENGINE_CALL(GetSeries);
  KITH_ENGINE_CALL(ListSeries);
  KITH_ENGINE_CALL(IdentifySeries);
  KITH_ENGINE_CALL(AddHashSet);
  KITH_ENGINE_CALL(GetHashSet);
  KITH_ENGINE_CALL(ListHashSets);
  KITH_ENGINE_CALL(SetHashSetEnabled);
  KITH_ENGINE_CALL(AddEntries);
  KITH_ENGINE_CALL(GetEntry);
  KITH_ENGINE_CALL(ListEntries);
  KITH_ENGINE_CALL(WithdrawEntries);
  KITH_ENGINE_CALL(BeginImport);
  KITH_ENGINE_CALL(AddImportRecords);
  KITH_ENGINE_CALL(CommitImport);
  KITH_ENGINE_CALL(AbortImport);
  KITH_ENGINE_CALL(Match);
  KITH_ENGINE_CALL(ListCases);
  KITH_ENGINE_CALL(GetCase);
  KITH_ENGINE_CALL(GetCapabilities);
  KITH_ENGINE_CALL(VerifyStore);
  KITH_ENGINE_CALL(BackupStore);
#undef KITH_ENGINE_CALL

  [[nodiscard]] absl::StatusOr<std::unique_ptr<CheckRun>> StartCheck(
      const v1::MatchStreamOpen& open) override;
  [[nodiscard]] absl::Status ListRecordedPaths(
      const v1::ListRecordedPathsRequest& request,
      const std::function<bool(v1::ListRecordedPathsResponse)>& emit) override;
  [[nodiscard]] absl::Status GetReport(
      const v1::GetReportRequest& request,
      const std::function<bool(v1::GetReportResponse)>& emit) override;

 private:
  [[nodiscard]] absl::StatusOr<Matched> MatchAll(std::span<const v1::Fingerprint* const> queries,
                                                 const v1::MatchOptions& options,
                                                 std::size_t max_matches) const;

  std::unique_ptr<catalog::Catalog> catalog_;
  catalog::Imports imports_;
  Matcher matcher_;
  Casework casework_;
  std::atomic_flag verifying_;
};

}  // namespace kith::server
