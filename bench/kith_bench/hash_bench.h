// SPDX-License-Identifier: Apache-2.0
//
// Purpose: from the bytes of a picture in memory to its PDQ and quality, on one core, in several
// ways side by side.
//
// Thread-safety: one run at a time. Errors: Status, naming the folder or the mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kith::bench {

// "fast": what check filters with, exact where that does not know. "exact": our decoders, dialect
// `full`. "opencv-colour": cv::imdecode in colour, then our PDQ. "opencv-grey8": cv::imdecode in
// grey at an eighth of the size, then our PDQ.
inline constexpr std::string_view kHashModes[] = {"fast", "exact", "opencv-colour", "opencv-grey8"};

enum class PictureKind { kBaseline, kProgressive, kPng };
inline constexpr std::size_t kPictureKinds = 3;
// "baseline", "progressive", "png".
[[nodiscard]] std::string_view PictureKindName(PictureKind kind);

struct HashBenchOptions {
  std::filesystem::path folder;
  std::vector<std::string> modes;
  std::uint64_t min_bytes = 50'000;  // smaller files are left out
  int rounds = 3;
};

struct HashFigures {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t pixels = 0;
  double seconds = 0;             // of processor time: of each file the median of the rounds
  std::uint64_t handed_over = 0;  // pictures that a fast way left to the exact one
  // How far the hashes lie from the exact ones, in bits, one a file, ascending.
  std::vector<int> distances;

  void Add(const HashFigures& other);
};

struct HashBenchResult {
  std::string mode;
  HashFigures all;
  HashFigures kinds[kPictureKinds];
};

struct HashBench {
  std::vector<HashBenchResult> results;  // in the order of the modes
  // Pictures that one of the ways does not decode whole; they are in no figure.
  std::uint64_t skipped = 0;
  std::uint64_t left_out = 0;  // files of fewer bytes than min_bytes, whatever they hold
};

// Hashes every JPEG and PNG beneath the folder, told by content, without following links. The modes
// take turns at each file, so that what else the machine does falls on all alike. NOT_FOUND where
// no picture is left to hash.
[[nodiscard]] absl::StatusOr<HashBench> RunHashBench(const HashBenchOptions& options);

}  // namespace kith::bench
