// SPDX-License-Identifier: Apache-2.0
#include "index/internal/mapped_postings.h"

#include <array>
#include <utility>

namespace kith::index::internal {

MappedPostings::MappedPostings(std::uint64_t codes, const SegmentCut& cut,
                               std::vector<BandTables> bands)
    : codes_(static_cast<std::uint32_t>(codes)),
      sketch_bits_(cut.sketch_bits),
      low_bits_(cut.low_bits),
      extra_bits_(cut.extra_bits),
      tail_bits_(cut.low_bits + cut.extra_bits),
      parts_(cut.Parts(codes)),
      high_words_(cut.HighWords(codes)),
      bands_(std::move(bands)) {}

void MappedPostings::FetchTail(const Survivor& survivor) const {
  const BandTables& band = bands_[survivor.band];
  if (band.tails == nullptr) return;
  const std::uint64_t item = std::uint64_t{survivor.start} + survivor.rank;
  Fetch(band.tails + item * tail_bits_ / 8);
  if (high_words_ == 0) return;
  // There are about as many zeros in a bucket as ones, and the search begins at the first.
  const std::uint64_t first = FirstHighBit(survivor) / 64;
  const std::uint64_t word = first + survivor.rank * 2 / 64;
  Fetch(band.high_bits + std::min(first, high_words_ - 1));
  Fetch(band.high_bits + std::min(word, high_words_ - 1));
}

std::size_t MappedPostings::Resolve(std::span<Survivor> survivors,
                                    std::span<const BandProbe> probes,
                                    const JoinKernel& kernel) const {
  survivors = survivors.first(ReadTails(survivors, probes, kernel));
  if (high_words_ != 0) AddParts(survivors, kernel);
  std::size_t kept = 0;
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    survivors[kept] = survivors[at];
    kept += survivors[at].position < codes_ ? 1 : 0;
  }
  return kept;
}

std::size_t MappedPostings::ReadTails(std::span<Survivor> survivors,
                                      std::span<const BandProbe> probes,
                                      const JoinKernel& kernel) const {
  std::array<std::uint32_t, kSurvivorsAtOnce> differing;
  const std::uint64_t tail_mask = LowBits(tail_bits_);
  const std::uint64_t low_mask = LowBits(low_bits_);
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    Survivor& survivor = survivors[at];
    const std::uint8_t* tails = bands_[survivor.band].tails;
    const std::uint32_t item = survivor.start + survivor.rank;
    differing[at] = 0;
    survivor.position = item;
    if (tails == nullptr) continue;
    const std::uint64_t tail = ShortPackedAt(tails, item, tail_bits_, tail_mask);
    survivor.position = static_cast<std::uint32_t>(tail & low_mask);
    if (extra_bits_ == 0) continue;
    const auto extra = static_cast<std::uint32_t>(tail >> low_bits_ << (32 - extra_bits_));
    differing[at] = (survivor.differing ^ extra) & probes[survivor.band].rest_mask;
  }
  if (extra_bits_ == 0) return survivors.size();
  kernel.count_bits(differing.data(), survivors.size());
  std::size_t kept = 0;
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    const auto bits = static_cast<int>(differing[at]) + survivors[at].flips;
    survivors[kept] = survivors[at];
    // Of the first band no more than the sketch is known.
    kept += bands_[survivors[at].band].tails == nullptr ||
                    bits <= probes[survivors[at].band].rest_budget
                ? 1
                : 0;
  }
  return kept;
}

void MappedPostings::AddParts(std::span<Survivor> survivors, const JoinKernel& kernel) const {
  std::array<OneLookup, kSurvivorsAtOnce> lookups;
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    const Survivor& survivor = survivors[at];
    // Without words there is no one to be found.
    const std::uint64_t* words = bands_[survivor.band].high_bits;
    lookups[at] = {.words = words,
                   .word_count = words == nullptr ? 0 : high_words_,
                   .first_bit = FirstHighBit(survivor),
                   .rank = survivor.rank,
                   .place = kNoPlace};
  }
  kernel.find_ones(lookups.data(), survivors.size());
  for (std::size_t at = 0; at < survivors.size(); ++at) {
    Survivor& survivor = survivors[at];
    if (lookups[at].words == nullptr) continue;
    const std::uint64_t part = lookups[at].place - survivor.rank;
    // One that has none lies behind the last code.
    survivor.position = lookups[at].place == kNoPlace || part >= parts_
                            ? codes_
                            : survivor.position | static_cast<std::uint32_t>(part << low_bits_);
  }
}

}  // namespace kith::index::internal
