// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/hash_text.h"

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "tools/exchange/internal/entry_fields.h"
#include "tools/report/path_text.h"

namespace kith::exchange {

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
  const std::size_t comma = line.find_first_of(",\t");
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
