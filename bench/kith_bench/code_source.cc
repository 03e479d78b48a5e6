// SPDX-License-Identifier: Apache-2.0
#include "bench/kith_bench/code_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>
#include <fstream>
#include <string_view>

#include "absl/status/status.h"

namespace kith::bench {
namespace {

constexpr std::size_t kCopiedCodes = 100;
constexpr std::size_t kHexDigits = 2 * sizeof(index::Code);
// A longer line is no list of codes.
constexpr std::size_t kMaxLineBytes = 1U << 16;

// splitmix64 (Steele, Lea, Flood 2014): the n-th number of a seed without those before it.
std::uint64_t Mix(std::uint64_t seed, std::uint64_t at) {
  std::uint64_t z = seed + (at + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ z >> 27) * 0x94D049BB133111EBULL;
  return z ^ z >> 31;
}

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return Digit(c) >= 0; });
}

bool ParseLine(std::string_view line, index::Code& code) {
  if (line.size() < kHexDigits || !IsHex(line.substr(0, kHexDigits))) return false;
  const std::string_view rest = line.substr(kHexDigits);
  if (!rest.empty() && std::string_view(" \t,;").find(rest.front()) == std::string_view::npos) {
    return false;
  }
  for (std::size_t at = 0; at < code.size(); ++at) {
    code[at] = static_cast<std::uint8_t>(Digit(line[2 * at]) << 4 | Digit(line[2 * at + 1]));
  }
  return true;
}

absl::Status ReadText(std::istream& file, const std::string& path, std::size_t limit,
                      std::vector<index::Code>& codes) {
  std::size_t number = 0;
  for (std::string line; codes.size() < limit && std::getline(file, line);) {
    ++number;
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
      line.pop_back();
    }
    if (line.empty() || line.front() == '#') continue;
    index::Code code;
    if (line.size() > kMaxLineBytes || !ParseLine(line, code)) {
      return absl::InvalidArgumentError(fmt::format(
          "{}:{}: the line does not begin with a code of {} hex digits", path, number, kHexDigits));
    }
    codes.push_back(code);
  }
  return absl::OkStatus();
}

absl::Status ReadRaw(std::istream& file, const std::string& path, std::size_t limit,
                     std::vector<index::Code>& codes) {
  index::Code code;
  while (codes.size() < limit) {
    file.read(reinterpret_cast<char*>(code.data()), static_cast<std::streamsize>(code.size()));
    if (file.gcount() == 0) return absl::OkStatus();
    if (static_cast<std::size_t>(file.gcount()) != code.size()) {
      return absl::InvalidArgumentError(
          fmt::format("{}: neither a text of codes in hex nor a multiple of {} bytes: {} bytes are "
                      "left behind code {}",
                      path, code.size(), file.gcount(), codes.size()));
    }
    codes.push_back(code);
  }
  return absl::OkStatus();
}

}  // namespace

CodeSource CodeSource::Random(std::size_t count, double duplicates, std::uint64_t seed) {
  CodeSource source;
  source.count_ = count;
  source.seed_ = seed;
  // The first codes are those that are copied, then come the copies, then the rest.
  const auto copies = static_cast<std::size_t>(duplicates * static_cast<double>(count));
  source.copied_ = copies == 0 ? 0 : std::min(kCopiedCodes, count - copies);
  source.first_single_ = source.copied_ + copies;
  return source;
}

absl::StatusOr<CodeSource> CodeSource::FromFile(const std::string& path, std::size_t limit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(fmt::format("cannot read {}: give a file of codes", path));
  std::array<char, kHexDigits> begin{};
  file.read(begin.data(), begin.size());
  const std::string_view head(begin.data(), static_cast<std::size_t>(file.gcount()));
  file.clear();
  file.seekg(0);
  const bool is_text = head.starts_with('#') || (head.size() == kHexDigits && IsHex(head));
  CodeSource source;
  const std::size_t most = limit == 0 ? source.codes_.max_size() : limit;
  absl::Status status = (is_text ? ReadText : ReadRaw)(file, path, most, source.codes_);
  if (status.ok() && file.bad()) status = absl::DataLossError(fmt::format("{}: unreadable", path));
  if (status.ok() && source.codes_.empty()) {
    status = absl::InvalidArgumentError(fmt::format("{}: holds no code", path));
  }
  if (!status.ok()) return status;
  source.count_ = source.codes_.size();
  return source;
}

index::Code CodeSource::At(std::size_t row) const {
  if (!codes_.empty()) return codes_[row];
  if (row >= copied_ && row < first_single_) row = (row - copied_) % copied_;
  index::Code code;
  constexpr std::size_t kWords = sizeof(code) / sizeof(std::uint64_t);
  for (std::size_t at = 0; at < kWords; ++at) {
    const std::uint64_t word = Mix(seed_, row * kWords + at);
    std::memcpy(code.data() + at * sizeof(word), &word, sizeof(word));
  }
  return code;
}

void CodeSource::Fill(std::size_t first, std::span<index::Code> codes) const {
  for (index::Code& code : codes) code = At(first++);
}

}  // namespace kith::bench
