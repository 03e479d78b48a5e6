// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/batch_scan.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

namespace kith::catalog {
namespace {

absl::Status Damaged(std::uint64_t first, std::uint64_t last, std::uint64_t change,
                     std::string_view how) {
  return absl::DataLossError(absl::StrCat("entries ", first, " to ", last, " (change ", change,
                                          ") are not what was stored: ", std::string(how),
                                          "; restore a backup"));
}

}  // namespace

absl::Status BatchScan::Run(Transaction& read) {
  {
    Statement newest = read.Prepare(
        "SELECT coalesce(max(id), 0), (SELECT coalesce(max(number), 0) FROM change) FROM entry");
    if (const auto row = newest.Step(); !row.ok()) return row.status();
    last_entry = newest.Id(0);
    last_change = newest.Id(1);
  }
  std::optional<EntryScan> scan;
  EntryRecord record;
  BatchDigest digest;
  Statement stored = read.Prepare(
      "SELECT number, first_entry, last_entry, digest FROM change"
      " WHERE kind = 1 AND last_entry >= ?1 AND first_entry < ?2 ORDER BY number");
  stored.Bind(first_entry, std::min<std::uint64_t>(end_entry, INT64_MAX));
  while (true) {
    const auto batch = stored.Step();
    if (!batch.ok()) return batch.status();
    if (!*batch) break;
    ++batches;
    const std::uint64_t first = stored.Id(1);
    const std::uint64_t last = stored.Id(2);
    if (!scan) {
      // One that begins before the scan does is not read for its digest: it may be a million
      // entries long, and a few of them be wanted.
      entries = std::max<std::uint64_t>(first_entry, 1) - 1;
      scan.emplace(read, entries + 1, last_entry);
    }
    const bool is_part = first < first_entry;
    if ((first != entries + 1 && !is_part) || last < first) {
      return Damaged(first, last, stored.Id(0), "the numbers have a gap");
    }
    digest.Reset();
    while (entries < last) {
      const auto row = scan->Next(record);
      if (!row.ok()) return row.status();
      if (!*row || record.id != entries + 1) {
        return Damaged(first, last, stored.Id(0), absl::StrCat("entry ", entries + 1, " is gone"));
      }
      ++entries;
      digest.Add(record);
      if (record.id < first_entry || record.id >= end_entry) continue;
      if (auto status = entry(record); !status.ok()) return status;
    }
    if (is_part) continue;
    const auto found = digest.Finish();
    if (std::string_view(found.data(), found.size()) != stored.Blob(3)) {
      if (auto status = damage(Damaged(first, last, stored.Id(0), "the checksum differs"));
          !status.ok()) {
        return status;
      }
    } else if (sound && last < end_entry) {
      if (auto status = sound(stored.Id(0)); !status.ok()) return status;
    }
  }
  if (end_entry <= last_entry) return absl::OkStatus();
  if (!scan) scan.emplace(read, first_entry, last_entry);
  const auto row = scan->Next(record);
  if (!row.ok()) return row.status();
  if (!*row) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("entry ", record.id, " belongs to no change; restore a backup"));
}

}  // namespace kith::catalog
