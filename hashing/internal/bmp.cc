// SPDX-License-Identifier: Apache-2.0
// BMP by a reader of our own: OpenCV's drew some run-length coded files wrong and needs two dozen
// libraries to be loaded, and no library of Debian reads BMP alone. Raw pixels are read where they
// lie; of run-length coded ones the picture of palette indices is held. What is missing is black
// or, in a run-length code, colour 0.
#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "hashing/internal/bmp_header.h"
#include "hashing/internal/byte_order.h"
#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {
namespace {

// A channel out of a pixel of 16 or 32 bits: what its mask selects, scaled to 8 bits.
class Channel {
 public:
  explicit Channel(std::uint32_t mask)
      : mask_(mask),
        shift_(mask == 0 ? 0 : std::countr_zero(mask)),
        most_(mask == 0 ? 1 : mask >> shift_) {}

  [[nodiscard]] std::uint8_t Of(std::uint32_t pixel) const {
    const std::uint64_t value = (pixel & mask_) >> shift_;
    return static_cast<std::uint8_t>((255 * value + most_ / 2) / most_);
  }

 private:
  std::uint32_t mask_;
  int shift_;
  std::uint64_t most_;
};

class RawRows {
 public:
  RawRows(Bytes bytes, const BmpHeader& header)
      : bytes_(bytes),
        header_(header),
        channels_{Channel(header.masks[0]), Channel(header.masks[1]), Channel(header.masks[2])} {}

  // Row y from the top; false if it is not all there.
  [[nodiscard]] bool Read(int y, std::uint8_t* rgb) const {
    const std::int64_t stored = header_.top_down ? y : header_.height - 1 - y;
    const std::uint64_t at =
        header_.data_at + static_cast<std::uint64_t>(stored) * header_.row_bytes();
    // The padding at the end of the last row may be missing.
    const std::uint64_t need =
        (static_cast<std::uint64_t>(header_.width) * static_cast<std::uint64_t>(header_.depth) +
         7) /
        8;
    if (at > bytes_.size() || need > bytes_.size() - at) return false;
    const Bytes row = bytes_.subspan(at, need);
    for (std::size_t x = 0; x < static_cast<std::size_t>(header_.width); ++x) {
      Pixel(row, x, rgb + 3 * x);
    }
    return true;
  }

 private:
  void Pixel(Bytes row, std::size_t x, std::uint8_t* rgb) const {
    if (header_.depth <= 8) {
      const auto depth = static_cast<std::size_t>(header_.depth);
      const std::size_t bit = x * depth;
      const std::size_t index = row[bit / 8] >> (8 - depth - bit % 8) & ((1U << depth) - 1);
      std::ranges::copy(header_.palette[index], rgb);
    } else if (header_.depth == 24) {
      for (std::size_t c = 0; c < 3; ++c) rgb[c] = row[3 * x + 2 - c];
    } else {
      const std::size_t size = static_cast<std::size_t>(header_.depth) / 8;
      const auto pixel = static_cast<std::uint32_t>(LittleEndian(row, x * size, size));
      for (std::size_t c = 0; c < 3; ++c) rgb[c] = channels_[c].Of(pixel);
    }
  }

  Bytes bytes_;
  const BmpHeader& header_;
  std::array<Channel, 3> channels_;
};

// A picture of palette indices out of a run-length code, rows from the bottom.
class RunLengthPicture {
 public:
  RunLengthPicture(Bytes bytes, const BmpHeader& header)
      : header_(header),
        width_(static_cast<std::size_t>(header.width)),
        height_(static_cast<std::size_t>(header.height)),
        four_(header.coding == BmpHeader::Coding::kRle4),
        indices_(width_ * height_) {
    rest_ = header.data_at < bytes.size() ? bytes.subspan(header.data_at) : Bytes();
    whole_ = Run();
  }

  // False if the code ended before it said so.
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] bool any() const { return any_; }

  void Read(int y, std::uint8_t* rgb) const {
    const std::uint8_t* row =
        indices_.data() + (height_ - 1 - static_cast<std::size_t>(y)) * width_;
    for (std::size_t x = 0; x < width_; ++x, rgb += 3) {
      std::ranges::copy(header_.palette[row[x]], rgb);
    }
  }

 private:
  enum Escape : std::uint8_t { kEndOfRow = 0, kEndOfPicture = 1, kMove = 2 };

