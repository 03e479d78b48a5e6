// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/internal/entry_mark.h"

#include <xxhash.h>

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kith::catalog {
namespace {

// All that is said of the change, as text. NOT_FOUND: there is none.
absl::Status Describe(Transaction& read, std::uint64_t change, std::string& text) {
  Statement row = read.Prepare("SELECT at, kind, subject, note, who FROM change WHERE number = ?1");
  const auto found = row.Bind(change).Step();
  if (!found.ok()) return found.status();
  if (!*found) return absl::NotFoundError("no such change");
  absl::StrAppend(&text, "/", change, "/", row.Int(1));
  for (const int column : {0, 2, 3, 4}) {
    absl::StrAppend(&text, "/", row.Text(column).size(), "/", std::string(row.Text(column)));
  }
  for (const char* sql : {"SELECT entry, 0 FROM withdrawal WHERE change = ?1 ORDER BY entry",
                          "SELECT entry, series FROM entry_moved WHERE change = ?1"
                          " ORDER BY entry"}) {
    Statement entries = read.Prepare(sql);
    entries.Bind(change);
    while (true) {
      const auto next = entries.Step();
      if (!next.ok()) return next.status();
      if (!*next) break;
      absl::StrAppend(&text, "/", entries.Id(0), "/", entries.Id(1));
    }
  }
  return absl::OkStatus();
}

struct Marked {
  std::string mark;
  MarkedMoment moment;
};

absl::StatusOr<Marked> MarkOf(Transaction& read, std::string_view store_id, std::uint64_t change) {
  Marked marked;
  std::string text(store_id);
  if (auto status = Describe(read, change, text); !status.ok()) return status;
  {
    Statement batch = read.Prepare(
        "SELECT number, at, first_entry, last_entry, digest FROM change"
        " WHERE kind = 1 AND number <= ?1 ORDER BY number DESC LIMIT 1");
    const auto found = batch.Bind(change).Step();
    if (!found.ok()) return found.status();
    if (*found) {
      absl::StrAppend(&text, "/", batch.Id(0), "/", std::string(batch.Text(1)), "/", batch.Id(2),
                      "/", batch.Id(3), "/");
      text.append(batch.Blob(4));
      marked.moment.entries_end = batch.Id(3) + 1;
    }
  }
  const XXH128_hash_t proof = XXH3_128bits(text.data(), text.size());
  marked.moment.change = change;
  marked.mark = absl::StrCat(change, " ", marked.moment.entries_end, " ",
                             absl::Hex(proof.high64, absl::kZeroPad16),
                             absl::Hex(proof.low64, absl::kZeroPad16));
  return marked;
}

}  // namespace

absl::StatusOr<std::string> NewestMark(Transaction& read, std::string_view store_id) {
  std::uint64_t change = 0;
  {
    Statement newest = read.Prepare("SELECT coalesce(max(number), 0) FROM change");
    if (const auto row = newest.Step(); !row.ok()) return row.status();
    change = newest.Id(0);
  }
  if (change == 0) return std::string();
  return MarkAt(read, store_id, change);
}

absl::StatusOr<std::string> MarkAt(Transaction& read, std::string_view store_id,
                                   std::uint64_t change) {
  auto marked = MarkOf(read, store_id, change);
  if (!marked.ok()) return marked.status();
  return std::move(marked->mark);
}

absl::StatusOr<MarkedMoment> MomentOf(Transaction& read, std::string_view store_id,
                                      std::string_view mark) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::string_view(mark.data(), mark.size()), ' ');
  std::uint64_t change = 0;
  if (words.size() != 3 || !absl::SimpleAtoi(words[0], &change) || change > INT64_MAX) {
    return MarkedMoment();
  }
  const auto marked = MarkOf(read, store_id, change);
  if (absl::IsNotFound(marked.status())) return MarkedMoment();
  if (!marked.ok()) return marked.status();
  return marked->mark == mark ? marked->moment : MarkedMoment();
}

}  // namespace kith::catalog
