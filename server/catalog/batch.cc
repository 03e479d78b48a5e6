// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/batch.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

constexpr int kIdentity = 3;

// Earlier entries of one digest that are looked at: more of them are not made by honest lists, and
// a forged list must not make the addition quadratic.
constexpr std::size_t kMaxLookedAt = 64;

// Which entries of the batch may have a digest, by 64 bits of it: some 30 bytes a digest.
class TakenDigests {
 public:
  explicit TakenDigests(std::uint64_t seed) : seed_(seed) {}

  void Add(int kind, std::string_view bytes, std::uint32_t entry) {
    const std::uint64_t key = KeyOf(kind, bytes);
    if (first_.try_emplace(key, entry).second) return;
    std::vector<std::uint32_t>& others = others_[key];
    if (others.size() + 1 < kMaxLookedAt) others.push_back(entry);
  }
  [[nodiscard]] std::vector<std::uint32_t> Find(int kind, std::string_view bytes) const {
    std::vector<std::uint32_t> entries;
    const auto first = first_.find(KeyOf(kind, bytes));
    if (first == first_.end()) return entries;
    entries.push_back(first->second);
    const auto others = others_.find(first->first);
    if (others != others_.end()) {
      entries.insert(entries.end(), others->second.begin(), others->second.end());
    }
    return entries;
  }

 private:
  // The kinds are kept apart: an MD5 and an identity have the same length.
  [[nodiscard]] std::uint64_t KeyOf(int kind, std::string_view bytes) const {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(),
                                seed_ + static_cast<std::uint64_t>(kind));
  }

  std::uint64_t seed_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> first_;
  absl::flat_hash_map<std::uint64_t, std::vector<std::uint32_t>> others_;
};

bool HasCode(const EntryRecord& record, const CodeRecord& code) {
  return std::any_of(record.codes.begin(), record.codes.end(), [&](const CodeRecord& other) {
    return other.dialect == code.dialect && other.pdq == code.pdq;
  });
}

// Does `earlier` tell all that `record` would be found by?
bool FindsAsMuch(const EntryRecord& earlier, const EntryRecord& record) {
  return (record.md5.empty() || record.md5 == earlier.md5) &&
         (record.sha1.empty() || record.sha1 == earlier.sha1) &&
         (record.sha256.empty() || record.sha256 == earlier.sha256) &&
         std::all_of(record.codes.begin(), record.codes.end(),
                     [&](const CodeRecord& code) { return HasCode(earlier, code); });
}

}  // namespace

struct Batch::Impl {
  Catalog::Impl& catalog;
  std::shared_ptr<const v1::HashSet> hash_set;
  std::uint64_t series = 0;
  std::string note;
  std::uint64_t first = 0;
  std::uint64_t next = 0;
  // What Commit tells the indexes; of a long batch it is read back from the database instead.
  IndexFeed feed;
  bool is_long = false;
  BatchDigest digest;
  // Digests taken by this batch: the indexes learn of them at Commit only.
  TakenDigests taken;
  bool committed = false;
  // Last, so that statements end before their transaction, and it before the rest.
  Transaction transaction;
  EntryWriter writer;

  Impl(Catalog::Impl& catalog_impl, Transaction write)
      : catalog(catalog_impl),
        taken(catalog_impl.identity_seed),
        transaction(std::move(write)),
        writer(transaction) {}

