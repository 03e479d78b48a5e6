// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <vector>

namespace kith::end_to_end {

// A picture that a program draws, as rich as a photograph: clouds of several scales, shapes, grain.
// The same seed gives the same pixels on every machine. BGR, 8 bits, sides 640..1024, values
// 16..212, so that a fifth more light clips nothing.
[[nodiscard]] cv::Mat Draw(std::uint64_t seed);

// A file as bytes.
using Bytes = std::vector<unsigned char>;

[[nodiscard]] Bytes EncodeJpeg(const cv::Mat& picture, int quality);
// Of the files that an agency knows.
inline constexpr int kOriginalJpegQuality = 92;

// Calls work(0) .. work(count - 1), on every processor.
void ForEach(std::size_t count, const std::function<void(std::size_t)>& work);

// One way in which copies of a picture differ from it.
struct Alteration {
  std::string name;       // "jpeg-30"
  std::string extension;  // ".jpg"
  // False for what no view of PDQ sees through: what is cut off moves every feature.
  bool is_seen;
  // `original`: the file that the agency knows; `picture`: its pixels.
  std::function<Bytes(const Bytes& original, const cv::Mat& picture)> apply;
};

[[nodiscard]] const std::vector<Alteration>& AllAlterations();

}  // namespace kith::end_to_end
