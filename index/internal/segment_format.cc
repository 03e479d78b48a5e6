// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_format.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include <xxhash.h>

#include "absl/strings/str_cat.h"
#include "index/hamming_index.h"
#include "index/internal/bands.h"
#include "index/internal/packed.h"
#include "index/internal/raw_values.h"

namespace kith::index::internal {
namespace {

// Where things lie in the header; see FORMAT.md.
constexpr std::size_t kSectionsAt = 256;
constexpr std::size_t kSectionBytes = 32;
constexpr std::size_t kHashAt = kSegmentHeaderBytes - sizeof(std::uint64_t);
constexpr std::size_t kMostSections = 6 + 3 * std::size_t{kSegmentMostBands};
static_assert(kSectionsAt + kMostSections * kSectionBytes <= kHashAt);
constexpr std::uint64_t kMostRows = std::numeric_limits<std::uint32_t>::max();

std::uint64_t Padded(std::uint64_t bytes) {
  return (bytes + kPackedSlackBytes + kSectionAlignment - 1) / kSectionAlignment *
         kSectionAlignment;
}

absl::Status BadHeader(std::string_view what) {
  return absl::DataLossError(absl::StrCat("segment refused: section header: ", std::string(what)));
}

bool PlausibleNumbers(const SegmentHeader& header) {
  if (header.rows > kMostRows || header.codes > header.rows) return false;
  if ((header.codes == 0) != (header.rows == 0)) return false;
  if (header.entry_bits > 64 || header.view_bits > 32) return false;
  const auto [bands, key_bits, sketch_bits, extra_bits, low_bits] = header.cut;
  if (bands == 0) return key_bits == 0 && sketch_bits == 0 && extra_bits == 0 && low_bits == 0;
  // Fewer lower bits would make more parts than there are codes.
  return bands >= kSegmentFewestBands && bands <= kSegmentMostBands &&
         key_bits >= kSegmentLeastKeyBits && key_bits <= kSegmentMostKeyBits &&
         key_bits <= kCodeBits / bands && sketch_bits >= 1 && sketch_bits <= kSketchBits &&
         extra_bits <= kSketchBits && (extra_bits == 0 || sketch_bits == kSketchBits) &&
         low_bits <= 32 && low_bits >= std::min(key_bits, BitsFor(header.codes));
}

// A shorter file ends in some section, a longer one behind the last.
absl::Status WrongLength(const SegmentHeader& header, std::uint64_t file_bytes) {
  for (const Section& section : header.sections) {
    if (file_bytes < section.offset + section.bytes) {
      return absl::DataLossError(absl::StrCat(
          "segment refused: section ", SectionName(section.kind, section.band),
          ": the file is cut off in it, at ", file_bytes, " of ", header.file_bytes, " bytes"));
    }
  }
  return BadHeader(absl::StrCat("the file has ", file_bytes, " bytes where ", header.file_bytes,
                                " were written"));
}

}  // namespace

std::string SectionName(SectionKind kind, std::uint32_t band) {
  switch (kind) {
    case SectionKind::kEntries:
      return "entries";
    case SectionKind::kViews:
      return "views";
    case SectionKind::kCodes:
      return "codes";
    case SectionKind::kRowStarts:
      return "row-starts";
    case SectionKind::kRowSamples:
      return "row-samples";
    case SectionKind::kByEntry:
      return "by-entry";
    case SectionKind::kSketches:
      return absl::StrCat("band ", band, " sketches");
    case SectionKind::kPositions:
      return absl::StrCat("band ", band, " positions");
    case SectionKind::kStarts:
      return absl::StrCat("band ", band, " starts");
  }
  return "unknown";
}

unsigned SegmentHeader::RowBits() const { return BitsFor(rows); }

const Section* SegmentHeader::Find(SectionKind kind, std::uint32_t band) const {
  const auto found = std::find_if(sections.begin(), sections.end(), [&](const Section& section) {
    return section.kind == kind && section.band == band;
  });
  return found == sections.end() ? nullptr : &*found;
}

Section& SegmentHeader::Of(SectionKind kind, std::uint32_t band) {
  return sections[static_cast<std::size_t>(Find(kind, band) - sections.data())];
}

std::uint64_t DirectoryWords(std::uint64_t buckets, std::uint64_t items) {
  return (buckets + items + 63) / 64;
}

std::uint64_t SampleCount(std::uint64_t buckets) {
  return (buckets + (std::uint64_t{1} << kSampleBits) - 1) >> kSampleBits;
}

std::uint64_t SegmentCut::HighWords(std::uint64_t codes) const {
  const std::uint64_t parts = Parts(codes);
  return parts < 2 ? 0 : (codes + (parts << key_bits) + 63) / 64;
}

std::uint64_t SegmentCut::HighBitsAt(std::uint64_t codes) const {
  return (PackedBytes(codes, low_bits + extra_bits) + 7) / 8 * 8;
}

void LayOut(SegmentHeader& header) {
  std::uint64_t offset = kSegmentHeaderBytes;
  header.sections.clear();
  const auto add = [&](SectionKind kind, std::uint32_t band, std::uint64_t bytes) {
    header.sections.push_back(
        {.kind = kind, .band = band, .offset = offset, .bytes = Padded(bytes), .hash = 0});
    offset += header.sections.back().bytes;
  };
  add(SectionKind::kEntries, 0, PackedBytes(header.rows, header.entry_bits));
  add(SectionKind::kViews, 0, PackedBytes(header.rows, header.view_bits));
  add(SectionKind::kCodes, 0, header.codes * sizeof(Code));
  if (header.codes != header.rows) {
    add(SectionKind::kRowStarts, 0, DirectoryWords(header.codes, header.rows) * 8);
    add(SectionKind::kRowSamples, 0, SampleCount(header.codes) * 4);
  }
  add(SectionKind::kByEntry, 0, PackedBytes(header.rows, header.RowBits()));
  for (std::uint32_t band = 0; band < header.cut.bands; ++band) {
    add(SectionKind::kSketches, band, PackedBytes(header.codes, header.cut.sketch_bits));
    // The codes themselves lie in the order of the first band.
    if (band > 0) {
      add(SectionKind::kPositions, band,
          header.cut.HighBitsAt(header.codes) + header.cut.HighWords(header.codes) * 8);
    }
    add(SectionKind::kStarts, band, (header.cut.Buckets() + 1) * 4);
  }
  header.file_bytes = offset;
}

std::vector<std::uint8_t> EncodeHeader(const SegmentHeader& header) {
  std::vector<std::uint8_t> bytes(kSegmentHeaderBytes);
  std::memcpy(bytes.data(), kSegmentMagic.data(), kSegmentMagic.size());
  Put<std::uint32_t>(bytes, 8, kSegmentVersion);
  Put<std::uint32_t>(bytes, 12, kSegmentHeaderBytes);
  Put(bytes, 16, header.file_bytes);
  Put(bytes, 24, header.rows);
  Put(bytes, 32, header.codes);
  Put(bytes, 40, header.lowest_entry);
  Put(bytes, 48, header.entry_bits);
  Put(bytes, 52, header.view_bits);
  Put(bytes, 56, header.cut.low_bits);
  Put<std::uint32_t>(bytes, 60, header.RowBits());
  Put(bytes, 64, header.cut.bands);
  Put(bytes, 68, static_cast<std::uint32_t>(header.sections.size()));
  Put(bytes, 72, header.cut.key_bits);
  Put(bytes, 76, header.cut.sketch_bits);
  Put(bytes, 80, header.cut.extra_bits);
  for (std::size_t index = 0; index < header.sections.size(); ++index) {
    const Section& section = header.sections[index];
    const std::size_t at = kSectionsAt + kSectionBytes * index;
    Put(bytes, at, static_cast<std::uint32_t>(section.kind));
    Put(bytes, at + 4, section.band);
    Put(bytes, at + 8, section.offset);
    Put(bytes, at + 16, section.bytes);
    Put(bytes, at + 24, section.hash);
  }
  Put(bytes, kHashAt, HashOf(std::span(bytes).first(kHashAt)));
  return bytes;
}

absl::StatusOr<SegmentHeader> DecodeHeader(std::span<const std::uint8_t> bytes,
                                           std::uint64_t file_bytes) {
  if (bytes.size() < kSegmentHeaderBytes) {
    return BadHeader(absl::StrCat("the file is cut off in it, at ", bytes.size(), " bytes"));
  }
  bytes = bytes.first(kSegmentHeaderBytes);
  if (!std::equal(kSegmentMagic.begin(), kSegmentMagic.end(), bytes.begin())) {
    return BadHeader("it does not begin as a segment of Kith does");
  }
  if (Get<std::uint64_t>(bytes, kHashAt) != HashOf(bytes.first(kHashAt))) {
    return BadHeader("its checksum is wrong: bytes changed since it was written");
  }
  if (const auto version = Get<std::uint32_t>(bytes, 8); version != kSegmentVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        "segment refused: section header: format version ", version, " where this program reads ",
        kSegmentVersion, "; build it anew from the catalog"));
  }
  SegmentHeader header;
  header.rows = Get<std::uint64_t>(bytes, 24);
  header.codes = Get<std::uint64_t>(bytes, 32);
  header.lowest_entry = Get<std::uint64_t>(bytes, 40);
  header.entry_bits = Get<std::uint32_t>(bytes, 48);
  header.view_bits = Get<std::uint32_t>(bytes, 52);
  header.cut = {.bands = Get<std::uint32_t>(bytes, 64),
                .key_bits = Get<std::uint32_t>(bytes, 72),
                .sketch_bits = Get<std::uint32_t>(bytes, 76),
                .extra_bits = Get<std::uint32_t>(bytes, 80),
                .low_bits = Get<std::uint32_t>(bytes, 56)};
  if (!PlausibleNumbers(header)) {
    return BadHeader("its numbers contradict each other");
  }
  LayOut(header);
  const std::size_t most =
      std::min<std::size_t>(Get<std::uint32_t>(bytes, 68), header.sections.size());
  for (std::size_t index = 0; index < most; ++index) {
    header.sections[index].hash =
        Get<std::uint64_t>(bytes, kSectionsAt + kSectionBytes * index + 24);
  }
  // All else follows from what was read: it must be what this program would have written.
  const std::vector<std::uint8_t> expected = EncodeHeader(header);
  if (!std::equal(expected.begin(), expected.end(), bytes.begin())) {
    return BadHeader("its section table contradicts its numbers");
  }
  if (file_bytes != header.file_bytes) return WrongLength(header, file_bytes);
  return header;
}

std::uint64_t ManifestHash(std::span<const std::uint8_t> header_bytes) {
  return HashOf(header_bytes.first(kSegmentHeaderBytes));
}

std::uint64_t HashOf(std::span<const std::uint8_t> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

absl::Status VerifySection(const Section& section, std::uint64_t hash) {
  if (hash == section.hash) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("segment refused: section ",
                                          SectionName(section.kind, section.band),
                                          ": its checksum is wrong: bytes changed since it was "
                                          "written; build it anew from the catalog"));
}

}  // namespace kith::index::internal
