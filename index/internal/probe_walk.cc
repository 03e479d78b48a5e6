// SPDX-License-Identifier: Apache-2.0
#include "index/internal/probe_walk.h"

#include <algorithm>
#include <utility>

namespace kith::index::internal {
namespace {

constexpr std::size_t kLineBytes = 64;
// Of a bucket; the processor notices by itself that a longer one is read in order.
constexpr std::size_t kLinesFetched = 6;

void Fetch(const void* at) { __builtin_prefetch(at); }

}  // namespace

ProbeWalk::ProbeWalk(const BandPlan& plan, const Postings& postings,
                     std::span<const RingCode> codes, const JoinKernel& kernel, int radius_bits,
                     std::span<const RingCode> queries, PairSink sink)
    : plan_(plan),
      postings_(postings),
      codes_(codes),
      kernel_(kernel),
      radius_bits_(static_cast<std::uint32_t>(radius_bits)),
      queries_(queries),
      sink_(sink),
      probes_(plan.Probes(radius_bits)) {
  for (std::size_t band = 0; band < plan.bands().size(); ++band) views_[band] = postings.Of(band);
}

void ProbeWalk::Each() {
  const std::span<const Band> bands = plan_.bands();
  rests_.resize(bands.size() * queries_.size());
  order_.resize(rests_.size());
  std::size_t at = 0;
  for (std::size_t query = 0; query < queries_.size(); ++query) {
    for (std::size_t band = 0; band < bands.size(); ++band) {
      if (probes_[band].flips < 0) continue;
      const std::uint64_t bits = RingBits(queries_[query], bands[band].first_bit);
      rests_[at] = bands[band].Rest(bits);
      order_[at] = static_cast<std::uint32_t>(query);
      AddProbes(band, bands[band].Key(bits), &rests_[at], 1);
      ++at;
    }
  }
  Finish();
}

void ProbeWalk::Join() {
  const std::span<const Band> bands = plan_.bands();
  std::vector<std::uint32_t> starts;
  rests_.resize(queries_.size());
  order_.resize(queries_.size());
  for (std::size_t at = 0; at < bands.size(); ++at) {
    const Band& band = bands[at];
    if (probes_[at].flips < 0) continue;
    starts.assign(band.Buckets() + 1, 0);
    for (const RingCode& query : queries_) ++starts[band.Key(RingBits(query, band.first_bit))];
    std::uint32_t sum = 0;
    for (std::uint32_t& start : starts) start = sum += start;
    for (std::size_t query = queries_.size(); query-- > 0;) {
      const std::uint64_t bits = RingBits(queries_[query], band.first_bit);
      const std::uint32_t to = --starts[band.Key(bits)];
      rests_[to] = band.Rest(bits);
      order_[to] = static_cast<std::uint32_t>(query);
    }
    for (std::size_t key = 0; key < band.Buckets(); ++key) {
      const std::uint32_t count = starts[key + 1] - starts[key];
      if (count == 0) continue;
      AddProbes(at, static_cast<std::uint32_t>(key), &rests_[starts[key]], count);
    }
    Finish();
  }
}

void ProbeWalk::AddProbes(std::size_t band, std::uint32_t key, const std::uint32_t* rests,
                          std::size_t query_count) {
  const BandProbe& probe = probes_[band];
  const std::uint32_t* starts = views_[band].starts;
  for (const FlipPattern& flip : probe.patterns) {
    ProbeBlock& block = blocks_[filling_];
    block.starts[block.count] = starts + (key ^ flip.bits);
    Fetch(block.starts[block.count]);
    block.joins[block.count] =
        BucketJoin{.entries = nullptr,
                   .queries = rests,
                   .entry_count = 0,
                   .query_count = static_cast<std::uint32_t>(query_count),
                   .mask = probe.sketch_mask,
                   .limit = static_cast<std::uint16_t>(
                       static_cast<std::uint32_t>(probe.sketch_budget) - flip.count),
                   .band = static_cast<std::uint16_t>(band),
                   .flips = static_cast<std::uint16_t>(flip.count)};
    if (++block.count == kProbes) EndBlock();
  }
}

void ProbeWalk::EndBlock() {
  ProbeBlock& block = blocks_[filling_];
  for (std::size_t at = 0; at < block.count; ++at) {
    BucketJoin& join = block.joins[at];
    const std::uint32_t* starts = block.starts[at];
    join.entries = views_[join.band].sketches + starts[0];
    join.entry_count = starts[1] - starts[0];
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(join.entries);
    const std::size_t size =
        std::min(join.entry_count * sizeof(*join.entries), kLinesFetched * kLineBytes);
    for (std::size_t line = 0; line < size; line += kLineBytes) Fetch(bytes + line);
    if (size > 0) Fetch(bytes + size - 1);
  }
  filling_ = 1 - filling_;
  CompareSketches(blocks_[filling_]);
}

void ProbeWalk::CompareSketches(ProbeBlock& block) {
  kernel_.join(block.joins.data(), block.count, &OnHits, this);
  block.count = 0;
}

void ProbeWalk::OnHits(void* context, const SketchHit* hits, std::size_t count) {
  for (const SketchHit* hit = hits; hit != hits + count; ++hit) {
    static_cast<ProbeWalk*>(context)->AddSurvivor(*hit->join, hit->query, hit->entry);
  }
}

void ProbeWalk::AddSurvivor(const BucketJoin& join, std::uint32_t query, std::uint32_t entry) {
  const Postings::View& view = views_[join.band];
  const std::size_t at = survivors_.count++;
  survivors_.tails[at] = view.tails + (join.entries - view.sketches) + entry;
  Fetch(survivors_.tails[at]);
  survivors_.rests[at] = join.queries + query;
  survivors_.differing[at] = join.queries[query] ^ join.entries[entry];
  survivors_.bands[at] = join.band;
  survivors_.flips[at] = join.flips;
  if (survivors_.count == kSurvivors) CompareRests();
}

void ProbeWalk::CompareRests() {
  const std::size_t count = std::exchange(survivors_.count, 0);
  for (std::size_t at = 0; at < count; ++at) {
    survivors_.differing[at] ^= postings_.Extra(*survivors_.tails[at]) << kSketchBits;
    survivors_.differing[at] &= probes_[survivors_.bands[at]].rest_mask;
  }
  kernel_.count_bits(survivors_.differing.data(), count);
  for (std::size_t at = 0; at < count; ++at) {
    const std::uint16_t band = survivors_.bands[at];
    const auto differing = static_cast<int>(survivors_.differing[at]) + survivors_.flips[at];
    if (differing > probes_[band].rest_budget) continue;
    AddCandidate(order_[static_cast<std::size_t>(survivors_.rests[at] - rests_.data())],
                 postings_.Position(*survivors_.tails[at]), band);
  }
}

void ProbeWalk::AddCandidate(std::uint32_t query, std::uint32_t position, std::uint16_t band) {
  const std::size_t at = candidates_.count++;
  candidates_.codes[at] = reinterpret_cast<const std::uint8_t*>(&codes_[position]);
  candidates_.queries[at] = reinterpret_cast<const std::uint8_t*>(&queries_[query]);
  Fetch(candidates_.codes[at]);
  Fetch(candidates_.queries[at]);
  candidates_.query_numbers[at] = query;
  candidates_.positions[at] = position;
  candidates_.bands[at] = band;
  if (candidates_.count == kCandidates) CompareCodes();
}

void ProbeWalk::CompareCodes() {
  const std::size_t count = std::exchange(candidates_.count, 0);
  kernel_.distances(candidates_.codes.data(), candidates_.queries.data(), count,
                    candidates_.distances.data());
  const std::span<const Band> bands = plan_.bands();
  for (std::size_t at = 0; at < count; ++at) {
    if (candidates_.distances[at] > radius_bits_) continue;
    const RingCode& code = codes_[candidates_.positions[at]];
    const RingCode& query = queries_[candidates_.query_numbers[at]];
    const RingCode differing = {code[0] ^ query[0], code[1] ^ query[1], code[2] ^ query[2],
                                code[3] ^ query[3]};
    // The first band that sees the pair tells it.
    bool told = false;
    for (std::size_t band = 0; band < candidates_.bands[at] && !told; ++band) {
      told = BandPlan::Seen(bands[band], probes_[band], differing);
    }
    if (!told) {
      sink_(candidates_.query_numbers[at], candidates_.positions[at],
            static_cast<int>(candidates_.distances[at]));
    }
  }
}

void ProbeWalk::Finish() {
  EndBlock();
  CompareSketches(blocks_[1 - filling_]);
  CompareRests();
  CompareCodes();
}

}  // namespace kith::index::internal
