// SPDX-License-Identifier: Apache-2.0
// PNG by libpng itself: OpenCV's reader lets libpng print its warnings, and gives nothing at all of
// a truncated file.
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {
namespace {

constexpr std::size_t kPieceBytes = 256;

// libpng leaves through longjmp: every step that calls it is a function of its own that has no
// object with a destructor, and all state lives here.
class PngReader {
 public:
  explicit PngReader(Bytes bytes) : rest_(bytes) {
    png_ = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, this,
        [](png_structp png, png_const_charp message) { Self(png).Leave(message); },
        [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  [[nodiscard]] bool ReadHeader() {
    if (png_ == nullptr || info_ == nullptr) return false;
    if (setjmp(jump_) != 0) return false;
    png_set_read_fn(png_, this, [](png_structp png, png_bytep out, std::size_t count) {
      static_cast<PngReader*>(png_get_io_ptr(png))->Take(out, count);
    });
    // Text, profiles and the like are none of our business: skipped, not unpacked. -1: all that a
    // picture can do without, what libpng knows included.
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    // A wrong checksum is damage, told as such; the pixels are taken as far as they go.
    png_set_crc_action(png_, PNG_CRC_ERROR_QUIT, PNG_CRC_QUIET_USE);
    // Read in small pieces: of a truncated file the last, incomplete piece is lost.
    png_set_compression_buffer_size(png_, kPieceBytes);
    png_set_user_limits(png_, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_cache_max(png_, 100);
    png_set_chunk_malloc_max(png_, 8 << 20);
    png_read_info(png_, info_);
    return true;
  }

  // To 8-bit R, G, B: alpha dropped, 16-bit samples by their high byte.
  [[nodiscard]] bool Start() {
    if (setjmp(jump_) != 0) return false;
    png_set_strip_16(png_);
    png_set_palette_to_rgb(png_);
    png_set_expand_gray_1_2_4_to_8(png_);
    png_set_gray_to_rgb(png_);
    png_set_strip_alpha(png_);
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return png_get_rowbytes(png_, info_) == 3 * static_cast<std::size_t>(width());
  }

  // One row of the current pass; the row holds what earlier passes gave. A pixel of a pass fills
  // the place of those that later passes bring.
  [[nodiscard]] bool ReadRow(std::uint8_t* row) {
    if (setjmp(jump_) != 0) return false;
    png_read_row(png_, interlaced() ? nullptr : row, interlaced() ? row : nullptr);
    return true;
  }

  [[nodiscard]] int width() const { return static_cast<int>(png_get_image_width(png_, info_)); }
  [[nodiscard]] int height() const { return static_cast<int>(png_get_image_height(png_, info_)); }
  [[nodiscard]] bool interlaced() const {
    return png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE;
  }
  [[nodiscard]] int passes() const { return passes_; }
  [[nodiscard]] std::string message() const { return message_.data(); }

 private:
  static PngReader& Self(png_structp png) {
    return *static_cast<PngReader*>(png_get_error_ptr(png));
  }

  [[noreturn]] void Leave(const char* message) {
    std::strncpy(message_.data(), message, message_.size() - 1);
    std::longjmp(jump_, 1);
  }

  void Take(std::uint8_t* out, std::size_t count) {
    if (count > rest_.size()) Leave("the file ends too early");
    std::copy_n(rest_.data(), count, out);
    rest_ = rest_.subspan(count);
  }

  Bytes rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::jmp_buf jump_{};
  std::array<char, 128> message_{};
  int passes_ = 1;
};

// Rows as they come. The number of rows that were read before libpng gave up.
int StreamRows(PngReader& reader, RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(reader.width());
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  int read = 0;
  bool readable = true;
  for (int y = 0; y < reader.height(); y += kBatchRows) {
    const int count = std::min(kBatchRows, reader.height() - y);
    std::fill(batch.begin(), batch.end(), std::uint8_t{0});  // no row of before shows through
    for (int i = 0; i < count && readable; ++i) {
      std::uint8_t* row = batch.data() + static_cast<std::size_t>(i) * stride;
      readable = reader.ReadRow(row);
      if (readable) {
        ++read;
      } else {
        std::fill_n(row, stride, std::uint8_t{0});
      }
    }
    sink.Rows(batch.data(), count, stride);
  }
  return read;
}

// All passes over a picture in memory. The number of rows, over all passes, that were read.
int CollectPasses(PngReader& reader, RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(reader.width());
  std::vector<std::uint8_t> picture(stride * static_cast<std::size_t>(reader.height()));
  int read = 0;
  for (int pass = 0; pass < reader.passes(); ++pass) {
    for (int y = 0; y < reader.height(); ++y, ++read) {
      if (reader.ReadRow(picture.data() + static_cast<std::size_t>(y) * stride)) continue;
      sink.Rows(picture.data(), reader.height(), stride);
      return read;
    }
  }
  sink.Rows(picture.data(), reader.height(), stride);
  return read;
}

}  // namespace

DecodeResult DecodePng(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kPng;
  PngReader reader(bytes);
  const auto fail = [&] {
    return Failure(result, Disposition::kUnreadable, "png: " + reader.message());
  };
  if (!reader.ReadHeader()) return fail();
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(reader.width()) * static_cast<std::uint64_t>(reader.height());
  if (!CheckSize(reader.width(), reader.height(), reader.interlaced() ? 3 * pixels : 0, limits,
                 result)) {
    return result;
  }
  if (!reader.Start()) return fail();
  sink.Begin(result.width, result.height);
  const int read = reader.interlaced() ? CollectPasses(reader, sink) : StreamRows(reader, sink);
  if (read == 0) return fail();
  result.disposition = Disposition::kHashed;
  if (std::int64_t{read} < std::int64_t{reader.passes()} * result.height) {
    result.disposition = Disposition::kPartial;
    result.detail = "png: truncated or damaged (" + reader.message() +
                    "); what is missing is black" + (reader.interlaced() ? " or coarse" : "");
  }
  return result;
}

}  // namespace kith::hashing::internal
