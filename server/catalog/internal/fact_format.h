// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the bytes of the files of facts (fact_files.h): their list, and of a file what stands
// around its words. Little-endian; the last eight bytes are the XXH3-64 of those before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::catalog {

// Which file it is and whether it is the one that was looked at before.
struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t changed_ns = 0;  // the later of its times of change, of content and of inode
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

struct FactFile {
  std::uint64_t block = 0;   // of EntryTable
  std::uint64_t serial = 0;  // of the files of a block, one counts
  std::uint64_t end = 0;     // it tells of the entries of the block below this number
  FileStamp stamp;
  friend bool operator==(const FactFile&, const FactFile&) = default;
};

struct FactList {
  std::string mark;
  std::vector<FactFile> files;  // of the blocks from 0 on, none left out; all but the last whole
};

// What is counted of the entries of a block, withdrawn ones too.
struct FactSummary {
  struct OfSet {
    std::uint64_t entries = 0;
    std::uint32_t dialects = 0;  // bits; those of its codes are among them
    friend bool operator==(const OfSet&, const OfSet&) = default;
  };
  std::map<std::uint64_t, OfSet> sets;            // by number of the set
  std::map<std::uint64_t, std::uint64_t> series;  // entries, by number of the series
};

// The bytes of a list and of a file without its words, and back. DATA_LOSS: what is wrong with
// them.
[[nodiscard]] std::string FormatFactList(const FactList& list);
[[nodiscard]] absl::StatusOr<FactList> ParseFactList(std::string_view bytes);

struct FactHead {
  std::uint64_t block = 0;
  std::uint64_t end = 0;
  std::uint64_t words_hash = 0;
  FactSummary summary;
};
// A page that comes before the words, and what comes behind them.
inline constexpr std::size_t kFactPageBytes = 4096;
[[nodiscard]] std::string FormatFactHead(const FactHead& head);
[[nodiscard]] absl::StatusOr<FactHead> ParseFactHead(std::string_view bytes);

// What seals these bytes; of the words of a file it stands in the head.
[[nodiscard]] std::uint64_t HashOfFacts(std::string_view bytes);
// DATA_LOSS: "is damaged: WHAT".
[[nodiscard]] absl::Status DamagedFacts(std::string_view what);

}  // namespace kith::catalog
