// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the state of a catalog, shared by the files that implement it.
//
// Thread-safety: what changes is guarded as its comment says.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/catalog/catalog.h"
#include "server/catalog/internal/entry_record.h"
#include "server/catalog/internal/pieces.h"

namespace kith::catalog {

class FactFiles;     // fact_files.h
struct FactSummary;  // fact_format.h

// Which parts of what is derived from the catalog lack an entry.
struct Lacking {
  bool facts = true;
  bool codes = true;
  bool digests = true;
  bool identities = true;
};

// What the indexes need of a run of new entries, gathered so that they are told in bulk.
struct IndexFeed {
  std::vector<EntryFacts> facts;  // entry first + i
  std::vector<index::Code> codes;
  std::vector<index::Label> labels;
  std::array<std::string, 4> digests;  // MD5, SHA-1, SHA-256, identities: back to back
  std::array<std::vector<std::uint64_t>, 4> digest_entries;
  std::map<std::uint64_t, std::uint32_t> dialects;  // bits of each v1::Dialect seen, by set

  void Add(const EntryRecord& record, std::uint64_t identity_seed, const Lacking& lacking = {});
  void Clear();
};

// Tells an entry that has no digest: XXH3-128 of its set, its codes and its source_ref.
[[nodiscard]] std::array<char, 16> IdentityOf(const EntryRecord& record, std::uint64_t seed);

// Fills a series from a row of series_version: its columns from `first` on, as kSeriesColumns.
inline constexpr std::string_view kSeriesColumns =
    "v.status, v.agency, v.contact, v.identified_on, v.jurisdiction, v.sensitivity, v.notification,"
    " v.notification_contact, v.restitution_contact, v.note, v.merged_into, v.locator, v.victims";
void ReadSeries(const Statement& row, int first, const Directory& directory, v1::Series& series);

// Who and why are text that may be shown; INVALID_ARGUMENT.
[[nodiscard]] absl::Status CheckSignature(const Signature& signature);
// For a correction: both must be there.
[[nodiscard]] absl::Status NeedSignature(const Signature& signature, std::string_view what);

// The series of each entry that was moved: the last one. By entry.
[[nodiscard]] absl::StatusOr<std::unordered_map<std::uint64_t, std::uint64_t>> ReadMoved(
    Transaction& read);

// The entries withdrawn by changes above `after`, ascending. DATA_LOSS for one above `last`.
[[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> ReadWithdrawn(Transaction& read,
                                                                       std::uint64_t last,
                                                                       std::uint64_t after = 0);
// The tables lack entries that are on record.
[[nodiscard]] absl::Status SomeAreGone(std::uint64_t first, std::uint64_t last);
// Those among first to last, ascending.
[[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> ReadWithdrawnAmong(Transaction& read,
                                                                            std::uint64_t first,
                                                                            std::uint64_t last);

struct Catalog::Impl {
  Impl();
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  class EntryLoader;  // load_entries.cc

  CatalogOptions options;
  std::string store_id;
  std::unique_ptr<Database> database;
  Directory directory;
  EntryTable table;
  std::unique_ptr<index::HammingIndex> codes;
  std::unique_ptr<index::DigestIndex> digests;
  // Entries without a digest, by IdentityOf. The seed is random: nobody can forge a duplicate. It
  // is in the mark of the index, as identities in files were taken with it.
  std::unique_ptr<index::DigestIndex> identities;
  std::uint64_t identity_seed = 0;
  // What the start need not read again; nothing is lost with it. Of the holder of the writing
  // transaction.
  std::unique_ptr<FactFiles> fact_files;
  std::uint64_t marked_end = 1;  // the codes of entries below are under the newest mark
  std::uint64_t kept_end = 1;    // the facts of entries below were looked at for keeping
  std::vector<std::uint64_t> unkept_blocks;  // of facts that were made again, their files were not
  std::uint64_t saved_end = 1;  // the digests of entries below are in files, or on their way
  std::string index_dir;

  mutable std::mutex alarms_mutex;
  std::vector<std::string> alarms;  // the last ones

  mutable std::mutex counts_mutex;
  std::vector<std::uint64_t> set_entries;                           // by number of the set
  std::vector<std::uint32_t> set_dialects;                          // bits, by number of the set
  std::unordered_map<std::uint64_t, std::uint64_t> series_entries;  // by number of the series

  mutable std::mutex moment_mutex;
  Moment moment;
  // The memory (directory, table, indexes) lacks a change that is recorded: answers would be
  // incomplete, and additions would be made twice. A restart mends it.
  std::atomic<bool> index_broken{false};
  // What is told of some entries may be wrong: their file was found damaged and is not mended yet.
  std::atomic<bool> facts_damaged{false};

  mutable std::mutex facts_mutex;
  std::vector<std::uint64_t> damaged_blocks;  // of facts
  std::atomic<std::uint64_t> facts_noted{0};  // how often one was found
  // What is told of the entries of this block may be wrong.
  void NoteFacts(std::uint64_t block);

  [[nodiscard]] absl::Status CheckWhole() const;
  // UNAVAILABLE while what is told of some entries may be wrong.
  [[nodiscard]] absl::Status CheckFacts() const;
  [[nodiscard]] absl::Status FactsWereDamaged() const;  // what it says then
  // UNAVAILABLE when the index is broken or facts are damaged: for all writers of the catalog, who
  // ask which entries are withdrawn, and where.
  [[nodiscard]] absl::StatusOr<Transaction> BeginWrite();
  // COMMIT, then `apply` to bring the memory up to date, then Publish(change), unless it is 0.
  // Whatever ends it early behind the COMMIT, be it an exception, breaks the index: UNAVAILABLE.
  // UNAVAILABLE, too, and nothing is changed, where facts were found damaged since BeginWrite.
  [[nodiscard]] absl::Status CommitAndApply(Transaction& write, std::uint64_t change,
                                            const std::function<absl::Status()>& apply);

  // All of these are called by the holder of the writing transaction, or while opening.
  [[nodiscard]] absl::Status OpenIndexes();
  // What is damaged is begun anew. Without a folder it is held in memory.
  [[nodiscard]] absl::StatusOr<std::unique_ptr<index::DigestIndex>> OpenDigests(
      const std::string& name, index::DigestConfirm confirm);
  // The name of this moment (entry_mark.h); empty where it cannot be read.
  [[nodiscard]] std::string MarkNow();
  // Tells the indexes of digests that what comes now is of this moment; and that it is all there.
  void Touch(std::string_view mark);
  void Reach(std::uint64_t change, std::string_view mark);
  [[nodiscard]] absl::Status Load();
  [[nodiscard]] absl::Status LoadDirectory(Transaction& read);
  [[nodiscard]] absl::Status LoadEntries(Transaction& read);
  [[nodiscard]] absl::Status Feed(const IndexFeed& feed);
  [[nodiscard]] absl::Status TellDigests(const IndexFeed& feed);
  // Feed, of entries first to last as the database has them.
  [[nodiscard]] absl::Status FeedFromTables(std::uint64_t first, std::uint64_t last);
  // Has the indexes of digests saved where so many entries came since.
  void SaveDigests(std::uint64_t entries);
  // Names the moment to what is kept on disk, where entries were added since the last mark.
  void MarkEntries(std::string_view mark);
  [[nodiscard]] absl::Status KeepFacts(std::string_view mark);
  // In files, without a list that names them: full blocks, and the last one when so many entries
  // came to it since it was written.
  [[nodiscard]] absl::Status KeepBlocks(std::uint64_t tail);
  // So that what is told of an import of any size lies in files while it is fed.
  void KeepFullBlocks();
  // Writes the files of facts that were made again.
  [[nodiscard]] absl::Status KeepMended();
  // DATA_LOSS where the facts tell of a set that is none: then they are noted as damaged.
  [[nodiscard]] absl::StatusOr<FactSummary> SummaryOf(std::uint64_t block);
  // Puts an entry into a series, and counts it there where it is active.
  void PutIntoSeries(std::uint64_t entry, std::uint64_t series);
  [[nodiscard]] absl::StatusOr<std::vector<std::uint64_t>> EntriesNamed(
      const v1::HashSet& hash_set, std::span<const std::string> names, std::uint64_t after,
      std::size_t limit);
  // Adds a change that withdraws these active entries, which ascend; returns its number.
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteWithdrawal(Transaction& write,
                                                              std::span<const std::uint64_t> active,
                                                              const Signature& signature);
  // Tells the memory of it.
  [[nodiscard]] absl::Status ApplyWithdrawal(std::span<const std::uint64_t> active);
  std::atomic<std::uint64_t> withdrawals = 0;  // begun since the catalog was opened
  // Makes active entries silent.
  [[nodiscard]] absl::Status Silence(std::span<const std::uint64_t> entries);
  // In table, codes and counts.
  [[nodiscard]] absl::Status SilenceFacts(std::span<const std::uint64_t> entries);
  void Count(const FactSummary& summary);
  // Tells whoever looks after the store of something that is wrong with it, and goes on.
  void Alarm(std::string_view what);
  void Publish(std::uint64_t change);
  // Adds a row to the change sequence and returns its number.
  [[nodiscard]] absl::StatusOr<std::uint64_t> AddChange(Transaction& write, ChangeKind kind,
                                                        std::string_view subject,
                                                        const Signature& signature);
  void PutSet(const v1::HashSet& hash_set);

  // For requests: NOT_FOUND with a hint of what to do.
  [[nodiscard]] absl::StatusOr<std::shared_ptr<const v1::HashSet>> FindSet(
      std::string_view name) const;
  [[nodiscard]] absl::StatusOr<std::shared_ptr<const v1::Series>> FindSeries(
      std::string_view code) const;
  [[nodiscard]] absl::StatusOr<std::shared_ptr<const v1::Agency>> FindAgency(
      std::string_view name) const;

  [[nodiscard]] absl::StatusOr<std::shared_ptr<const v1::Contact>> FindContact(
      std::uint64_t id) const;
  // For changes to a series: itself, not what it was merged into; FAILED_PRECONDITION if it was.
  [[nodiscard]] absl::StatusOr<v1::Series> FindUnmerged(std::string_view code) const;
  [[nodiscard]] absl::StatusOr<v1::Series> FindAsItIs(std::string_view code) const;
  [[nodiscard]] std::string WhoIsLost(const v1::Series& series, const v1::Series& target) const;
  [[nodiscard]] absl::Status KeepsWhoIsTold(const v1::Series& before,
                                            const v1::Series& after) const;

  // Checks who identified a series, and writes it into `series`.
  [[nodiscard]] absl::Status TakeIdentifier(std::string_view agency_name, std::uint64_t contact_id,
                                            std::string_view identified_on,
                                            std::string_view jurisdiction,
                                            v1::Series& series) const;
  // Adds a change and the whole state of the series as of it; returns its number.
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteSeries(Transaction& write, ChangeKind kind,
                                                          const v1::Series& series,
                                                          const Signature& signature);
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteSet(Transaction& write, ChangeKind kind,
                                                       const v1::HashSet& hash_set,
                                                       const Signature& signature);
  [[nodiscard]] absl::StatusOr<std::uint64_t> WriteContact(Transaction& write,
                                                           const v1::Contact& contact,
                                                           const Signature& signature);
  // Puts the series into the directory, with the contacts that stand for its own now.
  void PutSeries(v1::Series series);
  [[nodiscard]] absl::Status LoadSeries(Transaction& read);

  // Reads the files of the index again and makes what is damaged anew (care.cc). By any thread, one
  // at a time. `pace` is told of bytes read; its false ends it. The damage found, in words.
  using Pace = std::function<bool(std::uint64_t bytes)>;
  [[nodiscard]] std::vector<std::string> Scrub(const Pace& pace);
  // As fast as it can be read; the slow round gives way.
  [[nodiscard]] std::vector<std::string> ScrubAtOnce();
  [[nodiscard]] std::vector<std::string> ScrubFacts(const Pace& pace);
  // Whether something is known to be damaged.
  [[nodiscard]] bool Ails() const;
  // Makes anew what is known to be damaged; OK if nothing is. With care_mutex held: by `pace` of
  // Scrub, too.
  [[nodiscard]] absl::Status Mend();
  void StartCare();
  [[nodiscard]] absl::Status MendCodes();
  [[nodiscard]] absl::Status MendDigests();
  [[nodiscard]] absl::Status MendFacts();
  class Caretaker;
  std::mutex care_mutex;  // of one who scrubs or mends
  // Tells that something is made again: once, however often that is tried. With care_mutex held.
  void Announce(std::string what);
  std::set<std::string> announced;       // since nothing ailed
  std::string told_damage;               // of codes; guarded by it
  std::atomic<int> checks_waiting{0};    // a slow round gives way to them
  std::unique_ptr<Caretaker> caretaker;  // last: its thread uses all the others
};

}  // namespace kith::catalog
