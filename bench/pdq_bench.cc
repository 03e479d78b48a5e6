// SPDX-License-Identifier: Apache-2.0
// The stages of PDQ: from RGB rows to coefficients, from coefficients to codes, and a whole JPEG.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "hashing/fingerprint.h"
#include "hashing/orientation.h"
#include "hashing/pdq.h"
#include "tests/golden/synthetic_picture.h"

namespace kith::bench {
namespace {

constexpr std::uint32_t kSeed = 1;

void RgbToPdq(benchmark::State& state) {
  const auto width = static_cast<int>(state.range(0));
  const auto height = static_cast<int>(state.range(1));
  const auto dialect = static_cast<hashing::Dialect>(state.range(2));
  const std::vector<std::uint8_t> rgb = golden::SyntheticPicture(kSeed, width, height);
  for (auto _ : state) benchmark::DoNotOptimize(hashing::HashRgb(rgb, width, height, dialect));
  state.counters["pixels_per_second"] = benchmark::Counter(
      static_cast<double>(width) * height, benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(RgbToPdq)
    ->ArgNames({"width", "height", "dialect"})
    ->Args({64, 64, 0})
    ->Args({512, 512, 0})
    ->Args({4000, 3000, 0})
    ->Args({4000, 3000, 1})
    ->Unit(benchmark::kMicrosecond);

void EightOrientations(benchmark::State& state) {
  const auto rgb = golden::SyntheticPicture(kSeed, 256, 256);
  const hashing::Pdq pdq = hashing::HashRgb(rgb, 256, 256);
  for (auto _ : state) benchmark::DoNotOptimize(hashing::AllOrientations(pdq.coefficients));
}
BENCHMARK(EightOrientations)->Unit(benchmark::kMicrosecond);

// All of a fingerprint, with the share of each stage.
void JpegToFingerprint(benchmark::State& state) {
  const auto width = static_cast<int>(state.range(0));
  const auto height = static_cast<int>(state.range(1));
  std::vector<std::uint8_t> rgb = golden::SyntheticPicture(kSeed, width, height);
  std::vector<std::uint8_t> jpeg;
  cv::imencode(".jpg", cv::Mat(height, width, CV_8UC3, rgb.data()), jpeg,
               {cv::IMWRITE_JPEG_QUALITY, 90});
  hashing::StageTimes total;
  for (auto _ : state) {
    const hashing::Fingerprint print = hashing::FingerprintBytes(jpeg, {});
    total.digest_ns += print.times.digest_ns;
    total.decode_ns += print.times.decode_ns;
    total.hash_ns += print.times.hash_ns;
  }
  const auto milliseconds = [&state](std::int64_t ns) {
    return static_cast<double>(ns) / 1e6 / static_cast<double>(state.iterations());
  };
  state.counters["digest_ms"] = milliseconds(total.digest_ns);
  state.counters["decode_ms"] = milliseconds(total.decode_ns);
  state.counters["hash_ms"] = milliseconds(total.hash_ns);
}
BENCHMARK(JpegToFingerprint)
    ->ArgNames({"width", "height"})
    ->Args({640, 480})
    ->Args({4000, 3000})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kith::bench
