// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the whole of Kith behind the wire: one method a call of the contract, over catalog,
// index and ledger of one store.
//
// Thread-safety: an Engine may be called from any thread; a CheckRun belongs to one thread at a
// time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/admin.pb.h"
#include "proto/kith/v1/case.pb.h"
#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/import.pb.h"
#include "proto/kith/v1/match.pb.h"
#include "server/calls.h"
#include "server/catalog/bounds.h"

namespace kith::server {

// How far a long start or check has come; `total` is 0 while it is not known.
using Progress =
    std::function<void(const std::string& what, std::uint64_t done, std::uint64_t total)>;

struct EngineOptions {
  std::string store_dir;
  // Make the store when the folder holds none.
  bool create = true;
  std::string index_engine = "mih";
  // A run of entries of this size is kept in the folder "index" of the store for the next start.
  std::size_t keep_from = 65536;
  Progress progress;
  // Told what was found wrong with the files of the index. From any thread; must not throw.
  std::function<void(const std::string& what)> alarm = {};
  // How the files of the index are read again in the background: how fast (0: never), and how long
  // it waits before each round.
  std::uint64_t scrub_bytes_a_second = std::uint64_t{8} << 20;
  int scrub_pause_ms = 60'000;
};

// The limits of one request; told to clients by GetCapabilities.
inline constexpr std::uint32_t kMaxMessageBytes = 32U << 20;
inline constexpr std::uint32_t kMaxQueriesABatch = 4096;
inline constexpr std::uint32_t kMaxRecordsABatch = 50'000;
inline constexpr std::uint32_t kDefaultRadiusBits = catalog::kMaxRadiusBits;
inline constexpr std::uint32_t kMaxRadiusBits = catalog::kMaxRadiusBits;
inline constexpr std::uint32_t kDefaultLimit = 100;
inline constexpr std::uint32_t kMaxLimit = 10'000;

// One run of MatchStream over the files of a seizure: the messages of the stream in, the answers
// out. Not thread-safe; several runs go on side by side.
class CheckRun {
 public:
  virtual ~CheckRun() = default;
  [[nodiscard]] virtual const v1::MatchStreamOpened& Opened() const = 0;
  // Matches the files and, with a case, records them in one transaction before it returns.
  [[nodiscard]] virtual absl::StatusOr<v1::MatchStreamBatchResult> Batch(
      const v1::MatchStreamBatch& batch) = 0;
  // Closes the run and hands the report to `emit` in fragments of at most 1 MiB or so; a false from
  // `emit` (the client is gone) ends it early.
  [[nodiscard]] virtual absl::Status End(const v1::MatchStreamEnd& end,
                                         const std::function<bool(v1::Report)>& emit) = 0;
};

// The whole of Kith behind the wire: catalog, index and ledger of one store, one method a call of
// the contract (proto/kith/v1; listed in server/calls.h), which says what each does and how it
// fails. It knows no gRPC.
//
// Thread-safe: any method may be called from any thread; look-ups run side by side and never wait
// for a commit. What a method acknowledged is durable (fsync) and seen by every later call.
class Engine {
 public:
  // Opens or makes the store, and its indexes from what is kept of them and from the catalog:
  // O(entries). The caller holds the lock of the store (server/store_lock.h).
  // Errors: FAILED_PRECONDITION for a store of a newer version, NOT_FOUND, DATA_LOSS for a damaged
  // one, PERMISSION_DENIED.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Engine>> Open(const EngineOptions& options);
  virtual ~Engine() = default;

#define KITH_CALL(Name, lane) \
  [[nodiscard]] virtual absl::StatusOr<v1::Name##Response> Name(const v1::Name##Request&) = 0;
  KITH_ALL_CALLS(KITH_CALL)
#undef KITH_CALL

  // Streams: each hands its messages to `emit` until it is done or `emit` says false.
#define KITH_STREAM(Name)                  \
  [[nodiscard]] virtual absl::Status Name( \
      const v1::Name##Request& request, const std::function<bool(v1::Name##Response)>& emit) = 0;
  KITH_ALL_STREAMS(KITH_STREAM)
#undef KITH_STREAM

  [[nodiscard]] virtual absl::StatusOr<std::unique_ptr<CheckRun>> StartCheck(
      const v1::MatchStreamOpen& open) = 0;
};

}  // namespace kith::server
