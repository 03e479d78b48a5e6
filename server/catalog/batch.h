// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one addition of entries to a set, of any length, all or none.
//
// Thread-safety: belongs to one thread. Other writers wait until it is destroyed; look-ups do not.
// Memory: 50 MB. Where digests come more than once, 12 bytes for each of them, up to 320 more where
// entries of the batch share it, and of an import up to 40 for each record that has one. 8 bytes
// an entry that is withdrawn, and 8 more for those that were active; the names of series, of which
// an import has at most 100,000.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/import.pb.h"
#include "server/catalog/catalog.h"
#include "server/catalog/recurring_digests.h"

namespace kith::catalog {

struct EntryRecord;

// Earlier entries of the set that go with the addition.
struct Withdrawal {
  std::vector<std::uint64_t> entries;
  std::string why;
};

struct BatchOptions {
  // The digests and identities that come more than once: of the others the batch remembers nothing.
  RecurringDigests recurring;
  // An entry tells what a record does only under the same source_ref, with just its digests and
  // codes (BeginImportRequest.by_source_ref).
  bool by_source_ref = false;
  // Kept: `carried` of each record, and, in their order, records that say something else of a file
  // that the same batch brought before, and those that are carried only.
  bool keep = false;
  v1::SeriesNames series_names = v1::SERIES_NAMES_IGNORE;
  // Go when the batch is committed. Nothing that it takes counts as there because of them.
  std::span<const Withdrawal> withdraw;  // outlives the batch
};

// Errors: FAILED_PRECONDITION where the set tells its entries apart in the other way.
[[nodiscard]] absl::Status CheckIdentity(const v1::HashSet& hash_set, bool by_source_ref);

class Batch {
 public:
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  // Takes one entry, unless the set holds an active one of the same file (by SHA-256, else SHA-1,
  // else MD5; one without digests by its codes and its source_ref) that says at least as much: the
  // same digests, codes (by dialect and PDQ), series and victim_identified, where this one has any.
  // One that goes with the batch is as good as gone.
  // Of very many earlier entries of one digest the first 64 are looked at; where each source_ref
  // stands for itself, of those of its name, the last 64.
  // Of an import (BatchOptions) it names its series itself, and what it says beside is kept.
  // Errors: INVALID_ARGUMENT for this record only (the batch goes on without it); any other error
  // ends the batch.
  [[nodiscard]] absl::StatusOr<AddedEntry> Add(const v1::Entry& entry);
  // The same for what TakeEntry made of an entry.
  [[nodiscard]] absl::StatusOr<AddedEntry> Add(EntryRecord record);

  // Makes what was taken durable, then matchable, and what is withdrawn silent, in one step. A
  // batch that took nothing and withdraws nothing changes nothing. `file`: what the file of an
  // import said beside its records. Errors: INVALID_ARGUMENT for entries to withdraw that are none
  // of the set, or of this batch: nothing was done, and the batch is over.
  [[nodiscard]] absl::Status Commit(const v1::Carried& file = {});

  // Series that the records named and nobody else had.
  [[nodiscard]] std::uint64_t series_added() const;
  // The number of the first entry that was added; 0: none was.
  [[nodiscard]] std::uint64_t first_entry() const;
  // Entries that Commit withdrew: those that were active until then.
  [[nodiscard]] std::uint64_t withdrawn() const;

 private:
  friend class Catalog;
  struct Impl;
  explicit Batch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace kith::catalog
