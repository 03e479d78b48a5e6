// SPDX-License-Identifier: Apache-2.0
// What the cage costs: the same JPEG hashed in this process and in a worker, and a worker's start.
// Both sides are told in processor time of all processes together, which other work on the machine
// does not change: what a worker takes is read from the system.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <string>
#include <vector>

#include "hashing/cage/caged_fingerprinter.h"
#include "hashing/fingerprint.h"
#include "tests/golden/synthetic_picture.h"

namespace kith::bench {
namespace {

constexpr std::uint32_t kSeed = 1;

// An open file with a JPEG of about so many megapixels, 4 to 3.
int JpegFile(double megapixels) {
  const int height = static_cast<int>(std::sqrt(megapixels * 1e6 * 3 / 4));
  const int width = height * 4 / 3;
  std::vector<std::uint8_t> rgb = golden::SyntheticPicture(kSeed, width, height);
  std::vector<std::uint8_t> jpeg;
  cv::imencode(".jpg", cv::Mat(height, width, CV_8UC3, rgb.data()), jpeg,
               {cv::IMWRITE_JPEG_QUALITY, 90});
  const int fd = memfd_create("jpeg", MFD_CLOEXEC);
  if (write(fd, jpeg.data(), jpeg.size()) != static_cast<ssize_t>(jpeg.size())) return -1;
  return fd;
}

double OwnSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Processor time of the worker that runs now; workers that were replaced are not in it.
double WorkerSeconds() {
  int worker = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream(task.path() / "children") >> worker;
  }
  double nanoseconds = 0;
  std::ifstream("/proc/" + std::to_string(worker) + "/schedstat") >> nanoseconds;
  return nanoseconds * 1e-9;
}

void InThisProcess(benchmark::State& state) {
  const int fd = JpegFile(static_cast<double>(state.range(0)) / 10);
  const double begin = OwnSeconds();
  for (auto _ : state) benchmark::DoNotOptimize(hashing::FingerprintFile(fd, {}));
  state.counters["cpu_ms"] = 1e3 * (OwnSeconds() - begin) / static_cast<double>(state.iterations());
  close(fd);
}
BENCHMARK(InThisProcess)
    ->ArgName("megapixels_x10")
    ->Arg(1)
    ->Arg(10)
    ->Arg(60)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void InTheCage(benchmark::State& state) {
  const auto cage = hashing::cage::CagedFingerprinter::Start({.files_per_worker = 1'000'000});
  if (!cage.ok()) return state.SkipWithError(std::string(cage.status().message()).c_str());
  const int fd = JpegFile(static_cast<double>(state.range(0)) / 10);
  const double begin = OwnSeconds() + WorkerSeconds();
  for (auto _ : state) benchmark::DoNotOptimize((*cage)->OfFile(fd, {}));
  state.counters["cpu_ms"] =
      1e3 * (OwnSeconds() + WorkerSeconds() - begin) / static_cast<double>(state.iterations());
  close(fd);
}
BENCHMARK(InTheCage)
    ->ArgName("megapixels_x10")
    ->Arg(1)
    ->Arg(10)
    ->Arg(60)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void StartOfAWorker(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(hashing::cage::CagedFingerprinter::Start({}));
}
BENCHMARK(StartOfAWorker)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kith::bench
