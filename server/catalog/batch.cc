// SPDX-License-Identifier: Apache-2.0
#include "server/catalog/batch.h"

#include <xxhash.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/catalog/internal/batch_impl.h"
#include "server/catalog/names.h"

namespace kith::catalog {
namespace {

// A forged list must not fill the memory with names of series.
constexpr std::size_t kMaxSeriesAnImport = 100'000;

// Without what the store says of it, and what nobody here can check.
v1::Entry AsSaid(const v1::Entry& entry) {
  v1::Entry record = entry;
  record.DiscardUnknownFields();
  record.clear_set();
  record.clear_entry_id();
  record.clear_withdrawn();
  record.clear_added_by_change();
  record.clear_repeats();
  return record;
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
  batch->had_entries = SetEntries(batch->hash_set->set_id()) > 0;
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
  if (added->already_there) {
    const auto other = impl_->HasOtherCategory(added->entry_id, entry.category());
    if (!other.ok()) return other.status();
    added->other_category = *other;
  }
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
    if (auto status =
            transaction.Execute("INSERT INTO series (code, note, created_at, unsaid, who, why)"
                                " VALUES (?1, '', ?2, 1, ?3, ?4)",
                                name, TimeNow(), signature.who, signature.why);
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
  const auto holds = Holds(entry.digests());
  if (!holds.ok()) return holds.status();
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
  if (transaction.Changes() == 0) return AddedEntry{.already_there = true, .still_matched = *holds};
  record.set_repeats(true);
  if (auto status = carried->Add(std::move(record), next - 1); !status.ok()) return status;
  ++kept;
  return AddedEntry{.carried_only = true, .still_matched = *holds};
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
  absl::StatusOr<bool> other_victim = false;
  if (impl_->options.keep) other_victim = impl_->HasOtherVictim(record);
  if (!other_victim.ok()) return other_victim.status();
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
  return AddedEntry{.entry_id = record.id, .other_victim = *other_victim};
}

std::uint64_t Batch::series_added() const { return impl_->new_series.size(); }

std::uint64_t Batch::first_entry() const { return impl_->next == impl_->first ? 0 : impl_->first; }

std::uint64_t Batch::withdrawn() const { return impl_->withdrawn.size(); }

}  // namespace kith::catalog
