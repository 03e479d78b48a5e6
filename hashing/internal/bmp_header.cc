// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/bmp_header.h"

#include <algorithm>

#include "hashing/internal/byte_order.h"

namespace kith::hashing::internal {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint64_t kFileHeader = 14;
constexpr std::uint64_t kCoreHeader =
    12;  // of OS/2 1: 16-bit sides, palette of three bytes a colour
constexpr std::uint64_t kInfoHeader = 40;
constexpr std::uint64_t kOs2Header = 64;

BmpHeader Refused(BmpHeader header, const char* why, bool unsupported) {
  header.error = why;
  header.unsupported = unsupported;
  return header;
}

// Compressions of Windows; in OS/2's header 3 and 4 are others.
enum Compression : std::uint64_t {
  kNone = 0,
  kRunLength8 = 1,
  kRunLength4 = 2,
  kBitFields = 3,
  kAlphaBitFields = 6,
};

// Masks of pixels of 16 and 32 bits. Where they stand beside the header, they come before the
// palette and are no part of the header's size.
void ReadMasks(Bytes bytes, std::uint64_t compression, BmpHeader& header) {
  header.masks = header.depth == 16 ? std::array<std::uint32_t, 3>{0x7C00, 0x03E0, 0x001F}
                                    : std::array<std::uint32_t, 3>{0xFF0000, 0xFF00, 0xFF};
  if (compression != kBitFields && compression != kAlphaBitFields) return;
  for (std::size_t c = 0; c < 3; ++c) {
    header.masks[c] =
        static_cast<std::uint32_t>(LittleEndian(bytes, kFileHeader + kInfoHeader + 4 * c, 4));
  }
}

void ReadPalette(Bytes bytes, std::uint64_t at, std::uint64_t colour_bytes, std::uint64_t colours,
                 BmpHeader& header) {
  // Files are about that name more colours than they have: the pixels end the palette.
  const std::uint64_t room = header.data_at > at ? (header.data_at - at) / colour_bytes : 0;
  colours = std::min({colours, room, std::uint64_t{1} << header.depth});
  for (std::uint64_t i = 0; i < colours; ++i) {
    for (std::uint64_t c = 0; c < 3; ++c) {
      header.palette[i][2 - c] =
          static_cast<std::uint8_t>(LittleEndian(bytes, at + i * colour_bytes + c, 1));
    }
  }
}

bool KnowsCoding(std::uint64_t compression, bool os2, BmpHeader& header) {
  switch (compression) {
    case kNone:
      return true;
    case kRunLength8:
      header.coding = BmpHeader::Coding::kRle8;
      return header.depth == 8 && !header.top_down;
    case kRunLength4:
      header.coding = BmpHeader::Coding::kRle4;
      return header.depth == 4 && !header.top_down;
    case kBitFields:
    case kAlphaBitFields:
      return !os2 && (header.depth == 16 || header.depth == 32);
    default:
      return false;
  }
}

}  // namespace

BmpHeader ReadBmpHeader(Bytes bytes) {
  BmpHeader header;
  const std::uint64_t size = LittleEndian(bytes, kFileHeader, 4);
  const bool core = size == kCoreHeader;
  header.data_at = LittleEndian(bytes, 10, 4);
  if (bytes.size() < kFileHeader + (core ? kCoreHeader : kInfoHeader)) {
    return Refused(std::move(header), "the header is cut off", false);
  }
  std::uint64_t compression = kNone;
  std::uint64_t colours = 256;
  if (core) {
    header.width = static_cast<std::int64_t>(LittleEndian(bytes, 18, 2));
    header.height = static_cast<std::int64_t>(LittleEndian(bytes, 20, 2));
    header.depth = static_cast<int>(LittleEndian(bytes, 24, 2));
  } else {
    header.width = static_cast<std::int32_t>(LittleEndian(bytes, 18, 4));
    header.height = static_cast<std::int32_t>(LittleEndian(bytes, 22, 4));
    header.top_down = header.height < 0;
    if (header.top_down) header.height = -header.height;
    header.depth = static_cast<int>(LittleEndian(bytes, 28, 2));
    compression = LittleEndian(bytes, 30, 4);
    const std::uint64_t used = LittleEndian(bytes, 46, 4);
    if (used != 0) colours = used;
  }
  static constexpr std::array<int, 7> kDepths = {1, 2, 4, 8, 16, 24, 32};
  if (std::ranges::find(kDepths, header.depth) == kDepths.end()) {
    return Refused(std::move(header), "a depth that is not read", true);
  }
  if (!KnowsCoding(compression, size == kOs2Header, header)) {
    return Refused(std::move(header), "a compression that is not read", true);
  }
  if (header.depth > 8) {
    ReadMasks(bytes, compression, header);
    return header;
  }
  ReadPalette(bytes, kFileHeader + size, core ? 3 : 4, colours, header);
  return header;
}

}  // namespace kith::hashing::internal
