// SPDX-License-Identifier: Apache-2.0
// The first frame of a GIF by giflib, on its screen. What the frame does not cover is the
// background colour if the file has one, else black; transparent pixels keep the colour of their
// palette entry, as alpha is dropped everywhere.
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {
namespace {

struct CloseGif {
  void operator()(GifFileType* file) const { DGifCloseFile(file, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

int ReadBytes(GifFileType* file, GifByteType* out, int count) {
  auto& rest = *static_cast<Bytes*>(file->UserData);
  const std::size_t take = std::min(rest.size(), static_cast<std::size_t>(std::max(count, 0)));
  std::copy_n(rest.data(), take, out);
  rest = rest.subspan(take);
  return static_cast<int>(take);
}

// Goes to the first picture; false if there is none.
bool FindPicture(GifFileType* file) {
  for (GifRecordType type = UNDEFINED_RECORD_TYPE;;) {
    if (DGifGetRecordType(file, &type) == GIF_ERROR || type == TERMINATE_RECORD_TYPE) return false;
    if (type == IMAGE_DESC_RECORD_TYPE) return DGifGetImageDesc(file) == GIF_OK;
    if (type != EXTENSION_RECORD_TYPE) continue;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(file, &code, &block) == GIF_ERROR) return false;
    while (block != nullptr) {
      if (DGifGetExtensionNext(file, &block) == GIF_ERROR) return false;
    }
  }
}

using Palette = std::array<std::array<std::uint8_t, 3>, 256>;  // black beyond its end

Palette PaletteOf(const ColorMapObject* map) {
  Palette palette{};
  for (int i = 0; map != nullptr && i < std::min(map->ColorCount, 256); ++i) {
    palette[static_cast<std::size_t>(i)] = {map->Colors[i].Red, map->Colors[i].Green,
                                            map->Colors[i].Blue};
  }
  return palette;
}

// The order in which the rows of a frame are stored.
std::vector<int> RowOrder(int height, bool interlaced) {
  std::vector<int> order;
  order.reserve(static_cast<std::size_t>(height));
  if (!interlaced) {
    for (int y = 0; y < height; ++y) order.push_back(y);
    return order;
  }
  static constexpr std::array<std::array<int, 2>, 4> kPasses = {{{0, 8}, {4, 8}, {2, 4}, {1, 2}}};
  for (const auto& [first, step] : kPasses) {
    for (int y = first; y < height; y += step) order.push_back(y);
  }
  return order;
}

class Screen {
 public:
  Screen(int width, int height, std::array<std::uint8_t, 3> colour)
      : width_(width), height_(height), rgb_(stride() * static_cast<std::size_t>(height)) {
    for (std::size_t i = 0; i < rgb_.size(); ++i) rgb_[i] = colour[i % 3];
  }

  // Draws a row of a frame; what lies outside of the screen is cut off.
  void Draw(int left, int y, const std::vector<GifPixelType>& row, const Palette& palette) {
    if (y < 0 || y >= height_) return;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::int64_t x = left + static_cast<std::int64_t>(i);
      if (x < 0 || x >= width_) continue;
      std::copy_n(
          palette[row[i]].data(), 3,
          rgb_.data() + static_cast<std::size_t>(y) * stride() + 3 * static_cast<std::size_t>(x));
    }
  }

  void Give(RowSink& sink) const { sink.Rows(rgb_.data(), height_, stride()); }

 private:
  [[nodiscard]] std::size_t stride() const { return 3 * static_cast<std::size_t>(width_); }

  int width_;
  int height_;
  std::vector<std::uint8_t> rgb_;
};

}  // namespace

DecodeResult DecodeGif(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kGif;
  Bytes rest = bytes;
  int error = 0;
  const auto fail = [&](int code) {
    const char* words = GifErrorString(code);
    return Failure(result, Disposition::kUnreadable,
                   std::string("gif: ") + (words == nullptr ? "no picture in it" : words));
  };
  const Gif file(DGifOpen(&rest, ReadBytes, &error));
  if (!file) return fail(error);
  if (!FindPicture(file.get())) return fail(file->Error);
  const GifImageDesc frame = file->Image;
  // A screen of no pixels is as large as its first frame: encoders of old wrote such.
  const int width = file->SWidth > 0 ? file->SWidth : frame.Width;
  const int height = file->SHeight > 0 ? file->SHeight : frame.Height;
  const std::uint64_t memory =
      3 * static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
  if (frame.Width < 1 || frame.Height < 1) return fail(0);
  if (!CheckSize(frame.Width, frame.Height, 0, limits, result)) return result;
  if (!CheckSize(width, height, memory, limits, result)) return result;

  const Palette screen_palette = PaletteOf(file->SColorMap);
  const auto background = static_cast<std::size_t>(std::clamp(file->SBackGroundColor, 0, 255));
  Screen screen(width, height, screen_palette[background]);
  const Palette palette = frame.ColorMap == nullptr ? screen_palette : PaletteOf(frame.ColorMap);
  std::vector<GifPixelType> row(static_cast<std::size_t>(frame.Width));
  int read = 0;
  for (const int y : RowOrder(frame.Height, frame.Interlace)) {
    if (DGifGetLine(file.get(), row.data(), frame.Width) == GIF_ERROR) break;
    screen.Draw(frame.Left, frame.Top + y, row, palette);
    ++read;
  }
  if (read == 0) return fail(file->Error);
  sink.Begin(width, height);
  screen.Give(sink);
  result.disposition = read == frame.Height ? Disposition::kHashed : Disposition::kPartial;
  if (read < frame.Height) {
    result.detail = "gif: truncated or damaged; what is missing is background";
  }
  return result;
}

}  // namespace kith::hashing::internal
