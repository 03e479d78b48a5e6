// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what people said of pairs of evidence file and entry, held in memory so that every
// look-up and every case heeds it. The ledger's table `opinion` is the truth; the last word on a
// pair holds.
//
// Thread-safety: all functions may be called from any thread. Complexity: O(1) a look-up.
// Memory: some 80 bytes a file on which somebody gave an opinion.
#pragma once

#include <cstdint>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "proto/kith/v1/common.pb.h"
#include "server/catalog/database.h"

namespace kith::casework {

class Opinions {
 public:
  struct OnEntry {
    std::uint64_t entry_id = 0;
    v1::OpinionKind kind = v1::OPINION_KIND_UNSPECIFIED;
  };

  // Reads all of them. Errors: those of catalog/database.h.
  [[nodiscard]] absl::Status Load(catalog::Database& database);
  // The opinions that hold on a file, by its SHA-256 (raw bytes).
  [[nodiscard]] std::vector<OnEntry> Of(std::string_view sha256) const;
  // Takes one over. WITHDRAWN: nothing holds on that pair any more.
  void Put(std::string_view sha256, std::uint64_t entry_id, v1::OpinionKind kind);

 private:
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::vector<OnEntry>> by_file_;  // guarded by mutex_
};

}  // namespace kith::casework
