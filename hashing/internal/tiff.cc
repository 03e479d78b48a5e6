// SPDX-License-Identifier: Apache-2.0
// The pages of a TIFF by libtiff itself: OpenCV's reader turns the picture by its orientation
// and prints. 16-bit samples are rounded to 8 bits, as libtiff does. Thumbnails and masks are no
// pages.
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/decoders.h"
#include "hashing/internal/frame_budget.h"

namespace kith::hashing::internal {
namespace {

// The file in memory as libtiff sees it, and what libtiff said about it.
struct Source {
  Bytes bytes;
  std::uint64_t position = 0;
  int errors = 0;
};

tmsize_t Read(thandle_t handle, void* out, tmsize_t count) {
  Source& source = *static_cast<Source*>(handle);
  if (count <= 0 || source.position >= source.bytes.size()) return 0;
  const std::size_t take =
      std::min(static_cast<std::size_t>(count),
               source.bytes.size() - static_cast<std::size_t>(source.position));
  std::memcpy(out, source.bytes.data() + source.position, take);
  source.position += take;
  return static_cast<tmsize_t>(take);
}

toff_t Seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = *static_cast<Source*>(handle);
  const std::uint64_t base = whence == SEEK_CUR   ? source.position
                             : whence == SEEK_END ? source.bytes.size()
                                                  : 0;
  return source.position = base + offset;
}

struct CloseTiff {
  void operator()(TIFF* file) const { TIFFClose(file); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

Tiff Open(Source& source, const DecodeLimits& limits) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (options == nullptr) return nullptr;
  TIFFOpenOptionsSetMaxSingleMemAlloc(
      options, static_cast<tmsize_t>(std::min<std::uint64_t>(limits.max_memory_bytes, INT64_MAX)));
  TIFFOpenOptionsSetErrorHandlerExtR(
      options,
      [](TIFF*, void* user, const char*, const char*, va_list) {
        ++static_cast<Source*>(user)->errors;
        return 1;  // handled: nobody prints it
      },
      &source);
  TIFFOpenOptionsSetWarningHandlerExtR(
      options, [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
  // "m": the file is not to be mapped.
  Tiff file(TIFFClientOpenExt(
      "picture", "rm", &source, Read, [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; },
      Seek, [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return static_cast<Source*>(handle)->bytes.size(); },
      nullptr, nullptr, options));
  TIFFOpenOptionsFree(options);
  return file;
}

// libtiff would multiply colours by an alpha that stands beside them; told that they are multiplied
// already it leaves them alone, and the alpha is dropped.
void LeaveAlphaAlone(TIFF* file) {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  if (TIFFGetField(file, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 1 || count == 0) return;
  std::vector<std::uint16_t> changed(kinds, kinds + count);
  if (changed[0] != EXTRASAMPLE_UNASSALPHA) return;
  changed[0] = EXTRASAMPLE_ASSOCALPHA;
  TIFFSetField(file, TIFFTAG_EXTRASAMPLES, count, changed.data());
}

class RgbaImage {
 public:
  explicit RgbaImage(TIFF* file) {
    constexpr int kGoOnAfterErrors = 0;
    open_ = TIFFRGBAImageBegin(&image_, file, kGoOnAfterErrors, message_.data()) == 1;
    // The same on both sides: rows stay as they are stored.
    image_.orientation = ORIENTATION_TOPLEFT;
    image_.req_orientation = ORIENTATION_TOPLEFT;
  }
  ~RgbaImage() {
    if (open_) TIFFRGBAImageEnd(&image_);
  }
  RgbaImage(const RgbaImage&) = delete;
  RgbaImage& operator=(const RgbaImage&) = delete;

  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] std::string message() const { return message_.data(); }
  [[nodiscard]] bool Get(std::vector<std::uint32_t>& raster) {
    return TIFFRGBAImageGet(&image_, raster.data(), image_.width, image_.height) == 1;
  }

 private:
  TIFFRGBAImage image_{};
  bool open_ = false;
  std::array<char, 1024> message_{};
};

void GiveRows(const std::vector<std::uint32_t>& raster, int width, int height, RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(width);
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  const std::uint32_t* pixel = raster.data();
  for (int y = 0; y < height; y += kBatchRows) {
    const int count = std::min(kBatchRows, height - y);
    const std::size_t samples = static_cast<std::size_t>(count) * stride;
    for (std::size_t i = 0; i < samples; i += 3, ++pixel) {
      batch[i] = static_cast<std::uint8_t>(TIFFGetR(*pixel));
      batch[i + 1] = static_cast<std::uint8_t>(TIFFGetG(*pixel));
      batch[i + 2] = static_cast<std::uint8_t>(TIFFGetB(*pixel));
    }
    sink.Rows(batch.data(), count, stride);
  }
}

// Strips or tiles of a page: each is decoded whole, however little of it the picture needs, and
// takes a few bytes of a directory.
constexpr std::uint64_t kMostPieces = 1 << 20;

// Of the bytes of the picture, so many times may all pieces together unpack to: a tile may be far
// wider than what it shows. What is small by itself passes.
constexpr std::uint64_t kMostUnpacking = 8;
constexpr std::uint64_t kSmallUnpacking = 64ull << 20;

std::uint64_t PieceBytes(TIFF* file) {
  return TIFFIsTiled(file) != 0 ? TIFFTileSize64(file) : TIFFStripSize64(file);
}

std::uint64_t Pieces(TIFF* file) {
  return TIFFIsTiled(file) != 0 ? TIFFNumberOfTiles(file) : TIFFNumberOfStrips(file);
}

bool UnpacksToTooMuch(TIFF* file, std::uint64_t pixels) {
  std::uint16_t samples = 1;
  std::uint16_t bits = 1;
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &bits);
  const std::uint64_t shown = pixels * samples * bits / 8;
  const std::uint64_t most = kMostUnpacking * shown + kSmallUnpacking;
  return PieceBytes(file) > most / std::max<std::uint64_t>(1, Pieces(file));
}

bool IsFloating(TIFF* file) {
  std::uint16_t kind = SAMPLEFORMAT_UINT;
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &kind);
  return kind == SAMPLEFORMAT_IEEEFP || kind == SAMPLEFORMAT_COMPLEXIEEEFP ||
         kind == SAMPLEFORMAT_COMPLEXINT;
}

// The page that the file stands at. `result` has the format only.
DecodeResult DecodePage(TIFF* file, Source& source, const DecodeLimits& limits, DecodeResult result,
                        RowSink& sink) {
  const auto fail = [&](const std::string& why) {
    return Failure(result, Disposition::kUnreadable, "tiff: " + why);
  };
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(file, TIFFTAG_IMAGELENGTH, &height);
  const std::uint64_t pixels = std::uint64_t{width} * height;
  if (!CheckSize(width, height, 0, limits, result)) return result;
  if (IsFloating(file)) {
    return Failure(std::move(result), Disposition::kUnsupported,
                   "tiff: floating-point samples are not looked into");
  }
  if (Pieces(file) > kMostPieces) {
    return Failure(std::move(result), Disposition::kOverLimit,
                   absl::StrCat("tiff: more than ", kMostPieces, " strips or tiles"));
  }
  // The raster, and a strip or tile, encoded and decoded.
  const std::uint64_t piece = std::min(PieceBytes(file), limits.max_memory_bytes + 1);
  if (!CheckSize(width, height, 4 * pixels + 2 * piece, limits, result)) return result;
  if (UnpacksToTooMuch(file, pixels)) {
    return Failure(std::move(result), Disposition::kOverLimit,
                   "tiff: its strips or tiles unpack to far more than the picture");
  }
  LeaveAlphaAlone(file);
  RgbaImage image(file);
  if (!image.open()) return fail(image.message());
  source.errors = 0;
  std::vector<std::uint32_t> raster(pixels);
  if (!image.Get(raster)) return fail("the decoder gave up");
  sink.Begin(result.width, result.height);
  GiveRows(raster, result.width, result.height, sink);
  result.disposition = source.errors == 0 ? Disposition::kHashed : Disposition::kPartial;
  if (source.errors > 0) result.detail = "tiff: truncated or damaged; what is missing is black";
  return result;
}

// Swallows a page that turns out to be damaged; a whole one is handed on.
class WholePagesOnly : public RowSink {
 public:
  void Begin(int width, int height) override {
    width_ = width;
    height_ = height;
    rgb_.clear();
  }
  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    rgb_.insert(rgb_.end(), rgb, rgb + static_cast<std::size_t>(count) * stride);
  }
  void Give(RowSink& sink) const {
    sink.Begin(width_, height_);
    sink.Rows(rgb_.data(), height_, 3 * static_cast<std::size_t>(width_));
  }

