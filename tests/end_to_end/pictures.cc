// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/pictures.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <thread>
#include <utility>

namespace kith::end_to_end {
namespace {

constexpr std::array<std::pair<int, int>, 8> kSizes = {{{640, 480},
                                                        {800, 600},
                                                        {1024, 768},
                                                        {768, 1024},
                                                        {960, 640},
                                                        {720, 960},
                                                        {1024, 576},
                                                        {800, 800}}};

// Neighbouring seeds must not give neighbouring streams.
std::uint64_t Scramble(std::uint64_t seed) {
  seed += 0x9e3779b97f4a7c15ULL;
  seed = (seed ^ (seed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  seed = (seed ^ (seed >> 27U)) * 0x94d049bb133111ebULL;
  return seed ^ (seed >> 31U);
}

cv::Mat Clouds(cv::RNG& rng, cv::Size size) {
  cv::Mat sum(size, CV_32FC3, cv::Scalar::all(0));
  float weight = 1.0F;
  for (const int cells : {3, 6, 12, 24, 48}) {
    cv::Mat grid(cells, cells, CV_32FC3);
    rng.fill(grid, cv::RNG::UNIFORM, -1.0, 1.0);
    cv::Mat layer;
    cv::resize(grid, layer, size, 0, 0, cv::INTER_CUBIC);
    cv::scaleAdd(layer, weight, sum, sum);
    weight *= 0.7F;
  }
  cv::Mat picture;
  cv::normalize(sum, sum, 0, 255, cv::NORM_MINMAX);
  sum.convertTo(picture, CV_8UC3);
  return picture;
}

void AddShapes(cv::RNG& rng, cv::Mat& picture) {
  cv::Mat shapes = picture.clone();
  const int side = std::min(picture.cols, picture.rows);
  const int count = rng.uniform(14, 26);
  for (int i = 0; i < count; ++i) {
    const cv::Scalar colour(rng.uniform(0, 256), rng.uniform(0, 256), rng.uniform(0, 256));
    const cv::Point centre(rng.uniform(0, picture.cols), rng.uniform(0, picture.rows));
    // Large ones first, so that small ones are seen.
    const int reach = side / (3 + i / 2);
    if (rng.uniform(0, 2) == 0) {
      const cv::Size axes(rng.uniform(reach / 3, reach), rng.uniform(reach / 3, reach));
      cv::ellipse(shapes, centre, axes, rng.uniform(0, 180), 0, 360, colour, cv::FILLED,
                  cv::LINE_AA);
      continue;
    }
    std::vector<cv::Point> corners;
    const int corner_count = rng.uniform(3, 7);
    for (int corner = 0; corner < corner_count; ++corner) {
      corners.emplace_back(centre.x + rng.uniform(-reach, reach),
                           centre.y + rng.uniform(-reach, reach));
    }
    cv::fillPoly(shapes, std::vector<std::vector<cv::Point>>{corners}, colour, cv::LINE_AA);
  }
  cv::addWeighted(picture, 0.4, shapes, 0.6, 0, picture);
  cv::GaussianBlur(picture, picture, cv::Size(0, 0), 1.2);
}

void AddGrain(cv::RNG& rng, cv::Mat& picture) {
  cv::Mat grain(picture.size(), CV_8SC3);
  rng.fill(grain, cv::RNG::NORMAL, 0, 4);
  cv::add(picture, grain, picture, cv::noArray(), CV_8UC3);
}

// Maps the darkest and lightest values to 16 and 212.
void FitRange(cv::Mat& picture) {
  double low = 0;
  double high = 0;
  cv::minMaxLoc(picture.reshape(1), &low, &high);
  const double scale = (212.0 - 16.0) / std::max(1.0, high - low);
  picture.convertTo(picture, CV_8U, scale, 16.0 - low * scale);
}

Bytes Encode(const std::string& extension, const cv::Mat& picture, const std::vector<int>& how) {
  Bytes bytes;
  cv::imencode(extension, picture, bytes, how);
  return bytes;
}

cv::Mat Scaled(const cv::Mat& picture, double factor) {
  cv::Mat out;
  cv::resize(picture, out, cv::Size(), factor, factor,
             factor < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
  return out;
}

cv::Mat Grey(const cv::Mat& picture) {
  cv::Mat out;
  cv::cvtColor(picture, out, cv::COLOR_BGR2GRAY);
  return out;
}

cv::Mat Lit(const cv::Mat& picture, double factor) {
  cv::Mat out;
  picture.convertTo(out, -1, factor, 0);
  return out;
}

cv::Mat Turned(const cv::Mat& picture, cv::RotateFlags how) {
  cv::Mat out;
  cv::rotate(picture, out, how);
  return out;
}

cv::Mat Mirrored(const cv::Mat& picture, int axis) {
  cv::Mat out;
  cv::flip(picture, out, axis);
  return out;
}

cv::Mat Transposed(const cv::Mat& picture) {
  cv::Mat out;
  cv::transpose(picture, out);
  return out;
}

// A twentieth taken off every side.
cv::Mat Cropped(const cv::Mat& picture) {
  const int x = picture.cols / 20;
  const int y = picture.rows / 20;
  return picture(cv::Rect(x, y, picture.cols - 2 * x, picture.rows - 2 * y));
}

// A black frame that makes it a fifth wider and higher.
cv::Mat Padded(const cv::Mat& picture) {
  cv::Mat out;
  const int x = picture.cols / 10;
  const int y = picture.rows / 10;
  cv::copyMakeBorder(picture, out, y, y, x, x, cv::BORDER_CONSTANT, cv::Scalar::all(0));
  return out;
}

using Change = std::function<cv::Mat(const cv::Mat&)>;

// The changed picture as a JPEG of good quality: what one is handed on as.
Alteration Changed(std::string name, Change change, bool is_seen = true) {
  return {std::move(name), ".jpg", is_seen,
          [change = std::move(change)](const Bytes&, const cv::Mat& picture) {
            return EncodeJpeg(change(picture), 90);
          }};
}

Alteration Jpeg(int quality) {
  return {"jpeg-" + std::to_string(quality), ".jpg", true,
          [quality](const Bytes&, const cv::Mat& picture) { return EncodeJpeg(picture, quality); }};
}

}  // namespace

void ForEach(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      for (std::size_t item = next++; item < count; item = next++) work(item);
    });
  }
}

cv::Mat Draw(std::uint64_t seed) {
  cv::RNG rng(Scramble(seed));
  const auto [width, height] = kSizes[static_cast<std::size_t>(rng.uniform(0, int{kSizes.size()}))];
  cv::Mat picture = Clouds(rng, cv::Size(width, height));
  AddShapes(rng, picture);
  AddGrain(rng, picture);
  FitRange(picture);
  return picture;
}

Bytes EncodeJpeg(const cv::Mat& picture, int quality) {
  return Encode(".jpg", picture, {cv::IMWRITE_JPEG_QUALITY, quality});
}

const std::vector<Alteration>& AllAlterations() {
  static const std::vector<Alteration> kAll = {
      {"exact", ".jpg", true, [](const Bytes& original, const cv::Mat&) { return original; }},
      Jpeg(30),
      Jpeg(50),
      Jpeg(75),
      Jpeg(95),
      Changed("quarter-size", [](const cv::Mat& p) { return Scaled(p, 0.25); }),
      Changed("half-size", [](const cv::Mat& p) { return Scaled(p, 0.5); }),
      Changed("double-size", [](const cv::Mat& p) { return Scaled(p, 2); }),
      Changed("grey", Grey),
      {"png", ".png", true,
       [](const Bytes&, const cv::Mat& p) {
         return Encode(".png", p, {cv::IMWRITE_PNG_COMPRESSION, 1});
       }},
      {"webp", ".webp", true,
       [](const Bytes&, const cv::Mat& p) {
         return Encode(".webp", p, {cv::IMWRITE_WEBP_QUALITY, 80});
       }},
      Changed("brighter", [](const cv::Mat& p) { return Lit(p, 1.2); }),
      Changed("darker", [](const cv::Mat& p) { return Lit(p, 0.8); }),
      Changed("rotate90", [](const cv::Mat& p) { return Turned(p, cv::ROTATE_90_CLOCKWISE); }),
      Changed("rotate180", [](const cv::Mat& p) { return Turned(p, cv::ROTATE_180); }),
      Changed("rotate270",
              [](const cv::Mat& p) { return Turned(p, cv::ROTATE_90_COUNTERCLOCKWISE); }),
      Changed("mirror-x", [](const cv::Mat& p) { return Mirrored(p, 1); }),
      Changed("mirror-y", [](const cv::Mat& p) { return Mirrored(p, 0); }),
      Changed("transposed", Transposed),
      Changed("anti-transposed",
              [](const cv::Mat& p) { return Turned(Transposed(p), cv::ROTATE_180); }),
      Changed("crop-5", Cropped, false),
      Changed("pad-20", Padded),
  };
  return kAll;
}

}  // namespace kith::end_to_end
