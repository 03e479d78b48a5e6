// SPDX-License-Identifier: Apache-2.0
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "tests/hashing/encoders.h"
#include "tests/hashing/encoding.h"
#include "tests/hashing/pictures.h"

namespace kith::hashing::test {
namespace {

// A file of pictures that share one palette.
class GifWriter {
 public:
  GifWriter(std::span<const Picture> pictures, int screen_width, int screen_height)
      : palette_(PaletteOf(pictures)) {
    int size = 2;
    while (size < static_cast<int>(palette_.size())) size *= 2;
    std::vector<GifColorType> colours(static_cast<std::size_t>(size));
    for (const auto& [c, index] : palette_) colours[index] = {c[0], c[1], c[2]};
    gif_ = EGifOpen(
        &bytes_,
        [](GifFileType* file, const GifByteType* bytes, int count) {
          auto& to = *static_cast<Data*>(file->UserData);
          to.insert(to.end(), bytes, bytes + count);
          return count;
        },
        &error_);
    EGifSetGifVersion(gif_, true);
    map_ = GifMakeMapObject(size, colours.data());
    EGifPutScreenDesc(gif_, screen_width, screen_height, 8, 0, map_);
  }
  ~GifWriter() {
    if (gif_ != nullptr) Finish();
  }
  GifWriter(const GifWriter&) = delete;
  GifWriter& operator=(const GifWriter&) = delete;

  void Transparent(int index) {
    const std::array<GifByteType, 4> control = {1, 0, 0, static_cast<GifByteType>(index)};
    EGifPutExtension(gif_, GRAPHICS_EXT_FUNC_CODE, static_cast<int>(control.size()),
                     control.data());
  }
  void Frame(const Picture& picture, int left, int top, bool interlaced) {
    EGifPutImageDesc(gif_, left, top, picture.width, picture.height, interlaced, nullptr);
    std::vector<int> order;
    const int passes[4][2] = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
    for (const auto& [first, step] : passes) {
      for (int y = first; y < picture.height; y += step) order.push_back(y);
    }
    if (!interlaced) std::ranges::sort(order);
    std::vector<GifPixelType> row(static_cast<std::size_t>(picture.width));
    for (const int y : order) {
      for (int x = 0; x < picture.width; ++x) {
        row[static_cast<std::size_t>(x)] =
            static_cast<GifPixelType>(palette_.at(At(picture, x, y)));
      }
      EGifPutLine(gif_, row.data(), picture.width);
    }
  }
  Data Finish() {
    GifFreeMapObject(map_);
    EGifCloseFile(gif_, &error_);
    gif_ = nullptr;
    return std::move(bytes_);
  }

 private:
  const std::map<Colour, std::size_t> palette_;
  Data bytes_;
  GifFileType* gif_ = nullptr;
  ColorMapObject* map_ = nullptr;
  int error_ = 0;
};

}  // namespace

Data EncodeGif(const Picture& picture, const GifStyle& style) {
  GifWriter writer({&picture, 1}, style.screen_width > 0 ? style.screen_width : picture.width,
                   style.screen_height > 0 ? style.screen_height : picture.height);
  if (style.transparent >= 0) writer.Transparent(style.transparent);
  writer.Frame(picture, style.left, style.top, style.interlaced);
  return writer.Finish();
}

Data EncodeGifAnimation(const std::vector<Picture>& frames) {
  GifWriter writer(frames, frames[0].width, frames[0].height);
  for (const Picture& frame : frames) writer.Frame(frame, 0, 0, false);
  return writer.Finish();
}

}  // namespace kith::hashing::test
