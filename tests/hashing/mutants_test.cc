// SPDX-License-Identifier: Apache-2.0
// Damaged files of every format: no crash, one disposition each, not a word on stderr.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "hashing/fingerprint.h"
#include "tests/hashing/mutants.h"

namespace kith::hashing {
namespace {

using test::Data;

#if defined(__SANITIZE_ADDRESS__)
constexpr int kMutantsOfAFile = 60;
#else
constexpr int kMutantsOfAFile = 400;
#endif
#if defined(__SANITIZE_ADDRESS__)
constexpr int kCutsOfAFile = 40;
#else
constexpr int kCutsOfAFile = 200;
#endif
constexpr std::uint32_t kSeed = 20260101;

TEST(Mutants, EndInOneDispositionEachAndInSilence) {
  const test::TemporaryFolder temporary;
  const std::vector<Data> files = test::FilesToMutate();
  std::mt19937 random(kSeed);
  FingerprintOptions options;
  options.limits.max_pixels = 4 << 20;  // mutants claim all sizes; time is for damage
  std::vector<int> seen(kDispositionCount);
  for (const Data& file : files) {
    testing::internal::CaptureStderr();
    for (int i = 0; i < kMutantsOfAFile + kCutsOfAFile; ++i) {
      // Damaged at random, then cut off at points that are the same in every run.
      Data mutant = file;
      if (i < kMutantsOfAFile) {
        mutant = test::Mutate(file, random);
      } else {
        mutant.resize(1 + (file.size() - 1) * static_cast<std::size_t>(i - kMutantsOfAFile) /
                              kCutsOfAFile);
      }
      const Fingerprint print = FingerprintBytes(mutant, options);
      ++seen[static_cast<std::size_t>(print.disposition)];
      const bool hashed = print.disposition == Disposition::kHashed ||
                          print.disposition == Disposition::kPartial ||
                          print.disposition == Disposition::kLowQuality;
      ASSERT_EQ(!print.views.empty(), hashed) << "seed " << kSeed << ", mutant " << i;
      ASSERT_TRUE(print.digests.has_value());
    }
    const std::string said = testing::internal::GetCapturedStderr();
    const Format format = SniffFormat(file);
    // libjxl and libde265 print; kith-decode, where they run, has no standard error.
    if (format == Format::kJxl || format == Format::kHeic) continue;
    EXPECT_EQ(said, "") << FormatName(format) << ", seed " << kSeed;
  }
  EXPECT_THAT(temporary.Entries(), testing::IsEmpty()) << "a decoder left temporary files";
  for (const Disposition disposition :
       {Disposition::kHashed, Disposition::kPartial, Disposition::kUnreadable,
        Disposition::kOverLimit, Disposition::kNotMedia}) {
    EXPECT_GT(seen[static_cast<std::size_t>(disposition)], 0) << DispositionName(disposition);
  }
}

}  // namespace
}  // namespace kith::hashing
