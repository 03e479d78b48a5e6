// SPDX-License-Identifier: Apache-2.0
#include "index/internal/digest_checks.h"

#include <random>
#include <string>

#include "absl/strings/str_cat.h"

namespace kith::index::internal {
namespace {

std::string KindName(DigestKind kind) {
  return kind == DigestKind::kMd5 ? "MD5" : kind == DigestKind::kSha1 ? "SHA-1" : "SHA-256";
}

}  // namespace

absl::Status CheckLengths(DigestKind kind, std::span<const std::string_view> digests) {
  for (std::size_t i = 0; i < digests.size(); ++i) {
    if (digests[i].size() != DigestBytes(kind)) {
      return absl::InvalidArgumentError(
          absl::StrCat("index: digest ", i, " has ", digests[i].size(), " bytes; ", KindName(kind),
                       " has ", DigestBytes(kind), " (raw bytes, not hex)"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckPairs(DigestKind kind, std::span<const std::string_view> digests,
                        std::span<const std::uint64_t> entries) {
  if (digests.size() != entries.size()) {
    return absl::InvalidArgumentError(absl::StrCat("index: ", digests.size(), " digests came with ",
                                                   entries.size(),
                                                   " entries; give one entry a digest"));
  }
  return CheckLengths(kind, digests);
}

absl::Status NoRoom(DigestKind kind, std::size_t added) {
  return absl::ResourceExhaustedError(absl::StrCat("index: no room for more digests of kind ",
                                                   KindName(kind), "; ", added,
                                                   " of this batch were added"));
}

std::array<std::uint64_t, 3> RandomSeeds() {
  std::random_device random;
  std::array<std::uint64_t, 3> seeds;
  for (std::uint64_t& seed : seeds) seed = std::uint64_t{random()} << 32 | random();
  return seeds;
}

}  // namespace kith::index::internal
