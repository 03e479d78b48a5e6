// SPDX-License-Identifier: Apache-2.0
// The Netpbm family, P1 to P7: bits, grey and colour, as text or bytes, up to 16 bits a sample. A
// reader of our own: the format is a line of numbers and samples, and the one library of it exits
// the process at the first error. Samples become 8 bits by their scale, rounded; rows that are
// missing or damaged are black.
#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "hashing/internal/decoders.h"
#include "hashing/internal/pnm_header.h"

namespace kith::hashing::internal {
namespace {

// Samples of a row, one after another; false where the file ends or makes no sense.
class Samples {
 public:
  Samples(Bytes bytes, const PnmHeader& header)
      : bytes_(bytes), header_(header), text_(bytes, header.data_at), at_(header.data_at) {}

  [[nodiscard]] bool ReadRow(std::vector<std::uint16_t>& row) {
    if (header_.kind <= 3) return ReadText(row);
    return header_.kind == 4 ? ReadBits(row) : ReadBytes(row);
  }

 private:
  bool ReadText(std::vector<std::uint16_t>& row) {
    for (std::uint16_t& sample : row) {
      std::uint64_t value = 0;
      const bool good =
          header_.kind == 1 ? text_.Bit(value) : text_.Number(header_.most_value, value);
      if (!good) return false;
      sample = static_cast<std::uint16_t>(header_.kind == 1 ? 1 - value : value);
    }
    return true;
  }

  bool ReadBits(std::vector<std::uint16_t>& row) {
    const std::size_t row_bytes = (row.size() + 7) / 8;
    if (row_bytes > bytes_.size() - at_) return false;
    for (std::size_t x = 0; x < row.size(); ++x) {
      const unsigned ink = bytes_[at_ + x / 8] >> (7 - x % 8) & 1U;
      row[x] = static_cast<std::uint16_t>(1 - ink);
    }
    at_ += row_bytes;
    return true;
  }

  bool ReadBytes(std::vector<std::uint16_t>& row) {
    const std::size_t size = header_.most_value > 255 ? 2 : 1;
    if (row.size() * size > bytes_.size() - at_) return false;
    for (std::uint16_t& sample : row) {
      sample = bytes_[at_++];
      if (size == 2) sample = static_cast<std::uint16_t>(sample << 8 | bytes_[at_++]);
    }
    return true;
  }

  Bytes bytes_;
  const PnmHeader& header_;
  PnmText text_;
  std::size_t at_;
};

void ToRgb(const std::vector<std::uint16_t>& row, const PnmHeader& header, std::uint8_t* rgb) {
  const auto most = static_cast<std::uint32_t>(header.most_value);
  const auto to_byte = [most](std::uint32_t sample) {
    return static_cast<std::uint8_t>((255 * std::min(sample, most) + most / 2) / most);
  };
  const bool grey = header.channels <= 2;  // the second is alpha, as is a fourth
  for (std::size_t at = 0; at < row.size(); at += header.channels) {
    for (std::size_t c = 0; c < 3; ++c) *rgb++ = to_byte(row[at + (grey ? 0 : c)]);
  }
}

}  // namespace

DecodeResult DecodePnm(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kPnm;
  const std::optional<PnmHeader> header = ReadPnmHeader(bytes);
  if (!header) {
    return Failure(std::move(result), Disposition::kUnreadable, "pnm: the header makes no sense");
  }
  if (!CheckSize(static_cast<std::int64_t>(header->width),
                 static_cast<std::int64_t>(header->height), 0, limits, result)) {
    return result;
  }
  const std::size_t stride = 3 * static_cast<std::size_t>(result.width);
  std::vector<std::uint16_t> row(static_cast<std::size_t>(result.width) *
                                 static_cast<std::size_t>(header->channels));
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  Samples samples(bytes, *header);
  int read = 0;
  bool readable = samples.ReadRow(row);
  if (!readable) {
    return Failure(std::move(result), Disposition::kUnreadable, "pnm: not one row in it");
  }
  sink.Begin(result.width, result.height);
  for (int y = 0; y < result.height; y += kBatchRows) {
    const int count = std::min(kBatchRows, result.height - y);
    std::fill(batch.begin(), batch.end(), std::uint8_t{0});
    for (int i = 0; i < count && readable; ++i) {
      ToRgb(row, *header, batch.data() + static_cast<std::size_t>(i) * stride);
      ++read;
      readable = read < result.height && samples.ReadRow(row);
    }
    sink.Rows(batch.data(), count, stride);
  }
  result.disposition = read == result.height ? Disposition::kHashed : Disposition::kPartial;
  if (read < result.height) result.detail = "pnm: truncated or damaged; what is missing is black";
  return result;
}

}  // namespace kith::hashing::internal