  [[nodiscard]] absl::StatusOr<std::uint64_t> Find(const EntryRecord& record);
  [[nodiscard]] bool CountsAsMuch(const EntryFacts& facts, const EntryRecord& record) const;
  [[nodiscard]] absl::StatusOr<bool> Covers(std::uint64_t entry, const EntryFacts& facts,
                                            const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<bool> CoversTaken(std::uint64_t entry, const EntryRecord& record);
  void Remember(const EntryRecord& record);
};

// Whether an entry of these facts tells what the record does, beside digests and codes.
bool Batch::Impl::CountsAsMuch(const EntryFacts& facts, const EntryRecord& record) const {
  if (facts.withdrawn || facts.hash_set != record.hash_set) return false;
  if (record.series != 0 && record.series != facts.series) {
    const auto current = catalog.directory.CurrentSeries(facts.series);
    if (!current || current->series_id() != record.series) return false;
  }
  return record.victim_identified == v1::TRI_STATE_UNSPECIFIED ||
         record.victim_identified == facts.victim_identified;
}

// Whether the entry says at least as much as the record, which has a digest or all codes in common
// with it.
absl::StatusOr<bool> Batch::Impl::Covers(std::uint64_t entry, const EntryFacts& facts,
                                         const EntryRecord& record) {
  if (!CountsAsMuch(facts, record)) return false;
  const int digests = static_cast<int>(!record.md5.empty()) +
                      static_cast<int>(!record.sha1.empty()) +
                      static_cast<int>(!record.sha256.empty());
  if (digests == 1 && record.codes.empty()) return true;
  EntryRecord earlier;
  EntryScan scan(transaction, entry, entry);
  const auto row = scan.Next(earlier);
  if (!row.ok()) return row.status();
  return *row && FindsAsMuch(earlier, record);
}

// The same for an entry of this batch, which may have a digest in common with the record.
absl::StatusOr<bool> Batch::Impl::CoversTaken(std::uint64_t entry, const EntryRecord& record) {
  EntryRecord earlier;
  EntryScan scan(transaction, entry, entry);
  const auto row = scan.Next(earlier);
  if (!row.ok()) return row.status();
  const bool has_digest = !record.md5.empty() || !record.sha1.empty() || !record.sha256.empty();
  return *row && CountsAsMuch(earlier.Facts(), record) && FindsAsMuch(earlier, record) &&
         (has_digest || earlier.source_ref == record.source_ref);
}

// The entry of the set that is the same file and says at least as much, or 0.
absl::StatusOr<std::uint64_t> Batch::Impl::Find(const EntryRecord& record) {
  int kind = kIdentity;
  std::string bytes;
  const index::DigestIndex* where = catalog.digests.get();
  auto digest_kind = index::DigestKind::kMd5;
  if (!record.sha256.empty()) {
    kind = 2;
    bytes = record.sha256;
    digest_kind = index::DigestKind::kSha256;
  } else if (!record.sha1.empty()) {
    kind = 1;
    bytes = record.sha1;
    digest_kind = index::DigestKind::kSha1;
  } else if (!record.md5.empty()) {
    kind = 0;
    bytes = record.md5;
  } else {
    const auto identity = IdentityOf(record, catalog.identity_seed);
    bytes.assign(identity.begin(), identity.end());
    where = catalog.identities.get();
  }
  const std::array<std::string_view, 1> query = {bytes};
  const auto found = where->Find(digest_kind, query);
  if (!found.ok()) return found.status();
  std::size_t looked_at = 0;
  for (const std::uint64_t entry : found->front()) {
    const EntryFacts facts = catalog.table.Get(entry);
    // Those of other sets and withdrawn ones cost a look into the table only.
    if (facts.withdrawn || facts.hash_set != record.hash_set) continue;
    if (++looked_at > kMaxLookedAt) break;
    const auto covers = Covers(entry, facts, record);
    if (!covers.ok()) return covers.status();
    if (*covers) return entry;
  }
  for (const std::uint32_t offset : taken.Find(kind, bytes)) {
    const auto covers = CoversTaken(first + offset, record);
    if (!covers.ok()) return covers.status();
    if (*covers) return first + offset;
  }
  return 0;
}

void Batch::Impl::Remember(const EntryRecord& record) {
  const std::array<const std::string*, 3> own = {&record.md5, &record.sha1, &record.sha256};
  bool any = false;
  for (int kind = 0; kind < kIdentity; ++kind) {
    const std::string& bytes = *own[static_cast<std::size_t>(kind)];
    if (bytes.empty()) continue;
    any = true;
    taken.Add(kind, bytes, static_cast<std::uint32_t>(record.id - first));
  }
  if (any) return;
  const auto identity = IdentityOf(record, catalog.identity_seed);
  taken.Add(kIdentity, {identity.data(), identity.size()},
            static_cast<std::uint32_t>(record.id - first));
}

Batch::Batch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Batch::~Batch() = default;

absl::StatusOr<std::unique_ptr<Batch>> Catalog::BeginBatch(std::string_view set,
                                                           std::string_view series,
                                                           std::string_view note) {
  auto hash_set = impl_->FindSet(set);
  if (!hash_set.ok()) return hash_set.status();
  std::uint64_t series_id = 0;
  if (!series.empty()) {
    const auto found = impl_->FindSeries(series);
    if (!found.ok()) return found.status();
    // What is added to a series that was merged counts as of the other one.
    const auto current = impl_->directory.CurrentSeries((*found)->series_id());
    series_id = current ? current->series_id() : (*found)->series_id();
  }
  auto write = impl_->BeginWrite();
  if (!write.ok()) return write.status();
  auto batch = std::make_unique<Batch::Impl>(*impl_, *std::move(write));
  batch->hash_set = *std::move(hash_set);
  batch->series = series_id;
  batch->note = std::string(note);
  batch->first = batch->next = impl_->table.Size();
  return std::unique_ptr<Batch>(new Batch(std::move(batch)));
}

absl::StatusOr<AddedEntry> Batch::Add(const v1::Entry& entry) {
  auto record = TakeEntry(entry, impl_->hash_set->dialect());
  if (!record.ok()) return record.status();
  return Add(*std::move(record));
}

absl::StatusOr<AddedEntry> Batch::Add(EntryRecord record) {
  record.hash_set = impl_->hash_set->set_id();
  record.series = impl_->series;
  const auto earlier = impl_->Find(record);
  if (absl::IsInvalidArgument(earlier.status())) {
    return absl::InternalError(earlier.status().message());  // not the record's fault
  }
  if (!earlier.ok()) return earlier.status();
  if (*earlier != 0) return AddedEntry{.entry_id = *earlier, .already_there = true};
  if (impl_->next - impl_->first > UINT32_MAX) {
    return absl::ResourceExhaustedError("a batch of 2^32 entries: divide the list");
  }
  record.id = impl_->next;
  if (auto status = impl_->writer.Write(record); !status.ok()) return status;
  ++impl_->next;
  impl_->digest.Add(record);
  impl_->Remember(record);
  if (!impl_->is_long) impl_->feed.Add(record, impl_->catalog.identity_seed);
  if (impl_->feed.facts.size() >= kFeedEntries) {
    impl_->is_long = true;
    impl_->feed = {};
  }
  return AddedEntry{.entry_id = record.id, .already_there = false};
}

absl::Status Batch::Commit() {
  Impl& impl = *impl_;
  if (impl.committed) return absl::InternalError("a batch is committed once");
  impl.committed = true;
  if (impl.next == impl.first) return absl::OkStatus();
  const auto digest = impl.digest.Finish();
  if (auto status = impl.transaction.Execute(
          "INSERT INTO change (at, kind, first_entry, last_entry, digest, note, subject)"
          " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
          TimeNow(), ChangeKind::kAdded, impl.first, impl.next - 1,
          BlobView{{digest.data(), digest.size()}}, impl.note,
          absl::StrCat("set ", impl.hash_set->name(), ", entries ", impl.first, " to ",
                       impl.next - 1));
      !status.ok()) {
    return status;
  }
  const std::uint64_t change = impl.transaction.LastInsertId();
  // First the indexes, then the number: no answer claims a change that it did not see.
  return impl.catalog.CommitAndApply(impl.transaction, change, [&impl] {
    return impl.is_long ? impl.catalog.FeedFromTables(impl.first, impl.next - 1)
                        : impl.catalog.Feed(impl.feed);
  });
}

}  // namespace kith::catalog
