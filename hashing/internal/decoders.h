// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one decoder a format behind hashing::Decode. Each expects bytes whose magic was checked,
// reads the dimensions from the header, applies the limits, and only then decodes. Of what comes
// after the first frame only whole frames are given, each after the sink was asked for it, and only
// where the first is whole. A frame that is lost is asked for too: it is told if it was wanted.
//
// Thread-safety: pure functions. None throws, prints or keeps anything between calls.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "hashing/decode.h"

namespace kith::hashing::internal {

using Bytes = std::span<const std::uint8_t>;

[[nodiscard]] DecodeResult DecodeJpeg(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodePng(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodeWebp(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodeTiff(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodeBmp(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodeJpeg2000(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodeJxl(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodePnm(Bytes bytes, const DecodeLimits& limits, RowSink& sink);
[[nodiscard]] DecodeResult DecodeGif(Bytes bytes, const DecodeLimits& limits, RowSink& sink);

// Rows are handed on in batches of so many, for decoders that make one row at a time.
inline constexpr int kBatchRows = 16;

// False, with result made `unreadable` or `over_limit`, if the sides are no picture or too much.
// `decoder_bytes` is what the decoder will hold of the picture at once.
[[nodiscard]] bool CheckSize(std::int64_t width, std::int64_t height, std::uint64_t decoder_bytes,
                             const DecodeLimits& limits, DecodeResult& result);

[[nodiscard]] DecodeResult Failure(DecodeResult result, Disposition disposition,
                                   std::string detail);

// R, G or B of an ink and the black of CMYK, 255 being full ink.
[[nodiscard]] inline std::uint8_t FromInk(std::uint32_t ink, std::uint32_t black) {
  const std::uint32_t light = 255 - black;
  const std::uint32_t product = ink * light + 128;
  return static_cast<std::uint8_t>(light - (((product >> 8) + product) >> 8));
}

}  // namespace kith::hashing::internal