  bool Run() {
    // A code that has gone past the top draws nothing more.
    while (rest_.size() >= 2 && y_ < height_) {
      const std::uint8_t count = rest_[0];
      const std::uint8_t value = rest_[1];
      rest_ = rest_.subspan(2);
      if (count > 0) {
        for (std::size_t i = 0; i < count; ++i) Draw(Nibble(value, i));
      } else if (value == kEndOfRow) {
        x_ = 0;
        ++y_;
      } else if (value == kEndOfPicture) {
        return true;
      } else if (value == kMove) {
        if (rest_.size() < 2) return false;
        x_ += rest_[0];
        y_ += rest_[1];
        rest_ = rest_.subspan(2);
      } else if (!Literal(value)) {
        return false;
      }
    }
    return y_ >= height_;
  }

  // `count` pixels as they are, in whole words of two bytes.
  bool Literal(std::size_t count) {
    const std::size_t bytes = four_ ? (count + 1) / 2 : count;
    const std::size_t padded = (bytes + 1) / 2 * 2;
    if (bytes > rest_.size()) return false;
    for (std::size_t i = 0; i < count; ++i) {
      Draw(Nibble(rest_[four_ ? i / 2 : i], i));
    }
    rest_ = rest_.subspan(std::min(padded, rest_.size()));
    return true;
  }

  [[nodiscard]] std::uint8_t Nibble(std::uint8_t value, std::size_t i) const {
    if (!four_) return value;
    return static_cast<std::uint8_t>(i % 2 == 0 ? value >> 4 : value & 15);
  }

  // Pixels beyond the end of a row are dropped.
  void Draw(std::uint8_t index) {
    if (x_ < width_) {
      indices_[y_ * width_ + x_] = index;
      any_ = true;
    }
    ++x_;
  }

  const BmpHeader& header_;
  std::size_t width_;
  std::size_t height_;
  bool four_;
  Bytes rest_;
  std::vector<std::uint8_t> indices_;
  std::size_t x_ = 0;
  std::size_t y_ = 0;  // from the bottom
  bool any_ = false;
  bool whole_ = false;
};

// Gives all rows; `read(y, rgb)` is false for one that is missing. How many were there.
template <typename Read>
int GiveRows(const DecodeResult& result, RowSink& sink, const Read& read) {
  const std::size_t stride = 3 * static_cast<std::size_t>(result.width);
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  int there = 0;
  sink.Begin(result.width, result.height);
  for (int y = 0; y < result.height; y += kBatchRows) {
    const int count = std::min(kBatchRows, result.height - y);
    for (int i = 0; i < count; ++i) {
      std::uint8_t* rgb = batch.data() + static_cast<std::size_t>(i) * stride;
      if (read(y + i, rgb)) {
        ++there;
      } else {
        std::fill_n(rgb, stride, std::uint8_t{0});
      }
    }
    sink.Rows(batch.data(), count, stride);
  }
  return there;
}

DecodeResult Truncated(DecodeResult result, const char* colour) {
  result.disposition = Disposition::kPartial;
  result.detail = std::string("bmp: truncated or damaged; what is missing is ") + colour;
  return result;
}

}  // namespace

DecodeResult DecodeBmp(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kBmp;
  const BmpHeader header = ReadBmpHeader(bytes);
  if (!header.error.empty()) {
    return Failure(std::move(result),
                   header.unsupported ? Disposition::kUnsupported : Disposition::kUnreadable,
                   "bmp: " + header.error);
  }
  const bool raw = header.coding == BmpHeader::Coding::kRaw;
  const bool sides_fit = header.width > 0 && header.height > 0;
  const std::uint64_t memory = raw || !sides_fit ? 0
                                                 : static_cast<std::uint64_t>(header.width) *
                                                       static_cast<std::uint64_t>(header.height);
  if (!CheckSize(header.width, header.height, memory, limits, result)) return result;
  const auto nothing = [&] {
    return Failure(std::move(result), Disposition::kUnreadable, "bmp: not one row in it");
  };
  if (raw) {
    const RawRows rows(bytes, header);
    // The row that comes first in the file.
    std::vector<std::uint8_t> first(3 * static_cast<std::size_t>(result.width));
    if (!rows.Read(header.top_down ? 0 : result.height - 1, first.data())) return nothing();
    const int there =
        GiveRows(result, sink, [&](int y, std::uint8_t* rgb) { return rows.Read(y, rgb); });
    if (there < result.height) return Truncated(std::move(result), "black");
  } else {
    const RunLengthPicture picture(bytes, header);
    if (!picture.any()) return nothing();
    (void)GiveRows(result, sink, [&](int y, std::uint8_t* rgb) {
      picture.Read(y, rgb);
      return true;
    });
    if (!picture.whole()) return Truncated(std::move(result), "of the first colour");
  }
  result.disposition = Disposition::kHashed;
  return result;
}

}  // namespace kith::hashing::internal
