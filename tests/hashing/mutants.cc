// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/mutants.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "hashing/internal/heif.h"
#include "tests/hashing/encoders.h"
#include "tests/hashing/modern_encoders.h"

namespace kith::hashing::test {

std::vector<Data> FilesToMutate() {
  internal::UseHeif();  // whoever mutates them decodes them
  const Picture picture = Synthetic(6, 72, 50);
  const Picture few = FewColours(picture, 16);
  const Picture other = FewColours(Synthetic(9, 72, 50), 16);
  return {EncodeJpeg(picture),
          EncodeJpeg(picture, {.progressive = true, .exif = {}}),
          EncodeJpeg(picture, {.colour = JpegColour::kYcck, .exif = {}}),
          EncodePng(picture),
          EncodePng(picture, {.bits = 16, .interlaced = true}),
          EncodePng(few, {.colour = PngColour::kPalette}),
          EncodeGif(few),
          EncodeByOpenCv(picture, ".webp"),
          EncodeByOpenCv(picture, ".tiff"),
          EncodeTiff(picture, 4, 8),
          EncodeByOpenCv(picture, ".bmp"),
          EncodeBmp(few, {.depth = 8, .run_length = true}),
          EncodeBmp(few, {.depth = 4, .run_length = true}),
          EncodeBmp(few, {.depth = 8, .core = true}),
          EncodeBmp(picture, {.depth = 16, .masks = true}),
          EncodePnm(picture, 3),
          EncodePnm(picture, 6),
          EncodePnm(picture, 7, 1000),
          EncodePnm(picture, 4),
          EncodeApng(picture, few),
          EncodeGifAnimation({few, other, few}),
          EncodeWebpAnimation({few, other}),
          EncodeTiffPages({picture, other}),
          EncodeTiffPages({picture}, {.tile = 32}),
          EncodeJpeg2000(picture, true),
          EncodeJpeg2000(picture, false, 32),
          EncodeJxl({picture}),
          EncodeJxl({picture, other}),
          EncodeHeic(picture),
          HeicGrid(few, 2, 2),
          EncodeAvif(picture),
          EncodePng(Framed(picture, {.left = 20, .top = 20, .right = 20, .bottom = 20}))};
}

Data Mutate(Data bytes, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  switch (below(4)) {
    case 0:  // cut off
      bytes.resize(below(bytes.size()) + 1);
      break;
    case 1:  // bits
      for (std::size_t i = below(12) + 1; i > 0; --i) {
        bytes[below(bytes.size())] ^= static_cast<std::uint8_t>(1u << below(8));
      }
      break;
    case 2:  // bytes of the head, where lengths and sizes are
      for (std::size_t i = below(4) + 1; i > 0; --i) {
        bytes[below(std::min<std::size_t>(bytes.size(), 200))] =
            static_cast<std::uint8_t>(below(2) == 0 ? 0xFF : random());
      }
      break;
    default: {  // a piece elsewhere
      const std::size_t from = below(bytes.size());
      const std::size_t to = below(bytes.size());
      const std::size_t count = below(bytes.size() - std::max(from, to)) + 1;
      const Data piece(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                       bytes.begin() + static_cast<std::ptrdiff_t>(from + count));
      std::copy(piece.begin(), piece.end(), bytes.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
  return bytes;
}

TemporaryFolder::TemporaryFolder() {
  if (const char* before = std::getenv("TMPDIR"); before != nullptr) before_ = before;
  path_ = (std::filesystem::temp_directory_path() / "kith-mutants-XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) std::abort();
  ::setenv("TMPDIR", path_.c_str(), 1);
}

TemporaryFolder::~TemporaryFolder() {
  before_.empty() ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before_.c_str(), 1);
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

std::vector<std::string> TemporaryFolder::Entries() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    names.push_back(entry.path().filename().string());
  }
  return names;
}

}  // namespace kith::hashing::test
