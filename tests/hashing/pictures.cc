// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/pictures.h"

#include <png.h>

#include <cstdio>
#include <cstdlib>
// jpeglib.h needs what <cstdio> declares.
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "tests/golden/synthetic_picture.h"
#include "tests/hashing/encoding.h"

namespace kith::hashing::test {
namespace {

// Samples of one pixel as the encoder is to be fed.
void AppendJpegPixel(Colour c, const JpegStyle& style, Data& out) {
  switch (style.colour) {
    case JpegColour::kGrey:
      out.push_back(c[1]);
      break;
    case JpegColour::kCmyk:
    case JpegColour::kYcck:
      // No black; Adobe's way is 255 for no ink, which is R, G, B itself.
      for (const std::uint8_t v : c) {
        out.push_back(style.adobe_marker ? v : static_cast<std::uint8_t>(255 - v));
      }
      out.push_back(style.adobe_marker ? 255 : 0);
      break;
    default:
      out.insert(out.end(), c.begin(), c.end());
  }
}

}  // namespace

Picture Synthetic(std::uint32_t seed, int width, int height) {
  return {width, height, golden::SyntheticPicture(seed, width, height)};
}

Picture Grey(const Picture& picture) {
  Picture grey = picture;
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    std::fill_n(grey.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, picture.rgb[3 * i + 1]);
  }
  return grey;
}

Picture FewColours(const Picture& picture, int colours) {
  Picture few = picture;
  const int step = 256 / colours;
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    const int k = picture.rgb[3 * i + 1] / step;
    few.rgb[3 * i] = static_cast<std::uint8_t>(k * step);
    few.rgb[3 * i + 1] = static_cast<std::uint8_t>(255 - k * step);
    few.rgb[3 * i + 2] = static_cast<std::uint8_t>(k * 37);
  }
  return few;
}

Picture Framed(const Picture& picture, const Frame& frame) {
  Picture framed{.width = frame.left + picture.width + frame.right,
                 .height = frame.top + picture.height + frame.bottom,
                 .rgb = {}};
  for (int y = 0; y < framed.height; ++y) {
    for (int x = 0; x < framed.width; ++x) {
      const int inner_x = x - frame.left;
      const int inner_y = y - frame.top;
      const bool inside =
          inner_x >= 0 && inner_x < picture.width && inner_y >= 0 && inner_y < picture.height;
      const Colour colour = inside ? At(picture, static_cast<std::size_t>(inner_y) *
                                                         static_cast<std::size_t>(picture.width) +
                                                     static_cast<std::size_t>(inner_x))
                                   : Colour{frame.red, frame.green, frame.blue};
      framed.rgb.insert(framed.rgb.end(), colour.begin(), colour.end());
    }
  }
  return framed;
}

