// SPDX-License-Identifier: Apache-2.0
#include "hashing/decode.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hashing/internal/decoders.h"
#include "hashing/internal/heif_slot.h"

namespace kith::hashing {
namespace {

DecodeResult DecodeFormat(Format format, std::span<const std::uint8_t> bytes,
                          const DecodeLimits& limits, RowSink& sink) {
  switch (format) {
    case Format::kJpeg:
      return internal::DecodeJpeg(bytes, limits, sink);
    case Format::kPng:
      return internal::DecodePng(bytes, limits, sink);
    case Format::kWebp:
      return internal::DecodeWebp(bytes, limits, sink);
    case Format::kTiff:
      return internal::DecodeTiff(bytes, limits, sink);
    case Format::kBmp:
      return internal::DecodeBmp(bytes, limits, sink);
    case Format::kPnm:
      return internal::DecodePnm(bytes, limits, sink);
    case Format::kJpeg2000:
      return internal::DecodeJpeg2000(bytes, limits, sink);
    case Format::kJxl:
      return internal::DecodeJxl(bytes, limits, sink);
    case Format::kHeic:
    case Format::kAvif:
      return internal::DecodeBySlot(format, bytes, limits, sink);
    case Format::kGif:
      return internal::DecodeGif(bytes, limits, sink);
    default:
      return {};
  }
}

}  // namespace

namespace internal {

DecodeResult Failure(DecodeResult result, Disposition disposition, std::string detail) {
  result.disposition = disposition;
  result.detail = std::move(detail);
  return result;
}

bool CheckSize(std::int64_t width, std::int64_t height, std::uint64_t decoder_bytes,
               const DecodeLimits& limits, DecodeResult& result) {
  const std::string name(FormatName(result.format));
  if (width < 1 || height < 1) {
    result = Failure(std::move(result), Disposition::kUnreadable,
                     absl::StrCat(name, ": a side of no pixels"));
    return false;
  }
  // Sides that do not fit an int are over any limit; they are not worth telling.
  if (width <= INT32_MAX && height <= INT32_MAX) {
    result.width = static_cast<int>(width);
    result.height = static_cast<int>(height);
  }
  std::string over;
  if (std::max(width, height) > std::int64_t{limits.max_side}) {
    over = absl::StrCat("the limit is ", limits.max_side, " pixels a side");
  } else if (static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) >
             limits.max_pixels) {
    over = absl::StrCat("the limit is ", limits.max_pixels, " pixels");
  } else if (decoder_bytes > limits.max_memory_bytes) {
    over = absl::StrCat("decoding takes ", decoder_bytes, " bytes of memory, the limit is ",
                        limits.max_memory_bytes);
  }
  if (over.empty()) return true;
  result = Failure(std::move(result), Disposition::kOverLimit,
                   absl::StrCat(name, ": ", width, "x", height, ": ", over));
  return false;
}

}  // namespace internal

DecodeResult Decode(std::span<const std::uint8_t> bytes, const DecodeLimits& limits,
                    RowSink& sink) {
  DecodeResult result;
  if (bytes.empty()) return internal::Failure(result, Disposition::kEmpty, "");
  result.format = SniffFormat(bytes.first(std::min(bytes.size(), kSniffBytes)));
  if (result.format == Format::kNone) {
    return internal::Failure(result, Disposition::kNotMedia, "");
  }
  const std::string name(FormatName(result.format));
  if (!IsDecodable(result.format)) {
    return internal::Failure(result, Disposition::kUnsupported, name + " is not looked into");
  }
  if (bytes.size() > limits.max_bytes) {
    return internal::Failure(
        result, Disposition::kOverLimit,
        absl::StrCat(name, ": ", bytes.size(), " bytes: the limit is ", limits.max_bytes));
  }
  // Decoders are libraries: what they throw ends here.
  try {
    return DecodeFormat(result.format, bytes, limits, sink);
  } catch (const std::bad_alloc&) {
    return internal::Failure(result, Disposition::kOverLimit, name + ": out of memory");
  } catch (const std::exception&) {
    return internal::Failure(result, Disposition::kUnreadable, name + ": the decoder gave up");
  } catch (...) {
    return internal::Failure(result, Disposition::kUnreadable, name + ": the decoder gave up");
  }
}

}  // namespace kith::hashing
