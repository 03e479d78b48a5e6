// SPDX-License-Identifier: Apache-2.0
#include "index/internal/segment_walk.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "index/internal/packed.h"

namespace kith::index::internal {
namespace {

constexpr std::uint64_t kLineBytes = 64;
// Of a bucket; the processor fetches on by itself where there are more.
constexpr std::uint64_t kBytesFetched = 4 * kLineBytes;

void Fetch(const void* at) { __builtin_prefetch(at); }

}  // namespace

SegmentWalk::SegmentWalk(const SegmentPlan& plan, const SegmentTables& tables, LocateKernel locate,
                         const JoinKernel& kernel, int radius_bits, std::span<const int> flips,
                         std::span<const Code> queries, PairSink sink)
    : plan_(plan),
      tables_(tables),
      locate_(locate),
      kernel_(kernel),
      radius_bits_(static_cast<std::uint32_t>(radius_bits)),
      flips_(flips),
      queries_(queries),
      sink_(sink),
      position_mask_(LowBits(tables.position_bits)) {}

void SegmentWalk::Run() {
  const std::span<const SegmentBand> bands = plan_.bands();
  for (std::uint32_t query = 0; query < queries_.size(); ++query) {
    const WordCode words = WordsOf(queries_[query].data());
    for (std::uint32_t band = 0; band < bands.size(); ++band) {
      if (flips_[band] < 0) continue;
      const std::uint32_t key = KeyOf(words, bands[band]);
      for (const std::uint32_t pattern : plan_.Patterns(bands[band].key_bits, flips_[band])) {
        AddProbe(query, band, key ^ pattern);
      }
    }
  }
  LookUp();
  Compare();
}

void SegmentWalk::AddProbe(std::uint32_t query, std::uint32_t band, std::uint32_t key) {
  const DirectoryView& directory = tables_.bands[band].directory;
  Fetch(directory.samples + (key >> 6));
  lookups_[probe_count_] = {.directory = &directory, .key = key, .start = 0, .count = 0};
  probe_queries_[probe_count_] = query;
  probe_bands_[probe_count_] = band;
  if (++probe_count_ == kProbes) LookUp();
}

void SegmentWalk::LookUp() {
  const std::size_t count = std::exchange(probe_count_, 0);
  for (std::size_t at = 0; at < count; ++at) {
    const DirectoryView& directory = *lookups_[at].directory;
    const std::uint64_t group = lookups_[at].key >> 6;
    const std::uint64_t bit = directory.samples[group] + (group << 6);
    if (bit / 64 >= directory.word_count) continue;
    const std::uint64_t* word = directory.words + bit / 64;
    Fetch(word);
    // A group of 64 buckets takes some 16 bytes for each item a bucket, and 8.
    Fetch(std::min(word + 2, directory.words + directory.word_count - 1));
  }
  locate_(lookups_.data(), count);
  for (std::size_t at = 0; at < count; ++at) {
    const std::uint8_t* postings = tables_.bands[probe_bands_[at]].postings;
    if (lookups_[at].count == 0 || postings == nullptr) continue;
    const std::uint64_t first = lookups_[at].start * tables_.position_bits / 8;
    const std::uint64_t last =
        ((lookups_[at].start + lookups_[at].count) * tables_.position_bits - 1) / 8;
    const std::uint64_t end = std::min(last, first + kBytesFetched);
    for (std::uint64_t byte = first; byte < end; byte += kLineBytes) Fetch(postings + byte);
    Fetch(postings + end);
  }
  for (std::size_t at = 0; at < count; ++at) {
    if (lookups_[at].count > 0) ReadBucket(at);
  }
}

void SegmentWalk::ReadBucket(std::size_t probe) {
  const auto [directory, key, start, count] = lookups_[probe];
  const std::uint32_t query = probe_queries_[probe];
  const std::uint32_t band = probe_bands_[probe];
  const std::uint8_t* postings = tables_.bands[band].postings;
  for (std::uint64_t at = start; at < start + count; ++at) {
    const std::uint64_t position =
        postings == nullptr ? at
                            : ShortPackedAt(postings, at, tables_.position_bits, position_mask_);
    // Checked for the sake of files whose checksums are right and whose content is not.
    if (position < tables_.code_count) AddCandidate(query, band, position);
  }
}

void SegmentWalk::AddCandidate(std::uint32_t query, std::uint32_t band, std::uint64_t position) {
  const std::size_t at = candidate_count_;
  codes_[at] = tables_.codes + position * sizeof(Code);
  Fetch(codes_[at]);
  query_codes_[at] = queries_[query].data();
  candidate_queries_[at] = query;
  candidate_bands_[at] = band;
  if (++candidate_count_ == kCandidates) Compare();
}

void SegmentWalk::Compare() {
  const std::size_t count = std::exchange(candidate_count_, 0);
  kernel_.distances(codes_.data(), query_codes_.data(), count, distances_.data());
  for (std::size_t at = 0; at < count; ++at) {
    if (distances_[at] > radius_bits_) continue;
    if (SeenBefore(candidate_bands_[at], codes_[at], query_codes_[at])) continue;
    sink_(candidate_queries_[at],
          static_cast<std::size_t>(codes_[at] - tables_.codes) / sizeof(Code),
          static_cast<int>(distances_[at]));
  }
}

// The first band that sees the pair tells it.
bool SegmentWalk::SeenBefore(std::uint32_t band, const std::uint8_t* code,
                             const std::uint8_t* query) const {
  const WordCode a = WordsOf(code);
  const WordCode b = WordsOf(query);
  const WordCode differing = {a[0] ^ b[0], a[1] ^ b[1], a[2] ^ b[2], a[3] ^ b[3]};
  for (std::uint32_t before = 0; before < band; ++before) {
    if (std::popcount(KeyOf(differing, plan_.bands()[before])) <= flips_[before]) return true;
  }
  return false;
}

}  // namespace kith::index::internal
