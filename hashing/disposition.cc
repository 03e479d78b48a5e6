// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>

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

}  // namespace kith::hashing
