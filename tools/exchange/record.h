// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what the readers of the field's formats give, one record after the other, and who takes
// it.
//
// Thread-safety: as any value; a sink is called by one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "proto/kith/v1/common.pb.h"
#include "tools/exchange/entry.h"
#include "tools/exchange/hash_text.h"

namespace kith::exchange {

// Where a record stands in its file, for a person who goes and looks.
struct Place {
  enum class Unit { kLine, kByte, kRow };
  Unit unit = Unit::kLine;
  std::uint64_t number = 0;  // lines and rows from 1, bytes from 0
};
[[nodiscard]] std::string PlaceText(const Place& place);  // "line 7", "byte 4096", "row 3"

// What a person said of the file.
struct ReadOptions {
  Kind64 kind64 = Kind64::kEither;                // what 64 digits are, where the format is silent
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;  // how its PDQ hashes were made
  v1::Purpose purpose = v1::PURPOSE_KNOWN;        // of the set that it goes into
  bool keep_text = false;                         // keep free text for the way back
  std::string scheme;                             // of its categories, where not empty
};

// Limits that hold for every format.
inline constexpr std::size_t kMaxValueBytes = 4096;           // of one carried value
inline constexpr std::size_t kMaxRecordBytes = 128 << 10;     // carried by one record
inline constexpr std::size_t kMaxFileCarriedBytes = 1 << 20;  // carried beside the records
inline constexpr int kMaxNesting = 32;

// Takes what a reader finds. An error from it ends the reading.
class Sink {
 public:
  virtual ~Sink() = default;
  // A good record. Of the entry, entry_id, set, withdrawn and added_by_change are not read.
  [[nodiscard]] virtual absl::Status Take(Entry entry, const Place& place) = 0;
  // The source takes a record back: the entry with this source_ref, of this file or of an earlier.
  // `timestamp`: when it said so, as its records say it: RFC 3339 or seconds; may be empty.
  [[nodiscard]] virtual absl::Status TakeBack(const std::string& source_ref,
                                              const std::string& timestamp, const Place& place) = 0;
  // A record that cannot be taken and is skipped. No reason repeats a hash.
  [[nodiscard]] virtual absl::Status Problem(const Place& place, std::string reason) = 0;
  // Something that is no fault of the record, told once with its count: what was left out of a
  // record that was taken, or a record that is none ("the empty file").
  virtual void Note(std::string_view what) = 0;
  // What the file says beside its records.
  virtual void Carry(Carried carried) = 0;
};

}  // namespace kith::exchange
