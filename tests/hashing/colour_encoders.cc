// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/colour_encoders.h"

#include <webp/encode.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "tests/hashing/encoding.h"

namespace kith::hashing::test {
namespace {

bool HasAlpha(TiffColour colour) {
  return colour == TiffColour::kGreyAlpha || colour == TiffColour::kRgba ||
         colour == TiffColour::kRgbaPremultiplied;
}

// Samples of one pixel, of 8 bits but for those of a palette and of two tones.
Data SamplesOf(const Picture& picture, std::size_t pixel, TiffColour colour,
               const std::map<Colour, std::size_t>& palette) {
  const Colour c = At(picture, pixel);
  const auto alpha = static_cast<std::uint8_t>(pixel % 256);
  switch (colour) {
    case TiffColour::kGrey:
      return {c[1]};
    case TiffColour::kGreyAlpha:
      return {c[1], alpha};
    case TiffColour::kWhiteIsZero:
      return {static_cast<std::uint8_t>(255 - c[1])};
    case TiffColour::kTwoTone:
      return {static_cast<std::uint8_t>(c[1] < 128 ? 0 : 1)};
    case TiffColour::kTwoToneWhiteIsZero:
      return {static_cast<std::uint8_t>(c[1] < 128 ? 1 : 0)};
    case TiffColour::kPalette:
      return {static_cast<std::uint8_t>(palette.at(c))};
    case TiffColour::kRgba:
    case TiffColour::kRgbaPremultiplied:
      break;
  }
  return {c[0], c[1], c[2], alpha};
}

// Rows of samples, each row from a byte of its own on.
Data Strip(const Picture& picture, TiffColour colour, int bits,
           const std::map<Colour, std::size_t>& palette) {
  Data out;
  std::size_t pixel = 0;
  for (int y = 0; y < picture.height; ++y) {
    unsigned held = 0;
    int held_bits = 0;
    for (int x = 0; x < picture.width; ++x, ++pixel) {
      for (const std::uint8_t sample : SamplesOf(picture, pixel, colour, palette)) {
        if (bits >= 8) {
          for (int i = 0; i < bits / 8; ++i) out.push_back(sample);  // 16 bits: times 257
          continue;
        }
        held = held << bits | sample;
        held_bits += bits;
        if (held_bits < 8) continue;
        out.push_back(static_cast<std::uint8_t>(held));
        held = 0;
        held_bits = 0;
      }
    }
    if (held_bits > 0) out.push_back(static_cast<std::uint8_t>(held << (8 - held_bits)));
  }
  return out;
}

std::size_t Photometric(TiffColour colour) {
  switch (colour) {
    case TiffColour::kWhiteIsZero:
    case TiffColour::kTwoToneWhiteIsZero:
      return 0;
    case TiffColour::kGrey:
    case TiffColour::kGreyAlpha:
    case TiffColour::kTwoTone:
      return 1;
    case TiffColour::kPalette:
      return 3;
    case TiffColour::kRgba:
    case TiffColour::kRgbaPremultiplied:
      break;
  }
  return 2;
}

}  // namespace

Data EncodeTiffColour(const Picture& picture, TiffColour colour, int bits) {
  if (colour == TiffColour::kTwoTone || colour == TiffColour::kTwoToneWhiteIsZero) bits = 1;
  const auto palette =
      colour == TiffColour::kPalette ? PaletteOf(picture) : std::map<Colour, std::size_t>();
  const std::size_t samples = SamplesOf(picture, 0, colour, palette).size();
  const Data strip = Strip(picture, colour, bits, palette);
  Data out;
  out.reserve(strip.size() + 4096);  // g++ 12 takes growing by a few bytes for a mistake
  Put(out, 0x002A'4949, 4);          // "II", 42
  Put(out, 0, 4);                    // where the directory is: below
  const std::size_t strip_at = out.size();
  out.insert(out.end(), strip.begin(), strip.end());
  if (out.size() % 2 != 0) out.push_back(0);
  const std::size_t bits_at = out.size();
  for (int i = 0; i < 4; ++i) Put(out, static_cast<std::size_t>(bits), 2);
  // All reds, then all greens, then all blues, of 16 bits.
  const std::size_t map_at = out.size();
  const std::size_t colours = std::size_t{1} << bits;
  if (colour == TiffColour::kPalette) {
    Data map(colours * 3 * 2);
    for (const auto& [rgb, index] : palette) {
      for (std::size_t c = 0; c < 3; ++c) {
        map[2 * (c * colours + index)] = map[2 * (c * colours + index) + 1] = rgb[c];
      }
    }
    out.insert(out.end(), map.begin(), map.end());
  }
  const std::size_t directory_at = out.size();
  for (std::size_t i = 0; i < 4; ++i) {
    out[4 + i] = static_cast<std::uint8_t>(directory_at >> (8 * i));
  }
  // Few numbers stand in the entry itself, side by side.
  const auto one_bits = static_cast<std::size_t>(bits);
  const std::size_t bits_value = samples == 1   ? one_bits
                                 : samples == 2 ? one_bits | one_bits << 16
                                                : bits_at;
  const auto width = static_cast<std::size_t>(picture.width);
  const auto height = static_cast<std::size_t>(picture.height);
  std::vector<TiffEntry> entries = {{256, 4, 1, width},
                                    {257, 4, 1, height},
                                    {258, 3, samples, bits_value},
                                    {259, 3, 1, 1},
                                    {262, 3, 1, Photometric(colour)},
                                    {273, 4, 1, strip_at},
                                    {277, 3, 1, samples},
                                    {278, 4, 1, height},
                                    {279, 4, 1, strip.size()},
                                    {284, 3, 1, 1}};
  if (colour == TiffColour::kPalette) entries.push_back({320, 3, 3 * colours, map_at});
  if (HasAlpha(colour)) {
    entries.push_back({338, 3, 1, std::size_t{colour == TiffColour::kRgbaPremultiplied ? 1U : 2U}});
  }
  PutTiffDirectory(out, entries);
  return out;
}

Data EncodeWebp(const Picture& picture, const WebpStyle& style) {
  WebPConfig config;
  WebPConfigInit(&config);
  config.lossless = style.lossless ? 1 : 0;
  config.exact = 1;  // colours that nobody sees too
  config.quality = style.lossless ? 50 : 95;
  WebPPicture image;
  WebPPictureInit(&image);
  image.use_argb = style.lossless ? 1 : 0;
  image.width = picture.width;
  image.height = picture.height;
  Data samples;
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    for (const std::uint8_t v : At(picture, i)) samples.push_back(v);
    samples.push_back(style.alpha ? static_cast<std::uint8_t>(i % 256) : 255);
  }
  if (style.alpha) {
    WebPPictureImportRGBA(&image, samples.data(), 4 * picture.width);
  } else {
    WebPPictureImportRGB(&image, picture.rgb.data(), 3 * picture.width);
  }
  WebPMemoryWriter writer;
  WebPMemoryWriterInit(&writer);
  image.writer = WebPMemoryWrite;
  image.custom_ptr = &writer;
  WebPEncode(&config, &image);
  Data out(writer.mem, writer.mem + writer.size);
  WebPMemoryWriterClear(&writer);
  WebPPictureFree(&image);
  return out;
}

}  // namespace kith::hashing::test
