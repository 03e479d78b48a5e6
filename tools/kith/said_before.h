// SPDX-License-Identifier: Apache-2.0
//
// Purpose: when a source last spoke under each of its own names before a file, as the set tells:
// by its entries, and by what earlier imports remember as taken back. What is older than that
// changes nothing: a page that is imported late, or once more, brings nothing back to life.
//
// An import remembers what its file takes back as Carried of the whole file: a name and the second
// of each, also where the set has nothing of that name yet. Where the file says it anew behind
// that, it remembers when: an entry that was there before tells an older time.
//
// Thread-safety: belongs to one thread. Memory: 40 bytes a name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "proto/kith/v1/import.grpc.pb.h"

namespace kith::cli {

// A name of the source, and when it took back what stood under it: seconds, not 0.
struct TakenBack {
  std::string source_ref;
  std::int64_t at = 0;
  bool said_anew = false;  // `at`: it was taken back, and said anew then
};

class SaidBefore {
 public:
  SaidBefore();

  // Reads what earlier imports into the set took back; only the first call does. O(all of them).
  [[nodiscard]] absl::Status Read(v1::ImportService::Stub& stub, const std::string& set);
  // The set holds, or held, an entry of this name that its source said then. 0: it does not tell.
  void Says(std::string_view source_ref, std::int64_t at);
  void TakesBack(std::string_view source_ref, std::int64_t at);
  void Take(const TakenBack& one);

  // When what stands under the name was said last; 0: nobody knows.
  [[nodiscard]] std::int64_t SaidAt(std::string_view source_ref) const;
  // Whether a record of that time is older than what was said under its name since, or not newer
  // than that it was taken back. What does not tell its time is never older.
  [[nodiscard]] bool Outdates(std::string_view source_ref, std::int64_t at) const;
  // Whether it is known that this was taken back, then or later.
  [[nodiscard]] bool KnowsTakenBack(std::string_view source_ref, std::int64_t at) const;

 private:
  struct Times {
    std::int64_t said = 0;
    std::int64_t taken_back = 0;
  };
  using Name = std::pair<std::uint64_t, std::uint64_t>;
  [[nodiscard]] Name NameOf(std::string_view source_ref) const;

  std::uint64_t seed_;  // random: no source can name its records so that they hit another's
  absl::flat_hash_map<Name, Times> names_;
  bool read_ = false;
};

// For the imports to remember, each of at most `max_bytes`; none for an empty list.
[[nodiscard]] std::vector<v1::Carried> CarriedOf(std::string_view format,
                                                 const std::vector<TakenBack>& taken_back,
                                                 std::size_t max_bytes);

}  // namespace kith::cli
