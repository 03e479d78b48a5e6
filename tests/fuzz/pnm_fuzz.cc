// SPDX-License-Identifier: Apache-2.0
// Our own reader of PNM: any bytes give every row of a picture within the limits, or none.
#include "hashing/internal/decoders.h"
#include "tests/fuzz/fuzz.h"
#include "tests/hashing/encoders.h"

using kith::hashing::Disposition;

namespace {

class Counter : public kith::hashing::RowSink {
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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const kith::hashing::DecodeLimits limits{.max_side = 4096, .max_pixels = 1 << 18};
  Counter once;
  Counter again;
  const auto result = kith::hashing::internal::DecodePnm({data, size}, limits, once);
  (void)kith::hashing::internal::DecodePnm({data, size}, limits, again);
  FUZZ_CHECK(once.sum() == again.sum());
  const bool decoded =
      result.disposition == Disposition::kHashed || result.disposition == Disposition::kPartial;
  FUZZ_CHECK(once.rows() == (decoded ? result.height : -1));
  FUZZ_CHECK(result.disposition != Disposition::kNotMedia);
  if (decoded) FUZZ_CHECK(result.width >= 1 && result.width * result.height <= 1 << 18);
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  namespace test = hashing::test;
  const test::Picture picture = test::Synthetic(6, 31, 22);
  std::vector<test::Data> files;
  for (int kind = 1; kind <= 7; ++kind) {
    files.push_back(EncodePnm(picture, kind));
    files.push_back(EncodePnm(picture, kind, 1000));
  }
  std::vector<std::string> seeds;
  for (const test::Data& file : files) seeds.emplace_back(file.begin(), file.end());
  return seeds;
}
