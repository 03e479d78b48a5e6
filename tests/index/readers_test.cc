// SPDX-License-Identifier: Apache-2.0
//
// Who searches waits for nobody who adds or withdraws, and nobody who does waits for a search.
#include <atomic>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "gmock/gmock.h"
#include "index/internal/engine.h"
#include "index/internal/segmented_index.h"
#include "index/simd.h"
#include "tests/index/keep_owner.h"
#include "tests/index/truth.h"
#include "tests/index/wait_for.h"

namespace kith::index {
namespace {

constexpr std::size_t kHeadCodes = 8;
constexpr std::size_t kCodes = 100;

// An engine, and whether what it holds is kept in files.
class ReadersTest : public ::testing::TestWithParam<std::tuple<const char*, bool>> {
 protected:
  ReadersTest() : random_(1), codes_(random_.Some(3 * kCodes)) {}

  void Make(const internal::Engine& engine) {
    const bool is_kept = std::get<1>(GetParam());
    auto made = internal::SegmentedIndex::Make(engine, *ActiveSimdTarget(),
                                               {.engine = std::string(engine.name),
                                                .head_codes = kHeadCodes,
                                                .folder = is_kept ? folder_.path() : "",
                                                .owner = "owner"});
    ASSERT_TRUE(made.ok()) << made.status();
    index_ = *std::move(made);
  }
  [[nodiscard]] static const internal::Engine& Named() {
    return **internal::FindEngine(std::get<0>(GetParam()));
  }
  // The entry of row r is r + 1.
  void Add(std::size_t first, std::size_t count) {
    std::vector<Label> labels(count);
    for (std::size_t i = 0; i < count; ++i) labels[i].entry = first + i + 1;
    EXPECT_TRUE(index_->Add(std::span(codes_).subspan(first, count), labels).ok());
    EXPECT_TRUE(index_->Reached(std::to_string(first + count)).ok());
  }
  [[nodiscard]] std::uint64_t Found(std::size_t row, HitFilter keep = {}) const {
    return MustSearch(*index_, {&codes_[row], 1}, {.keep = std::move(keep)})[0].total;
  }

  const Folder folder_;
  RandomCodes random_;
  const std::vector<Code> codes_;
  std::unique_ptr<HammingIndex> index_;
};

TEST_P(ReadersTest, NobodyWaitsForASearchThatTakesItsTime) {
  Make(Named());
  ASSERT_NE(index_, nullptr);
  Add(0, kCodes);
  std::atomic<bool> is_amid{false};
  std::atomic<bool> may_go_on{false};
  std::atomic<bool> is_done{false};
  std::uint64_t found_slowly = 0;
  std::thread slow([&] {
    found_slowly = Found(0, [&](std::size_t, const Label&, int) {
      is_amid = true;
      may_go_on.wait(false);
      return true;
    });
  });
  EXPECT_TRUE(WaitFor(is_amid));
  std::thread others([&] {
    // Through the head and at once, with the merges that follow.
    for (std::size_t row = kCodes; row < 2 * kCodes; ++row) Add(row, 1);
    Add(2 * kCodes, kCodes);
    const std::vector<std::uint64_t> entries = {1};
    EXPECT_EQ(*index_->Withdraw(entries), 1u);
    index_->Settle();
    EXPECT_EQ(Found(0), 0u);
    EXPECT_EQ(Found(1), 1u);
    EXPECT_EQ(Found(kCodes), 1u);
    EXPECT_EQ(Found(2 * kCodes), 1u);
    EXPECT_EQ(index_->Stats().codes, 3 * kCodes - 1);
    is_done = true;
  });
  EXPECT_TRUE(WaitFor(is_done));
  may_go_on = true;
  may_go_on.notify_all();
  slow.join();
  others.join();
  // As it was when it began.
  EXPECT_EQ(found_slowly, 1u);
}

// An engine whose segments take their time, once they are told to: the addition that makes one
// lets no other writer in meanwhile.
const internal::Engine* made_of = nullptr;
std::atomic<bool> makes_slowly{false};
std::atomic<bool> is_making{false};
std::atomic<bool> may_be_made{false};

std::unique_ptr<faiss::IndexBinary> MakeSlowly(SimdTarget simd, int bands) {
  if (makes_slowly) {
    is_making = true;
    may_be_made.wait(false);
  }
  return made_of->make(simd, bands);
}

class SlowAdditionTest : public ReadersTest {};

TEST_P(SlowAdditionTest, NoSearchWaitsForAnAdditionThatTakesItsTime) {
  made_of = &Named();
  makes_slowly = is_making = may_be_made = false;
  internal::Engine slow = *made_of;
  slow.make = &MakeSlowly;
  Make(slow);
  ASSERT_NE(index_, nullptr);
  Add(0, kCodes);
  index_->Settle();
  makes_slowly = true;
  // As many as fill the head: its segment is made in memory, whether or not a file follows.
  std::thread adding([&] {
    for (std::size_t row = kCodes; row < kCodes + 2 * kHeadCodes; ++row) Add(row, 1);
  });
  EXPECT_TRUE(WaitFor(is_making));
  std::atomic<bool> is_withdrawn{false};
  std::thread withdrawing([&] {
    const std::vector<std::uint64_t> entries = {1};
    EXPECT_EQ(*index_->Withdraw(entries), 1u);
    is_withdrawn = true;
  });
  std::atomic<bool> is_done{false};
  std::thread searching([&] {
    EXPECT_EQ(Found(1), 1u);
    EXPECT_EQ(Found(kCodes), 1u) << "what is in the head is found until its segment is there";
    EXPECT_EQ(index_->Stats().segments, 1u);
    is_done = true;
  });
  EXPECT_TRUE(WaitFor(is_done));
  EXPECT_FALSE(is_withdrawn) << "the addition keeps no writer out: nothing is shown by this";
  makes_slowly = false;
  may_be_made = true;
  may_be_made.notify_all();
  adding.join();
  withdrawing.join();
  searching.join();
  EXPECT_EQ(Found(0), 0u);
  index_.reset();  // its engine goes
}

std::string NameOf(const ::testing::TestParamInfo<std::tuple<const char*, bool>>& test) {
  std::string name = std::get<0>(test.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name + (std::get<1>(test.param) ? "_kept" : "");
}

INSTANTIATE_TEST_SUITE_P(All, ReadersTest,
                         ::testing::Values(std::tuple("scan", false), std::tuple("mih", false),
                                           std::tuple("faiss-flat", false),
                                           std::tuple("scan", true), std::tuple("mih", true)),
                         NameOf);
// Where segments are searched in files, no engine makes what grows in memory.
INSTANTIATE_TEST_SUITE_P(All, SlowAdditionTest,
                         ::testing::Values(std::tuple("scan", false), std::tuple("mih", false),
                                           std::tuple("scan", true)),
                         NameOf);

}  // namespace
}  // namespace kith::index
