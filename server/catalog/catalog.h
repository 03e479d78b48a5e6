// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what is known (agencies, contacts, series, hash sets, entries), durable in one SQLite
// file, and the indexes derived from it.
//
// Thread-safety: all functions may be called from any thread. Look-ups never wait for a commit.
// What a function acknowledged is durable, and seen by every call that begins later.
//
// Errors: as proto/kith/v1/catalog.proto says for each call, and those of database.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/digest_index.h"
#include "index/hamming_index.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/common.pb.h"
#include "proto/kith/v1/import.pb.h"
#include "server/catalog/change.h"
#include "server/catalog/database.h"
#include "server/catalog/directory.h"
#include "server/catalog/entry_table.h"

namespace kith::catalog {

using Progress =
    std::function<void(const std::string& what, std::uint64_t done, std::uint64_t total)>;

// How the files of the index are read again in the background, to find what the disk lost.
struct Scrubbing {
  std::uint64_t bytes_a_second = std::uint64_t{8} << 20;
  int pause_ms = 60'000;  // before each round
};

struct CatalogOptions {
  std::string store_dir;  // the file is kith.db in it
  bool create = true;
  std::string index_engine = "mih";
  // The tables of rooms that share the file, applied after the catalog's own of the same version.
  std::span<const Migration> more_migrations;
  // A run of entries, or a head of codes, of this size is kept in the index folder for the next
  // start; tests make it small.
  std::size_t keep_from = 65536;
  Progress progress;
  // Told what is wrong with the files of the index, once each. From any thread; must not throw.
  std::function<void(const std::string& what)> alarm = {};
  Scrubbing scrubbing = {};
  // For tests of the worst moment: called between a COMMIT and the indexes; may throw.
  std::function<void()> after_commit = {};
};

// One of the entries of AddEntries.
struct AddedEntry {
  std::uint64_t entry_id = 0;
  bool already_there = false;
  bool repeats = false;       // already there, but kept beside it: see BatchOptions
  bool carried_only = false;  // it was kept and made no entry
  // Said otherwise, and not changed by it: the entry that is there has another category, or the set
  // holds the file of a record that is carried only.
  bool other_category = false;
  bool still_matched = false;
  // Of one that was added: an active entry of the set with the same digest says otherwise of
  // whether the victim is identified.
  bool other_victim = false;
};

// What its source calls an entry, and its kind.
struct EntryLabel {
  std::string source_ref;
  std::string category_scheme;
  std::string category_code;
};

// Where a page of what imports brought begins.
struct ImportedPlace {
  std::uint64_t after = 0;   // this entry
  std::uint64_t block = 0;   // in this block of what was carried (0: the first that tells of them)
  std::uint64_t passed = 0;  // behind so many records of it
};

// Entries as their sources said them.
struct ImportedPage {
  std::vector<v1::Entry> entries;
  ImportedPlace next;  // where the next page begins
  bool more = false;
};

// What a set does to a match; one for each set, by number.
struct SetRule {
  bool enabled = false;
  v1::Purpose purpose = v1::PURPOSE_KNOWN;
  int radius_bits = 0;
};

// What a look-up saw: all changes up to `change`, and of later ones nothing that adds a match.
struct Moment {
  std::uint64_t change = 0;
  std::uint64_t entries_end = 1;                     // entries from this number on came later
  std::shared_ptr<const std::vector<SetRule>> sets;  // by number of the set
};

// The view and the dialect of a code ride in the index's label.
struct CodeLabel {
  std::uint32_t frame = 0;
  v1::Crop crop = v1::CROP_ORIGINAL;
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
};
[[nodiscard]] std::uint32_t PackLabel(const CodeLabel& label);
[[nodiscard]] CodeLabel UnpackLabel(std::uint32_t view);
inline constexpr std::uint32_t kMaxFrame = (1U << 28) - 1;
inline constexpr int kMaxCodesAnEntry = 64;

// What VerifyStore found.
struct Inspection {
  std::vector<std::string> problems;  // none: the store is sound
  std::uint64_t entries = 0;          // all, withdrawn ones too
  std::uint64_t codes = 0;
  std::uint64_t batches = 0;
  std::uint64_t change = 0;
};

class Batch;
struct BatchOptions;  // batch.h

class Catalog {
 public:
  // Opens or makes the store. What the index folder holds of its entries is taken from there; the
  // rest is read from the database, and the digests of the batches read are checked on the way: a
  // damaged one is DATA_LOSS (names the entries). O(entries).
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<Catalog>> Open(const CatalogOptions& options);
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  [[nodiscard]] Database& database();
  [[nodiscard]] const std::string& store_dir() const;
  [[nodiscard]] const std::string& store_id() const;
  [[nodiscard]] v1::IndexVersion Version() const;

