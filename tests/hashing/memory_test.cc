// SPDX-License-Identifier: Apache-2.0
//
// What phones make at most, 200 megapixels, is hashed exactly in a few megabytes: rows go from the
// decoder into the sums and are gone.
#include <gtest/gtest.h>

#include <cstdio>  // jpeglib.h wants FILE
// jpeglib.h needs what <cstdio> declares, so it comes after it.
#include <jpeglib.h>
#include <png.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "hashing/fingerprint.h"

namespace kith::hashing {
namespace {

using Data = std::vector<std::uint8_t>;

constexpr int kWidth = 16320;
constexpr int kHeight = 12288;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kMostKib = 256 << 10;  // what is freed is kept for a while
#else
constexpr std::int64_t kMostKib = 12 << 10;
#endif

// Squares of many greys: cheap to make, and usable.
void FillRow(int y, Data& row) {
  for (int x = 0; x < kWidth; ++x) {
    const auto cell = static_cast<std::uint32_t>(x / 1020 * 7919 + y / 768 * 104729);
    row[static_cast<std::size_t>(x)] = static_cast<std::uint8_t>(cell * 2654435761U >> 24);
  }
}

Data Jpeg() {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &buffer, &size);
  info.image_width = kWidth;
  info.image_height = kHeight;
  info.input_components = 1;
  info.in_color_space = JCS_GRAYSCALE;
  jpeg_set_defaults(&info);
  jpeg_start_compress(&info, TRUE);
  Data line(kWidth);
  for (int y = 0; y < kHeight; ++y) {
    FillRow(y, line);
    JSAMPROW row = line.data();
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  Data out(buffer, buffer + size);
  jpeg_destroy_compress(&info);
  std::free(buffer);
  return out;
}

Data Png() {
  Data out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &out,
      [](png_structp self, png_bytep bytes, std::size_t count) {
        auto& to = *static_cast<Data*>(png_get_io_ptr(self));
        to.insert(to.end(), bytes, bytes + count);
      },
      nullptr);
  png_set_compression_level(png, 1);
  png_set_filter(png, 0, PNG_FILTER_UP);
  png_set_IHDR(png, info, kWidth, kHeight, 8, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  Data line(kWidth);
  for (int y = 0; y < kHeight; ++y) {
    FillRow(y, line);
    png_write_row(png, line.data());
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return out;
}

// "VmRSS" or "VmHWM" of this process.
std::int64_t StatusKib(const std::string& key) {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;) {
    std::int64_t kib = 0;
    if (word == key + ":" && in >> kib) return kib;
  }
  ADD_FAILURE() << "no " << key;
  return 0;
}

void ExpectFewMegabytes(const Data& bytes) {
  // The highest mark from here on; what made the picture is not in it.
  std::ofstream("/proc/self/clear_refs") << "5";
  const std::int64_t before = StatusKib("VmRSS");
  const Fingerprint print = FingerprintBytes(bytes, {});
  const std::int64_t used = StatusKib("VmHWM") - before;
  EXPECT_EQ(print.disposition, Disposition::kHashed) << print.detail;
  EXPECT_EQ(print.width, kWidth);
  ASSERT_FALSE(print.views.empty());
  EXPECT_LT(used, kMostKib);
}

TEST(Memory, OfALargeJpegIsAFewMegabytes) { ExpectFewMegabytes(Jpeg()); }

TEST(Memory, OfALargePngIsAFewMegabytes) { ExpectFewMegabytes(Png()); }

}  // namespace
}  // namespace kith::hashing
