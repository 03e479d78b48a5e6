// SPDX-License-Identifier: Apache-2.0
#include "hashing/libraries.h"

#include <gif_lib.h>
#include <jxl/decode.h>
#include <openjpeg.h>
#include <png.h>
#include <tiffio.h>
#include <webp/decode.h>

// It needs FILE and size_t from before it.
#include <jpeglib.h>

#include <cstdint>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "hashing/internal/heif_slot.h"

namespace kith::hashing {
namespace {

std::string Dotted(std::string_view name, std::uint64_t major, std::uint64_t minor,
                   std::uint64_t patch) {
  return absl::StrCat(std::string(name), " ", major, ".", minor, ".", patch);
}

std::string Jpeg() {
#ifdef LIBJPEG_TURBO_VERSION_NUMBER
  constexpr std::uint64_t kVersion = LIBJPEG_TURBO_VERSION_NUMBER;
  return Dotted("libjpeg-turbo", kVersion / 1'000'000, kVersion / 1'000 % 1'000, kVersion % 1'000);
#else
  return absl::StrCat("libjpeg ", JPEG_LIB_VERSION);
#endif
}

std::string Webp() {
  const auto version = static_cast<std::uint64_t>(WebPGetDecoderVersion());
  return Dotted("libwebp", version >> 16, version >> 8 & 0xFF, version & 0xFF);
}

std::string Jxl() {
  const std::uint64_t version = JxlDecoderVersion();
  return Dotted("libjxl", version / 1'000'000, version / 1'000 % 1'000, version % 1'000);
}

// It says "LIBTIFF, Version 4.5.0" and, in further lines, whose it is.
std::string Tiff() {
  const std::string_view said = TIFFGetVersion();
  const std::string_view line = said.substr(0, said.find('\n'));
  return absl::StrCat("libtiff ", std::string(line.substr(line.rfind(' ') + 1)));
}

}  // namespace

std::vector<std::string> Libraries() {
  std::vector<std::string> libraries = {
      absl::StrCat("PDQ of kith ", KITH_VERSION),
      Jpeg(),
      absl::StrCat("libpng ", png_get_libpng_ver(nullptr)),
      Dotted("giflib", GIFLIB_MAJOR, GIFLIB_MINOR, GIFLIB_RELEASE),
      Webp(),
      Tiff(),
      absl::StrCat("openjpeg ", opj_version()),
      Jxl()};
  for (std::string& library : internal::LibrariesOfSlot()) libraries.push_back(std::move(library));
  return libraries;
}

}  // namespace kith::hashing
