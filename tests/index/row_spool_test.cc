// SPDX-License-Identifier: Apache-2.0
//
// Rows come back in order whatever they are, and no more at once than the memory is for.
#include "index/internal/row_spool.h"

#include <algorithm>
#include <cstdint>

#include <vector>

#include "tests/index/segment_files.h"
#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

class RowSpoolTest : public SegmentFiles {
 protected:
  static constexpr std::size_t kMemory = std::size_t{1} << 18;

  void Add(const Code& code, const Label& label) {
    codes_.push_back(code);
    labels_.push_back(label);
  }
  // Fewer rows at once than that, and all of them in order.
  void ExpectOrder(std::size_t memory_bytes) {
    RowSpool spool(directory_, memory_bytes);
    for (std::size_t first = 0; first < codes_.size(); first += 1000) {
      const std::size_t count = std::min<std::size_t>(1000, codes_.size() - first);
      ASSERT_TRUE(spool
                      .Add(std::span(codes_).subspan(first, count),
                           std::span(labels_).subspan(first, count))
                      .ok());
    }
    ASSERT_TRUE(spool.EndOfRows().ok());
    EXPECT_EQ(spool.size(), codes_.size());
    std::vector<SpooledRow> wanted;
    for (std::size_t row = 0; row < codes_.size(); ++row) {
      wanted.push_back({.code = RingOf(codes_[row].data()),
                        .entry = labels_[row].entry,
                        .view = labels_[row].view,
                        .unused = 0});
    }
    std::sort(wanted.begin(), wanted.end());
    std::vector<SpooledRow> part;
    std::size_t next = 0;
    while (true) {
      const absl::Status status = spool.NextPart(part);
      ASSERT_TRUE(status.ok()) << status;
      if (part.empty()) break;
      EXPECT_LE(part.size(), spool.most_rows());
      for (const SpooledRow& row : part) {
        ASSERT_LT(next, wanted.size());
        ASSERT_FALSE(row < wanted[next] || wanted[next] < row) << "row " << next;
        ++next;
      }
    }
    EXPECT_EQ(next, wanted.size());
  }

  std::vector<Code> codes_;
  std::vector<Label> labels_;
};

TEST_F(RowSpoolTest, RowsThatAgreeInTheirFirstBytesAreNotTakenAllAtOnce) {
  RandomCodes random(1);
  for (std::uint64_t row = 0; row < 30000; ++row) {
    Code code = random.Next();
    // Half of them in one byte, a quarter in nine, and so on.
    const std::size_t alike = row % 2 == 0 ? 1 : row % 4 == 1 ? 9 : row % 8 == 3 ? 31 : 0;
    std::fill_n(code.begin(), alike, 0x5a);
    Add(code, {.entry = random.Below(1000), .view = static_cast<std::uint32_t>(row % 3)});
  }
  ExpectOrder(kMemory);
  ExpectOrder(std::size_t{1} << 24);
}

TEST_F(RowSpoolTest, OneCodeOfManyEntriesAndOneRowManyTimes) {
  RandomCodes random(2);
  const Code one = random.Next();
  const Code other = random.Next();
  for (std::uint64_t row = 0; row < 12000; ++row) {
    Add(one, {.entry = random.Below(7) == 0 ? 7 : row << 40, .view = 0});
    Add(other, {.entry = 3, .view = static_cast<std::uint32_t>(random.Below(2) << 31)});
    Add(random.Next(), {.entry = row, .view = 1});
  }
  ExpectOrder(kMemory);
}

TEST_F(RowSpoolTest, NoneAndFew) {
  ExpectOrder(kMemory);
  RandomCodes random(3);
  for (std::uint64_t row = 0; row < 10; ++row) Add(random.Next(), {.entry = row, .view = 0});
  ExpectOrder(kMemory);
}

}  // namespace
}  // namespace kith::index::internal
