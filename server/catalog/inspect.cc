// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the check of a whole store.
#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/batch_scan.h"
#include "server/catalog/internal/carried.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/store_names.h"

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

// Compares one entry after the other with what memory and the indexes tell of it.
class EntryCheck {
 public:
  using Moved = std::unordered_map<std::uint64_t, std::uint64_t>;
  // All must outlive it. `withdrawn` and `moved` are of the moment at which the entries are read.
  EntryCheck(Database& database, const EntryTable& table, const index::DigestIndex& digests,
             const std::vector<std::uint64_t>& withdrawn, const Moved& moved,
             Inspection& inspection)
      : database_(database),
        table_(table),
        digests_(digests),
        withdrawn_(withdrawn),
        moved_(moved),
        inspection_(inspection) {}

  // DATA_LOSS is a find.
  absl::Status Run(const EntryRecord& record) {
    inspection_.codes += record.codes.size();
    if (record.id >= table_.Size()) {
      return absl::DataLossError(absl::StrCat("entry ", record.id, ": the index lacks it"));
    }
    const bool is_withdrawn = std::binary_search(withdrawn_.begin(), withdrawn_.end(), record.id);
    if (!is_withdrawn) {
      for (const CodeRecord& code : record.codes) {
        const index::Label label{record.id, PackLabel({code.frame, code.crop, code.dialect})};
        active_ += index::RowDigest(code.pdq, label);
      }
    }
    const auto facts = CheckFacts(record, is_withdrawn);
    if (!facts.ok()) return facts.status();
    if (is_withdrawn || facts->withdrawn) return absl::OkStatus();
    const auto found = IsFoundByDigests(digests_, record);
    if (!found.ok()) return absl::DataLossError(found.status().message());
    if (!*found && !table_.Get(record.id).withdrawn) {
      AddProblem(inspection_, absl::StrCat("entry ", record.id, ": the digest index lacks it"));
    }
    return absl::OkStatus();
  }

  // As ContentDigest, of the entries that are not withdrawn.
  [[nodiscard]] std::uint64_t active() const { return active_; }

 private:
  absl::StatusOr<EntryFacts> CheckFacts(const EntryRecord& record, bool is_withdrawn) {
    EntryFacts facts = table_.Get(record.id);
    const auto elsewhere = moved_.find(record.id);
    std::uint64_t series = elsewhere == moved_.end() ? record.series : elsewhere->second;
    // An entry withdrawn or moved since the snapshot was taken is none of the index's faults.
    if (facts.series != series && inspection_.problems.size() < kMaxProblems) {
      auto now = database_.BeginReadAtRest([&] { facts = table_.Get(record.id); });
      if (!now.ok()) return now.status();
      const auto last = LastSeries(*now, record);
      if (!last.ok()) return last.status();
      series = *last;
    }
    if (facts.hash_set != record.hash_set || facts.series != series ||
        facts.ambiguous != record.IsAmbiguous() ||
        facts.victim_identified != static_cast<std::uint8_t>(record.victim_identified) ||
        (is_withdrawn && !facts.withdrawn)) {
      AddProblem(inspection_, absl::StrCat("entry ", record.id, ": memory and catalog differ"));
    }
    return facts;
  }

  Database& database_;
  const EntryTable& table_;
  const index::DigestIndex& digests_;
  const std::vector<std::uint64_t>& withdrawn_;
  const Moved& moved_;
  Inspection& inspection_;
  std::uint64_t active_ = 0;
};

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
  const auto moved = ReadMoved(*read);
  if (!moved.ok()) return moved.status();
  EntryCheck check(*impl_->database, impl_->table, *impl_->digests, *withdrawn, *moved, inspection);
  BatchScan scan;
  scan.damage = [&](absl::Status status) { return Find(inspection, std::move(status)); };
  scan.entry = [&](const EntryRecord& record) { return check.Run(record); };
  if (auto status = Find(inspection, scan.Run(*read)); !status.ok()) return status;
  if (auto status = CheckCarriedBlocks(
          *read, [&](std::string problem) { AddProblem(inspection, std::move(problem)); });
      !status.ok()) {
    return status;
  }
  inspection.entries = scan.entries;
  inspection.batches = scan.batches;
  inspection.change = scan.last_change;
  if (*indexed != check.active()) {
    AddProblem(
        inspection,
        absl::StrCat("the index holds other codes than the catalog: end the service, delete ",
                     store_dir(), "/", server::kIndexDirName, ", start it again"));
  }
  return inspection;
}

}  // namespace kith::catalog
