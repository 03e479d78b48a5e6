// SPDX-License-Identifier: Apache-2.0
// The frames of a GIF by giflib, each as it is seen on its screen. What no frame covers is the
// background colour if the file has one, else black. Transparent pixels of the first frame keep the
// colour of their palette entry, as alpha is dropped everywhere; in later ones they show what was
// there before.
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hashing/internal/decoders.h"
#include "hashing/internal/frame_budget.h"

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

// How a frame is shown, and what becomes of it before the next.
constexpr GraphicsControlBlock kPlain = {.DisposalMode = DISPOSAL_UNSPECIFIED,
                                         .UserInputFlag = false,
                                         .DelayTime = 0,
                                         .TransparentColor = NO_TRANSPARENT_COLOR};

enum class Found { kPicture, kEnd, kDamage };

// Goes to the next picture.
Found FindPicture(GifFileType* file, GraphicsControlBlock& control) {
  control = kPlain;
  for (GifRecordType type = UNDEFINED_RECORD_TYPE;;) {
    if (DGifGetRecordType(file, &type) == GIF_ERROR) return Found::kDamage;
    if (type == TERMINATE_RECORD_TYPE) return Found::kEnd;
    if (type == IMAGE_DESC_RECORD_TYPE) {
      const bool is_picture =
          DGifGetImageDesc(file) == GIF_OK && file->Image.Width > 0 && file->Image.Height > 0;
      return is_picture ? Found::kPicture : Found::kDamage;
    }
    if (type != EXTENSION_RECORD_TYPE) continue;
    int code = 0;
    GifByteType* block = nullptr;
    if (DGifGetExtension(file, &code, &block) == GIF_ERROR) return Found::kDamage;
    if (code == GRAPHICS_EXT_FUNC_CODE && block != nullptr && block[0] >= 4) {
      (void)DGifExtensionToGCB(block[0], block + 1, &control);
    }
    while (block != nullptr) {
      if (DGifGetExtensionNext(file, &block) == GIF_ERROR) return Found::kDamage;
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
      : width_(width),
        height_(height),
        colour_(colour),
        rgb_(stride() * static_cast<std::size_t>(height)) {
    for (std::size_t i = 0; i < rgb_.size(); ++i) rgb_[i] = colour[i % 3];
  }

  // Draws a row of a frame; what lies outside of the screen is cut off, and pixels of the index
  // `transparent` are left out.
  void Draw(int left, int y, const std::vector<GifPixelType>& row, const Palette& palette,
            int transparent) {
    if (y < 0 || y >= height_) return;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::int64_t x = left + static_cast<std::int64_t>(i);
      if (x < 0 || x >= width_ || int{row[i]} == transparent) continue;
      std::copy_n(palette[row[i]].data(), 3, At(x, y));
    }
  }

  // Puts the background where a frame was.
  void Clear(const GifImageDesc& frame) {
    const std::int64_t right =
        std::min<std::int64_t>(width_, std::int64_t{frame.Left} + frame.Width);
    const std::int64_t bottom =
        std::min<std::int64_t>(height_, std::int64_t{frame.Top} + frame.Height);
    for (std::int64_t y = frame.Top; y < bottom; ++y) {
      for (std::int64_t x = frame.Left; x < right; ++x) std::ranges::copy(colour_, At(x, y));
    }
  }

  void Give(RowSink& sink) const {
    sink.Begin(width_, height_);
    sink.Rows(rgb_.data(), height_, stride());
  }

  [[nodiscard]] const std::vector<std::uint8_t>& pixels() const { return rgb_; }
  void Restore(std::vector<std::uint8_t> pixels) { rgb_ = std::move(pixels); }

 private:
  [[nodiscard]] std::size_t stride() const { return 3 * static_cast<std::size_t>(width_); }
  [[nodiscard]] std::uint8_t* At(std::int64_t x, std::int64_t y) {
    return rgb_.data() + static_cast<std::size_t>(y) * stride() + 3 * static_cast<std::size_t>(x);
  }

  int width_;
  int height_;
  std::array<std::uint8_t, 3> colour_;
  std::vector<std::uint8_t> rgb_;
};

// One after another; each must be drawn before the next is looked for.
class Frames {
 public:
  Frames(GifFileType* file, Screen& screen, const Palette& palette)
      : file_(file), screen_(screen), screen_palette_(palette) {}

  // The rows that were there; all of frame().Height if it is whole.
  int Draw(bool first, const GraphicsControlBlock& control) {
    frame_ = file_->Image;
    disposal_ = control.DisposalMode;
    if (disposal_ == DISPOSE_PREVIOUS) before_ = screen_.pixels();
    const Palette palette =
        frame_.ColorMap == nullptr ? screen_palette_ : PaletteOf(frame_.ColorMap);
    const int transparent = first ? NO_TRANSPARENT_COLOR : control.TransparentColor;
    std::vector<GifPixelType> row(static_cast<std::size_t>(frame_.Width));
    int read = 0;
    for (const int y : RowOrder(frame_.Height, frame_.Interlace)) {
      if (DGifGetLine(file_, row.data(), frame_.Width) == GIF_ERROR) break;
      screen_.Draw(frame_.Left, frame_.Top + y, row, palette, transparent);
      ++read;
    }
    return read;
  }

  // Makes the screen ready for the next frame.
  void Dispose() {
    if (disposal_ == DISPOSE_BACKGROUND) screen_.Clear(frame_);
    if (disposal_ == DISPOSE_PREVIOUS) screen_.Restore(std::move(before_));
  }

 private:
  GifFileType* file_;
  Screen& screen_;
  const Palette& screen_palette_;
  GifImageDesc frame_{};
  int disposal_ = DISPOSAL_UNSPECIFIED;
  std::vector<std::uint8_t> before_;
};

// The frames after the first, for as long as they are wanted and whole.
void GiveFurther(GifFileType* file, Frames& frames, const Screen& screen, RowSink& sink,
                 DecodeResult& result) {
  FrameBudget budget;
  GraphicsControlBlock control = kPlain;
  for (std::uint32_t frame = 1;; ++frame) {
    const Found found = FindPicture(file, control);
    if (found == Found::kEnd || !sink.WantsFrame(frame)) return;
    const GifImageDesc& next = file->Image;
    if (found == Found::kPicture) {
      const std::int64_t width = std::max<std::int64_t>(result.width, next.Width);
      if (!budget.Take(width, std::max<std::int64_t>(result.height, next.Height))) {
        result.detail = "gif: later frames were not looked at";
        return;
      }
    }
    frames.Dispose();
    if (found == Found::kDamage || frames.Draw(false, control) < next.Height) {
      result.disposition = Disposition::kPartial;
      result.detail = "gif: truncated or damaged; the frames before the damage are hashed";
      return;
    }
    screen.Give(sink);
  }
}

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
  GraphicsControlBlock control = kPlain;
  if (FindPicture(file.get(), control) != Found::kPicture) return fail(file->Error);
  const GifImageDesc frame = file->Image;
  // A screen of no pixels is as large as its first frame: encoders of old wrote such.
  const int width = file->SWidth > 0 ? file->SWidth : frame.Width;
  const int height = file->SHeight > 0 ? file->SHeight : frame.Height;
  // The screen, and what it was before a frame.
  const std::uint64_t memory =
      6 * static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
  if (!CheckSize(frame.Width, frame.Height, 0, limits, result)) return result;
  if (!CheckSize(width, height, memory, limits, result)) return result;

  const Palette screen_palette = PaletteOf(file->SColorMap);
  const auto background = static_cast<std::size_t>(std::clamp(file->SBackGroundColor, 0, 255));
  Screen screen(width, height, screen_palette[background]);
  Frames frames(file.get(), screen, screen_palette);
  const int read = frames.Draw(true, control);
  if (read == 0) return fail(file->Error);
  screen.Give(sink);
  result.disposition = read == frame.Height ? Disposition::kHashed : Disposition::kPartial;
  if (read < frame.Height) {
    result.detail = "gif: truncated or damaged; what is missing is background";
    return result;
  }
  GiveFurther(file.get(), frames, screen, sink, result);
  return result;
}

}  // namespace kith::hashing::internal
