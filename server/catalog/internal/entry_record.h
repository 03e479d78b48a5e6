// SPDX-License-Identifier: Apache-2.0
//
// Purpose: an entry as the database holds it: checked on its way in, read back in one scan, and the
// digest over a batch of them.
//
// Thread-safety: as any value; a scan belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "index/hamming_index.h"
#include "proto/kith/v1/catalog.pb.h"
#include "server/catalog/database.h"
#include "server/catalog/entry_table.h"

namespace kith::catalog {

inline constexpr int kCodeIdBits = 6;  // entry_code.id = entry << 6 | position

struct CodeRecord {
  std::uint32_t frame = 0;
  v1::Crop crop = v1::CROP_ORIGINAL;
  v1::Dialect dialect = v1::DIALECT_UNSPECIFIED;
  std::optional<std::uint32_t> quality;
  index::Code pdq = {};
};

struct EntryRecord {
  std::uint64_t id = 0;
  std::uint64_t hash_set = 0;
  std::uint64_t series = 0;  // 0: none
  v1::TriState victim_identified = v1::TRI_STATE_UNSPECIFIED;
  std::string source_ref;
  std::string md5, sha1, sha256;  // raw; empty where not known
  std::vector<CodeRecord> codes;
  std::string category_scheme, category_code;

  // A list line of 64 hex digits that may have been a PDQ or a SHA-256 is stored as both.
  [[nodiscard]] bool IsAmbiguous() const;
  // As it was added.
  [[nodiscard]] EntryFacts Facts() const;
  // The bytes that the digest of a batch is made of: every column, lengths before texts.
  void AppendCanonical(std::string& out) const;
};

// Takes what an Entry of a request says. Codes of too low quality are left out; `dialect` is that
// of the set, for codes that do not say. Of a record that is carried only the codes are looked at
// and not taken. Errors: INVALID_ARGUMENT: what is wrong with the record.
[[nodiscard]] absl::StatusOr<EntryRecord> TakeEntry(const v1::Entry& entry, v1::Dialect dialect);

// Without set, series, withdrawn, added_by_change.
void FillEntry(const EntryRecord& record, v1::Entry& entry);

// INSERTs a record.
class EntryWriter {
 public:
  explicit EntryWriter(Transaction& transaction);
  [[nodiscard]] absl::Status Write(const EntryRecord& record);

 private:
  Statement entry_;
  Statement code_;
};

// Reads the entries first..last in the order of their numbers.
class EntryScan {
 public:
  EntryScan(Transaction& transaction, std::uint64_t first, std::uint64_t last);
  // False: no more. DATA_LOSS for a row that cannot be an entry.
  [[nodiscard]] absl::StatusOr<bool> Next(EntryRecord& record);

 private:
  [[nodiscard]] absl::Status NextCode();

  Statement entry_;
  Statement code_;
  bool started_ = false;
  std::uint64_t code_entry_ = 0;  // the entry of the code that stands ready; 0: none
  CodeRecord pending_;
};

// XXH3-128 over the canonical bytes of the records of a batch, in order.
class BatchDigest {
 public:
  BatchDigest();
  ~BatchDigest();
  BatchDigest(const BatchDigest&) = delete;
  BatchDigest& operator=(const BatchDigest&) = delete;
  void Reset();
  void Add(const EntryRecord& record);
  [[nodiscard]] std::array<char, 16> Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kith::catalog
