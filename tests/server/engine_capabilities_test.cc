// SPDX-License-Identifier: Apache-2.0
// What clients are told to keep to is what holds: no more is taken, and no less.
#include <string>
#include <vector>

#include "tests/server/store.h"

namespace kith::server {
namespace {

class CapabilitiesTest : public StoreTest {
 protected:
  v1::GetCapabilitiesResponse Can() { return engine().GetCapabilities({}).value(); }
  absl::Status Ask(std::uint32_t queries, const v1::MatchOptions& options = {}) {
    v1::MatchRequest request;
    *request.mutable_options() = options;
    for (std::uint32_t i = 0; i < queries; ++i) *request.add_queries() = PdqQuery(Pdq(1));
    return engine().Match(request).status();
  }
};

TEST_F(CapabilitiesTest, QueriesOfABatch) {
  AddSet("list");
  EXPECT_TRUE(Ask(Can().max_queries_a_batch()).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(Ask(Can().max_queries_a_batch() + 1)));
}

TEST_F(CapabilitiesTest, RadiusOfAQuery) {
  AddSet("list", {.radius_bits = Can().max_radius_bits()});
  AddOne("list", "", PdqEntry(Pdq(1)));
  v1::MatchOptions options;
  options.set_radius_bits(Can().max_radius_bits());
  EXPECT_TRUE(Ask(1, options).ok());
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), static_cast<int>(Can().max_radius_bits()))), options)
                .total(),
            1);
  options.set_radius_bits(Can().max_radius_bits() + 1);
  EXPECT_TRUE(absl::IsInvalidArgument(Ask(1, options)));
}

TEST_F(CapabilitiesTest, RadiusOfASetThatSaysNone) {
  v1::AddHashSetRequest request;
  request.mutable_hash_set()->set_name("list");
  request.mutable_hash_set()->set_purpose(v1::PURPOSE_KNOWN);
  ASSERT_TRUE(engine().AddHashSet(request).ok());
  AddOne("list", "", PdqEntry(Pdq(1)));
  const int radius_bits = static_cast<int>(Can().default_radius_bits());
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), radius_bits))).total(), 1);
  EXPECT_EQ(MatchOne(PdqQuery(Flipped(Pdq(1), radius_bits + 1))).total(), 0);
}

TEST_F(CapabilitiesTest, LimitOfAQuery) {
  AddSet("list");
  std::vector<v1::Entry> entries;
  for (std::uint32_t i = 0; i <= Can().default_limit(); ++i) {
    entries.push_back(PdqEntry(Pdq(1), std::to_string(i)));
  }
  ASSERT_TRUE(Add("list", "", entries).ok());
  const v1::MatchResult result = MatchOne(PdqQuery(Pdq(1)));
  EXPECT_EQ(result.matches_size(), static_cast<int>(Can().default_limit()));
  EXPECT_TRUE(result.truncated());
  v1::MatchOptions options;
  options.set_limit(Can().max_limit());
  EXPECT_TRUE(Ask(1, options).ok());
  options.set_limit(Can().max_limit() + 1);
  EXPECT_TRUE(absl::IsInvalidArgument(Ask(1, options)));
}

TEST_F(CapabilitiesTest, RecordsOfABatch) {
  AddSet("list");
  std::vector<v1::Entry> entries;
  for (std::uint32_t i = 0; i < Can().max_records_a_batch(); ++i) {
    entries.push_back(PdqEntry(Pdq(i), std::to_string(i)));
  }
  EXPECT_TRUE(Add("list", "", entries).ok());
  entries.push_back(PdqEntry(Pdq(1), "one more"));
  EXPECT_TRUE(absl::IsResourceExhausted(Add("list", "", entries).status()));
}

TEST_F(CapabilitiesTest, QualityOfAPdq) {
  AddSet("list");
  const int least = static_cast<int>(Can().minimum_quality());
  AddOne("list", "", PdqEntry(Pdq(1), "good", {.quality = least}));
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1), {.quality = least})).total(), 1);
  EXPECT_EQ(MatchOne(PdqQuery(Pdq(1), {.quality = least - 1})).total(), 0);
}

}  // namespace
}  // namespace kith::server
