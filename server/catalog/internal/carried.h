// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what sources said of their files beside what Kith works with, as the database holds it:
// written with an import, read back in the order of the import.
//
// A block is a zstd frame with a checksum, of a ListEntriesResponse: one Entry a record that said
// something. Of a record that became an entry it holds the number and `carried`; of one that
// repeats an entry of the same import (`repeats`) all that it said. A record that repeats stands
// behind the entry that was added last before it, whichever import added that; so does one that is
// kept and made no entry (`carried_only`, which has `repeats` set too).
//
// Thread-safety: each belongs to one thread. Memory: one block, some 256 KiB, unpacked.
// Errors: those of database.h; DATA_LOSS for a block that is not what was stored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/catalog.pb.h"
#include "server/catalog/database.h"

namespace kith::catalog {

inline constexpr std::size_t kMaxCarriedBytes = 128 << 10;    // of a record
inline constexpr std::size_t kMaxRecordBytes = 256 << 10;     // with what stands beside that
inline constexpr std::size_t kMaxFileCarriedBytes = 1 << 20;  // of a file, beside its records
inline constexpr std::size_t kMaxCarriedFormatBytes = 32;

// Errors: INVALID_ARGUMENT.
[[nodiscard]] absl::Status CheckCarried(const v1::Carried& carried, std::size_t max_bytes);
// Of a record of an import that the other checks passed: its texts, and its size. INVALID_ARGUMENT.
[[nodiscard]] absl::Status CheckKept(const v1::Entry& record);

class CarriedWriter {
 public:
  explicit CarriedWriter(Transaction& transaction);
  ~CarriedWriter();
  CarriedWriter(const CarriedWriter&) = delete;
  CarriedWriter& operator=(const CarriedWriter&) = delete;

  // `behind`: the entry that was added last; of a record that became one, its own number.
  // Errors: INTERNAL for more than could be read again.
  [[nodiscard]] absl::Status Add(v1::Entry record, std::uint64_t behind);
  // Writes the rest and, under the number of the change, what the file said of itself.
  [[nodiscard]] absl::Status Finish(std::uint64_t change, std::uint64_t hash_set,
                                    const v1::Carried& file);

 private:
  struct State;
  [[nodiscard]] absl::Status WriteBlock();
  std::unique_ptr<State> state_;
};

// The records that stand behind `after` or at a later entry, in order.
class CarriedReader {
 public:
  // A record of a block: the number of its row, and how many stand before it there.
  struct Place {
    std::uint64_t block = 0;
    std::uint64_t passed = 0;
  };
  // From `from` on, of which place() told; no block before it is read. `hash_set`: only what
  // imports into this set brought (0: all); blocks of others are passed over as they are. Not for
  // Find.
  CarriedReader(Transaction& transaction, std::uint64_t after, Place from = {0, 0},
                std::uint64_t hash_set = 0);
  ~CarriedReader();
  CarriedReader(const CarriedReader&) = delete;
  CarriedReader& operator=(const CarriedReader&) = delete;

  // Null: no more. Valid until the next call.
  [[nodiscard]] absl::StatusOr<v1::Entry*> Next();
  // Where the record stands that Next gave: behind this entry.
  [[nodiscard]] std::uint64_t behind() const;
  // The place of the record that Next gave; behind the last one, where there was no more.
  [[nodiscard]] Place place() const;
  // The record of this entry itself, or null; from call to call of a higher number. Reads the
  // blocks where they stand, and no others. Instead of Next.
  [[nodiscard]] absl::StatusOr<v1::Entry*> Find(std::uint64_t entry);

  struct Import {
    std::uint64_t change = 0;
    std::uint64_t hash_set = 0;
  };
  // Which import brought the record that Next gave.
  [[nodiscard]] absl::StatusOr<Import> OfImport();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// What a file said of itself, of a row of import_file.
[[nodiscard]] absl::StatusOr<std::string> ReadFileCarried(std::string_view data);

// Reads what every import carried and compares its blocks with the sum that was taken over them;
// `found` is called for each import that is not as it was stored.
[[nodiscard]] absl::Status CheckCarriedBlocks(Transaction& read,
                                              const std::function<void(std::string)>& found);

}  // namespace kith::catalog
