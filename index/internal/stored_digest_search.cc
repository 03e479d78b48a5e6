// SPDX-License-Identifier: Apache-2.0
//
// StoredDigestIndex: the search.
//
// Rows are read without any lock, as that may wait for the disk; only then they are asked about,
// under the lock of the withdrawals. Why the answer is right:
// - Rows and notes are of one State. Whatever was withdrawn before the search began is noted in it,
//   or no row of it needs the note: ForgetOldNotes looks at the rows of the State that it makes,
//   while nobody withdraws, and takes nothing out of the notes of older ones. So a State from
//   before a merge keeps both the rows that the merge dropped and the notes that silence them.
// - Within a State notes only come, and a row that is silent stays so: to ask after the reading can
//   only heed more, namely what was withdrawn while the search ran.
// - What was added again is another row, of a later epoch than the note: the note does not silence
//   it, and every State since has it.
#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "index/internal/digest_checks.h"
#include "index/internal/stored_digest_index.h"

namespace kith::index::internal {

absl::StatusOr<std::vector<std::vector<std::uint64_t>>> StoredDigestIndex::Find(
    DigestKind kind, std::span<const std::string_view> digests) const {
  if (absl::Status status = CheckLengths(kind, digests); !status.ok()) return status;
  const std::uint64_t filling = filling_;
  if (is_damaged_) return Damaged();
  const std::shared_ptr<const State> state = Snapshot();
  // A state that is being filled again holds less than there is.
  if (is_damaged_ || filling != filling_) return Damaged();
  std::vector<std::vector<std::uint64_t>> found(digests.size());
  std::vector<Hit> unsure;
  std::vector<Hit> hits;
  for (std::size_t first = 0; first < digests.size(); first += DigestRun::kFindsAtOnce) {
    const auto some =
        digests.subspan(first, std::min(DigestRun::kFindsAtOnce, digests.size() - first));
    hits.clear();
    ReadRows(*state, kind, some, first, hits);
    state->withdrawals->DropSilent(hits);
    for (const Hit& hit : hits) {
      if (hit.is_sure) {
        found[hit.query].push_back(hit.entry);
      } else {
        unsure.push_back(hit);
      }
    }
  }
  if (absl::Status status = Confirm(kind, digests, unsure, found); !status.ok()) return status;
  for (std::vector<std::uint64_t>& entries : found) {
    if (entries.size() < 2) continue;
    std::sort(entries.begin(), entries.end());
    entries.erase(std::unique(entries.begin(), entries.end()), entries.end());
  }
  return found;
}

void StoredDigestIndex::ReadRows(const State& state, DigestKind kind,
                                 std::span<const std::string_view> some, std::size_t first,
                                 std::vector<Hit>& hits) {
  for (const PlacedRun& placed : state.runs[At(kind)]) {
    const bool is_sure = !placed.run->IsTruncated();
    placed.run->Find(some, [&](std::size_t query, std::uint64_t entry) {
      hits.push_back(
          {.query = first + query, .entry = entry, .epoch = placed.epoch, .is_sure = is_sure});
    });
  }
  const auto look_into = [&](const DigestDelta& delta) {
    delta.With(kind, [&](const auto& table) {
      if (table.size() == 0) return;
      for (std::size_t i = 0; i < some.size(); ++i) {
        table.Find(some[i], [&](std::uint64_t entry, std::uint32_t epoch) {
          hits.push_back({.query = first + i, .entry = entry, .epoch = epoch, .is_sure = true});
        });
      }
    });
  };
  look_into(*state.active);
  for (const Frozen& frozen : state.frozen) look_into(*frozen.delta);
}

absl::Status StoredDigestIndex::Confirm(DigestKind kind, std::span<const std::string_view> digests,
                                        std::span<const Hit> unsure,
                                        std::vector<std::vector<std::uint64_t>>& found) const {
  if (unsure.empty()) return absl::OkStatus();
  std::vector<std::string_view> asked;
  std::vector<std::uint64_t> entries;
  for (const Hit& one : unsure) {
    asked.push_back(digests[one.query]);
    entries.push_back(one.entry);
  }
  const auto confirmed = options_.confirm(kind, asked, entries);
  if (!confirmed.ok()) return confirmed.status();
  if (confirmed->size() != unsure.size()) {
    return absl::InternalError("index: digests were confirmed in part only");
  }
  for (std::size_t i = 0; i < unsure.size(); ++i) {
    if ((*confirmed)[i]) found[unsure[i].query].push_back(unsure[i].entry);
  }
  return absl::OkStatus();
}

}  // namespace kith::index::internal
