// SPDX-License-Identifier: Apache-2.0
#include "server/casework/internal/same_content.h"

#include <algorithm>

namespace kith::casework {
namespace {

constexpr std::size_t kSha256Bytes = 32;
// The first byte of an identity.
constexpr char kByContent = '\1';
constexpr char kByPath = '\2';
constexpr int kMaxCodesAFile = 1024;  // the most that the matcher takes of one query

}  // namespace

int RankOf(v1::Disposition disposition) {
  switch (disposition) {
    case v1::DISPOSITION_HASHED:
      return 4;
    case v1::DISPOSITION_PARTIAL:
      return 3;
    case v1::DISPOSITION_LOW_QUALITY:
    case v1::DISPOSITION_UNSUPPORTED:
    case v1::DISPOSITION_NOT_MEDIA:
    case v1::DISPOSITION_EMPTY:
      return 2;
    default:
      return 1;
  }
}

int RankOf(v1::Disposition disposition, const v1::Fingerprint& codes) {
  return 2 * RankOf(disposition) + (codes.margin_bits() == 0 ? 1 : 0);
}

bool WasNotRead(const v1::Fingerprint& fingerprint) {
  if (fingerprint.digests().sha256().size() == kSha256Bytes) return false;
  switch (fingerprint.disposition()) {
    case v1::DISPOSITION_UNREADABLE:
    case v1::DISPOSITION_VANISHED:
    case v1::DISPOSITION_OVER_LIMIT:
    case v1::DISPOSITION_DECODER_CRASH:
    case v1::DISPOSITION_DECODER_TIMEOUT:
      return true;
    default:
      return false;
  }
}

std::string ContentIdentity(std::string_view sha256) { return kByContent + std::string(sha256); }

std::string IdentityOf(const v1::EvidenceFile& file, std::uint64_t root_id) {
  const std::string& sha256 = file.fingerprint().digests().sha256();
  if (sha256.size() == kSha256Bytes) return ContentIdentity(sha256);
  std::string identity(1, kByPath);
  for (int shift = 56; shift >= 0; shift -= 8) {
    identity.push_back(static_cast<char>((root_id >> shift) & 0xFF));
  }
  return identity + file.path();
}

Hashed HashedOf(const v1::Fingerprint& fingerprint) {
  Hashed hashed;
  for (const v1::Code& code : fingerprint.codes()) {
    for (const int dialect : {v1::DIALECT_FULL, v1::DIALECT_CLI512}) {
      if (code.dialect() != v1::DIALECT_UNSPECIFIED && code.dialect() != dialect) continue;
      hashed.emplace_back(dialect, code.view().frame(), code.view().crop(), code.orientation());
    }
  }
  std::sort(hashed.begin(), hashed.end());
  return hashed;
}

bool Includes(const Hashed& more, const Hashed& less) {
  return std::includes(more.begin(), more.end(), less.begin(), less.end());
}

v1::Fingerprint BothOf(const v1::Fingerprint& fingerprint, const v1::Fingerprint& other) {
  v1::Fingerprint both = fingerprint;
  const Hashed held = HashedOf(fingerprint);
  for (const v1::Code& code : other.codes()) {
    v1::Fingerprint one;
    *one.add_codes() = code;
    if (both.codes_size() == kMaxCodesAFile) break;
    if (!Includes(held, HashedOf(one))) *both.add_codes() = code;
  }
  return both;
}

v1::Digests BothOf(const v1::Digests& now, const v1::Digests& before) {
  v1::Digests both = before;
  both.MergeFrom(now);
  return both;
}

bool IsOther(const v1::Digests& now, const v1::Digests& before) {
  const auto differ = [](const std::string& a, const std::string& b) {
    return !a.empty() && !b.empty() && a != b;
  };
  return now.sha256().size() != kSha256Bytes &&
         (differ(now.md5(), before.md5()) || differ(now.sha1(), before.sha1()));
}

bool AreSame(const v1::Digests& a, const v1::Digests& b) {
  return a.md5() == b.md5() && a.sha1() == b.sha1() && a.sha256() == b.sha256();
}

}  // namespace kith::casework
