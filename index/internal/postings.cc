// SPDX-License-Identifier: Apache-2.0
#include "index/internal/postings.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "index/internal/resolve_tails.h"

namespace kith::index::internal {

int Postings::ExtraBits(std::size_t codes) {
  return std::min(16, 32 - static_cast<int>(std::bit_width(codes)));
}

Postings::Postings(const BandPlan& plan, std::span<const RawCode> codes)
    : codes_(codes.size()), position_bits_(32 - ExtraBits(codes.size())) {
  const std::uint32_t position_mask = PositionMask();
  const std::span<const Band> bands = plan.bands();
  for (const Band& band : bands) starts_stride_ = std::max(starts_stride_, band.Buckets() + 1);
  starts_ = HugeArray<std::uint32_t>(bands.size() * starts_stride_);
  sketches_ = HugeArray<std::uint16_t>(bands.size() * codes_);
  tails_ = HugeArray<std::uint32_t>(bands.size() * codes_);
  HugeArray<std::uint64_t> bits(codes_);  // of the codes, from the first bit of the band on
  for (std::size_t at = 0; at < bands.size(); ++at) {
    const Band& band = bands[at];
    std::uint32_t* starts = starts_.data() + at * starts_stride_;
    for (std::size_t position = 0; position < codes_; ++position) {
      bits[position] = RingBits(BytesOf(codes[position]), band.first_bit);
      ++starts[band.Key(bits[position])];
    }
    std::uint32_t sum = 0;
    for (std::size_t bucket = 0; bucket <= band.Buckets(); ++bucket) {
      sum += starts[bucket];
      starts[bucket] = sum;
    }
    std::uint16_t* sketches = sketches_.data() + at * codes_;
    std::uint32_t* tails = tails_.data() + at * codes_;
    // From the last code to the first, each bucket's end moves to its start.
    for (std::size_t position = codes_; position-- > 0;) {
      if (position >= kFetchAhead) {
        const std::uint32_t soon = starts[band.Key(bits[position - kFetchAhead])] - 1;
        Fetch(sketches + soon);
        Fetch(tails + soon);
      }
      const std::uint32_t to = --starts[band.Key(bits[position])];
      const std::uint32_t rest = band.Rest(bits[position]);
      sketches[to] = static_cast<std::uint16_t>(rest);
      tails[to] = (rest & ~position_mask) | static_cast<std::uint32_t>(position);
    }
  }
}

std::size_t Postings::Resolve(std::span<Survivor> survivors, std::span<const BandProbe> probes,
                              const JoinKernel& kernel) const {
  return ResolveTails(survivors, probes, PositionMask(), kernel,
                      [this](const Survivor& survivor) { return TailOf(survivor); });
}

}  // namespace kith::index::internal
