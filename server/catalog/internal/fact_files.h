// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the catalog holds in memory of its entries beside their codes (facts, digests,
// identities), kept in files of the index folder, so that a start reads some 40 flat bytes an entry
// instead of its rows.
//
// The files are derived: each has a checksum, and one that is missing or damaged costs a look into
// the database. They are not flushed to disk, as a torn one is found out. A list names those that
// count, together with the mark (entry_mark.h) up to which they tell; without it none counts.
//
// Thread-safety: belongs to the writer of the catalog.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {

struct FactList {
  std::string mark;
  std::uint64_t identity_seed = 0;
  std::vector<index::EntryRange> files;  // ascending
};

// The bytes of a list and of a file, and back. DATA_LOSS: what is wrong with them.
[[nodiscard]] std::string FormatFactList(const FactList& list);
[[nodiscard]] absl::StatusOr<FactList> ParseFactList(std::string_view bytes);
// Of the entries first, first + 1, ...; without codes.
[[nodiscard]] std::string FormatFacts(std::uint64_t first, const IndexFeed& feed);
[[nodiscard]] absl::StatusOr<IndexFeed> ParseFacts(const index::EntryRange& range,
                                                   std::string_view bytes);

class FactFiles {
 public:
  // An empty path keeps nothing and finds nothing.
  explicit FactFiles(std::string folder) : folder_(std::move(folder)) {}

  // What the folder's list names. NOT_FOUND, DATA_LOSS, UNAVAILABLE.
  [[nodiscard]] absl::StatusOr<FactList> ReadList() const;
  [[nodiscard]] absl::StatusOr<IndexFeed> Read(const index::EntryRange& range) const;

  // The folder's list is not true any more: the next one replaces it, come what may.
  void Doubt() { changed_ = true; }
  // Goes on naming a file that was read.
  void Adopt(const index::EntryRange& range);
  // Writes a file, and names it from the next list on. Files come in ascending order.
  [[nodiscard]] absl::Status Write(std::uint64_t first, const IndexFeed& feed);
  // Replaces the list in one step, if it changed, and removes files that no list names any more.
  [[nodiscard]] absl::Status WriteList(std::string_view mark, std::uint64_t identity_seed);

 private:
  void RemoveUnnamed() const;

  std::string folder_;
  std::vector<index::EntryRange> files_;
  bool changed_ = false;  // since the last list
};

}  // namespace kith::catalog
