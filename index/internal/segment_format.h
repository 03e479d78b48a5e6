// SPDX-License-Identifier: Apache-2.0
//
// The header of a segment file and what it promises; FORMAT.md says the same in words.
//
// The numbers of the header alone fix where each section lies and how long it is, so that a section
// table that says anything else is refused, and nothing later needs to ask whether a table is as
// long as it should be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::index::internal {

inline constexpr std::string_view kSegmentMagic = "KITHSEG\n";
inline constexpr std::uint32_t kSegmentVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 4096;
inline constexpr std::size_t kSectionAlignment = 64;
inline constexpr std::uint32_t kSegmentMostBands = 32;
inline constexpr unsigned kSegmentLeastKeyBits = 4;
inline constexpr unsigned kSegmentMostKeyBits = 32;
// Buckets that share a sample of the directory.
inline constexpr unsigned kSampleBits = 6;

enum class SectionKind : std::uint32_t {
  kEntries = 1,     // of each row, packed, less the lowest
  kViews = 2,       // of each row, packed
  kCodes = 3,       // distinct, ascending
  kRowStarts = 4,   // directory: how many rows a code has; only if codes occur more than once
  kRowSamples = 5,  // the same
  kByEntry = 6,     // rows in the order of their entries, packed
  kPostings = 7,    // of a band: positions of codes in the order of the band's keys, packed
  kDirectory = 8,   // of a band: how many codes each key has
  kSamples = 9,     // of a band
};

struct Section {
  SectionKind kind = SectionKind::kCodes;
  std::uint32_t band = 0;  // of the last three kinds; else 0
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;  // XXH3, 64 bits, seed 0

  [[nodiscard]] bool IsHot() const {
    return kind == SectionKind::kCodes || kind == SectionKind::kPostings ||
           kind == SectionKind::kDirectory || kind == SectionKind::kSamples;
  }
};

// "codes", "band 3 postings".
[[nodiscard]] std::string SectionName(SectionKind kind, std::uint32_t band);

// Bits [first_bit, first_bit + key_bits) of the code, counted from the highest bit of its first
// byte.
struct SegmentBand {
  std::uint32_t first_bit = 0;
  std::uint32_t key_bits = 0;

  [[nodiscard]] std::uint64_t Buckets() const { return std::uint64_t{1} << key_bits; }
};

struct SegmentHeader {
  std::uint64_t file_bytes = 0;
  std::uint64_t rows = 0;
  std::uint64_t codes = 0;
  std::uint64_t lowest_entry = 0;
  std::uint32_t entry_bits = 0;
  std::uint32_t view_bits = 0;
  std::vector<SegmentBand> bands;  // the codes lie in the order of the first one
  std::vector<Section> sections;

  [[nodiscard]] unsigned PositionBits() const;
  [[nodiscard]] unsigned RowBits() const;
  [[nodiscard]] const Section* Find(SectionKind kind, std::uint32_t band = 0) const;
};

// What the numbers of the header ask for, in the order of the file, without hashes; sets
// file_bytes.
void LayOut(SegmentHeader& header);

// Bits of a directory: a one for each item, a zero behind those of each bucket.
[[nodiscard]] std::uint64_t DirectoryWords(std::uint64_t buckets, std::uint64_t items);
[[nodiscard]] std::uint64_t SampleCount(std::uint64_t buckets);

// kSegmentHeaderBytes of them.
[[nodiscard]] std::vector<std::uint8_t> EncodeHeader(const SegmentHeader& header);

// Errors: DataLoss naming the header or the section in which the file ends, FailedPrecondition for
// another version. Messages do not name the file.
[[nodiscard]] absl::StatusOr<SegmentHeader> DecodeHeader(std::span<const std::uint8_t> bytes,
                                                         std::uint64_t file_bytes);

// Of the header, hence of all the hashes in it.
[[nodiscard]] std::uint64_t ManifestHash(std::span<const std::uint8_t> header_bytes);

// DataLoss with the name of the first section that is not what was written. `file` is all of it.
[[nodiscard]] absl::Status VerifySection(const Section& section, std::uint64_t hash);
[[nodiscard]] std::uint64_t HashOf(std::span<const std::uint8_t> bytes);

}  // namespace kith::index::internal
