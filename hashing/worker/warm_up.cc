// SPDX-License-Identifier: Apache-2.0
#include "hashing/worker/warm_up.h"

#include <span>

#include "hashing/internal/hash_picture.h"
#include "hashing/worker/tiny_pictures.h"

namespace kith::hashing::worker {
namespace {

Disposition HashTiny(std::span<const std::uint8_t> bytes) {
  Fingerprint print;
  internal::HashPicture(bytes, {}, print);
  return print.disposition;
}

}  // namespace

bool WarmUpCodecs() {
  bool good = true;
  for (const std::span<const std::uint8_t> picture :
       {std::span<const std::uint8_t>(kTinyJpeg), std::span<const std::uint8_t>(kTinyProgressive),
        std::span<const std::uint8_t>(kTinyPng), std::span<const std::uint8_t>(kTinyGif),
        std::span<const std::uint8_t>(kTinyWebp), std::span<const std::uint8_t>(kTinyTiff),
        std::span<const std::uint8_t>(kTinyBmp), std::span<const std::uint8_t>(kTinyJpeg2000),
        std::span<const std::uint8_t>(kTinyJxl), std::span<const std::uint8_t>(kTinyHeic),
        std::span<const std::uint8_t>(kTinyAvif)}) {
    const Disposition whole = HashTiny(picture);
    good = good && (whole == Disposition::kHashed || whole == Disposition::kLowQuality);
    // Errors take ways of their own, exceptions among them.
    (void)HashTiny(picture.first(picture.size() * 3 / 4));
  }
  return good;
}

}  // namespace kith::hashing::worker
