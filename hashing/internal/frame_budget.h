// SPDX-License-Identifier: Apache-2.0
//
// Purpose: how far a decoder goes into an animation or a document of many pages.
//
// Thread-safety: one thread at a time.
#pragma once

#include <cstdint>

namespace kith::hashing::internal {

// Beyond the first frame, which the limits of a picture alone decide on: a file of a few kilobytes
// can hold a hundred thousand frames, or a few that unpack to gigabytes.
class FrameBudget {
 public:
  // True if a frame of these sides may be decoded; it is then counted.
  [[nodiscard]] bool Take(std::int64_t width, std::int64_t height) {
    const auto pixels = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
    if (frames_ >= kMostFrames || pixels > kMostPixels - pixels_) {
      spent_ = true;
      return false;
    }
    ++frames_;
    pixels_ += pixels;
    return true;
  }
  // True once a frame was refused.
  [[nodiscard]] bool spent() const { return spent_; }

 private:
  static constexpr int kMostFrames = 512;
  static constexpr std::uint64_t kMostPixels = 128u << 20;

  int frames_ = 0;
  std::uint64_t pixels_ = 0;
  bool spent_ = false;
};

}  // namespace kith::hashing::internal
