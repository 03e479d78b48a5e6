// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/entry_mark.h"

#include <xxhash.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kith::catalog {
namespace {

// Of a row: number, at, first_entry, last_entry, digest.
std::string MarkOf(const Statement& row, std::string_view store_id) {
  std::string text = absl::StrCat(std::string(store_id), "/", row.Id(0), "/",
                                  std::string(row.Text(1)), "/", row.Id(2), "/", row.Id(3), "/");
  text.append(row.Blob(4));
  const XXH128_hash_t proof = XXH3_128bits(text.data(), text.size());
  return absl::StrCat(row.Id(0), " ", row.Id(3) + 1, " ", absl::Hex(proof.high64, absl::kZeroPad16),
                      absl::Hex(proof.low64, absl::kZeroPad16));
}

}  // namespace

absl::StatusOr<std::string> NewestMark(Transaction& read, std::string_view store_id) {
  Statement newest = read.Prepare(
      "SELECT number, at, first_entry, last_entry, digest FROM change WHERE kind = 1"
      " ORDER BY number DESC LIMIT 1");
  const auto row = newest.Step();
  if (!row.ok()) return row.status();
  return *row ? MarkOf(newest, store_id) : std::string();
}

absl::StatusOr<std::uint64_t> EntriesEndOf(Transaction& read, std::string_view store_id,
                                           std::string_view mark) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::string_view(mark.data(), mark.size()), ' ');
  std::uint64_t change = 0;
  std::uint64_t end = 0;
  if (words.size() != 3 || !absl::SimpleAtoi(words[0], &change) ||
      !absl::SimpleAtoi(words[1], &end) || change > INT64_MAX) {
    return 1;
  }
  Statement batch = read.Prepare(
      "SELECT number, at, first_entry, last_entry, digest FROM change"
      " WHERE number = ?1 AND kind = 1");
  const auto row = batch.Bind(change).Step();
  if (!row.ok()) return row.status();
  return *row && MarkOf(batch, store_id) == mark ? end : 1;
}

}  // namespace kith::catalog
