// SPDX-License-Identifier: Apache-2.0
// Our own reader of BMP: any bytes give every row of a picture within the limits, or none.
#include <algorithm>

#include "tests/fuzz/decoder_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kith::fuzz::CheckDecoder(kith::hashing::internal::DecodeBmp, {data, size});
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  namespace test = hashing::test;
  const test::Picture picture = test::Synthetic(6, 31, 22);
  std::vector<test::Data> files;
  for (const int depth : {1, 4, 8}) {
    const test::Picture few = FewColours(picture, 1 << std::min(depth, 5));
    for (const bool core : {false, true}) {
      files.push_back(EncodeBmp(few, {.depth = depth, .core = core}));
    }
    if (depth > 1) files.push_back(EncodeBmp(few, {.depth = depth, .run_length = true}));
  }
  for (const int depth : {16, 24, 32}) {
    files.push_back(EncodeBmp(picture, {.depth = depth, .top_down = true}));
    if (depth != 24) files.push_back(EncodeBmp(picture, {.depth = depth, .masks = true}));
  }
  return SeedsOf(files);
}