  // Small records; each Add gives the record as it stands now.
  [[nodiscard]] const Directory& directory() const;
  [[nodiscard]] absl::StatusOr<v1::Agency> AddAgency(const v1::Agency& agency);
  [[nodiscard]] absl::StatusOr<v1::Agency> EditAgency(const v1::EditAgencyRequest& request);
  [[nodiscard]] absl::StatusOr<v1::Contact> AddContact(const v1::Contact& contact);
  // `signature`: of the addition, and of the identification where it has one; may be empty.
  [[nodiscard]] absl::StatusOr<v1::Series> AddSeries(const v1::Series& series,
                                                     const Signature& signature = {});
  // Where `by_contact_id` is 0, the agency's desk stands in its place.
  [[nodiscard]] absl::StatusOr<v1::Contact> SupersedeContact(std::uint64_t contact_id,
                                                             std::uint64_t by_contact_id,
                                                             const Signature& signature);
  [[nodiscard]] absl::StatusOr<v1::Contact> VerifyContact(std::uint64_t contact_id,
                                                          std::string_view verified_at,
                                                          const Signature& signature);
  [[nodiscard]] absl::StatusOr<v1::Series> IdentifySeries(const v1::IdentifySeriesRequest& request);
  [[nodiscard]] absl::StatusOr<v1::Series> UnidentifySeries(std::string_view code,
                                                            const Signature& signature);
  [[nodiscard]] absl::StatusOr<v1::Series> EditSeries(const v1::EditSeriesRequest& request);
  [[nodiscard]] absl::StatusOr<v1::Series> SetSeriesAlias(std::string_view code,
                                                          const v1::SeriesAlias& alias,
                                                          const Signature& signature);
  [[nodiscard]] absl::StatusOr<v1::Series> MergeSeries(std::string_view code, std::string_view into,
                                                       const Signature& signature);
  [[nodiscard]] absl::StatusOr<v1::Series> UnmergeSeries(std::string_view code,
                                                         const Signature& signature);
  [[nodiscard]] absl::StatusOr<std::vector<v1::SeriesEvent>> SeriesHistory(std::string_view code);
  // Whether a series is identified and, as of this change or at some moment since, another agency
  // or contact stood there for having identified it.
  [[nodiscard]] absl::StatusOr<bool> WasIdentifiedByAnother(std::uint64_t series_id,
                                                            std::uint64_t since);
  [[nodiscard]] absl::StatusOr<v1::HashSet> AddHashSet(const v1::HashSet& hash_set);
  [[nodiscard]] absl::StatusOr<v1::HashSet> SetHashSetEnabled(std::string_view name, bool enabled,
                                                              const Signature& signature);
  [[nodiscard]] absl::StatusOr<v1::HashSet> EditHashSet(const v1::EditHashSetRequest& request);
  // All sets, by number, with version, radius and whether they were on as of this change; one that
  // was made since, as it was made. O(sets).
  [[nodiscard]] absl::StatusOr<std::vector<v1::HashSet>> HashSetsAt(std::uint64_t change);
  // Up to `limit` changes with a number above `after`, ascending.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Change>> ListChanges(std::uint64_t after,
                                                                    std::size_t limit);
  // The last change up to this one that can touch a verdict; 0: none. Entries, series, merges, sets
  // and radii do; notes, contacts, aliases, opinions (which give verdicts anew themselves) do not.
  [[nodiscard]] absl::StatusOr<std::uint64_t> LastVerdictChange(std::uint64_t up_to);
  // The last edit of a hash set, whatever was edited, behind one change and up to another; 0: none.
  [[nodiscard]] absl::StatusOr<std::uint64_t> LastSetEdit(std::uint64_t behind,
                                                          std::uint64_t up_to);
  // Active entries of a set or a series, by number; of a series with those merged into it.
  [[nodiscard]] std::uint64_t SetEntries(std::uint64_t set_id) const;
  [[nodiscard]] std::uint64_t SeriesEntries(std::uint64_t series_id) const;
  // Dialects that codes of the sets enabled at that moment may have, perhaps some more;
  // UNSPECIFIED stands for "nobody knows".
  [[nodiscard]] std::vector<v1::Dialect> DialectsInUse(const Moment& moment) const;

