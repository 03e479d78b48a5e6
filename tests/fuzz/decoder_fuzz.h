// SPDX-License-Identifier: Apache-2.0
//
// Purpose: what holds for a reader of our own of one picture format: any bytes give every row of a
// picture within the limits, or none, and the same each time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hashing/internal/decoders.h"
#include "tests/fuzz/fuzz.h"
#include "tests/hashing/encoders.h"

namespace kith::fuzz {

class RowCounter : public hashing::RowSink {
 public:
  void Begin(int width, int height) override {
    FUZZ_CHECK(width >= 1 && height >= 1 && rows_ == -1);
    width_ = width;
    rows_ = 0;
  }
  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    FUZZ_CHECK(count >= 1 && stride >= 3 * static_cast<std::size_t>(width_));
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) * stride; ++i) sum_ += rgb[i];
    rows_ += count;
  }
  [[nodiscard]] int rows() const { return rows_; }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  int width_ = 0;
  int rows_ = -1;  // -1: not begun
  std::uint64_t sum_ = 0;
};

template <typename Decoder>
void CheckDecoder(const Decoder& decode, std::span<const std::uint8_t> bytes) {
  using hashing::Disposition;
  const hashing::DecodeLimits limits{.max_side = 4096, .max_pixels = 1 << 18};
  RowCounter once;
  RowCounter again;
  const auto result = decode(bytes, limits, once);
  (void)decode(bytes, limits, again);
  FUZZ_CHECK(once.sum() == again.sum());
  const bool decoded =
      result.disposition == Disposition::kHashed || result.disposition == Disposition::kPartial;
  FUZZ_CHECK(once.rows() == (decoded ? result.height : -1));
  FUZZ_CHECK(result.disposition != Disposition::kNotMedia);
  if (decoded) FUZZ_CHECK(result.width >= 1 && result.width * result.height <= 1 << 18);
}

inline std::vector<std::string> SeedsOf(const std::vector<hashing::test::Data>& files) {
  std::vector<std::string> seeds;
  for (const hashing::test::Data& file : files) seeds.emplace_back(file.begin(), file.end());
  return seeds;
}

}  // namespace kith::fuzz
