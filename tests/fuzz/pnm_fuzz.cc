// SPDX-License-Identifier: Apache-2.0
// Our own reader of PNM: any bytes give every row of a picture within the limits, or none.
#include "tests/fuzz/decoder_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kith::fuzz::CheckDecoder(kith::hashing::internal::DecodePnm, {data, size});
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
  return SeedsOf(files);
}
