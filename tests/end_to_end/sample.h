// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kith::end_to_end {

struct SampleOptions {
  std::string folder;  // is made; must not hold a sample yet
  std::uint64_t seed = 1;
  int known_a_group = 10;
  int unrelated = 240;
};

// What Kith must say of a file.
enum class Expectation {
  kFound,    // a copy of a known picture, altered in a way that PDQ sees through
  kUnseen,   // a copy that PDQ cannot tell: a miss is expected, the right answer is welcome
  kNothing,  // no copy of anything known
};

// One line of the manifest: a path of the seizure and what is true of it.
struct SampleFile {
  std::string path{};  // below the seizure
  std::string alteration{};
  Expectation expectation = Expectation::kNothing;
  std::string verdict{};  // the word of the report; two where either is right: "A|B"
  std::string series{};   // "" for none
  std::string set{};      // "" for none
  std::string entry{};    // file name of the known original, "" for none
};

// The groups of known pictures, as tools/demo enrols them.
inline constexpr char kLakeside[] = "lakeside";      // a series, identified
inline constexpr char kHarbour[] = "harbour";        // a series, identified
inline constexpr char kRecognised[] = "recognised";  // a set of files in no series
inline constexpr char kIdentifiedSet[] = "national";
inline constexpr char kRecognisedSet[] = "recognised";

// Makes in `folder`: known/GROUP/GROUP-NN.jpg, what agencies know; seizure/, a folder with copies
// of all of these in every alteration, unrelated pictures, and files that are no whole picture; and
// manifest.tsv. All known and unrelated pictures have a usable PDQ and are more than 60 bits apart
// in every orientation. The same options give the same bytes (with the same encoders).
// Errors: ALREADY_EXISTS, and those of writing.
[[nodiscard]] absl::Status MakeSample(const SampleOptions& options);

// Errors: NOT_FOUND, INVALID_ARGUMENT (names the line).
[[nodiscard]] absl::StatusOr<std::vector<SampleFile>> ReadManifest(const std::string& path);

}  // namespace kith::end_to_end
