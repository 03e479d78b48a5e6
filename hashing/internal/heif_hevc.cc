// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/heif_hevc.h"

#include <libde265/de265.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hashing/decode.h"
#include "hashing/internal/heif_work.h"
#include "hashing/internal/hevc_sides.h"

namespace kith::hashing::internal {
namespace {

constexpr heif_error kGood = {heif_error_Ok, heif_suberror_Unspecified, "Success"};

heif_error Bad(heif_error_code code, const char* why) {
  return {code, heif_suberror_Unspecified, why};
}

de265_decoder_context* Context(void* decoder) {
  return static_cast<de265_decoder_context*>(decoder);
}

heif_error NewDecoder(void** decoder) {
  *decoder = de265_new_decoder();  // no threads are started: it decodes where it is called
  return *decoder != nullptr ? kGood
                             : Bad(heif_error_Memory_allocation_error, "no memory for the decoder");
}

// What a picture is said to have in the boxes around it is not what is coded: no picture may be
// larger than one whose boxes would be believed.
constexpr std::uint64_t kMostPixels = DecodeLimits{}.max_memory_bytes / kHeifBytesAPixel;

// Units of data, each behind its length of four bytes.
heif_error PushData(void* decoder, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  while (size >= 4) {
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i) length = length << 8 | bytes[i];
    bytes += 4;
    size -= 4;
    if (length > size || length > INT32_MAX) {
      return Bad(heif_error_Decoder_plugin_error, "a piece of its data is cut off");
    }
    if (HevcPixels({bytes, length}) > kMostPixels) {
      return {heif_error_Memory_allocation_error, heif_suberror_Security_limit_exceeded,
              "the coded picture is larger than it may be"};
    }
    de265_push_NAL(Context(decoder), bytes, static_cast<int>(length), 0, nullptr);
    bytes += length;
    size -= length;
  }
  return size == 0 ? kGood : Bad(heif_error_Decoder_plugin_error, "stray bytes in its data");
}

heif_chroma ChromaOf(const de265_image* picture) {
  switch (de265_get_chroma_format(picture)) {
    case de265_chroma_mono:
      return heif_chroma_monochrome;
    case de265_chroma_420:
      return heif_chroma_420;
    case de265_chroma_422:
      return heif_chroma_422;
    default:
      return heif_chroma_444;
  }
}

void CopyColours(const de265_image* picture, heif_image* image) {
  heif_color_profile_nclx* colours = heif_nclx_color_profile_alloc();
  if (colours == nullptr) return;
  const auto number = [](int value) { return static_cast<std::uint16_t>(value); };
  (void)heif_nclx_color_profile_set_color_primaries(
      colours, number(de265_get_image_colour_primaries(picture)));
  (void)heif_nclx_color_profile_set_transfer_characteristics(
      colours, number(de265_get_image_transfer_characteristics(picture)));
  (void)heif_nclx_color_profile_set_matrix_coefficients(
      colours, number(de265_get_image_matrix_coefficients(picture)));
  colours->full_range_flag = de265_get_image_full_range_flag(picture) != 0 ? 1 : 0;
  (void)heif_image_set_nclx_color_profile(image, colours);
  heif_nclx_color_profile_free(colours);
}

heif_error CopyPlane(const de265_image* picture, int channel, heif_image* image) {
  static constexpr std::array<heif_channel, 3> kChannels = {heif_channel_Y, heif_channel_Cb,
                                                            heif_channel_Cr};
  const heif_channel to = kChannels[static_cast<std::size_t>(channel)];
  const int width = de265_get_image_width(picture, channel);
  const int height = de265_get_image_height(picture, channel);
  const int bits = de265_get_bits_per_pixel(picture, channel);
  int from_stride = 0;
  const std::uint8_t* from = de265_get_image_plane(picture, channel, &from_stride);
  if (from == nullptr || width < 1 || height < 1 || bits < 8 || bits > 16) {
    return Bad(heif_error_Decoder_plugin_error, "a plane of it is missing");
  }
  const heif_error added = heif_image_add_plane(image, to, width, height, bits);
  if (added.code != heif_error_Ok) return added;
  int to_stride = 0;
  std::uint8_t* rows = heif_image_get_plane(image, to, &to_stride);
  const std::size_t row_bytes = static_cast<std::size_t>(width) * (bits > 8 ? 2 : 1);
  if (rows == nullptr || row_bytes > static_cast<std::size_t>(std::min(from_stride, to_stride))) {
    return Bad(heif_error_Memory_allocation_error, "no memory for a plane");
  }
  for (int y = 0; y < height; ++y) {
    std::memcpy(rows + static_cast<std::ptrdiff_t>(y) * to_stride,
                from + static_cast<std::ptrdiff_t>(y) * from_stride, row_bytes);
  }
  return kGood;
}

heif_error DecodeImage(void* decoder, heif_image** out) {
  de265_decoder_context* context = Context(decoder);
  *out = nullptr;
  (void)de265_flush_data(context);
  // One picture is wanted; data of more than one is looked at no further.
  const de265_image* picture = nullptr;
  int more = 1;
  while (picture == nullptr && more != 0) {
    more = 0;
    const de265_error error = de265_decode(context, &more);
    if (de265_isOK(error) == 0) more = 0;
    picture = de265_get_next_picture(context);
  }
  if (picture == nullptr) return Bad(heif_error_Decoder_plugin_error, "no picture in its data");
  const heif_chroma chroma = ChromaOf(picture);
  heif_image* image = nullptr;
  heif_error error = heif_image_create(
      de265_get_image_width(picture, 0), de265_get_image_height(picture, 0),
      chroma == heif_chroma_monochrome ? heif_colorspace_monochrome : heif_colorspace_YCbCr, chroma,
      &image);
  const int planes = chroma == heif_chroma_monochrome ? 1 : 3;
  for (int channel = 0; channel < planes && error.code == heif_error_Ok; ++channel) {
    error = CopyPlane(picture, channel, image);
  }
  if (error.code != heif_error_Ok) {
    heif_image_release(image);
    return error;
  }
  CopyColours(picture, image);
  *out = image;
  return kGood;
}

constexpr heif_decoder_plugin kPlugin = {
    .plugin_api_version = 3,
    .get_plugin_name = [] { return "libde265 on one thread"; },
    .init_plugin = [] { (void)de265_init(); },
    .deinit_plugin = [] { (void)de265_free(); },
    .does_support_format =
        [](heif_compression_format format) { return format == heif_compression_HEVC ? 1000 : 0; },
    .new_decoder = NewDecoder,
    .free_decoder = [](void* decoder) { (void)de265_free_decoder(Context(decoder)); },
    .push_data = PushData,
    .decode_image = DecodeImage,
    .set_strict_decoding = [](void*, int) {},
    .id_name = kHevcDecoder,
};

}  // namespace

const heif_decoder_plugin& HevcPlugin() { return kPlugin; }

}  // namespace kith::hashing::internal
