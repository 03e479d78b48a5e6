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
inline constexpr std::uint32_t kSegmentVersion = 2;
inline constexpr std::size_t kSegmentHeaderBytes = 4096;
inline constexpr std::size_t kSectionAlignment = 64;
inline constexpr std::uint32_t kSegmentFewestBands = 8;
inline constexpr std::uint32_t kSegmentMostBands = 32;
inline constexpr unsigned kSegmentLeastKeyBits = 4;
inline constexpr unsigned kSegmentMostKeyBits = 24;
// Codes that share a sample of the directory of rows.
inline constexpr unsigned kSampleBits = 6;

enum class SectionKind : std::uint32_t {
  kEntries = 1,     // of each row, packed, less the lowest
  kViews = 2,       // of each row, packed
  kCodes = 3,       // distinct, ascending
  kRowStarts = 4,   // directory: how many rows a code has; only if codes occur more than once
  kRowSamples = 5,  // the same
  kByEntry = 6,     // rows in the order of their entries, packed
  kSketches = 7,    // of a band: bits behind the key, in the order of the keys, packed
  kPositions = 8,   // of a band but the first: of the codes, in the same order
  kStarts = 9,      // of a band: where each key begins
};

struct Section {
  SectionKind kind = SectionKind::kCodes;
  std::uint32_t band = 0;  // of the last three kinds; else 0
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0;  // XXH3, 64 bits, seed 0

  [[nodiscard]] bool IsHot() const {
    return kind == SectionKind::kCodes || kind == SectionKind::kSketches ||
           kind == SectionKind::kPositions || kind == SectionKind::kStarts;
  }
};

// "codes", "band 3 sketches".
[[nodiscard]] std::string SectionName(SectionKind kind, std::uint32_t band);

// How the codes are cut, see bands.h: `bands` of them, evenly, each with so many bits of key,
// behind them of sketch, and behind a sketch of 16 bits of extra.
struct SegmentCut {
  std::uint32_t bands = 0;  // 0: the codes are scanned
  std::uint32_t key_bits = 0;
  std::uint32_t sketch_bits = 0;
  std::uint32_t extra_bits = 0;
  // Of a position, those that stand beside the extra bits: all of them, or about as many as the key
  // has. Then the others tell its part: in each bucket, as many ones as codes of a part are in it
  // and a zero, for each part in turn.
  std::uint32_t low_bits = 0;

  [[nodiscard]] std::uint64_t Buckets() const { return std::uint64_t{1} << key_bits; }
  [[nodiscard]] std::uint64_t Parts(std::uint64_t codes) const {
    return codes == 0 ? 0 : ((codes - 1) >> low_bits) + 1;
  }
  // Words of 64 bits that tell the parts, and where they begin in the section of the positions.
  [[nodiscard]] std::uint64_t HighWords(std::uint64_t codes) const;
  [[nodiscard]] std::uint64_t HighBitsAt(std::uint64_t codes) const;
};

struct SegmentHeader {
  std::uint64_t file_bytes = 0;
  std::uint64_t rows = 0;
  std::uint64_t codes = 0;
  std::uint64_t lowest_entry = 0;
  std::uint32_t entry_bits = 0;
  std::uint32_t view_bits = 0;
  SegmentCut cut;  // the codes lie in the order of the first band
  std::vector<Section> sections;

  [[nodiscard]] unsigned RowBits() const;
  [[nodiscard]] const Section* Find(SectionKind kind, std::uint32_t band = 0) const;
  // Of one that is there.
  [[nodiscard]] Section& Of(SectionKind kind, std::uint32_t band = 0);
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

// DataLoss with the name of the section if `hash`, that of its bytes, is not what was written.
[[nodiscard]] absl::Status VerifySection(const Section& section, std::uint64_t hash);
[[nodiscard]] std::uint64_t HashOf(std::span<const std::uint8_t> bytes);

}  // namespace kith::index::internal
