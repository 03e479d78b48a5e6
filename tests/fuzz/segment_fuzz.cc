// SPDX-License-Identifier: Apache-2.0
// A segment is taken or refused by name; one whose checksums are right and whose content is not is
// searched within its bounds.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "index/internal/segment_format.h"
#include "index/segment.h"
#include "tests/fuzz/fuzz.h"

namespace {

using kith::index::Code;
using kith::index::Label;
using kith::index::SegmentFile;
using kith::index::SegmentWriter;
using kith::index::internal::DecodeHeader;
using kith::index::internal::HashOf;
using kith::index::internal::kSegmentHeaderBytes;

std::string Path() {
  static const std::string path = "/dev/shm/kith_segment_fuzz." + std::to_string(::getpid());
  return path;
}

// Puts the checksums right, so that what is behind them is reached.
void MendChecksums(std::vector<std::uint8_t>& file) {
  constexpr std::size_t kHashBytes = sizeof(std::uint64_t);
  if (file.size() < kSegmentHeaderBytes) return;
  const auto front = std::span(file).first(kSegmentHeaderBytes - kHashBytes);
  const std::uint64_t hash = HashOf(front);
  for (std::size_t byte = 0; byte < kHashBytes; ++byte) {
    file[front.size() + byte] = static_cast<std::uint8_t>(hash >> (8 * byte));
  }
  auto header = DecodeHeader(file, file.size());
  if (!header.ok()) return;
  for (auto& section : header->sections) {
    section.hash = HashOf(std::span(file).subspan(section.offset, section.bytes));
  }
  const std::vector<std::uint8_t> encoded = EncodeHeader(*header);
  std::copy(encoded.begin(), encoded.end(), file.begin());
}

// Everything that is done with a segment; its answers may be nonsense, its reads not.
void Use(const SegmentFile& segment) {
  Code ones;
  ones.fill(255);
  const std::vector<Code> queries = {Code{}, ones};
  for (const int radius : {0, 17, 31}) {
    const auto results = segment.Search(queries, {.radius_bits = radius, .limit = 5});
    FUZZ_CHECK(results.ok() && results->size() == queries.size());
  }
  for (const std::uint64_t entry : {0, 1, 7}) {
    FUZZ_CHECK(segment.RowsOf(entry).size() <= segment.info().rows);
  }
  const std::array<std::uint64_t, 4> some = {0, 1, 7, 500};
  segment.ForEachRowOf(some, [&](std::uint64_t row) { FUZZ_CHECK(row < segment.info().rows); });
  for (std::uint64_t row = 0; row < segment.info().rows; row += 13) (void)segment.LabelAt(row);
  segment.ForEachRow([](std::uint64_t, const Code&, const Label&) { return true; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const bool mend : {false, true}) {
    std::vector<std::uint8_t> file(data, data + size);
    if (mend) MendChecksums(file);
    std::ofstream(Path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(size));
    std::remove((Path() + ".verified").c_str());
    const auto segment = SegmentFile::Open(Path());
    if (segment.ok()) {
      Use(**segment);
    } else {
      FUZZ_CHECK(segment.status().message().find(Path()) != std::string_view::npos);
    }
  }
  std::remove(Path().c_str());
  std::remove((Path() + ".verified").c_str());
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds;
  struct Seed {
    int rows;
    int bands;
    bool compact;
  };
  for (const auto& [rows, bands, compact] :
       {Seed{0, 0, false}, Seed{20, 0, false}, Seed{60, 32, false}, Seed{60, 0, true}}) {
    std::vector<Code> codes(static_cast<std::size_t>(rows));
    std::vector<Label> labels(codes.size());
    for (std::size_t row = 0; row < codes.size(); ++row) {
      // Every fifth code occurs again.
      for (std::size_t byte = 0; byte < codes[row].size(); ++byte) {
        codes[row][byte] =
            static_cast<std::uint8_t>((row % 5 == 4 ? row - 1 : row) * 37 + byte * 11);
      }
      labels[row] = {.entry = row / 2, .view = static_cast<std::uint32_t>(row % 2)};
    }
    const auto writer = SegmentWriter::Create(Path(), {.bands = bands, .compact = compact});
    FUZZ_CHECK(writer.ok() && (*writer)->Add(codes, labels).ok() && (*writer)->Finish().ok());
    std::ifstream in(Path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::remove(Path().c_str());
  return seeds;
}
