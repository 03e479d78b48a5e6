// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what a file of a source says last under each of its own names (source_ref), and which
// entries of a set it no longer says. Names of which it says nothing are none of its business here.
// Files are not in the order of time: last is what was said last by the timestamps of both, and
// what stands further down where one of the two has none.
//
// Thread-safety: belongs to one thread. Memory: 70 bytes a record that the source says; Finish
// sorts them: O(n log n).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/catalog.pb.h"

namespace kith::cli {

class LastSaid {
 public:
  static constexpr std::size_t kMaxRecords = 20'000'000;

  LastSaid();

  // The source says this record, whose codes have no quality; returns the number of what it said.
  // Errors: RESOURCE_EXHAUSTED for too many records, also of TakesBack.
  [[nodiscard]] absl::StatusOr<std::size_t> Says(const v1::Entry& record);
  // It takes back what it said under this name; `timestamp`: when, or empty.
  [[nodiscard]] absl::Status TakesBack(const std::string& source_ref,
                                       const std::string& timestamp = "");
  // Whether the record or taking back that came last is of a name of which this file spoke before.
  [[nodiscard]] bool again() const { return again_; }
  // Whether it is older than what this file said under its name before: it changes nothing.
  [[nodiscard]] bool outdated() const { return outdated_; }
  // Whether what was said last leaves nothing of what was said under this number before it, of the
  // same name.
  [[nodiscard]] bool LastOutdates(std::size_t number) const;
  // What it said under this number could not be taken: all that stands under its name stands on.
  void Doubt(std::size_t number) { said_[number].kind = Kind::kDoubt; }

  // What it said under this number is older than what is known otherwise: it changes nothing.
  void Forget(std::size_t number) { said_[number].kind = Kind::kOutdated; }
  // When it said what it said under this number, in seconds; 0: it does not tell.
  [[nodiscard]] std::int64_t At(std::size_t number) const { return said_[number].at; }
  // Seconds of a timestamp (RFC 3339, or a number of seconds); 0: it is none.
  [[nodiscard]] static std::int64_t SecondsOf(const std::string& timestamp);

  // No more comes. Before Of.
  void Finish();
  // Whether the last word on this name takes it back.
  [[nodiscard]] bool EndsTakenBack(const std::string& source_ref) const;
  // When the last word on this name was said; 0: it does not tell, or there is none.
  [[nodiscard]] std::int64_t LastAt(const std::string& source_ref) const;

  // An entry, in short.
  struct Heard {
    std::uint64_t high = 0;  // of a keyed hash of the name, as is `low`
    std::uint64_t low = 0;
    std::uint64_t matched_by = 0;  // a keyed hash of digests and PDQ hashes
    std::int64_t at = 0;           // when, in seconds; 0: it does not tell
  };
  [[nodiscard]] Heard HeardOf(const v1::Entry& entry) const;

  enum class Fate { kStands, kReplaced, kTakenBack };
  // What becomes of an active entry of the set, with what is carried. One that its source said
  // later than this, by the timestamps of both, stands: this is an older file. O(log n).
  [[nodiscard]] Fate Of(const Heard& heard) const;

 private:
  enum class Kind : std::uint8_t { kRecord, kTakenBack, kDoubt, kOutdated };
  struct Said : Heard {
    std::uint32_t number = 0;
    Kind kind = Kind::kRecord;
  };
  [[nodiscard]] Said SaidOf(const std::string& source_ref) const;
  [[nodiscard]] static Fate Judge(const Said& said, const Heard& heard);
  [[nodiscard]] std::uint64_t MatchedBy(const v1::Entry& entry) const;
  [[nodiscard]] absl::StatusOr<std::size_t> Add(Said said);
  // What is said last under a name; null: nothing. After Finish.
  [[nodiscard]] const Said* Find(const Heard& name) const;

  std::uint64_t seed_;  // random: no source can name its records so that they hit another's
  std::vector<Said> said_;
  absl::flat_hash_map<std::uint64_t, std::uint32_t> names_;  // by `low`: the last word, as of yet
  bool again_ = false;
  bool outdated_ = false;
};

}  // namespace kith::cli
