// SPDX-License-Identifier: Apache-2.0
// What the statement of method says of error rates is measured by this program, on pictures that it
// draws: how many altered copies lie within a radius of 31 of the picture that they were made from,
// and how many of different pictures, and of codes drawn at random, do as well.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <cstdint>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "hashing/fingerprint.h"
#include "tests/end_to_end/pictures.h"

namespace {

using kith::end_to_end::AllAlterations;
using kith::end_to_end::Alteration;
using kith::end_to_end::Bytes;
using kith::hashing::Code;
using kith::hashing::Fingerprint;
using kith::hashing::HammingDistance;

constexpr int kRadiusBits = 31;
constexpr int kNone = 256;  // no code to compare
constexpr int kOriginalJpegQuality = 92;

struct Options {
  std::uint64_t pictures = 300;  // of which copies are made
  std::uint64_t unlike = 1000;   // that are compared with each other
  std::uint64_t random = 40'000;
  std::uint64_t seed = 1;
};

void ForEach(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (std::size_t item = next++; item < count; item = next++) work(item);
    });
  }
}

// What an entry holds of a file: each view unturned, in the dialect of lists. Empty: no usable
// hash.
std::vector<Code> EntryCodes(const Fingerprint& print) {
  std::vector<Code> codes;
  for (const auto& view : print.views) {
    for (const auto& hashes : view.hashes) {
      if (hashes.usable && hashes.dialect == kith::hashing::Dialect::kFull) {
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
      if (!hashes.usable || hashes.dialect != kith::hashing::Dialect::kFull) continue;
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

Bytes OriginalOf(std::uint64_t seed) {
  return kith::end_to_end::EncodeJpeg(kith::end_to_end::Draw(seed), kOriginalJpegQuality);
}

nlohmann::ordered_json Altered(const Options& options) {
  const auto& alterations = AllAlterations();
  // By alteration, then by picture; -1: the original has no usable hash.
  std::vector<std::vector<int>> distances(
      alterations.size(), std::vector<int>(static_cast<std::size_t>(options.pictures), -1));
  ForEach(static_cast<std::size_t>(options.pictures), [&](std::size_t i) {
    const Bytes original = OriginalOf((options.seed << 32U) + i);
    const cv::Mat picture = cv::imdecode(original, cv::IMREAD_COLOR);
    const std::vector<Code> entry = EntryCodes(kith::hashing::FingerprintBytes(original, {}));
    if (entry.empty()) return;
    for (std::size_t a = 0; a < alterations.size(); ++a) {
      const Bytes copy = alterations[a].apply(original, picture);
      distances[a][i] = Nearest(entry, QueryCodes(kith::hashing::FingerprintBytes(copy, {})));
    }
  });
  nlohmann::ordered_json rates = nlohmann::ordered_json::array();
  for (std::size_t a = 0; a < alterations.size(); ++a) {
    std::vector<int> all = distances[a];
    std::erase(all, -1);
    std::sort(all.begin(), all.end());
    if (all.empty()) continue;
    rates.push_back({{"alteration", alterations[a].name},
                     {"copies", all.size()},
                     {"found", std::upper_bound(all.begin(), all.end(), kRadiusBits) - all.begin()},
                     {"median_bits", all[all.size() / 2]},
                     {"farthest_bits", all.back()}});
  }
  return rates;
}

struct Pairs {
  std::uint64_t compared = 0;
  std::uint64_t found = 0;
  int nearest = kNone;
  void Add(int distance) {
    ++compared;
    found += distance <= kRadiusBits ? 1 : 0;
    nearest = std::min(nearest, distance);
  }
};

Pairs Unlike(const Options& options) {
  const auto count = static_cast<std::size_t>(options.unlike);
  std::vector<std::vector<Code>> entries(count);
  std::vector<std::vector<Code>> queries(count);
  // None of the pictures of which copies were made.
  ForEach(count, [&](std::size_t i) {
    const Bytes original = OriginalOf(((options.seed + 1) << 32U) + i);
    const Fingerprint print = kith::hashing::FingerprintBytes(original, {});
    entries[i] = EntryCodes(print);
    queries[i] = QueryCodes(print);
  });
  Pairs pairs;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (!entries[i].empty() && !entries[k].empty()) pairs.Add(Nearest(entries[k], queries[i]));
    }
  }
  return pairs;
}

Pairs Random(const Options& options) {
  std::mt19937_64 random(options.seed);
  std::vector<std::array<std::uint64_t, 4>> codes(static_cast<std::size_t>(options.random));
  for (auto& code : codes) {
    for (std::uint64_t& word : code) word = random();
  }
  Pairs pairs;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      int distance = 0;
      for (std::size_t w = 0; w < 4; ++w) distance += std::popcount(codes[i][w] ^ codes[k][w]);
      pairs.Add(distance);
    }
  }
  return pairs;
}

nlohmann::ordered_json ToJson(const Pairs& pairs) {
  return {{"pairs", pairs.compared}, {"found", pairs.found}, {"nearest_bits", pairs.nearest}};
}

bool ParseNumber(std::string_view text, std::uint64_t& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && value > 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const std::array<std::uint64_t*, 3> numbers = {&options.pictures, &options.unlike,
                                                 &options.random};
  for (int i = 1; i < argc; ++i) {
    if (i > 3 || !ParseNumber(argv[i], *numbers.at(static_cast<std::size_t>(i - 1)))) {
      std::cerr << "sample-rates [PICTURES [UNLIKE [RANDOM]]]\n";
      return 2;
    }
  }
  cv::setNumThreads(1);  // the pictures are made side by side
  nlohmann::ordered_json rates = {{"radius_bits", kRadiusBits}, {"pictures", options.pictures}};
  rates["alterations"] = Altered(options);
  rates["unlike"] = ToJson(Unlike(options));
  rates["random"] = ToJson(Random(options));
  std::cout << rates.dump(2) << "\n";
  return 0;
}
