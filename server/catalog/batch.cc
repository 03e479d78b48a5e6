// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/batch.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "server/catalog/internal/carried.h"
#include "server/catalog/internal/catalog_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

// A forged list must not fill the memory with names of series.
constexpr std::size_t kMaxSeriesAnImport = 100'000;

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

// Without what the store says of it.
v1::Entry AsSaid(const v1::Entry& entry) {
  v1::Entry record = entry;
  record.clear_set();
  record.clear_entry_id();
  record.clear_withdrawn();
  record.clear_added_by_change();
  record.clear_repeats();
  return record;
}

v1::EntryIdentity IdentityBy(bool source_ref) {
  return source_ref ? v1::ENTRY_IDENTITY_BY_SOURCE_REF : v1::ENTRY_IDENTITY_BY_CONTENT;
}

}  // namespace

absl::Status CheckIdentity(const v1::HashSet& hash_set, bool by_source_ref) {
  const auto settled = hash_set.entry_identity();
  if (settled == v1::ENTRY_IDENTITY_UNSPECIFIED || settled == IdentityBy(by_source_ref)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "hash set ", Quoted(hash_set.name()),
      by_source_ref
          ? " holds entries of lists or people. A source that replaces and takes back its "
            "own records (NCMEC, StopNCII)"
          : " is fed by a source that replaces and takes back its own records (NCMEC, "
            "StopNCII). What comes from elsewhere",
      " needs a set of its own: add one"));
}

struct Batch::Impl {
  Catalog::Impl& catalog;
  std::shared_ptr<const v1::HashSet> hash_set;
  std::uint64_t series = 0;
  Signature signature;
  std::uint64_t first = 0;
  std::uint64_t next = 0;
  // What Commit tells the indexes; of a long batch it is read back from the database instead.
  IndexFeed feed;
  bool is_long = false;
  BatchDigest digest;
  // Digests taken by this batch: the indexes learn of them at Commit only.
  TakenDigests taken;
  bool recurs = false;  // the entry that was added last has one that comes again
  bool committed = false;
  std::uint64_t kept = 0;  // records that are carried only
  std::vector<std::uint64_t> withdrawn;
  BatchOptions options;
  absl::flat_hash_map<std::string, std::uint64_t> series_named;  // by the name; 0: of none
  std::vector<v1::Series> new_series;
  // XXH3 of what was said of an entry, by records that may be repeated and by those that repeat.
  absl::flat_hash_set<std::pair<std::uint64_t, std::uint64_t>> said_of;
  // Last, so that statements end before their transaction, and it before the rest.
  Transaction transaction;
  EntryWriter writer;
  std::unique_ptr<CarriedWriter> carried;

  Impl(Catalog::Impl& catalog_impl, Transaction write, BatchOptions batch_options)
      : catalog(catalog_impl),
        taken(std::move(batch_options.recurring)),
        options(std::move(batch_options)),
        transaction(std::move(write)),
        writer(transaction) {}

