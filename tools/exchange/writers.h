// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the formats that Kith writes.
//
// Thread-safety: a writer belongs to one thread. Memory: constant.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "proto/kith/v1/casework.pb.h"
#include "proto/kith/v1/catalog.pb.h"
#include "proto/kith/v1/import.pb.h"
#include "tools/exchange/entry.h"

namespace kith::exchange {

// Takes the bytes of a file, in order.
using Output = std::function<absl::Status(std::string_view)>;

// Their codes.
using SeriesCodes = absl::flat_hash_set<std::string>;

// What is known beside the entries.
struct SetFacts {
  v1::HashSet hash_set;
  // What the file of an import said beside its records, oldest first.
  std::vector<v1::ImportRecord> imports;
  // Opinions on matches with the entries, oldest first: for formats that vote.
  std::vector<v1::Opinion> opinions;
  // The series that somebody has identified.
  SeriesCodes identified;
  // The source's own name for the reason of votes against an entry; empty: none are cast.
  std::string reason;
};

// Begin, Add for each entry by ascending number, End. Errors: those of the output.
class Writer {
 public:
  virtual ~Writer() = default;
  [[nodiscard]] virtual absl::Status Begin(const SetFacts& facts) = 0;
  [[nodiscard]] virtual absl::Status Add(const Entry& entry) = 0;
  [[nodiscard]] virtual absl::Status End() = 0;
  // Entries that the format has no place for: nothing of them was written.
  [[nodiscard]] virtual std::uint64_t left_out() const { return 0; }
  // Entries that were written without their category: it is of another scheme than the file's.
  [[nodiscard]] virtual std::uint64_t without_category() const { return 0; }
  // What files and cases said of themselves that the format has one place for.
  [[nodiscard]] virtual std::uint64_t heads_left_out() const { return 0; }
  // Values of entries that were written, which the format has no place for: further hashes, names,
  // what a source said besides.
  [[nodiscard]] virtual std::uint64_t values_left_out() const { return 0; }
};

struct OutFormat {
  std::string_view name;      // as in --format
  std::string_view describe;  // "VICS JSON 2.0"
  // Whether it is a database that its library writes by itself, into a file that is not there yet.
  bool to_path = false;
  bool as_imported = false;  // it gives back what each source said: wants what is carried
  bool votes = false;        // it wants the opinions
  bool drops = false;        // it wants what is carried to count it: it has no place for it
  // `path` is read only where to_path is set, `output` only where it is not.
  absl::StatusOr<std::unique_ptr<Writer>> (*make)(Output output, const std::string& path);
};

[[nodiscard]] std::span<const OutFormat> OutFormats();
// Null where there is none of this name.
[[nodiscard]] const OutFormat* FindOutFormat(std::string_view name);

}  // namespace kith::exchange
