// SPDX-License-Identifier: Apache-2.0
// The primary item of a HEIC or AVIF by libheif, with the rotation, mirroring and crop that the
// file itself asks for: they are part of the picture, not a note beside it as in EXIF. Alpha is
// dropped.
#include "hashing/internal/heif.h"

#include <libde265/de265.h>
#include <libheif/heif.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/heif_hevc.h"
#include "hashing/internal/heif_slot.h"
#include "hashing/internal/heif_work.h"

namespace kith::hashing::internal {
namespace {

constexpr std::size_t kLongestWords = 200;
constexpr char kAv1Decoder[] = "aom";

struct Free {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(heif_image* image) const { heif_image_release(image); }
  void operator()(heif_decoding_options* options) const { heif_decoding_options_free(options); }
};
template <typename Thing>
using Owned = std::unique_ptr<Thing, Free>;

DecodeResult Fail(DecodeResult result, const heif_error& error) {
  Disposition disposition = Disposition::kUnreadable;
  if (error.code == heif_error_Unsupported_feature ||
      error.code == heif_error_Unsupported_filetype) {
    disposition = Disposition::kUnsupported;
  }
  if (error.code == heif_error_Memory_allocation_error ||
      error.subcode == heif_suberror_Security_limit_exceeded) {
    disposition = Disposition::kOverLimit;
  }
  const std::string name(FormatName(result.format));
  // One line of its words; they may quote the file.
  std::string words = error.message == nullptr ? "the decoder gave up" : error.message;
  words.resize(std::min({words.find('\n'), words.size(), kLongestWords}));
  std::ranges::replace_if(
      words, [](char c) { return c < ' ' || c > '~'; }, '?');
  return Failure(std::move(result), disposition, name + ": " + words);
}

// One thread: the cage has no other.
Owned<heif_decoding_options> Options(Format format) {
  Owned<heif_decoding_options> options(heif_decoding_options_alloc());
  if (!options) return options;
  options->convert_hdr_to_8bit = 1;
  // The other decoder of AVIF makes threads even when told not to.
  options->decoder_id = format == Format::kAvif ? kAv1Decoder : kHevcDecoder;
  return options;
}

void GiveRows(const heif_image* image, int width, int height, RowSink& sink) {
  int stride = 0;
  const std::uint8_t* rgb = heif_image_get_plane_readonly(image, heif_channel_interleaved, &stride);
  if (rgb == nullptr) return;
  sink.Begin(width, height);
  for (int y = 0; y < height; y += kBatchRows) {
    sink.Rows(rgb + static_cast<std::size_t>(y) * static_cast<std::size_t>(stride),
              std::min(kBatchRows, height - y), static_cast<std::size_t>(stride));
  }
}

DecodeResult DecodeHeif(Format format, Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = format;
  // Before libheif sees the file: what its header makes a decoder do.
  if (const std::string over = HeifWorkOverLimit(bytes, limits); !over.empty()) {
    return Failure(std::move(result), Disposition::kOverLimit,
                   std::string(FormatName(format)) + ": " + over);
  }
  const Owned<heif_context> context(heif_context_alloc());
  if (!context) {
    return Failure(std::move(result), Disposition::kOverLimit, "no memory for the decoder");
  }
  heif_context_set_max_decoding_threads(context.get(), 0);
  heif_context_set_maximum_image_size_limit(context.get(), static_cast<int>(limits.max_side));
  heif_error error = heif_context_read_from_memory_without_copy(context.get(), bytes.data(),
                                                                bytes.size(), nullptr);
  if (error.code != heif_error_Ok) return Fail(std::move(result), error);
  heif_image_handle* primary = nullptr;
  error = heif_context_get_primary_image_handle(context.get(), &primary);
  const Owned<heif_image_handle> handle(primary);
  if (error.code != heif_error_Ok) return Fail(std::move(result), error);
  for (const auto& [width, height] :
       {std::pair{heif_image_handle_get_ispe_width(primary),
                  heif_image_handle_get_ispe_height(primary)},
        std::pair{heif_image_handle_get_width(primary), heif_image_handle_get_height(primary)}}) {
    const std::uint64_t pixels = width > 0 && height > 0 ? static_cast<std::uint64_t>(width) *
                                                               static_cast<std::uint64_t>(height)
                                                         : 0;
    if (!CheckSize(width, height, kHeifBytesAPixel * pixels, limits, result)) return result;
  }
  const Owned<heif_decoding_options> options = Options(format);
  heif_image* decoded = nullptr;
  error = heif_decode_image(primary, &decoded, heif_colorspace_RGB, heif_chroma_interleaved_RGB,
                            options.get());
  const Owned<heif_image> image(decoded);
  if (error.code != heif_error_Ok) return Fail(std::move(result), error);
  const int width = heif_image_get_width(decoded, heif_channel_interleaved);
  const int height = heif_image_get_height(decoded, heif_channel_interleaved);
  if (!CheckSize(width, height, 0, limits, result)) return result;
  GiveRows(decoded, width, height, sink);
  heif_error warning{};
  const bool damaged = heif_image_get_decoding_warnings(decoded, 0, &warning, 1) > 0;
  result.disposition = damaged ? Disposition::kPartial : Disposition::kHashed;
  if (damaged) result.detail = std::string(FormatName(format)) + ": damaged";
  return result;
}

std::vector<std::string> HeifLibraries() {
  std::vector<std::string> libraries = {absl::StrCat("libheif ", heif_get_version()),
                                        absl::StrCat("libde265 ", de265_get_version())};
  // Of the decoders of AV1 that libheif has, the one that is asked for says what it is in words:
  // "AOMedia Project AV1 Decoder v3.6.0".
  std::array<const heif_decoder_descriptor*, 8> decoders{};
  const int count = heif_get_decoder_descriptors(heif_compression_AV1, decoders.data(),
                                                 static_cast<int>(decoders.size()));
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(count, 0)); ++i) {
    const char* const id = heif_decoder_descriptor_get_id_name(decoders.at(i));
    if (id == nullptr || std::string_view(id) != kAv1Decoder) continue;
    libraries.emplace_back(heif_decoder_descriptor_get_name(decoders.at(i)));
  }
  return libraries;
}

}  // namespace

void UseHeif() {
  static std::once_flag once;
  std::call_once(once, [] { (void)heif_register_decoder_plugin(&HevcPlugin()); });
  FillHeifSlot(DecodeHeif, HeifLibraries);
}

}  // namespace kith::hashing::internal
