// SPDX-License-Identifier: Apache-2.0
// Our entropy decoder may not know a JPEG; it never says anything else than libjpeg.
#include "tests/fuzz/fuzz.h"
#include "tests/hashing/luma_check.h"
#include "tests/hashing/pictures.h"

using namespace kith::hashing;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  DecodeLimits limits;
  limits.max_pixels = 1 << 18;
  limits.max_scans = 30;
  for (const int terms : {1, 6}) {
    FUZZ_CHECK(test::CheckLuma({data, size}, terms, limits) != test::LumaVerdict::kDiffers);
  }
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds;
  for (const bool progressive : {false, true}) {
    for (const int restart : {0, 2}) {
      test::JpegStyle style;
      style.progressive = progressive;
      style.restart_mcus = restart;
      const test::Data file = test::EncodeJpeg(test::Synthetic(6, 50, 34), style);
      seeds.emplace_back(file.begin(), file.end());
    }
  }
  return seeds;
}
