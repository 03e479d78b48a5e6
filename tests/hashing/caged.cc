// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/caged.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "hashing/internal/heif.h"
#include "tests/hashing/encoders.h"
#include "tests/hashing/modern_encoders.h"

namespace kith::hashing::test {
namespace {

// An open file with these bytes; to be closed.
int FileWith(std::span<const std::uint8_t> bytes) {
  const int fd = memfd_create("test", MFD_CLOEXEC);
  EXPECT_GE(fd, 0);
  EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::unique_ptr<CagedFingerprinter> Start(CageOptions options, const std::string& program) {
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  options.worker_path = (self.parent_path() / program).string();
  auto cage = CagedFingerprinter::Start(options);
  EXPECT_TRUE(cage.ok()) << cage.status();
  return cage.ok() ? *std::move(cage) : nullptr;
}

}  // namespace

Fingerprint Caged(CagedFingerprinter& cage, std::span<const std::uint8_t> bytes,
                  const FingerprintOptions& options) {
  const int fd = FileWith(bytes);
  Fingerprint print = cage.OfFile(fd, options);
  close(fd);
  return print;
}

Fingerprint Uncaged(std::span<const std::uint8_t> bytes, const FingerprintOptions& options) {
  mallopt(M_PERTURB, 0xFF);  // as kith-decode does
  internal::UseHeif();
  const int fd = FileWith(bytes);
  Fingerprint print = FingerprintFile(fd, options);
  close(fd);
  return print;
}

std::unique_ptr<CagedFingerprinter> StartCage(CageOptions options) {
  return Start(std::move(options), "kith-decode");
}

std::unique_ptr<CagedFingerprinter> StartObedientCage(CageOptions options) {
  return Start(std::move(options), "kith-decode-test");
}

std::string Everything(const Fingerprint& print) {
  std::ostringstream text;
  text << DispositionName(print.disposition) << '|' << print.detail << '|' << print.format_name
       << '|' << static_cast<int>(print.format) << '|' << print.size_bytes << '|' << print.width
       << 'x' << print.height;
  if (print.digests.has_value()) {
    text << '|' << DigestHex(print.digests->md5) << '|' << DigestHex(print.digests->sha1) << '|'
         << DigestHex(print.digests->sha256);
  }
  for (const ViewFingerprint& view : print.views) {
    text << "\n"
         << view.name << '|' << view.view.frame << '|' << view.width << 'x' << view.height << '|'
         << view.dialects_coincide;
    for (const DialectHashes& hashes : view.hashes) {
      text << "\n " << DialectName(hashes.dialect) << '|' << hashes.quality << '|'
           << std::bit_cast<std::uint64_t>(hashes.spread) << '|' << hashes.usable << '|'
           << hashes.orientations;
      for (const Code& code : hashes.codes) text << ' ' << ToHex(code);
    }
  }
  return text.str();
}

int OpenDescriptors() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    count += entry.path().empty() ? 0 : 1;
  }
  return count;
}

std::vector<int> Children() {
  std::vector<int> children;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(task.path() / "children");
    for (int pid = 0; file >> pid;) children.push_back(pid);
  }
  return children;
}

std::vector<NamedFile> FilesOfAllKinds() {
  const Picture picture = Synthetic(3, 90, 70);
  const Picture large = Synthetic(4, 700, 600);
  const Picture second = Synthetic(5, 90, 70);
  const Picture few = FewColours(picture, 16);
  Data cut = EncodeJpeg(large);
  cut.resize(cut.size() / 2);
  Data broken = EncodePng(picture);
  broken.resize(40);
  const std::string text = "plain words";
  return {{"jpeg", EncodeJpeg(picture)},
          {"large jpeg", EncodeJpeg(large)},
          {"progressive jpeg", EncodeJpeg(large, {.progressive = true, .exif = {}})},
          {"cmyk jpeg", EncodeJpeg(picture, {.colour = JpegColour::kCmyk, .exif = {}})},
          {"cut jpeg", cut},
          {"padded jpeg",
           EncodeJpeg(Framed(large, {.left = 80, .top = 50, .right = 80, .bottom = 50}))},
          {"png", EncodePng(large)},
          {"palette png", EncodePng(few, {.colour = PngColour::kPalette})},
          {"16-bit png", EncodePng(picture, {.bits = 16, .interlaced = true})},
          {"broken png", broken},
          {"gif", EncodeGif(few)},
          {"webp", EncodeByOpenCv(picture, ".webp")},
          {"tiff", EncodeByOpenCv(large, ".tiff")},
          {"cmyk tiff", EncodeTiff(picture, 4, 8)},
          {"bmp", EncodeByOpenCv(picture, ".bmp")},
          {"run-length bmp", EncodeBmp(few, {.depth = 8, .run_length = true})},
          {"ppm", EncodePnm(picture, 6)},
          {"text ppm", EncodePnm(picture, 3)},
          {"animated gif", EncodeGifAnimation({few, FewColours(Synthetic(5, 90, 70), 16)})},
          {"animated webp", EncodeWebpAnimation({few, FewColours(Synthetic(5, 90, 70), 16)})},
          {"pages", EncodeTiffPages({large, picture}, {.tile = 64})},
          {"jp2", EncodeJpeg2000(picture, true)},
          {"jxl", EncodeJxl({picture, second})},
          {"heic", EncodeHeic(large)},
          {"turned heic", EncodeHeic(large, HeifTurn::kRight)},
          {"heic grid", HeicGrid(Synthetic(5, 64, 64), 3, 2)},
          {"avif", EncodeAvif(large)},
          {"flat", EncodePng({.width = 20, .height = 20, .rgb = Data(1200, 7)})},
          {"tiny", EncodePng({.width = 3, .height = 3, .rgb = Data(27, 7)})},
          {"text", Data(text.begin(), text.end())},
          {"zip", {'P', 'K', 3, 4, 0, 0, 0, 0, 0, 0}},
          {"empty", {}}};
}

}  // namespace kith::hashing::test
