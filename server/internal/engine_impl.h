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

#include "server/case_desk.h"
#include "server/casework/opinions.h"
#include "server/catalog/catalog.h"
#include "server/catalog/import.h"
#include "server/check_run.h"
#include "server/engine.h"
#include "server/matcher.h"

namespace kith::server {

class EngineImpl final : public Engine {
 public:
  explicit EngineImpl(std::unique_ptr<catalog::Catalog> catalog);
  // What the ledger holds in memory; at the start.
  [[nodiscard]] absl::Status Load() { return opinions_.Load(catalog_->database()); }

#define KITH_CALL(Name, lane) \
  [[nodiscard]] absl::StatusOr<v1::Name##Response> Name(const v1::Name##Request& request) override;
  KITH_ALL_CALLS(KITH_CALL)
#undef KITH_CALL
#define KITH_STREAM(Name)                                           \
  [[nodiscard]] absl::Status Name(const v1::Name##Request& request, \
                                  const std::function<bool(v1::Name##Response)>& emit) override;
  KITH_ALL_STREAMS(KITH_STREAM)
#undef KITH_STREAM

  [[nodiscard]] absl::StatusOr<std::unique_ptr<CheckRun>> StartCheck(
      const v1::MatchStreamOpen& open) override;

 private:
  [[nodiscard]] MatchFunction Matching() const;
  // A series as answers tell it: with the desk of its agency, as that is today.
  [[nodiscard]] v1::Series Told(v1::Series series) const;
  [[nodiscard]] absl::StatusOr<v1::Series> Told(absl::StatusOr<v1::Series> series) const;
  [[nodiscard]] absl::StatusOr<Matched> MatchAll(std::span<const v1::Fingerprint* const> queries,
                                                 const v1::MatchOptions& options,
                                                 std::size_t max_matches) const;

  std::unique_ptr<catalog::Catalog> catalog_;
  catalog::Imports imports_;
  casework::Opinions opinions_;
  Matcher matcher_;
  Casework casework_;
  CaseDesk desk_;
  std::atomic_flag verifying_;
};

}  // namespace kith::server
