// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/hash_bench.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "hashing/decode.h"
#include "hashing/fast_pdq.h"
#include "hashing/pdq.h"
#include "tools/report/path_text.h"

namespace kith::bench {
namespace {

using Bytes = std::span<const std::uint8_t>;
using hashing::Pdq;

class PdqSink : public hashing::RowSink {
 public:
  void Begin(int width, int height) override {
    row_bytes_ = 3 * static_cast<std::size_t>(width);
    stream_.emplace(width, height, hashing::Dialect::kFull);
  }
  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    for (int i = 0; i < count; ++i) {
      stream_->AddRow({rgb + static_cast<std::size_t>(i) * stride, row_bytes_});
    }
  }
  [[nodiscard]] Pdq Finish() { return stream_->Finish(); }

 private:
  std::size_t row_bytes_ = 0;
  std::optional<hashing::PdqStream> stream_;
};

struct Hashed {
  Pdq pdq;
  std::uint64_t pixels = 0;
  bool handed_over = false;
};

// The functions below give nothing where the picture is not decoded whole.
std::optional<Hashed> HashExactly(Bytes bytes) {
  PdqSink sink;
  const hashing::DecodeResult decoded = hashing::Decode(bytes, {}, sink);
  if (decoded.disposition != hashing::Disposition::kHashed) return std::nullopt;
  return Hashed{sink.Finish(), std::uint64_t{static_cast<unsigned>(decoded.width)} *
                                   static_cast<unsigned>(decoded.height)};
}

std::optional<Hashed> HashFast(Bytes bytes) {
  if (const auto fast = hashing::HashFast(bytes, {}); fast.has_value()) return Hashed{fast->pdq};
  auto exact = HashExactly(bytes);
  if (exact.has_value()) exact->handed_over = true;
  return exact;
}

std::optional<Hashed> HashByOpenCv(Bytes bytes, int flags, int to_rgb) {
  const cv::Mat input(1, static_cast<int>(bytes.size()), CV_8UC1,
                      const_cast<std::uint8_t*>(bytes.data()));
  const cv::Mat decoded = cv::imdecode(input, flags | cv::IMREAD_IGNORE_ORIENTATION);
  if (decoded.empty()) return std::nullopt;
  cv::Mat rgb;
  cv::cvtColor(decoded, rgb, to_rgb);
  const auto row_bytes = 3 * static_cast<std::size_t>(rgb.cols);
  hashing::PdqStream stream(rgb.cols, rgb.rows, hashing::Dialect::kFull);
  for (int y = 0; y < rgb.rows; ++y) stream.AddRow({rgb.ptr(y), row_bytes});
  return Hashed{stream.Finish(), 0};
}

std::optional<Hashed> HashByOpenCvInColour(Bytes bytes) {
  return HashByOpenCv(bytes, cv::IMREAD_COLOR, cv::COLOR_BGR2RGB);
}

std::optional<Hashed> HashByOpenCvInGrey(Bytes bytes) {
  return HashByOpenCv(bytes, cv::IMREAD_REDUCED_GRAYSCALE_8, cv::COLOR_GRAY2RGB);
}

using HashFunction = std::optional<Hashed> (*)(Bytes);
constexpr std::array<HashFunction, std::size(kHashModes)> kFunctions = {
    HashFast, HashExactly, HashByOpenCvInColour, HashByOpenCvInGrey};

double ThreadSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Whether a JPEG is progressive, by the first frame header.
PictureKind KindOfJpeg(Bytes bytes) {
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xFF) {
    const std::uint8_t code = bytes[at + 1];
    if (code == 0xFF) {
      ++at;
      continue;
    }
    if (code == 0xC2) return PictureKind::kProgressive;
    if (code == 0xC0 || code == 0xC1 || code == 0xDA) break;
    at += 2 + std::size_t{256} * bytes[at + 2] + bytes[at + 3];
  }
  return PictureKind::kBaseline;
}

struct File {
  std::vector<std::uint8_t> bytes;
  PictureKind kind = PictureKind::kPng;
};

// A JPEG or PNG; nothing for other files and such as cannot be read.
std::optional<File> ReadPicture(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  File file;
  std::array<char, hashing::kSniffBytes> head{};
  in.read(head.data(), head.size());
  file.bytes.assign(head.begin(), head.begin() + in.gcount());
  const hashing::Format format = hashing::SniffFormat(file.bytes);
  if (format != hashing::Format::kJpeg && format != hashing::Format::kPng) return std::nullopt;
  if (in.good()) {
    file.bytes.insert(file.bytes.end(), std::istreambuf_iterator<char>(in), {});
    if (in.bad()) return std::nullopt;
  }
  if (format == hashing::Format::kJpeg) file.kind = KindOfJpeg(file.bytes);
  return file;
}

