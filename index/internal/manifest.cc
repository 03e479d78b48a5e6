// SPDX-License-Identifier: Apache-2.0
#include "index/internal/manifest.h"

#include <xxhash.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace kith::index::internal {
namespace {

constexpr std::string_view kFirstLine = "kith-index 3";
constexpr std::size_t kMaxFileNameBytes = 64;

absl::Status Bad(std::string_view what) {
  return absl::DataLossError(absl::StrCat("the manifest is damaged: ", std::string(what)));
}

std::string HashLine(std::string_view text) {
  return absl::StrCat("end ", absl::Hex(XXH3_64bits(text.data(), text.size()), absl::kZeroPad16),
                      "\n");
}

bool IsFileName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxFileNameBytes && name[0] >= 'a' && name[0] <= 'z' &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
         });
}

bool FromHex(std::string_view word, std::string& bytes) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (word.size() % 2 != 0 || word.size() > 2 * kMaxMarkBytes ||
      !std::all_of(word.begin(), word.end(), is_digit)) {
    return false;
  }
  bytes = absl::HexStringToBytes(absl::string_view(word.data(), word.size()));
  return true;
}

// The line "NAME HEX".
bool TakeHexLine(std::string_view line, std::string_view name, std::string& bytes) {
  return line.size() > name.size() && line.substr(0, name.size()) == name &&
         line[name.size()] == ' ' && FromHex(line.substr(name.size() + 1), bytes);
}

bool TakeSegment(std::string_view line, ManifestSegment& segment) {
  const std::vector<absl::string_view> words =
      absl::StrSplit(absl::string_view(line.data(), line.size()), ' ');
  if (words.size() != 6 || words[0] != "segment") return false;
  segment.file = std::string(words[1]);
  return IsFileName(segment.file) && absl::SimpleAtoi(words[2], &segment.rows) &&
         absl::SimpleAtoi(words[3], &segment.first_entry) &&
         absl::SimpleAtoi(words[4], &segment.last_entry) &&
         absl::SimpleHexAtoi(words[5], &segment.hash) && segment.rows > 0 &&
         segment.first_entry <= segment.last_entry;
}

}  // namespace

std::string FormatManifest(const Manifest& manifest) {
  std::string text = absl::StrCat(std::string(kFirstLine), "\n");
  absl::StrAppend(&text, "owner ", absl::BytesToHexString(manifest.owner), "\n");
  absl::StrAppend(&text, "mark ", absl::BytesToHexString(manifest.mark), "\n");
  absl::StrAppend(&text, "touched ", absl::BytesToHexString(manifest.touched), "\n");
  for (const ManifestSegment& segment : manifest.segments) {
    absl::StrAppend(&text, "segment ", segment.file, " ", segment.rows, " ", segment.first_entry,
                    " ", segment.last_entry, " ", absl::Hex(segment.hash, absl::kZeroPad16), "\n");
  }
  return absl::StrCat(text, HashLine(text));
}

absl::StatusOr<Manifest> ParseManifest(std::string_view text) {
  if (text.size() > kMaxManifestBytes) return Bad("it is too long");
  if (text.empty() || text.back() != '\n') return Bad("its end is missing");
  const std::size_t before_last = text.rfind('\n', text.size() - 2);
  if (text.size() < 2 || before_last == std::string_view::npos) return Bad("its end is missing");
  const std::string_view body = text.substr(0, before_last + 1);
  if (text.substr(before_last + 1) != HashLine(body)) return Bad("its checksum differs");
  Manifest manifest;
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < body.size(); ++number) {
    const std::size_t end = body.find('\n', begin);
    const std::string_view line = body.substr(begin, end - begin);
    begin = end + 1;
    bool good = false;
    if (number == 0 && line != kFirstLine && line.substr(0, 11) == kFirstLine.substr(0, 11)) {
      return absl::DataLossError("the manifest is of another version of Kith");
    }
    if (number == 0) good = line == kFirstLine;
    if (number == 1) good = TakeHexLine(line, "owner", manifest.owner);
    if (number == 2) good = TakeHexLine(line, "mark", manifest.mark);
    if (number == 3) good = TakeHexLine(line, "touched", manifest.touched);
    if (number > 3) good = TakeSegment(line, manifest.segments.emplace_back());
    if (!good) return Bad(absl::StrCat("line ", number + 1, " is not understood"));
  }
  if (number < 4) return Bad("lines are missing");
  return manifest;
}

}  // namespace kith::index::internal
