// SPDX-License-Identifier: Apache-2.0
// What a file is, is told by its content alone.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hashing/decode.h"

namespace kith::hashing {
namespace {

using std::string_literals::operator""s;

Format Sniff(const std::string& text) {
  const std::vector<std::uint8_t> bytes(text.begin(), text.end());
  return SniffFormat(bytes);
}

TEST(SniffFormat, NamesFormats) {
  const std::string pad(600, '\0');
  const std::vector<std::pair<std::string, Format>> cases = {
      {"\0\0\0\x18"
       "ftypheic"s,
       Format::kHeic},
      {"\0\0\0\x1C"
       "ftypmif1\0\0\0\0mif1heic"s,
       Format::kHeic},
      {"\0\0\0\x1C"
       "ftypmif1\0\0\0\0mif1avif"s,
       Format::kAvif},
      {"\0\0\0\x18"
       "ftypavif"s,
       Format::kAvif},
      {"\0\0\0\x18"
       "ftypisom"s,
       Format::kMp4},
      {"\0\0\0\x18"
       "ftypmp42"s,
       Format::kMp4},
      {"\0\0\0\x14"
       "ftypqt  "s,
       Format::kQuickTime},
      {"\0\0\0\x08"
       "wide\0\0\0\0mdat"s,
       Format::kQuickTime},
      {"\0\0\0\x18"
       "ftyp3gp4"s,
       Format::k3gp},
      {"\x1A\x45\xDF\xA3\x01\x42\x82\x84webm"s, Format::kWebm},
      {"\x1A\x45\xDF\xA3\x01\x42\x82\x88matroska"s, Format::kMatroska},
      {"RIFF\0\0\0\0AVI LIST"s, Format::kAvi},
      {"\0\0\x01\xBA\x44"s, Format::kMpegPs},
      {"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6"s, Format::kAsf},
      {"FLV\x01\x05"s, Format::kFlv},
      {"PK\x03\x04\x14"s, Format::kZip},
      {"Rar!\x1A\x07\x01"s, Format::kRar},
      {"7z\xBC\xAF\x27\x1C"s, Format::k7z},
      {"\x1F\x8B\x08"s, Format::kGzip},
      {"\xFF\x0A\x00"s, Format::kJxl},
      {"\0\0\0\x0CjP  \r\n\x87\n"s, Format::kJpeg2000},
      {"8BPS\0\x01"s, Format::kPsd},
      {"%PDF-1.7"s, Format::kPdf},
      {"<?xml version=\"1.0\"?>\n<svg xmlns="s, Format::kSvg},
      {std::string(128, '\0') + "DICM", Format::kDicom},
      {std::string(257, 'a') + "ustar", Format::kTar},
      {"II*\0\x10\0\0\0CR\x02\0"s, Format::kRaw},
  };
  for (const auto& [head, format] : cases) {
    EXPECT_EQ(FormatName(Sniff(head + pad)), FormatName(format));
    EXPECT_EQ(IsDecodable(format), format == Format::kHeic || format == Format::kAvif ||
                                       format == Format::kJxl || format == Format::kJpeg2000);
    EXPECT_FALSE(FormatName(format).empty());
  }
  std::string transport;
  for (int i = 0; i < 5; ++i) transport += "G" + std::string(187, '\x10');
  EXPECT_EQ(Sniff(transport), Format::kMpegTs);
}

// Four letters in the pixels of a picture must not hide it.
TEST(SniffFormat, WhatStandsAtTheStartIsAskedFirst) {
  std::string letters(600, '\0');
  letters.replace(128, 4, "DICM");
  letters.replace(257, 5, "ustar");
  const auto under = [&](const std::string& head) { return head + letters.substr(head.size()); };
  EXPECT_EQ(Sniff(under("RIFF\0\0\0\0WEBP"s)), Format::kWebp);
  EXPECT_EQ(Sniff(under("\0\0\0\x18"s + "ftypheic")), Format::kHeic);
  EXPECT_EQ(Sniff(under("II*\0\x08\0\0\0"s)), Format::kTiff);
  EXPECT_EQ(Sniff(under("P6 20 20 255\n")), Format::kPnm);
  EXPECT_EQ(Sniff(under("BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"s)), Format::kBmp);
  EXPECT_EQ(Sniff(letters), Format::kDicom);
  // What makes a raw file of a TIFF, in others.
  EXPECT_EQ(Sniff(under("P6\n#    CR\x02\n20 20 255\n")), Format::kPnm);
  EXPECT_EQ(Sniff(under("II*\0\x08\0\0\0CR\x02"s)), Format::kTiff);
}

TEST(SniffFormat, PnmWithMoreWordsThanAreSeen) {
  const std::string words(kSniffBytes, 'w');
  EXPECT_EQ(Sniff("P6\n#" + words + "\n20 20 255\n"), Format::kPnm);
  EXPECT_EQ(Sniff("P5 20\n# " + words), Format::kPnm);
  EXPECT_EQ(Sniff("P7\nWIDTH 20\n#" + words), Format::kPnm);
  EXPECT_EQ(Sniff("P6\n#" + words.substr(100)), Format::kNone);  // there is no more
  EXPECT_EQ(Sniff("P6 a\n#" + words), Format::kNone);
  EXPECT_EQ(Sniff("P6 " + words), Format::kNone);
  EXPECT_EQ(Sniff("P7 " + words), Format::kNone);
}

TEST(SniffFormat, TextAndRubbishAreNoMedia) {
  for (const std::string& text :
       {"hello, world\n"s, "BMW is a car maker and this is a text about it"s, "P5"s,
        "P1 is a name"s, "G"s, "\xFF\xD8"s, "<html><body>"s, "RIFF\0\0\0\0WAVEfmt "s, "\0"s,
        std::string(5000, 'x'),
        "\x7F"
        "ELF\x02\x01\x01"s,
        "NITF02.10"s, "MZ\x90"s}) {
    EXPECT_EQ(FormatName(Sniff(text)), "") << text.substr(0, 20);
  }
  EXPECT_EQ(SniffFormat({}), Format::kNone);
}

TEST(Disposition, NamesTellApart) {
  std::set<std::string_view> names = {""};
  for (int i = 0; i < kDispositionCount; ++i) {
    const std::string_view name = DispositionName(static_cast<Disposition>(i));
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

}  // namespace
}  // namespace kith::hashing
