// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read entries of a store in order and check the digest of each batch on the way.
//
// Thread-safety: belongs to one thread. Complexity: O(entries), one scan.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/status.h"
#include "server/catalog/database.h"
#include "server/catalog/internal/entry_record.h"

namespace kith::catalog {

struct BatchScan {
  // Entries outside are not handed out. A batch that begins before is handed out without a look at
  // its digest; one that ends behind is read to its end.
  std::uint64_t first_entry = 1;
  std::uint64_t end_entry = UINT64_MAX;

  // Called for each entry before its batch is known to be sound; an error ends the scan.
  std::function<absl::Status(const EntryRecord&)> entry;
  // Called for each batch that is what was stored, with the number of its change, when all its
  // entries were handed out; may be empty. An error ends the scan.
  std::function<absl::Status(std::uint64_t)> sound;
  // Called for each batch that is not what was stored; an error ends the scan.
  std::function<absl::Status(absl::Status)> damage;

  std::uint64_t last_change = 0;  // out
  std::uint64_t last_entry = 0;   // out: known before the first entry is handed out
  std::uint64_t entries = 0;      // out: the number of the last one that was read
  std::uint64_t batches = 0;      // out

  // Numbers go on without gaps; what breaks that ends the scan with DATA_LOSS.
  [[nodiscard]] absl::Status Run(Transaction& read);
};

}  // namespace kith::catalog
