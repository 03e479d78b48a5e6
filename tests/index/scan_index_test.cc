// SPDX-License-Identifier: Apache-2.0
//
// Our scan in FAISS's slot: the same answers as faiss::IndexBinaryFlat through FAISS's functions.
#include "index/internal/scan_index.h"

#include <faiss/IndexBinaryFlat.h>
#include <faiss/impl/AuxIndexStructures.h>

#include <limits>

#include "index/internal/simd_dispatch.h"
#include "tests/index/truth.h"

namespace kith::index::internal {
namespace {

using Found = std::vector<std::pair<std::int64_t, float>>;

Found RangeOf(const faiss::IndexBinary& index, const Code& query, int radius) {
  faiss::RangeSearchResult result(1);
  index.range_search(1, query.data(), radius, &result);
  Found found;
  for (std::size_t at = result.lims[0]; at < result.lims[1]; ++at) {
    found.emplace_back(result.labels[at], result.distances[at]);
  }
  std::sort(found.begin(), found.end());
  return found;
}

class ScanIndexTest : public ::testing::Test {
 protected:
  ScanIndexTest() : random_(9), codes_(random_.Some(500)) {
    flat_.add(static_cast<std::int64_t>(codes_.size()), codes_[0].data());
    scan_.add(300, codes_[0].data());
    scan_.add(200, codes_[300].data());
  }

  RandomCodes random_;
  std::vector<Code> codes_;
  faiss::IndexBinaryFlat flat_{kCodeBits};
  ScanIndex scan_{ScanKernelOf(*ActiveSimdTarget())};
};

TEST_F(ScanIndexTest, RangeSearchIsStrictAsInFaiss) {
  for (const int radius : {0, 1, 2, 31, 32, 100, 128, 256, 257, 1000}) {
    const Code query = random_.Flip(codes_[random_.Below(500)], radius % 33);
    EXPECT_EQ(RangeOf(scan_, query, radius), RangeOf(flat_, query, radius)) << radius;
  }
}

TEST_F(ScanIndexTest, NearestAreThoseOfFaiss) {
  const std::vector<Code> queries = random_.Some(5);
  for (const std::int64_t k : {1, 10, 500, 505}) {
    const std::size_t size = queries.size() * static_cast<std::size_t>(k);
    std::vector<std::int32_t> distances(size);
    std::vector<std::int32_t> flat_distances(size);
    std::vector<faiss::IndexBinary::idx_t> labels(size);
    std::vector<faiss::IndexBinary::idx_t> flat_labels(size);
    scan_.search(5, queries[0].data(), k, distances.data(), labels.data());
    flat_.search(5, queries[0].data(), k, flat_distances.data(), flat_labels.data());
    EXPECT_EQ(distances, flat_distances) << k;
    for (std::size_t at = 0; at < size; ++at) {
      const Code& query = queries[at / static_cast<std::size_t>(k)];
      if (labels[at] == -1) {
        EXPECT_EQ(distances[at], std::numeric_limits<std::int32_t>::max());
      } else {
        EXPECT_EQ(PlainDistance(query, codes_[static_cast<std::size_t>(labels[at])]),
                  distances[at]);
      }
    }
  }
}

TEST_F(ScanIndexTest, ReconstructsAndResets) {
  for (std::size_t row = 0; row < codes_.size(); ++row) {
    Code code;
    scan_.reconstruct(static_cast<std::int64_t>(row), code.data());
    EXPECT_EQ(code, codes_[row]);
  }
  EXPECT_EQ(scan_.ntotal, 500);
  scan_.reset();
  EXPECT_EQ(scan_.ntotal, 0);
  EXPECT_TRUE(RangeOf(scan_, codes_[0], 257).empty());
}

}  // namespace
}  // namespace kith::index::internal
