// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/status/status.h"
#include "hashing/decode.h"

namespace kith::hashing {
namespace {

constexpr std::array<std::string_view, kDispositionCount> kDispositionNames = {
    "hashed",     "low_quality", "partial",    "not_media",     "empty",           "unsupported",
    "unreadable", "vanished",    "over_limit", "decoder_crash", "decoder_timeout", "not_regular"};

}  // namespace

std::string_view DispositionName(Disposition disposition) {
  return kDispositionNames[static_cast<std::size_t>(disposition)];
}

absl::StatusOr<Disposition> ParseDisposition(std::string_view name) {
  const auto* found = std::ranges::find(kDispositionNames, name);
  if (found == kDispositionNames.end()) {
    return absl::InvalidArgumentError("unknown disposition: use hashed, low_quality, partial, ...");
  }
  return static_cast<Disposition>(found - kDispositionNames.begin());
}

}  // namespace kith::hashing
