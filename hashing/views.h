// SPDX-License-Identifier: Apache-2.0
//
// Purpose: name which part of a file was hashed: the frame (or page) and its crop.
//
// Thread-safety: values and pure functions.
#pragma once

#include <cstdint>
#include <string>

namespace kith::hashing {

enum class Crop : std::uint8_t {
  kWhole = 0,
  kTrimmed = 1,  // without borders, bars and blurred fill around the picture
};

struct View {
  std::uint32_t frame = 0;  // frame of an animation, page of a document: the first is 0
  Crop crop = Crop::kWhole;

  friend bool operator==(const View&, const View&) = default;
};

// "original" for the whole first frame, "trimmed" for it without its borders; "frame:N" and
// "trimmed:N" for frame N.
[[nodiscard]] std::string ViewName(View view);

}  // namespace kith::hashing