  [[nodiscard]] absl::StatusOr<std::uint64_t> Find(const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<std::uint64_t> FindNamed(const EntryRecord& record);
  [[nodiscard]] absl::Status FillNames();
  [[nodiscard]] bool CountsAs(std::uint64_t id, std::uint64_t wanted) const;
  [[nodiscard]] bool TellsAll(const EntryRecord& earlier, const EntryRecord& record) const;
  [[nodiscard]] static bool CountsAsMuch(const EntryFacts& facts, const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<bool> Covers(std::uint64_t entry, const EntryFacts& facts,
                                            const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<bool> CoversTaken(std::uint64_t entry, const EntryRecord& record);
  [[nodiscard]] absl::StatusOr<std::uint64_t> SeriesNamed(const std::string& name);
  // Whether the series of this number has this code.
  [[nodiscard]] bool IsCode(std::uint64_t id, std::string_view name) const;
  [[nodiscard]] absl::Status Keep(const v1::Entry& entry, std::uint64_t series_id,
                                  AddedEntry& added);
  [[nodiscard]] absl::StatusOr<AddedEntry> KeepOnly(const v1::Entry& entry);
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteAdded(const v1::Carried& file);
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteWithdrawals(
      std::span<const Withdrawal> withdraw);
  [[nodiscard]] absl::Status Settle(v1::HashSet& settled);
};

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
      const EntryFacts facts = catalog.table.Get(entry);
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
  const std::array<std::string_view, 1> query = {bytes};
  const auto found = where->Find(digest_kind, query);
  if (!found.ok()) return found.status();
  std::size_t looked_at = 0;
  for (const std::uint64_t entry : found->front()) {
    const EntryFacts facts = catalog.table.Get(entry);
    // Those of other sets and withdrawn ones cost a look into the table only.
    if (facts.withdrawn || facts.hash_set != record.hash_set) continue;
    if (++looked_at > TakenDigests::kMaxLookedAt) break;
    const auto covers = Covers(entry, facts, record);
    if (!covers.ok()) return covers.status();
    if (*covers) return entry;
  }
  for (const std::uint32_t offset : taken.Find(record)) {
    const auto covers = CoversTaken(first + offset, record);
    if (!covers.ok()) return covers.status();
    if (*covers) return first + offset;
  }
  return 0;
}

Batch::Batch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Batch::~Batch() = default;

absl::StatusOr<std::unique_ptr<Batch>> Catalog::BeginBatch(std::string_view set,
                                                           std::string_view series,
                                                           const Signature& signature,
                                                           BatchOptions options) {
  if (auto status = CheckSignature(signature); !status.ok()) return status;
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
  // As the one writer sees it.
  auto hash_set = impl_->FindSet(set);
  if (!hash_set.ok()) return hash_set.status();
  if (auto status = CheckIdentity(**hash_set, options.by_source_ref); !status.ok()) return status;
  auto batch = std::make_unique<Batch::Impl>(*impl_, *std::move(write), std::move(options));
  batch->hash_set = *std::move(hash_set);
  batch->series = series_id;
  batch->signature = signature;
  if (batch->options.keep) batch->carried = std::make_unique<CarriedWriter>(batch->transaction);
  batch->first = batch->next = impl_->table.Size();
  if (auto status = batch->FillNames(); !status.ok()) return status;
  return std::unique_ptr<Batch>(new Batch(std::move(batch)));
}

absl::StatusOr<AddedEntry> Batch::Add(const v1::Entry& entry) {
  if (entry.carried_only()) return impl_->KeepOnly(entry);
  auto record = TakeEntry(entry, impl_->hash_set->dialect());
  if (!record.ok()) return record.status();
  if (impl_->series == 0 && !entry.series().empty()) {
    const auto named = impl_->SeriesNamed(entry.series());
    if (!named.ok()) return named.status();
    record->series = *named;
  }
  const std::uint64_t series = impl_->series != 0 ? impl_->series : record->series;
  auto added = Add(*std::move(record));
  if (!added.ok() || !impl_->options.keep) return added;
  if (auto status = impl_->Keep(entry, series, *added); !status.ok()) return status;
  return added;
}

// The series of this name, or 0; a new one where the import asks for that.
absl::StatusOr<std::uint64_t> Batch::Impl::SeriesNamed(const std::string& name) {
  if (options.series_names != v1::SERIES_NAMES_LINK &&
      options.series_names != v1::SERIES_NAMES_CREATE) {
    return 0;
  }
  const auto known = series_named.find(name);
  if (known != series_named.end()) return known->second;
  if (series_named.size() >= kMaxSeriesAnImport) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the records name more than ", kMaxSeriesAnImport, " series: import without their names"));
  }
  std::uint64_t id = 0;
  if (const auto found = catalog.directory.series.ByName(name)) {
    const auto current = catalog.directory.CurrentSeries(found->series_id());
    id = current ? current->series_id() : found->series_id();
  } else if (options.series_names == v1::SERIES_NAMES_CREATE && CheckName("series", name).ok()) {
    if (auto status = transaction.Execute(
            "INSERT INTO series (code, note, created_at, unsaid) VALUES (?1, '', ?2, 1)", name,
            TimeNow());
        !status.ok()) {
      return status;
    }
    id = transaction.LastInsertId();
    if (id > UINT32_MAX) return absl::ResourceExhaustedError("too many series");
    v1::Series& added = new_series.emplace_back();
    added.set_series_id(id);
    added.set_code(name);
  }
  series_named.emplace(name, id);
  return id;
}

// Keeps a record that makes no entry, in its place; unless the set has it from an import already.
absl::StatusOr<AddedEntry> Batch::Impl::KeepOnly(const v1::Entry& entry) {
  if (!carried) return absl::InvalidArgumentError("carried_only is of imports: send it with one");
  v1::Entry record = AsSaid(entry);
  const std::string bytes = record.SerializeAsString();
  XXH128_canonical_t said;
  XXH128_canonicalFromHash(&said, XXH3_128bits(bytes.data(), bytes.size()));
  const std::string_view told(reinterpret_cast<const char*>(said.digest), sizeof said.digest);
  if (auto status =
          transaction.Execute("INSERT OR IGNORE INTO kept_record (hash_set, said) VALUES (?1, ?2)",
                              hash_set->set_id(), BlobView{told});
      !status.ok()) {
    return status;
  }
  if (transaction.Changes() == 0) return AddedEntry{.already_there = true};
  record.set_repeats(true);
  if (auto status = carried->Add(std::move(record), next - 1); !status.ok()) return status;
  ++kept;
  return AddedEntry{.carried_only = true};
}

// Keeps what a record said beside the entry that it became or repeats.
absl::Status Batch::Impl::Keep(const v1::Entry& entry, std::uint64_t series_id, AddedEntry& added) {
  if (added.already_there && added.entry_id < first) return absl::OkStatus();
  v1::Entry record = AsSaid(entry);
  const std::string bytes = record.SerializeAsString();
  const std::uint64_t hash =
      XXH3_64bits_withSeed(bytes.data(), bytes.size(), catalog.identity_seed);
  record.set_entry_id(added.entry_id);
  if (added.already_there) {
    if (!said_of.insert({added.entry_id, hash}).second) return absl::OkStatus();
    added.repeats = true;
    record.set_repeats(true);
    return carried->Add(std::move(record), next - 1);
  }
  if (recurs) said_of.insert({added.entry_id, hash});
  // The entry tells the rest, but for a name under which its series is not known here.
  v1::Entry own;
  own.set_entry_id(added.entry_id);
  *own.mutable_carried() = std::move(*record.mutable_carried());
  if (own.carried().series().empty() && !record.series().empty() &&
      !IsCode(series_id, record.series())) {
    own.mutable_carried()->set_series(record.series());
  }
  if (own.carried().ByteSizeLong() == 0) return absl::OkStatus();
  return carried->Add(std::move(own), added.entry_id);
}

bool Batch::Impl::IsCode(std::uint64_t id, std::string_view name) const {
  if (const auto found = catalog.directory.series.ById(id)) return found->code() == name;
  return id != 0;  // one of this import, made by this name
}

absl::StatusOr<AddedEntry> Batch::Add(EntryRecord record) {
  record.hash_set = impl_->hash_set->set_id();
  if (impl_->series != 0) record.series = impl_->series;
  const auto earlier = impl_->Find(record);
  if (absl::IsInvalidArgument(earlier.status())) {
    return absl::InternalError(earlier.status().message());  // not the record's fault
  }
  if (!earlier.ok()) return earlier.status();
  if (*earlier != 0) return AddedEntry{.entry_id = *earlier, .already_there = true};
  if (impl_->next - impl_->first >= UINT32_MAX) {
    return absl::ResourceExhaustedError("a batch of 2^32 entries: divide the list");
  }
  record.id = impl_->next;
  if (auto status = impl_->writer.Write(record); !status.ok()) return status;
  if (impl_->options.by_source_ref) {
    if (auto status = impl_->transaction.Execute(
            "INSERT INTO named_entry (hash_set, source_ref, entry) VALUES (?1, ?2, ?3)",
            record.hash_set, record.source_ref, record.id);
        !status.ok()) {
      return status;
    }
  }
  ++impl_->next;
  impl_->digest.Add(record);
  impl_->recurs = impl_->taken.Add(record, static_cast<std::uint32_t>(record.id - impl_->first));
  if (!impl_->is_long) impl_->feed.Add(record, impl_->catalog.identity_seed);
  if (impl_->feed.facts.size() >= kFeedEntries) {
    impl_->is_long = true;
    impl_->feed = {};
  }
  return AddedEntry{.entry_id = record.id, .already_there = false};
}

std::uint64_t Batch::series_added() const { return impl_->new_series.size(); }

std::uint64_t Batch::first_entry() const { return impl_->next == impl_->first ? 0 : impl_->first; }

std::uint64_t Batch::withdrawn() const { return impl_->withdrawn.size(); }

// The change that adds what was taken; 0: nothing was.
absl::StatusOr<std::uint64_t> Batch::Impl::WriteAdded(const v1::Carried& file) {
  std::uint64_t change = 0;
  if (next != first) {
    const auto batch = digest.Finish();
    if (auto status = transaction.Execute(
            "INSERT INTO change (at, kind, first_entry, last_entry, digest, note, subject, who)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            TimeNow(), ChangeKind::kAdded, first, next - 1, BlobView{{batch.data(), batch.size()}},
            signature.why,
            absl::StrCat("set ", hash_set->name(), ", entries ", first, " to ", next - 1),
            signature.who);
        !status.ok()) {
      return status;
    }
    change = transaction.LastInsertId();
  } else if (kept > 0) {
    const auto added = catalog.AddChange(
        transaction, ChangeKind::kKept,
        absl::StrCat("set ", hash_set->name(), ", ", kept, " records, no entry"), signature);
    if (!added.ok()) return added.status();
    change = *added;
  }
  if (change == 0 || !carried) return change;
  if (auto status = carried->Finish(change, hash_set->set_id(), file); !status.ok()) return status;
  return change;
}

// A change for each reason; the number of the last one, or 0.
absl::StatusOr<std::uint64_t> Batch::Impl::WriteWithdrawals(std::span<const Withdrawal> withdraw) {
  std::uint64_t change = 0;
  absl::flat_hash_set<std::uint64_t> seen;
  for (const Withdrawal& one : withdraw) {
    std::vector<std::uint64_t> active;
    for (const std::uint64_t entry : one.entries) {
      const bool is_earlier = entry != 0 && entry < first;
      const EntryFacts facts = is_earlier ? catalog.table.Get(entry) : EntryFacts{};
      if (!is_earlier || facts.hash_set != hash_set->set_id()) {
        return absl::InvalidArgumentError(absl::StrCat("entry ", entry,
                                                       " cannot be withdrawn: it is none of set ",
                                                       hash_set->name(), " of before"));
      }
      if (!facts.withdrawn && seen.insert(entry).second) active.push_back(entry);
    }
    if (active.empty()) continue;
    std::sort(active.begin(), active.end());
    const auto written =
        catalog.WriteWithdrawal(transaction, active, {.who = signature.who, .why = one.why});
    if (!written.ok()) return written.status();
    change = *written;
    withdrawn.insert(withdrawn.end(), active.begin(), active.end());
  }
  std::sort(withdrawn.begin(), withdrawn.end());
  return change;
}

absl::Status Batch::Impl::Settle(v1::HashSet& settled) {
  settled.set_entry_identity(IdentityBy(options.by_source_ref));
  return transaction.Execute("UPDATE hash_set SET entry_identity = ?1 WHERE id = ?2",
                             settled.entry_identity(), settled.set_id());
}

absl::Status Batch::Commit(const v1::Carried& file, std::span<const Withdrawal> withdraw) {
  Impl& impl = *impl_;
  if (impl.committed) return absl::InternalError("a batch is committed once");
  impl.committed = true;
  const auto added = impl.WriteAdded(file);
  if (!added.ok()) return added.status();
  const auto gone = impl.WriteWithdrawals(withdraw);
  if (!gone.ok()) return gone.status();
  const std::uint64_t change = std::max(*added, *gone);
  if (change == 0) return absl::OkStatus();
  v1::HashSet hash_set = *impl.hash_set;
  const bool settles =
      impl.next != impl.first && hash_set.entry_identity() == v1::ENTRY_IDENTITY_UNSPECIFIED;
  if (settles) {
    if (auto status = impl.Settle(hash_set); !status.ok()) return status;
  }
  // First the indexes, then the number: no answer claims a change that it did not see, and none
  // sees what replaces an entry without missing that.
  return impl.catalog.CommitAndApply(impl.transaction, change, [&]() -> absl::Status {
    if (settles) impl.catalog.PutSet(hash_set);
    for (v1::Series& series : impl.new_series) impl.catalog.PutSeries(series);
    absl::Status told;
    if (impl.next != impl.first) {
      told = impl.is_long ? impl.catalog.FeedFromTables(impl.first, impl.next - 1)
                          : impl.catalog.Feed(impl.feed);
    }
    if (!told.ok() || impl.withdrawn.empty()) return told;
    return impl.catalog.ApplyWithdrawal(impl.withdrawn);
  });
}

}  // namespace kith::catalog
