// SPDX-License-Identifier: Apache-2.0
#include "index/hamming_index.h"

#include <xxhash.h>

#include <array>
#include <bit>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "index/internal/bands.h"
#include "index/internal/engine.h"
#include "index/internal/segmented_index.h"

namespace kith::index {
namespace {

constexpr std::size_t kMinHeadCodes = internal::kLanes;
constexpr std::size_t kMaxHeadCodes = 65536;

}  // namespace

absl::StatusOr<std::unique_ptr<HammingIndex>> HammingIndex::Create(
    const HammingIndexOptions& options) {
  const absl::StatusOr<const internal::Engine*> engine = internal::FindEngine(options.engine);
  if (!engine.ok()) return engine.status();
  const absl::StatusOr<SimdTarget> simd = ActiveSimdTarget();
  if (!simd.ok()) return simd.status();
  if (options.head_codes < kMinHeadCodes || options.head_codes > kMaxHeadCodes) {
    return absl::InvalidArgumentError(absl::StrCat("index: head_codes is ", options.head_codes,
                                                   "; it must be from ", kMinHeadCodes, " to ",
                                                   kMaxHeadCodes));
  }
  const bool bands_fit = options.bands == 0 ||
                         ((*engine)->has_bands && options.bands >= internal::BandPlan::kMinBands &&
                          options.bands <= internal::BandPlan::kMaxBands);
  if (!bands_fit) {
    return absl::InvalidArgumentError(
        absl::StrCat("index: bands is ", options.bands, "; only mih has bands, from ",
                     internal::BandPlan::kMinBands, " to ", internal::BandPlan::kMaxBands,
                     ", or 0 to let it choose"));
  }
  if (options.owner.size() > internal::kMaxMarkBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("index: the owner's name has more than ", internal::kMaxMarkBytes, " bytes"));
  }
  return internal::SegmentedIndex::Make(**engine, *simd, options);
}

std::uint64_t RowDigest(const Code& code, const Label& label) {
  std::array<std::uint8_t, sizeof(Code) + sizeof(label.entry) + sizeof(label.view)> bytes{};
  std::memcpy(bytes.data(), code.data(), sizeof(Code));
  std::memcpy(bytes.data() + sizeof(Code), &label.entry, sizeof(label.entry));
  std::memcpy(bytes.data() + sizeof(Code) + sizeof(label.entry), &label.view, sizeof(label.view));
  return XXH3_64bits(bytes.data(), bytes.size());
}

int HammingDistance(const Code& a, const Code& b) {
  std::uint64_t words_a[4];
  std::uint64_t words_b[4];
  std::memcpy(words_a, a.data(), sizeof(words_a));
  std::memcpy(words_b, b.data(), sizeof(words_b));
  int distance = 0;
  for (int word = 0; word < 4; ++word) distance += std::popcount(words_a[word] ^ words_b[word]);
  return distance;
}

}  // namespace kith::index
