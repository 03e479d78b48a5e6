// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the check of a whole store.
#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/batch_scan.h"
#include "server/catalog/internal/carried.h"
#include "server/catalog/internal/catalog_impl.h"

namespace kith::catalog {
namespace {

// A store that is damaged all over is told by its first problems.
constexpr std::size_t kMaxProblems = 100;

void AddProblem(Inspection& inspection, std::string problem) {
  if (inspection.problems.size() < kMaxProblems) inspection.problems.push_back(std::move(problem));
}

// Damage is a find; anything else keeps the check from going on.
absl::Status Find(Inspection& inspection, absl::Status status) {
  if (!absl::IsDataLoss(status)) return status;
  AddProblem(inspection, std::string(status.message()));
  return absl::OkStatus();
}

// SQLite's own checks.
absl::Status CheckStructure(Transaction& read, Inspection& inspection) {
  Statement integrity = read.Prepare("PRAGMA integrity_check(20)");
  while (true) {
    const auto row = integrity.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    if (integrity.Text(0) != "ok") {
      AddProblem(inspection, absl::StrCat("structure: ", std::string(integrity.Text(0))));
    }
  }
  Statement keys = read.Prepare("PRAGMA foreign_key_check");
  while (true) {
    const auto row = keys.Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    AddProblem(inspection, absl::StrCat("row ", keys.Int(1), " of table ",
                                        std::string(keys.Text(0)), " refers to a row of ",
                                        std::string(keys.Text(2)), " that does not exist"));
  }
}

// Whether the digest index finds the entry by each of its digests.
absl::StatusOr<bool> IsFoundByDigests(const index::DigestIndex& digests,
                                      const EntryRecord& record) {
  const std::array<std::pair<index::DigestKind, const std::string*>, 3> own = {
      {{index::DigestKind::kMd5, &record.md5},
       {index::DigestKind::kSha1, &record.sha1},
       {index::DigestKind::kSha256, &record.sha256}}};
  for (const auto& [kind, bytes] : own) {
    if (bytes->empty()) continue;
    const std::array<std::string_view, 1> query = {*bytes};
    const auto found = digests.Find(kind, query);
    if (!found.ok()) return found.status();
    const auto& entries = found->front();
    if (!std::binary_search(entries.begin(), entries.end(), record.id)) return false;
  }
  return true;
}

// The series of an entry, as the catalog has it at the moment of `read`.
absl::StatusOr<std::uint64_t> LastSeries(Transaction& read, const EntryRecord& record) {
  Statement moved =
      read.Prepare("SELECT series FROM entry_moved WHERE entry = ?1 ORDER BY change DESC LIMIT 1");
  const auto row = moved.Bind(record.id).Step();
  if (!row.ok()) return row.status();
  return *row ? moved.Id(0) : record.series;
}

}  // namespace

absl::StatusOr<Inspection> Catalog::Inspect() {
  Inspection inspection;
  for (std::string& problem : impl_->ScrubAtOnce()) {
    AddProblem(inspection, absl::StrCat("index: ", problem));
  }
  {
    const std::lock_guard lock(impl_->care_mutex);
    if (auto status = impl_->Mend(); !status.ok()) return status;
  }
  absl::StatusOr<std::uint64_t> indexed = 0;
  auto read = impl_->database->BeginReadAtRest([&] { indexed = impl_->codes->ContentDigest(); });
  if (!read.ok()) return read.status();
  if (!indexed.ok()) return indexed.status();
  if (auto status = Find(inspection, CheckStructure(*read, inspection)); !status.ok()) {
    return status;
  }
  const auto withdrawn = ReadWithdrawn(*read, INT64_MAX);
  if (!withdrawn.ok()) return withdrawn.status();
  std::uint64_t active = 0;  // as ContentDigest
  const auto moved = ReadMoved(*read);
  if (!moved.ok()) return moved.status();
  BatchScan scan;
  scan.damage = [&](absl::Status status) { return Find(inspection, std::move(status)); };
  scan.entry = [&](const EntryRecord& record) -> absl::Status {
    inspection.codes += record.codes.size();
    if (record.id >= impl_->table.Size()) {
      return absl::DataLossError(absl::StrCat("entry ", record.id, ": the index lacks it"));
    }
    EntryFacts facts = impl_->table.Get(record.id);
    const bool is_withdrawn = std::binary_search(withdrawn->begin(), withdrawn->end(), record.id);
    if (!is_withdrawn) {
      for (const CodeRecord& code : record.codes) {
        const index::Label label{record.id, PackLabel({code.frame, code.crop, code.dialect})};
        active += index::RowDigest(code.pdq, label);
      }
    }
    const auto elsewhere = moved->find(record.id);
    std::uint64_t series = elsewhere == moved->end() ? record.series : elsewhere->second;
    // An entry withdrawn or moved since the snapshot was taken is none of the index's faults.
    if (facts.series != series && inspection.problems.size() < kMaxProblems) {
      auto now = impl_->database->BeginReadAtRest([&] { facts = impl_->table.Get(record.id); });
      if (!now.ok()) return now.status();
      const auto last = LastSeries(*now, record);
      if (!last.ok()) return last.status();
      series = *last;
    }
    if (facts.hash_set != record.hash_set || facts.series != series ||
        facts.ambiguous != record.IsAmbiguous() ||
        facts.victim_identified != static_cast<std::uint8_t>(record.victim_identified) ||
        (is_withdrawn && !facts.withdrawn)) {
      AddProblem(inspection, absl::StrCat("entry ", record.id, ": memory and catalog differ"));
    }
    if (is_withdrawn || facts.withdrawn) return absl::OkStatus();
    const auto found = IsFoundByDigests(*impl_->digests, record);
    if (!found.ok()) return absl::DataLossError(found.status().message());
    if (!*found && !impl_->table.Get(record.id).withdrawn) {
      AddProblem(inspection, absl::StrCat("entry ", record.id, ": the digest index lacks it"));
    }
    return absl::OkStatus();
  };
  if (auto status = Find(inspection, scan.Run(*read)); !status.ok()) return status;
  if (auto status = CheckCarriedBlocks(
          *read, [&](std::string problem) { AddProblem(inspection, std::move(problem)); });
      !status.ok()) {
    return status;
  }
  inspection.entries = scan.entries;
  inspection.batches = scan.batches;
  inspection.change = scan.last_change;
  if (*indexed != active) {
    AddProblem(
        inspection,
        absl::StrCat("the index holds other codes than the catalog: end the service, delete ",
                     store_dir(), "/", std::string(kIndexDirName), ", start it again"));
  }
  return inspection;
}

}  // namespace kith::catalog
