// SPDX-License-Identifier: Apache-2.0
// Small files that ask for much: each is hashed or over a limit, and no worker takes more memory or
// processor time than is stated here. The clock is not measured, as the machine may do other
// things.
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include "tests/hashing/caged.h"
#include "tests/hashing/encoders.h"
#include "tests/hashing/modern_encoders.h"

namespace kith::hashing {
namespace {

using test::Data;
using test::Picture;

constexpr long kMostMemoryMebibytes = 768;
constexpr double kMostSeconds = 3;

std::size_t Find(const Data& bytes, std::string_view what) {
  const auto at =
      std::search(bytes.begin(), bytes.end(), what.begin(), what.end(),
                  [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); });
  return static_cast<std::size_t>(at - bytes.begin());
}

// Overwrites a 32-bit number, most significant byte first.
void SetBig(Data& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

// Overwrites the numbers of these tags of a little-endian TIFF of one page.
void SetTags(Data& tiff, std::initializer_list<int> tags, std::uint32_t value) {
  std::uint32_t directory = 0;
  std::memcpy(&directory, tiff.data() + 4, 4);
  const std::size_t count = tiff[directory] | std::size_t{tiff[directory + 1]} << 8;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = directory + 2 + 12 * i;
    const int tag = tiff[at] | tiff[at + 1] << 8;
    if (std::find(tags.begin(), tags.end(), tag) == tags.end()) continue;
    tiff[at + 2] = 4;  // a number of 32 bits
    std::memcpy(tiff.data() + at + 8, &value, 4);
  }
}

// What a process has had in memory at most. Not getrusage: it counts what the parent had at the
// start.
[[maybe_unused]] long PeakMebibytes(int process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string word; status >> word;) {
    long kibibytes = 0;
    if (word == "VmHWM:" && status >> kibibytes) return kibibytes >> 10;
  }
  ADD_FAILURE() << "no peak of memory of process " << process;
  return 0;
}

// Processor time that a process has taken until now, in seconds.
[[maybe_unused]] double ProcessorSeconds(int process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string stat;
  std::getline(file, stat);
  // Behind the name, which may hold anything: state, then ten numbers, then user and system time.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  if (fields >> user >> system) return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  ADD_FAILURE() << "no times of process " << process;
  return 0;
}

class Bombs : public testing::Test {
 protected:
  // Through a worker of its own.
  void Expect(const char* name, const Data& file, std::initializer_list<Disposition> allowed) {
    const auto cage = test::StartCage();
    ASSERT_NE(cage, nullptr);
    const Fingerprint print = test::Caged(*cage, file);
    EXPECT_NE(std::find(allowed.begin(), allowed.end(), print.disposition), allowed.end())
        << name << ": " << DispositionName(print.disposition) << ", " << print.detail;
    EXPECT_TRUE(print.digests.has_value()) << name;
#ifndef KITH_SANITIZED
    ASSERT_EQ(test::Children().size(), 1u) << name;
    EXPECT_LE(PeakMebibytes(test::Children().front()), kMostMemoryMebibytes) << name;
    EXPECT_LE(ProcessorSeconds(test::Children().front()), kMostSeconds) << name;
#endif
  }
};

