// SPDX-License-Identifier: Apache-2.0
// Any bytes end in exactly one disposition, with views where, and only where, they were hashed.
#include "hashing/fingerprint.h"
#include "tests/fuzz/fuzz.h"
#include "tests/hashing/mutants.h"

using kith::hashing::Disposition;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kith::hashing::FingerprintOptions options;
  options.limits.max_pixels = 1 << 20;
  options.limits.max_memory_bytes = 64 << 20;
  const auto print = kith::hashing::FingerprintBytes({data, size}, options);
  const bool hashed = print.disposition == Disposition::kHashed ||
                      print.disposition == Disposition::kPartial ||
                      print.disposition == Disposition::kLowQuality;
  FUZZ_CHECK(hashed == !print.views.empty());
  FUZZ_CHECK((print.disposition == Disposition::kEmpty) == (size == 0));
  FUZZ_CHECK(print.digests.has_value());
  FUZZ_CHECK(print.size_bytes == size);
  if (hashed) FUZZ_CHECK(print.width > 0 && print.height > 0);
  return 0;
}

std::vector<std::string> kith::fuzz::Seeds() {
  std::vector<std::string> seeds;
  for (const hashing::test::Data& file : hashing::test::FilesToMutate()) {
    seeds.emplace_back(file.begin(), file.end());
  }
  return seeds;
}
