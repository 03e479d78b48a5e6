// SPDX-License-Identifier: Apache-2.0
// Damaged files of every format through the cage: the same disposition and hashes as without it, no
// worker lost. KITH_MUTANTS=20000 in the environment makes it so many instead of 2,000.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "tests/hashing/caged.h"
#include "tests/hashing/mutants.h"

namespace kith::hashing {
namespace {

#ifdef KITH_SANITIZED
constexpr int kMutants = 400;
#else
constexpr int kMutants = 2'000;
#endif
constexpr std::uint32_t kSeed = 20260215;

TEST(CageMutants, EndAsTheyDoWithoutIt) {
  const char* wanted = std::getenv("KITH_MUTANTS");
  const int mutants = wanted == nullptr ? kMutants : std::max(1, std::atoi(wanted));
  const test::TemporaryFolder temporary;
  const auto cage = test::StartCage();
  ASSERT_NE(cage, nullptr);
  const std::vector<test::Data> files = test::FilesToMutate();
  std::mt19937 random(kSeed);
  FingerprintOptions options;
  options.limits.max_pixels = 4 << 20;  // mutants claim all sizes; time is for damage
  std::vector<int> seen(kDispositionCount);
  for (int i = 0; i < mutants; ++i) {
    const std::size_t file = static_cast<std::size_t>(i) % files.size();
    const test::Data mutant = test::Mutate(files[file], random);
    const Fingerprint print = test::Caged(*cage, mutant, options);
    ++seen[static_cast<std::size_t>(print.disposition)];
    ASSERT_EQ(test::Everything(print), test::Everything(test::Uncaged(mutant, options)))
        << "seed " << kSeed << ", mutant " << i;
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