TEST_F(Bombs, HeadersOfAMillionPixelsASide) {
  const Picture small = test::FewColours(test::Synthetic(3, 64, 64), 4);
  const std::initializer_list<Disposition> over = {Disposition::kOverLimit};
  Data png = EncodePng(small);
  SetBig(png, 16, 1'000'000);
  SetBig(png, 20, 1'000'000);
  // With a wrong checksum libpng would refuse the header before all else.
  SetBig(png, 29, test::PngChecksum(std::span(png).subspan(12, 17)));
  Expect("png", png, over);
  Data tiff = test::EncodeTiffPages({small});
  SetTags(tiff, {256, 257}, 1'000'000);
  Expect("tiff", tiff, over);
  Data tiles = test::EncodeTiffPages({small}, {.tile = 64});
  SetTags(tiles, {322, 323}, 65'536);
  Expect("tiff tiles", tiles, over);
  Data bmp = EncodeBmp(small, {.depth = 24});
  const std::uint32_t side = 1'000'000;
  std::memcpy(bmp.data() + 18, &side, 4);
  std::memcpy(bmp.data() + 22, &side, 4);
  Expect("bmp", bmp, over);
  const std::string_view pnm = "P6 1000000 1000000 255 ";
  Expect("pnm", Data(pnm.begin(), pnm.end()), over);
  Data gif = EncodeGif(small);
  std::fill_n(gif.begin() + 6, 4, std::uint8_t{0xFF});
  Expect("gif", gif, over);
  Data webp = test::EncodeWebpAnimation({small, test::FewColours(test::Synthetic(4, 64, 64), 4)});
  std::fill_n(webp.begin() + 24, 6, std::uint8_t{0xFF});
  Expect("webp", webp, over);
  Data jp2 = test::EncodeJpeg2000(small, false);
  SetBig(jp2, 8, 1'000'000);
  SetBig(jp2, 12, 1'000'000);
  Expect("jpeg2000", jp2, over);
}

TEST_F(Bombs, OfHeicAndAvif) {
  Data avif = test::EncodeAvif(test::Synthetic(7, 64, 64));
  const std::size_t ispe = Find(avif, "ispe");
  SetBig(avif, ispe + 8, 17'000);
  SetBig(avif, ispe + 12, 17'000);
  Expect("avif of 17000x17000", avif, {Disposition::kOverLimit});
  const Picture tile = test::Synthetic(7, 64, 64);
  Expect("grid of 65,025 tiles", test::HeicGrid(tile, 255, 255), {Disposition::kOverLimit});
  Expect("heic that is coded larger than it says", test::HeicGrid(tile, 1, 1, 17'000),
         {Disposition::kOverLimit});
  Expect("grid of 2,500 tiles", test::HeicGrid(tile, 50, 50),
         {Disposition::kHashed, Disposition::kLowQuality});
}

TEST_F(Bombs, ThatUnpackToMuch) {
  const Picture flat{8000, 8000, Data(std::size_t{3} * 8000 * 8000)};
  Expect("png of 8000x8000", EncodePng(flat, {.colour = test::PngColour::kPalette, .bits = 1}),
         {Disposition::kLowQuality});
  // Words of nearly 8 MiB each, which nobody asks for.
  constexpr std::size_t kWords = 8'300'000;
  Data words = {'a', 0, 0};
  words.resize(words.size() + compressBound(kWords));
  uLongf size = words.size() - 3;
  ASSERT_EQ(compress(words.data() + 3, &size, Data(kWords, 'w').data(), kWords), Z_OK);
  words.resize(3 + size);
  Data png = EncodePng(test::Synthetic(7, 64, 64));
  for (int i = 0; i < 99; ++i) png = test::WithPngChunk(png, "zTXt", words);
  Expect("png of many words", png, {Disposition::kHashed});
  const Picture narrow{16, 65'000, Data(std::size_t{3} * 16 * 65'000)};
  Expect("tiff of tiles that are far wider than the picture",
         test::EncodeTiffPages({narrow}, {.tile = 1024}), {Disposition::kOverLimit});
  // libjxl's encoder would take gigabytes for that size.
  const Picture smaller{2000, 2000, Data(std::size_t{3} * 2000 * 2000)};
  Expect("jxl of 2000x2000", test::EncodeJxl({smaller}), {Disposition::kLowQuality});
}

TEST_F(Bombs, OfManyScansAndFrames) {
  const Picture flat{3000, 3000, Data(std::size_t{3} * 3000 * 3000)};
  const Data jpeg =
      EncodeJpeg(flat, {.colour = test::JpegColour::kGrey, .progressive = true, .exif = {}});
  const Data marker = {0xFF, 0xDA};
  const auto last = std::find_end(jpeg.begin(), jpeg.end(), marker.begin(), marker.end());
  Data scans(jpeg.begin(), last);
  for (int i = 0; i < 490; ++i) scans.insert(scans.end(), last, jpeg.end() - 2);
  Expect("jpeg of 490 scans", scans, {Disposition::kOverLimit});
  const std::vector<Picture> frames(100'000, test::FewColours(test::Synthetic(3, 8, 8), 2));
  Expect("gif of 100,000 frames", test::EncodeGifAnimation(frames),
         {Disposition::kHashed, Disposition::kLowQuality});
}

}  // namespace
}  // namespace kith::hashing