 private:
  int width_ = 0;
  int height_ = 0;
  std::vector<std::uint8_t> rgb_;
};

bool IsPage(TIFF* file) {
  std::uint32_t kind = 0;
  TIFFGetFieldDefaulted(file, TIFFTAG_SUBFILETYPE, &kind);
  return (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
}

// The pages after the first, for as long as they are wanted. One that cannot be decoded is left
// out and told; so is a list of pages that breaks off.
void GiveFurther(TIFF* file, Source& source, const DecodeLimits& limits, RowSink& sink,
                 DecodeResult& first) {
  FrameBudget budget;
  int left_out = 0;
  bool broken_off = false;
  for (std::uint32_t page = 1; TIFFLastDirectory(file) == 0;) {
    const bool is_there = TIFFReadDirectory(file) == 1;
    if (is_there && !IsPage(file)) continue;
    if (!sink.WantsFrame(page)) break;
    broken_off = !is_there;
    if (broken_off) break;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(file, TIFFTAG_IMAGELENGTH, &height);
    if (!budget.Take(width, height)) break;
    WholePagesOnly whole;
    DecodeResult result;
    result.format = Format::kTiff;
    result = DecodePage(file, source, limits, std::move(result), whole);
    if (result.disposition == Disposition::kHashed) {
      whole.Give(sink);
    } else {
      ++left_out;
    }
    ++page;
  }
  if (left_out > 0) {
    first.detail = absl::StrCat("tiff: ", left_out, " of its pages cannot be read");
  } else if (broken_off) {
    first.detail = "tiff: truncated or damaged; the pages before the damage are hashed";
  } else if (budget.spent()) {
    first.detail = "tiff: later pages were not looked at";
  }
  if (left_out > 0 || broken_off) first.disposition = Disposition::kPartial;
}

}  // namespace

DecodeResult DecodeTiff(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kTiff;
  Source source{.bytes = bytes};
  const Tiff file = Open(source, limits);
  if (!file) return Failure(result, Disposition::kUnreadable, "tiff: no directory in it");
  result = DecodePage(file.get(), source, limits, std::move(result), sink);
  if (result.disposition == Disposition::kHashed) {
    GiveFurther(file.get(), source, limits, sink, result);
  }
  return result;
}

}  // namespace kith::hashing::internal