  // Adds entries to a set, all or none (INVALID_ARGUMENT names the item). `who` may be empty.
  [[nodiscard]] absl::StatusOr<std::vector<AddedEntry>> AddEntries(
      std::string_view set, std::string_view series, std::span<const v1::Entry* const> entries,
      std::string_view who = {});
  [[nodiscard]] absl::StatusOr<v1::Entry> GetEntry(std::uint64_t entry_id);
  // Up to `limit` entries with a number above `after`; 0 for `set_id` or `series_id` means all.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Entry>> ListEntries(std::uint64_t after,
                                                                   std::size_t limit,
                                                                   std::uint64_t set_id,
                                                                   std::uint64_t series_id);
  // The same, each as its source said it: with what is carried, and with the records that repeat an
  // entry. A page ends early where it grows beyond a MiB. Reads what was carried from `from` on.
  [[nodiscard]] absl::StatusOr<ImportedPage> ListImported(const ImportedPlace& from,
                                                          std::size_t limit, std::uint64_t set_id,
                                                          std::uint64_t series_id);
  // Those of the set with one of these names as their source_ref, also withdrawn ones.
  [[nodiscard]] absl::StatusOr<ImportedPage> ListNamed(const v1::HashSet& hash_set,
                                                       std::span<const std::string> names,
                                                       std::uint64_t after, std::size_t limit,
                                                       bool as_imported);
  // Up to `limit` imports into the set with a number above `after`, ascending; no more once they
  // have more than `max_bytes`, but two at least.
  [[nodiscard]] absl::StatusOr<std::vector<v1::ImportRecord>> ListImports(std::uint64_t set_id,
                                                                          std::uint64_t after,
                                                                          std::size_t limit,
                                                                          std::size_t max_bytes);
  // Returns how many were active until now.
  [[nodiscard]] absl::StatusOr<std::uint64_t> Withdraw(std::span<const std::uint64_t> entry_ids,
                                                       const Signature& signature);
  // Puts entries into a series; returns how many were in another one, or in none.
  [[nodiscard]] absl::StatusOr<std::uint64_t> MoveEntries(std::span<const std::uint64_t> entry_ids,
                                                          std::string_view series,
                                                          const Signature& signature);
  // Writes something of another room under a number of the change sequence: `record` puts its rows
  // into the transaction, `apply` follows the COMMIT. An error of `record` undoes all.
  [[nodiscard]] absl::Status Change(
      ChangeKind kind, std::string_view subject, const Signature& signature,
      const std::function<absl::Status(Transaction&, std::uint64_t)>& record,
      const std::function<absl::Status()>& apply);
  // The records of these entries, in order. NOT_FOUND names the first unknown.
  [[nodiscard]] absl::StatusOr<std::vector<v1::Entry>> ReadEntries(
      std::span<const std::uint64_t> entry_ids);
  // Hands the active entries of a set with numbers first..last to `take`, ascending: the set's name
  // and the series are not filled in. An error of `take` ends it. UNAVAILABLE, perhaps behind some
  // that were handed on, where it was doubtful meanwhile which entries are the set's. Reads these
  // and few others; to find them takes nanoseconds for each entry of all sets.
  [[nodiscard]] absl::Status ForEachEntry(
      std::uint64_t set_id, std::uint64_t first, std::uint64_t last,
      const std::function<absl::Status(const v1::Entry&)>& take);
  // What the sources call these entries, in order.
  [[nodiscard]] absl::StatusOr<std::vector<EntryLabel>> Labels(
      std::span<const std::uint64_t> entry_ids);

  // For the matcher. UNAVAILABLE when the index lacks a change, because memory ran out, or while
  // a damaged part of it is being made again.
  [[nodiscard]] absl::StatusOr<Moment> Now() const;
  // How many withdrawals began until now. What is withdrawn is silent at once, for look-ups of an
  // older moment too, which do not see yet what replaces it: whoever finds another number behind a
  // look-up than before it asks again.
  [[nodiscard]] std::uint64_t Withdrawals() const;
  [[nodiscard]] const EntryTable& entries() const;
  [[nodiscard]] const index::HammingIndex& codes() const;
  [[nodiscard]] const index::DigestIndex& digests() const;
  // The last things that were found wrong with the store since the start, each with its time.
  [[nodiscard]] std::vector<std::string> Alarms() const;
  // Tells whoever looks after the store of one more.
  void Alarm(std::string_view what);
  // How fast the index is read over again; 0: it is not.
  [[nodiscard]] std::uint64_t scrub_bytes_a_second() const;

  // Copies the database into a new file; returns the last change that is in the copy.
  [[nodiscard]] absl::StatusOr<std::uint64_t> CopyTo(const std::string& path);

  // Reads the whole store and its index and tells every damage found; damage of the index is
  // mended.
  [[nodiscard]] absl::StatusOr<Inspection> Inspect();

  // One addition of any length, all or none. The other writers wait until it is destroyed.
  // `signature`: who adds, and whence it comes.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<Batch>> BeginBatch(std::string_view set,
                                                                  std::string_view series,
                                                                  const Signature& signature,
                                                                  BatchOptions options);

 private:
  friend class Batch;
  struct Impl;
  explicit Catalog(std::unique_ptr<Impl> impl);
  [[nodiscard]] absl::StatusOr<v1::Series> ChangeSeries(
      std::string_view code, ChangeKind kind, const Signature& signature,
      const std::function<absl::Status(v1::Series&)>& edit);
  [[nodiscard]] absl::StatusOr<v1::Contact> ChangeContact(
      std::uint64_t contact_id, const Signature& signature,
      const std::function<absl::Status(v1::Contact&)>& edit);
  [[nodiscard]] absl::StatusOr<v1::HashSet> ChangeSet(
      std::string_view name, ChangeKind kind, const Signature& signature,
      const std::function<bool(v1::HashSet&)>& edit);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::catalog
