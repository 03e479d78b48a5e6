// SPDX-License-Identifier: Apache-2.0
#include "tools/exchange/internal/entry_fields.h"

#include <algorithm>
#include <array>

#include "tools/exchange/hash_text.h"
#include "tools/report/path_text.h"

namespace kith::exchange {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

constexpr std::string_view kEmptyMd5 = "d41d8cd98f00b204e9800998ecf8427e";
constexpr std::string_view kEmptySha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
constexpr std::string_view kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

}  // namespace

int DigitValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes(text.size() / 2, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = DigitValue(text[2 * i]);
    const int low = DigitValue(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<char>(high * 16 + low);
  }
  return bytes;
}

bool TakeDigest(DigestKind kind, std::string_view text, v1::Digests& digests) {
  constexpr std::array<std::size_t, 3> kBytes = {16, 20, 32};
  if (text.size() != 2 * kBytes[static_cast<std::size_t>(kind)]) return false;
  auto bytes = FromHex(text);
  if (!bytes) return false;
  switch (kind) {
    case DigestKind::kMd5:
      digests.set_md5(*std::move(bytes));
      return true;
    case DigestKind::kSha1:
      digests.set_sha1(*std::move(bytes));
      return true;
    case DigestKind::kSha256:
      digests.set_sha256(*std::move(bytes));
      return true;
  }
  return false;
}

bool TakePdq(std::string_view text, v1::Dialect dialect, Entry& entry) {
  if (text.size() != 64) return false;
  auto bytes = FromHex(text);
  if (!bytes) return false;
  v1::Code& code = *entry.add_codes();
  code.set_pdq(*std::move(bytes));
  code.mutable_view()->set_crop(v1::CROP_ORIGINAL);
  code.set_orientation(v1::ORIENTATION_ORIGINAL);
  code.set_dialect(dialect);
  return true;
}

bool IsPhotoDna(std::string_view text) {
  if (text.size() == 288) return FromHex(text).has_value();
  return text.size() == 192 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/';
         });
}

bool IsEmptyFile(const v1::Digests& digests) {
  static const std::string md5 = *FromHex(kEmptyMd5);
  static const std::string sha1 = *FromHex(kEmptySha1);
  static const std::string sha256 = *FromHex(kEmptySha256);
  return digests.md5() == md5 || digests.sha1() == sha1 || digests.sha256() == sha256;
}

bool CanMatch(const Entry& entry) {
  const v1::Digests& digests = entry.digests();
  return entry.codes_size() > 0 || !digests.md5().empty() || !digests.sha1().empty() ||
         !digests.sha256().empty();
}

std::string SourceRef(std::string_view text) {
  std::string kept = report::ToUtf8(text.substr(0, kMaxListTextBytes));
  // ToUtf8 makes four bytes of one; a cut in the middle of a character ends up as \xHH.
  if (kept.size() > kMaxListTextBytes) kept.resize(kMaxListTextBytes);
  while (!report::IsUtf8(kept)) kept.pop_back();
  std::replace(kept.begin(), kept.end(), '\0', ' ');
  return kept;
}

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return Lower(x) == Lower(y); });
}

v1::TriState TriStateOf(std::string_view text) {
  constexpr std::array<std::string_view, 4> kYes = {"true", "yes", "1", "y"};
  constexpr std::array<std::string_view, 4> kNo = {"false", "no", "0", "n"};
  const auto is = [text](std::string_view word) { return EqualIgnoringCase(text, word); };
  if (std::any_of(kYes.begin(), kYes.end(), is)) return v1::TRI_STATE_YES;
  if (std::any_of(kNo.begin(), kNo.end(), is)) return v1::TRI_STATE_NO;
  return v1::TRI_STATE_UNSPECIFIED;
}

}  // namespace kith::exchange