// Regular files of enough bytes in a fixed order; counts those of fewer.
absl::StatusOr<std::vector<std::filesystem::path>> FilesOf(const HashBenchOptions& options,
                                                           std::uint64_t& left_out) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(
      options.folder, std::filesystem::directory_options::skip_permission_denied, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    std::error_code gone;  // a file that is gone by now is none
    if (entry->is_symlink(gone) || !entry->is_regular_file(gone)) continue;
    const std::uintmax_t bytes = entry->file_size(gone);
    if (gone) continue;
    if (bytes >= options.min_bytes) {
      files.push_back(entry->path());
    } else {
      ++left_out;
    }
  }
  if (error) {
    return absl::NotFoundError(fmt::format(
        "cannot look into {}: {}", report::EscapeText(options.folder.string()), error.message()));
  }
  std::ranges::sort(files);
  return files;
}

double MedianOf(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

class Runner {
 public:
  explicit Runner(const HashBenchOptions& options) : rounds_(options.rounds) {
    for (const std::string& mode : options.modes) {
      const auto* const name = std::ranges::find(kHashModes, mode);
      functions_.push_back(kFunctions.at(static_cast<std::size_t>(name - kHashModes)));
      bench_.results.push_back({.mode = mode, .all = {}, .kinds = {}});
    }
  }

  void Take(const File& file) {
    const auto exact = HashExactly(file.bytes);
    if (!exact.has_value()) {
      ++bench_.skipped;
      return;
    }
    std::vector<std::vector<double>> seconds(functions_.size());
    std::vector<int> distances(functions_.size());
    std::vector<std::uint64_t> handed_over(functions_.size());
    for (int round = 0; round < rounds_; ++round) {
      for (std::size_t m = 0; m < functions_.size(); ++m) {
        const double begin = ThreadSeconds();
        const auto hashed = functions_[m](file.bytes);
        seconds[m].push_back(ThreadSeconds() - begin);
        if (!hashed.has_value()) {
          ++bench_.skipped;
          return;
        }
        handed_over[m] = hashed->handed_over ? 1 : 0;
        distances[m] = hashing::HammingDistance(hashed->pdq.code, exact->pdq.code);
      }
    }
    for (std::size_t m = 0; m < functions_.size(); ++m) {
      const HashFigures figures = {.files = 1,
                                   .bytes = file.bytes.size(),
                                   .pixels = exact->pixels,
                                   .seconds = MedianOf(seconds[m]),
                                   .handed_over = handed_over[m],
                                   .distances = {distances[m]}};
      bench_.results[m].all.Add(figures);
      bench_.results[m].kinds[static_cast<std::size_t>(file.kind)].Add(figures);
    }
  }

  [[nodiscard]] HashBench Finish() {
    for (HashBenchResult& result : bench_.results) {
      std::ranges::sort(result.all.distances);
      for (HashFigures& kind : result.kinds) std::ranges::sort(kind.distances);
    }
    return std::move(bench_);
  }

 private:
  const int rounds_;
  std::vector<HashFunction> functions_;
  HashBench bench_;
};

}  // namespace

std::string_view PictureKindName(PictureKind kind) {
  static constexpr std::string_view kNames[kPictureKinds] = {"baseline", "progressive", "png"};
  return kNames[static_cast<std::size_t>(kind)];
}

void HashFigures::Add(const HashFigures& other) {
  files += other.files;
  bytes += other.bytes;
  pixels += other.pixels;
  seconds += other.seconds;
  handed_over += other.handed_over;
  distances.insert(distances.end(), other.distances.begin(), other.distances.end());
}

absl::StatusOr<HashBench> RunHashBench(const HashBenchOptions& options) {
  for (const std::string& mode : options.modes) {
    if (std::ranges::find(kHashModes, mode) == std::end(kHashModes)) {
      return absl::InvalidArgumentError(fmt::format("there is no mode {}", mode));
    }
  }
  std::uint64_t left_out = 0;
  const auto files = FilesOf(options, left_out);
  if (!files.ok()) return files.status();
  cv::setNumThreads(1);
  Runner runner(options);
  for (const std::filesystem::path& path : *files) {
    if (const auto file = ReadPicture(path); file.has_value()) runner.Take(*file);
  }
  HashBench bench = runner.Finish();
  bench.left_out = left_out;
  // A row of zeros would be taken for a measurement.
  if (bench.results.empty() || bench.results.front().all.files > 0) return bench;
  return absl::NotFoundError(fmt::format(
      "no JPEG or PNG of {} bytes and more is beneath {}: {} smaller files were left out "
      "(--min-bytes), {} pictures are not decoded whole",
      options.min_bytes, report::EscapeText(options.folder.string()), left_out, bench.skipped));
}

}  // namespace kith::bench
