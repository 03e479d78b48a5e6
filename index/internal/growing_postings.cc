// SPDX-License-Identifier: Apache-2.0
#include "index/internal/growing_postings.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "index/internal/postings.h"
#include "index/internal/resolve_tails.h"

namespace kith::index::internal {
namespace {

constexpr std::size_t kCodesPerBucket = 16;  // at the end

}  // namespace

BandShape GrowingPostings::ShapeFor(std::size_t capacity) {
  int key_bits = kCodeBits / BandPlan::kMaxBands;
  while (kCodesPerBucket << key_bits < std::min(capacity, kMostCodes)) ++key_bits;
  return {.bands = kCodeBits / key_bits, .extra_bits = Postings::ExtraBits(capacity)};
}

GrowingPostings::GrowingPostings(const BandPlan& plan, std::size_t capacity,
                                 bool kernel_reads_exactly)
    : capacity_(capacity),
      bands_(plan.bands()),
      position_mask_(static_cast<std::uint32_t>(
          (std::uint64_t{1} << (32 - Postings::ExtraBits(capacity))) - 1)),
      reads_exactly_(kernel_reads_exactly) {
  std::size_t buckets = 0;
  for (const Band& band : bands_) {
    first_bucket_.push_back(buckets);
    buckets += band.Buckets();
  }
  lines_ = HugeArray<Line>(buckets);
  tails_ = HugeArray<std::uint32_t>(buckets * kTails);
}

void GrowingPostings::FetchFor(const std::uint8_t* code) const {
  for (std::size_t at = 0; at < bands_.size(); ++at) {
    FetchBucket(at, bands_[at].Key(RingBits(code, bands_[at].first_bit)));
  }
}

bool GrowingPostings::Add(const std::uint8_t* code, std::uint32_t position) {
  std::array<std::uint64_t, BandPlan::kMaxBands> bits;
  std::array<std::uint32_t, BandPlan::kMaxBands> ranks;
  for (std::size_t at = 0; at < bands_.size(); ++at) {
    bits[at] = RingBits(code, bands_[at].first_bit);
    const std::uint32_t key = bands_[at].Key(bits[at]);
    ranks[at] = CountOf(*LineOf(at, key));
    if (ranks[at] == kSlots) return false;
    __builtin_prefetch(&tails_[BucketNumber(at, key) * kTails + ranks[at]], 1);
  }
  for (std::size_t at = 0; at < bands_.size(); ++at) {
    const std::size_t bucket = BucketNumber(at, bands_[at].Key(bits[at]));
    const std::uint32_t rest = bands_[at].Rest(bits[at]);
    const std::uint32_t rank = ranks[at];
    tails_[bucket * kTails + rank] = (rest & ~position_mask_) | position;
    Line& line = lines_[bucket];
    line.sketches[rank] = static_cast<std::uint16_t>(rest);
    std::atomic_ref(line.count)
        .store(static_cast<std::uint16_t>(rank + 1), std::memory_order_release);
  }
  return true;
}

void GrowingPostings::Unpack(const JoinKernel& /*kernel*/, std::size_t band, const Bucket& bucket,
                             std::uint32_t first_rank, std::uint32_t count,
                             std::uint16_t* sketches) const {
  std::memcpy(sketches, LineOf(band, bucket.key)->sketches + first_rank, count * sizeof(*sketches));
}

std::size_t GrowingPostings::Resolve(std::span<Survivor> survivors,
                                     std::span<const BandProbe> probes,
                                     const JoinKernel& kernel) const {
  return ResolveTails(survivors, probes, position_mask_, kernel,
                      [this](const Survivor& survivor) { return TailOf(survivor); });
}

}  // namespace kith::index::internal
