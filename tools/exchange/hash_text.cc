// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/hash_text.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace

absl::StatusOr<HashText> ParseHash(std::string_view text, Kind64 kind) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (DigitValue(text[i]) >= 0) continue;
    return absl::InvalidArgumentError(fmt::format("character {} is no hexadecimal digit", i + 1));
  }
  if (text.size() != 32 && text.size() != 40 && text.size() != 64) {
    return absl::InvalidArgumentError(fmt::format(
        "{} digits: a hash has 32 (MD5), 40 (SHA-1) or 64 (PDQ, SHA-256)", text.size()));
  }
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes += static_cast<char>(DigitValue(text[i]) * 16 + DigitValue(text[i + 1]));
  }
  HashText out;
  if (bytes.size() == 16) out.digests.set_md5(bytes);
  if (bytes.size() == 20) out.digests.set_sha1(bytes);
  if (bytes.size() == 32 && kind != Kind64::kPdq) out.digests.set_sha256(bytes);
  if (bytes.size() == 32 && kind != Kind64::kSha256) out.pdq = bytes;
  return out;
}

absl::StatusOr<ListLine> ParseListLine(std::string_view line, Kind64 kind, bool first) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (first && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (line.size() > kMaxListLineBytes) {
    return absl::InvalidArgumentError(fmt::format("longer than {} bytes", kMaxListLineBytes));
  }
  ListLine out;
  line = Trimmed(line);
  if (line.empty() || line.front() == '#') {
    out.blank = true;
    return out;
  }
  const std::size_t comma = line.find(',');
  absl::StatusOr<HashText> hash = ParseHash(Trimmed(line.substr(0, comma)), kind);
  if (!hash.ok()) return hash.status();
  out.hash = *std::move(hash);
  if (comma == std::string_view::npos) return out;
  const std::string_view text = Trimmed(line.substr(comma + 1));
  if (text.size() > kMaxListTextBytes) {
    return absl::InvalidArgumentError(
        fmt::format("its text is longer than {} bytes", kMaxListTextBytes));
  }
  if (text.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("its text holds a zero byte");
  }
  out.text = report::ToUtf8(text);
  return out;
}

std::string Hex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

}  // namespace kith::exchange
