// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/rates.h"

#include <algorithm>
#include <array>
#include <bit>
#include <fstream>
#include <functional>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <random>

#include "hashing/fingerprint.h"
#include "tests/end_to_end/pictures.h"

namespace kith::end_to_end {
namespace {

using hashing::Code;
using hashing::Fingerprint;
using hashing::HammingDistance;

constexpr int kNone = 256;  // no code to compare

// What an entry holds of a file: each view unturned, in the dialect of lists. Empty: no usable
// hash.
std::vector<Code> EntryCodes(const Fingerprint& print) {
  std::vector<Code> codes;
  for (const auto& view : print.views) {
    for (const auto& hashes : view.hashes) {
      if (hashes.usable && hashes.dialect == hashing::Dialect::kFull) {
        codes.push_back(hashes.codes[0]);
      }
    }
  }
  return codes;
}

// What a check asks for a file: each view in every orientation.
std::vector<Code> QueryCodes(const Fingerprint& print) {
  std::vector<Code> codes;
  for (const auto& view : print.views) {
    for (const auto& hashes : view.hashes) {
      if (!hashes.usable || hashes.dialect != hashing::Dialect::kFull) continue;
      codes.insert(codes.end(), hashes.codes.begin(), hashes.codes.end());
    }
  }
  return codes;
}

int Nearest(const std::vector<Code>& entry, const std::vector<Code>& query) {
  int nearest = kNone;
  for (const Code& a : entry) {
    for (const Code& b : query) nearest = std::min(nearest, HammingDistance(a, b));
  }
  return nearest;
}

void Add(int distance, PairsRate& pairs) {
  ++pairs.compared;
  pairs.found += distance <= kRatesRadiusBits ? 1 : 0;
  pairs.nearest_bits = std::min(pairs.nearest_bits, distance);
}

// Empty: it cannot be read.
Bytes Photograph(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) return {};
  cv::Mat picture = cv::imdecode(bytes, cv::IMREAD_COLOR);
  if (picture.empty()) return {};
  const double scale = static_cast<double>(kPhotographSide) / std::max(picture.cols, picture.rows);
  if (scale < 1) cv::resize(picture, picture, {}, scale, scale, cv::INTER_AREA);
  return EncodeJpeg(picture, kOriginalJpegQuality);
}

// Picture i of those that copies are made of, or, with `unlike`, that are compared with each other.
Bytes OriginalOf(const RatesOptions& options, std::size_t i, bool unlike) {
  if (!options.photographs.empty()) return Photograph(options.photographs[i]);
  const std::uint64_t seed = options.seed + (unlike ? 1 : 0);
  return EncodeJpeg(Draw((seed << 32U) + i), kOriginalJpegQuality);
}

std::size_t CountOf(const RatesOptions& options, std::uint64_t drawn) {
  return options.photographs.empty() ? static_cast<std::size_t>(drawn) : options.photographs.size();
}

}  // namespace

std::vector<AlteredRate> MeasureAltered(const RatesOptions& options) {
  const auto& alterations = AllAlterations();
  // By alteration, then by picture; -1: the original has no usable hash.
  std::vector<std::vector<int>> distances(alterations.size(),
                                          std::vector<int>(CountOf(options, options.pictures), -1));
  ForEach(CountOf(options, options.pictures), [&](std::size_t i) {
    const Bytes original = OriginalOf(options, i, false);
    if (original.empty()) return;
    const cv::Mat picture = cv::imdecode(original, cv::IMREAD_COLOR);
    const std::vector<Code> entry = EntryCodes(hashing::FingerprintBytes(original, {}));
    if (entry.empty()) return;
    for (std::size_t a = 0; a < alterations.size(); ++a) {
      const Bytes copy = alterations[a].apply(original, picture);
      distances[a][i] = Nearest(entry, QueryCodes(hashing::FingerprintBytes(copy, {})));
    }
  });
  std::vector<AlteredRate> rates;
  for (std::size_t a = 0; a < alterations.size(); ++a) {
    std::vector<int> all = distances[a];
    std::erase(all, -1);
    std::sort(all.begin(), all.end());
    if (all.empty()) continue;
    const auto end = std::upper_bound(all.begin(), all.end(), kRatesRadiusBits);
    rates.push_back({.alteration = alterations[a].name,
                     .copies = all.size(),
                     .found = static_cast<std::uint64_t>(end - all.begin()),
                     .median_bits = all[all.size() / 2],
                     .farthest_bits = all.back()});
  }
  return rates;
}

PairsRate MeasureUnlike(const RatesOptions& options) {
  const std::size_t count = CountOf(options, options.unlike);
  std::vector<std::vector<Code>> entries(count);
  std::vector<std::vector<Code>> queries(count);
  ForEach(count, [&](std::size_t i) {
    const Bytes original = OriginalOf(options, i, true);
    if (original.empty()) return;
    const Fingerprint print = hashing::FingerprintBytes(original, {});
    entries[i] = EntryCodes(print);
    queries[i] = QueryCodes(print);
  });
  PairsRate pairs;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!entries[i].empty() && !entries[k].empty()) Add(Nearest(entries[k], queries[i]), pairs);
    }
  }
  return pairs;
}

PairsRate MeasureRandom(const RatesOptions& options) {
  std::mt19937_64 random(options.seed);
  std::vector<std::array<std::uint64_t, 4>> codes(static_cast<std::size_t>(options.random));
  for (auto& code : codes) {
    for (std::uint64_t& word : code) word = random();
  }
  PairsRate pairs;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      int distance = 0;
      for (std::size_t w = 0; w < 4; ++w) distance += std::popcount(codes[i][w] ^ codes[k][w]);
      Add(distance, pairs);
    }
  }
  return pairs;
}

}  // namespace kith::end_to_end