Data EncodeJpeg(const Picture& picture, const JpegStyle& style) {
  const bool four = style.colour == JpegColour::kCmyk || style.colour == JpegColour::kYcck;
  Data samples;
  for (std::size_t i = 0; i < Pixels(picture); ++i) AppendJpegPixel(At(picture, i), style, samples);

  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = static_cast<JDIMENSION>(picture.width);
  info.image_height = static_cast<JDIMENSION>(picture.height);
  info.input_components = four ? 4 : style.colour == JpegColour::kGrey ? 1 : 3;
  info.in_color_space = four                                ? JCS_CMYK
                        : style.colour == JpegColour::kGrey ? JCS_GRAYSCALE
                                                            : JCS_RGB;
  jpeg_set_defaults(&info);
  if (style.colour == JpegColour::kRgb) jpeg_set_colorspace(&info, JCS_RGB);
  if (style.colour == JpegColour::kYcck) jpeg_set_colorspace(&info, JCS_YCCK);
  if (four) info.write_Adobe_marker = style.adobe_marker ? TRUE : FALSE;
  jpeg_set_quality(&info, style.quality, TRUE);
  if (style.colour == JpegColour::kYcc || style.colour == JpegColour::kGrey) {
    info.comp_info[0].h_samp_factor = style.luma_across;
    info.comp_info[0].v_samp_factor = style.luma_down;
  }
  info.restart_interval = static_cast<unsigned>(style.restart_mcus);
  info.optimize_coding = style.optimised ? TRUE : FALSE;
  info.arith_code = style.arithmetic ? TRUE : FALSE;
  if (style.progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  if (!style.exif.empty()) {
    jpeg_write_marker(&info, JPEG_APP0 + 1, style.exif.data(),
                      static_cast<unsigned>(style.exif.size()));
  }
  const std::size_t stride =
      static_cast<std::size_t>(picture.width) * static_cast<std::size_t>(info.input_components);
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = samples.data() + info.next_scanline * stride;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  Data out(buffer, buffer + size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}

Data EncodePng(const Picture& picture, const PngStyle& style) {
  static constexpr std::array<int, 5> kTypes = {PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA,
                                                PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                                PNG_COLOR_TYPE_PALETTE};
  Data out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp p, png_bytep bytes, std::size_t count) {
        auto& to = *static_cast<Data*>(png_get_io_ptr(p));
        to.insert(to.end(), bytes, bytes + count);
      },
      nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.width),
               static_cast<png_uint_32>(picture.height), style.bits,
               kTypes[static_cast<std::size_t>(style.colour)],
               style.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  const std::map<Colour, std::size_t> colours =
      style.colour == PngColour::kPalette ? PaletteOf(picture) : std::map<Colour, std::size_t>();
  if (!colours.empty()) {
    std::vector<png_color> palette;
    for (const auto& [c, index] : colours) palette.push_back({c[0], c[1], c[2]});
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  png_write_info(png, info);
  if (style.bits < 8) png_set_packing(png);
  Data samples;
  const auto put = [&](std::uint8_t value, std::uint8_t low) {
    samples.push_back(value);
    if (style.bits == 16) samples.push_back(low);
  };
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    const Colour c = At(picture, i);
    const auto noise = static_cast<std::uint8_t>(i * 7);  // low bytes and alpha: not to be seen
    if (style.colour == PngColour::kPalette) {
      samples.push_back(static_cast<std::uint8_t>(colours.at(c)));
      continue;
    }
    const bool grey = style.colour == PngColour::kGrey || style.colour == PngColour::kGreyAlpha;
    for (std::size_t channel = grey ? 1 : 0; channel < (grey ? 2u : 3u); ++channel) {
      put(c[channel], noise);
    }
    if (style.colour == PngColour::kRgba || style.colour == PngColour::kGreyAlpha) {
      put(noise, noise);
    }
  }
  const std::size_t stride = samples.size() / static_cast<std::size_t>(picture.height);
  std::vector<png_bytep> rows;
  for (std::size_t y = 0; y < static_cast<std::size_t>(picture.height); ++y) {
    rows.push_back(samples.data() + y * stride);
  }
  png_write_image(png, rows.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

Data EncodeByOpenCv(const Picture& picture, const std::string& suffix) {
  cv::Mat bgr(picture.height, picture.width, CV_8UC3);
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    const Colour c = At(picture, i);
    for (std::size_t channel = 0; channel < 3; ++channel)
      bgr.data[3 * i + channel] = c[2 - channel];
  }
  Data out;
  std::vector<int> parameters;
  if (suffix == ".webp") parameters = {cv::IMWRITE_WEBP_QUALITY, 101};  // over 100 is lossless
  cv::imencode(suffix, bgr, out, parameters);
  return out;
}

Data EncodeTiff(const Picture& picture, int channels, int bits, int orientation) {
  Data samples;
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    for (const std::uint8_t v : At(picture, i)) {
      if (bits == 16) samples.push_back(static_cast<std::uint8_t>(i * 5));
      samples.push_back(channels == 4 ? static_cast<std::uint8_t>(255 - v) : v);
    }
    if (channels == 4) samples.push_back(0);
  }
  constexpr std::uint32_t kDataAt = 8;
  const auto extra_at = static_cast<std::uint32_t>(kDataAt + samples.size());
  const std::uint32_t directory_at = extra_at + 8;
  Data out = {'I', 'I', 42, 0};
  Put(out, directory_at, 4);
  out.insert(out.end(), samples.begin(), samples.end());
  for (int i = 0; i < 4; ++i) Put(out, static_cast<std::uint32_t>(bits), 2);
  const auto width = static_cast<std::uint32_t>(picture.width);
  const auto height = static_cast<std::uint32_t>(picture.height);
  const auto count = static_cast<std::uint32_t>(channels);
  const std::uint32_t photometric = channels == 4 ? 5 : 2;
  const TiffEntry entries[] = {{256, 4, 1, width},
                               {257, 4, 1, height},
                               {258, 3, count, extra_at},
                               {259, 3, 1, 1},
                               {262, 3, 1, photometric},
                               {273, 4, 1, kDataAt},
                               {274, 3, 1, static_cast<std::uint32_t>(orientation)},
                               {277, 3, 1, count},
                               {278, 4, 1, height},
                               {279, 4, 1, static_cast<std::uint32_t>(samples.size())},
                               {284, 3, 1, 1}};
  PutTiffDirectory(out, entries);
  return out;
}

void Collector::Begin(int width, int height) { picture = {width, height, {}}; }

void Collector::Rows(const std::uint8_t* rgb, int count, std::size_t stride) {
  for (int i = 0; i < count; ++i) {
    const std::uint8_t* row = rgb + static_cast<std::size_t>(i) * stride;
    picture.rgb.insert(picture.rgb.end(), row, row + 3 * static_cast<std::size_t>(picture.width));
  }
}

Decoded DecodeAll(const Data& bytes, const DecodeLimits& limits) {
  Collector collector;
  Decoded decoded;
  decoded.result = Decode(bytes, limits, collector);
  decoded.picture = std::move(collector.picture);
  return decoded;
}

int LargestDifference(const Picture& a, const Picture& b) {
  if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size()) return 256;
  int largest = 0;
  for (std::size_t i = 0; i < a.rgb.size(); ++i) {
    largest = std::max(largest, std::abs(int{a.rgb[i]} - int{b.rgb[i]}));
  }
  return largest;
}

}  // namespace kith::hashing::test
