// SPDX-License-Identifier: Apache-2.0
//
// Batch: whether a record is there already.
#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "server/catalog/internal/batch_impl.h"

namespace kith::catalog {
namespace {

bool SharesDigest(const EntryRecord& one, const EntryRecord& other) {
  return (!one.md5.empty() && one.md5 == other.md5) ||
         (!one.sha1.empty() && one.sha1 == other.sha1) ||
         (!one.sha256.empty() && one.sha256 == other.sha256);
}

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

// What is withdrawn in the same step must not stand for a record that comes.
EntryFacts Batch::Impl::FactsOf(std::uint64_t entry) const {
  EntryFacts facts = catalog.table.Get(entry);
  if (std::binary_search(going.begin(), going.end(), entry)) facts.withdrawn = true;
  return facts;
}

// Whether the series is the wanted one, or counts as it, or none is wanted.
bool Batch::Impl::CountsAs(std::uint64_t id, std::uint64_t wanted) const {
  if (wanted == 0 || id == wanted) return true;
  const auto current = catalog.directory.CurrentSeries(id);
  return current && current->series_id() == wanted;
}

// Whether an entry of these facts tells what the record does, beside digests, codes and series.
bool Batch::Impl::CountsAsMuch(const EntryFacts& facts, const EntryRecord& record) {
  if (facts.withdrawn || facts.hash_set != record.hash_set) return false;
  return record.victim_identified == v1::TRI_STATE_UNSPECIFIED ||
         record.victim_identified == facts.victim_identified;
}

// Whether `earlier` has the digests and codes of the record; where each source_ref stands for
// itself, that one too, and no others.
bool Batch::Impl::TellsAll(const EntryRecord& earlier, const EntryRecord& record) const {
  if (!FindsAsMuch(earlier, record)) return false;
  return !options.by_source_ref ||
         (earlier.source_ref == record.source_ref && FindsAsMuch(record, earlier));
}

// Whether the entry says at least as much as the record, which has a digest or all codes in common
// with it.
absl::StatusOr<bool> Batch::Impl::Covers(std::uint64_t entry, const EntryFacts& facts,
                                         const EntryRecord& record) {
  if (!CountsAsMuch(facts, record)) return false;
  const bool other_series = !CountsAs(facts.series, record.series);
  const int digests = static_cast<int>(!record.md5.empty()) +
                      static_cast<int>(!record.sha1.empty()) +
                      static_cast<int>(!record.sha256.empty());
  if (digests == 1 && record.codes.empty() && !other_series && !options.by_source_ref) return true;
  EntryRecord earlier;
  EntryScan scan(transaction, entry, entry);
  const auto row = scan.Next(earlier);
  if (!row.ok()) return row.status();
  // It said the same, and a person moved it since: that holds.
  if (*row && other_series && !CountsAs(earlier.series, record.series)) return false;
  return *row && TellsAll(earlier, record);
}

// The same for an entry of this batch, which may have a digest in common with the record.
absl::StatusOr<bool> Batch::Impl::CoversTaken(std::uint64_t entry, const EntryRecord& record) {
  EntryRecord earlier;
  EntryScan scan(transaction, entry, entry);
  const auto row = scan.Next(earlier);
  if (!row.ok()) return row.status();
  const bool has_digest = !record.md5.empty() || !record.sha1.empty() || !record.sha256.empty();
  return *row && CountsAsMuch(earlier.Facts(), record) && TellsAll(earlier, record) &&
         CountsAs(earlier.series, record.series) &&
         (has_digest || earlier.source_ref == record.source_ref);
}

// The entry of the same name that says just what the record does, or 0.
absl::StatusOr<std::uint64_t> Batch::Impl::FindNamed(const EntryRecord& record) {
  Statement named = transaction.Prepare(
      "SELECT entry FROM named_entry WHERE hash_set = ?1 AND source_ref = ?2 ORDER BY entry DESC");
  named.Bind(record.hash_set, record.source_ref);
  std::size_t looked_at = 0;
  while (looked_at < TakenDigests::kMaxLookedAt) {
    const auto row = named.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const std::uint64_t entry = named.Id(0);
    absl::StatusOr<bool> covers = false;
    if (entry >= first) {
      covers = CoversTaken(entry, record);
    } else {
      const EntryFacts facts = FactsOf(entry);
      if (facts.withdrawn) continue;  // costs a look into the table only
      covers = Covers(entry, facts, record);
    }
    if (!covers.ok()) return covers.status();
    if (*covers) return entry;
    ++looked_at;
  }
  return 0;
}

// A set of an earlier version has no names on record until its first addition by names.
absl::Status Batch::Impl::FillNames() {
  const bool is_settled = hash_set->entry_identity() != v1::ENTRY_IDENTITY_UNSPECIFIED;
  if (is_settled || !options.by_source_ref) return absl::OkStatus();
  {
    const std::lock_guard lock(catalog.counts_mutex);
    const std::uint64_t set = hash_set->set_id();
    if (set >= catalog.set_entries.size() || catalog.set_entries[set] == 0) return absl::OkStatus();
  }
  return transaction.Execute(
      "INSERT OR IGNORE INTO named_entry SELECT hash_set, source_ref, id FROM entry"
      " WHERE hash_set = ?1",
      hash_set->set_id());
}

// The entry of the set that is the same file and says at least as much, or 0.
absl::StatusOr<std::uint64_t> Batch::Impl::Find(const EntryRecord& record) {
  if (options.by_source_ref) return FindNamed(record);
  std::string bytes;
  const index::DigestIndex* where = catalog.digests.get();
  auto digest_kind = index::DigestKind::kMd5;
  if (!record.sha256.empty()) {
    bytes = record.sha256;
    digest_kind = index::DigestKind::kSha256;
  } else if (!record.sha1.empty()) {
    bytes = record.sha1;
    digest_kind = index::DigestKind::kSha1;
  } else if (!record.md5.empty()) {
    bytes = record.md5;
  } else {
    const auto identity = IdentityOf(record, catalog.identity_seed);
    bytes.assign(identity.begin(), identity.end());
    where = catalog.identities.get();
  }
  auto found = FirstActive(
      *where, digest_kind, bytes,
      [&](std::uint64_t entry, const EntryFacts& facts) { return Covers(entry, facts, record); });
  if (!found.ok() || *found != 0) return found;
  for (const std::uint32_t offset : taken.Find(record)) {
    const auto covers = CoversTaken(first + offset, record);
    if (!covers.ok()) return covers.status();
    if (*covers) return first + offset;
  }
  return 0;
}

absl::StatusOr<std::uint64_t> Batch::Impl::FirstActive(
    const index::DigestIndex& where, index::DigestKind kind, std::string_view bytes,
    absl::FunctionRef<absl::StatusOr<bool>(std::uint64_t, const EntryFacts&)> wanted) const {
  const std::array<std::string_view, 1> query = {bytes};
  const auto found = where.Find(kind, query);
  if (!found.ok()) return found.status();
  std::size_t looked_at = 0;
  for (const std::uint64_t entry : found->front()) {
    const EntryFacts facts = FactsOf(entry);
    // Those of other sets and withdrawn ones cost a look into the table only.
    if (facts.withdrawn || facts.hash_set != hash_set->set_id()) continue;
    if (++looked_at > TakenDigests::kMaxLookedAt) break;
    const auto is_wanted = wanted(entry, facts);
    if (!is_wanted.ok()) return is_wanted.status();
    if (*is_wanted) return entry;
  }
  return 0;
}

absl::StatusOr<bool> Batch::Impl::Holds(const v1::Digests& own) const {
  const std::array<std::pair<index::DigestKind, const std::string*>, 3> digests = {
      {{index::DigestKind::kMd5, &own.md5()},
       {index::DigestKind::kSha1, &own.sha1()},
       {index::DigestKind::kSha256, &own.sha256()}}};
  for (const auto& [kind, bytes] : digests) {
    if (bytes->size() != index::DigestBytes(kind)) continue;
    const auto found = FirstActive(*catalog.digests, kind, *bytes,
                                   [](std::uint64_t, const EntryFacts&) { return true; });
    if (!found.ok()) return found.status();
    if (*found != 0) return true;
  }
  return false;
}

absl::StatusOr<bool> Batch::Impl::HasOtherCategory(std::uint64_t entry,
                                                   const v1::Category& category) {
  if (category.code().empty()) return false;
  EntryRecord earlier;
  EntryScan scan(transaction, entry, entry);
  const auto row = scan.Next(earlier);
  if (!row.ok()) return row.status();
  return *row &&
         (earlier.category_scheme != category.scheme() || earlier.category_code != category.code());
}

absl::StatusOr<bool> Batch::Impl::HasOtherVictim(const EntryRecord& record) {
  if (record.victim_identified == v1::TRI_STATE_UNSPECIFIED) return false;
  const auto differs = [&](const EntryFacts& facts) {
    return facts.victim_identified != v1::TRI_STATE_UNSPECIFIED &&
           facts.victim_identified != record.victim_identified;
  };
  const std::array<std::pair<index::DigestKind, const std::string*>, 3> digests = {
      {{index::DigestKind::kMd5, &record.md5},
       {index::DigestKind::kSha1, &record.sha1},
       {index::DigestKind::kSha256, &record.sha256}}};
  for (const auto& [kind, bytes] : digests) {
    if (bytes->empty() || !had_entries) continue;
    const auto found =
        FirstActive(*catalog.digests, kind, *bytes,
                    [&](std::uint64_t, const EntryFacts& facts) { return differs(facts); });
    if (!found.ok()) return found.status();
    if (*found != 0) return true;
  }
  for (const std::uint32_t offset : taken.Find(record)) {
    EntryRecord earlier;
    EntryScan scan(transaction, first + offset, first + offset);
    const auto row = scan.Next(earlier);
    if (!row.ok()) return row.status();
    if (*row && SharesDigest(earlier, record) && differs(earlier.Facts())) return true;
  }
  return false;
}

}  // namespace kith::catalog
