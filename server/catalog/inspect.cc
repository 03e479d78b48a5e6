// SPDX-License-Identifier: Apache-2.0
//
// Catalog: the check of a whole store.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
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

// So many entries are looked for at once: one at a time waits for the disk, and for a transaction,
// with each.
constexpr std::size_t kAskedAtOnce = 1024;
constexpr std::array kDigestKinds = {index::DigestKind::kMd5, index::DigestKind::kSha1,
                                     index::DigestKind::kSha256};

// An entry that is to be looked for by its digests.
struct Waiting {
  std::uint64_t id = 0;
  std::array<std::string, kDigestKinds.size()> digests;  // empty: none
  bool is_found = true;                                  // by all of them
  std::string problem;                                   // found before; empty: none
};

// Looks for the entries by their digests of one kind. One that several have is asked for once, as
// each answer tells all of them.
absl::Status FindByDigests(const index::DigestIndex& digests, std::size_t kind,
                           std::vector<Waiting>& entries) {
  std::vector<std::string_view> queries;
  std::unordered_map<std::string_view, std::size_t> query_of;
  for (const Waiting& entry : entries) {
    const std::string& digest = entry.digests[kind];
    if (digest.empty()) continue;
    if (query_of.try_emplace(digest, queries.size()).second) queries.push_back(digest);
  }
  if (queries.empty()) return absl::OkStatus();
  const auto found = digests.Find(kDigestKinds[kind], queries);
  if (!found.ok()) return found.status();
  for (Waiting& entry : entries) {
    const std::string& digest = entry.digests[kind];
    if (digest.empty()) continue;
    const auto& those = (*found)[query_of.at(digest)];
    if (!std::binary_search(those.begin(), those.end(), entry.id)) entry.is_found = false;
  }
  return absl::OkStatus();
}

// The series of an entry, as the catalog has it at the moment of `read`.
absl::StatusOr<std::uint64_t> LastSeries(Transaction& read, const EntryRecord& record) {
  Statement moved =
      read.Prepare("SELECT series FROM entry_moved WHERE entry = ?1 ORDER BY change DESC LIMIT 1");
  const auto row = moved.Bind(record.id).Step();
  if (!row.ok()) return row.status();
  return *row ? moved.Id(0) : record.series;
}

// Compares one entry after the other with what memory and the indexes tell of it, a piece at a
// time.
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
    Waiting entry{.id = record.id, .digests = {}, .problem = {}};
    const auto facts = CheckFacts(record, is_withdrawn, entry.problem);
    if (!facts.ok()) return facts.status();
    if (!is_withdrawn && !facts->withdrawn) {
      entry.digests = {record.md5, record.sha1, record.sha256};
    } else if (entry.problem.empty()) {
      return absl::OkStatus();
    }
    if (!entry.problem.empty()) ++untold_;
    waiting_.push_back(std::move(entry));
    return waiting_.size() < kAskedAtOnce ? absl::OkStatus() : Finish();
  }

  // Tells what is wrong with the entries so far, in their order: before anything else is told that
  // is found behind them. DATA_LOSS is a find.
  absl::Status Finish() {
    std::vector<Waiting> entries = std::exchange(waiting_, {});
    untold_ = 0;
    absl::Status asked;
    for (std::size_t kind = 0; kind < kDigestKinds.size() && asked.ok(); ++kind) {
      asked = FindByDigests(digests_, kind, entries);
    }
    for (Waiting& entry : entries) {
      if (!entry.problem.empty()) AddProblem(inspection_, std::move(entry.problem));
      if (asked.ok() && !entry.is_found && !table_.Get(entry.id).withdrawn) {
        AddProblem(inspection_, absl::StrCat("entry ", entry.id, ": the digest index lacks it"));
      }
    }
    return asked.ok() ? asked : absl::DataLossError(asked.message());
  }

  // As ContentDigest, of the entries that are not withdrawn.
  [[nodiscard]] std::uint64_t active() const { return active_; }

 private:
  absl::StatusOr<EntryFacts> CheckFacts(const EntryRecord& record, bool is_withdrawn,
                                        std::string& problem) {
    EntryFacts facts = table_.Get(record.id);
    const auto elsewhere = moved_.find(record.id);
    std::uint64_t series = elsewhere == moved_.end() ? record.series : elsewhere->second;
    // An entry withdrawn or moved since the snapshot was taken is none of the index's faults.
    if (facts.series != series && inspection_.problems.size() + untold_ < kMaxProblems) {
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
      problem = absl::StrCat("entry ", record.id, ": memory and catalog differ");
    }
    return facts;
  }

  Database& database_;
  const EntryTable& table_;
  const index::DigestIndex& digests_;
  const std::vector<std::uint64_t>& withdrawn_;
  const Moved& moved_;
  Inspection& inspection_;
  std::vector<Waiting> waiting_;
  std::size_t untold_ = 0;  // problems of those
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
  scan.damage = [&](absl::Status status) {
    absl::Status told = check.Finish();
    const absl::Status found = Find(inspection, std::move(status));
    return told.ok() ? found : told;
  };
  scan.entry = [&](const EntryRecord& record) { return check.Run(record); };
  absl::Status scanned = scan.Run(*read);
  for (absl::Status status : {check.Finish(), std::move(scanned)}) {
    if (status = Find(inspection, std::move(status)); !status.ok()) return status;
  }
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
