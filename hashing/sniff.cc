// SPDX-License-Identifier: Apache-2.0
// What a file is, by its first bytes. Nothing here trusts a length or an offset of the file.
#include <algorithm>
#include <array>
#include <cstddef>

#include "hashing/decode.h"
#include "hashing/internal/pnm_header.h"

namespace kith::hashing {
namespace {

using Bytes = std::span<const std::uint8_t>;
using std::string_view_literals::operator""sv;

struct FormatRow {
  Format format;
  std::string_view name;
};

constexpr FormatRow kFormats[] = {
    {Format::kNone, ""},
    {Format::kJpeg, "jpeg"},
    {Format::kPng, "png"},
    {Format::kWebp, "webp"},
    {Format::kTiff, "tiff"},
    {Format::kBmp, "bmp"},
    {Format::kGif, "gif"},
    {Format::kHeic, "heic"},
    {Format::kAvif, "avif"},
    {Format::kJxl, "jxl"},
    {Format::kJpeg2000, "jpeg2000"},
    {Format::kJpegXr, "jpegxr"},
    {Format::kPnm, "pnm"},
    {Format::kPsd, "psd"},
    {Format::kIco, "ico"},
    {Format::kOpenExr, "openexr"},
    {Format::kRadianceHdr, "hdr"},
    {Format::kDicom, "dicom"},
    {Format::kSvg, "svg"},
    {Format::kRaw, "raw"},
    {Format::kPdf, "pdf"},
    {Format::kMp4, "mp4"},
    {Format::kQuickTime, "mov"},
    {Format::k3gp, "3gp"},
    {Format::kMatroska, "mkv"},
    {Format::kWebm, "webm"},
    {Format::kAvi, "avi"},
    {Format::kMpegPs, "mpeg"},
    {Format::kMpegTs, "mpegts"},
    {Format::kAsf, "wmv"},
    {Format::kFlv, "flv"},
    {Format::kOggMedia, "ogg"},
    {Format::kRealMedia, "realmedia"},
    {Format::kZip, "zip"},
    {Format::kRar, "rar"},
    {Format::k7z, "7z"},
    {Format::kGzip, "gzip"},
    {Format::kBzip2, "bzip2"},
    {Format::kXz, "xz"},
    {Format::kZstd, "zstd"},
    {Format::kTar, "tar"},
    {Format::kCab, "cab"},
};

bool Has(Bytes head, std::size_t at, std::string_view magic) {
  return head.size() >= at + magic.size() &&
         std::equal(magic.begin(), magic.end(), head.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

bool Contains(Bytes head, std::string_view text) {
  return std::search(head.begin(), head.end(), text.begin(), text.end(),
                     [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }) !=
         head.end();
}

struct Magic {
  std::string_view bytes;
  Format format;
};

// Magics that are enough by themselves, longer before shorter where one begins another.
constexpr Magic kMagics[] = {
    {"\xFF\xD8\xFF"sv, Format::kJpeg},
    {"\x89PNG\r\n\x1A\n"sv, Format::kPng},
    {"GIF87a"sv, Format::kGif},
    {"GIF89a"sv, Format::kGif},
    {"II*\0\x10\0\0\0CR\x02"sv, Format::kRaw},
    {"IIRO"sv, Format::kRaw},
    {"IIRS"sv, Format::kRaw},
    {"IIU\0"sv, Format::kRaw},
    {"FUJIFILMCCD-RAW"sv, Format::kRaw},
    {"FOVb"sv, Format::kRaw},
    {"\0MRM"sv, Format::kRaw},
    {"II*\0"sv, Format::kTiff},
    {"MM\0*"sv, Format::kTiff},
    {"II+\0\x08\0\0\0"sv, Format::kTiff},
    {"MM\0+\0\x08\0\0"sv, Format::kTiff},
    {"\xFF\x0A"sv, Format::kJxl},
    {"\0\0\0\x0CJXL \r\n\x87\n"sv, Format::kJxl},
    {"\0\0\0\x0CjP  \r\n\x87\n"sv, Format::kJpeg2000},
    {"\xFF\x4F\xFF\x51"sv, Format::kJpeg2000},
    {"II\xBC\x01"sv, Format::kJpegXr},
    {"8BPS"sv, Format::kPsd},
    {"\x76\x2F\x31\x01"sv, Format::kOpenExr},
    {"#?RADIANCE"sv, Format::kRadianceHdr},
    {"#?RGBE"sv, Format::kRadianceHdr},
    {"%PDF-"sv, Format::kPdf},
    {"\0\0\x01\xBA"sv, Format::kMpegPs},
    {"\0\0\x01\xB3"sv, Format::kMpegPs},
    {"\x30\x26\xB2\x75\x8E\x66\xCF\x11"sv, Format::kAsf},
    {"FLV\x01"sv, Format::kFlv},
    {"OggS"sv, Format::kOggMedia},
    {".RMF"sv, Format::kRealMedia},
    {"PK\x03\x04"sv, Format::kZip},
    {"PK\x05\x06"sv, Format::kZip},
    {"PK\x07\x08"sv, Format::kZip},
    {"Rar!\x1A\x07"sv, Format::kRar},
    {"7z\xBC\xAF\x27\x1C"sv, Format::k7z},
    {"\x1F\x8B\x08"sv, Format::kGzip},
    {"\xFD\x37zXZ\0"sv, Format::kXz},
    {"\x28\xB5\x2F\xFD"sv, Format::kZstd},
    {"MSCF\0\0\0\0"sv, Format::kCab},
};

// Behind bytes that may be anything, those of a picture too: asked last, so that nobody hides a
// picture by writing four letters into its pixels.
Format SniffFarMagics(Bytes head) {
  if (Has(head, 128, "DICM"sv)) return Format::kDicom;
  if (Has(head, 257, "ustar"sv)) return Format::kTar;
  return Format::kNone;
}

Format SniffRiff(Bytes head) {
  if (!Has(head, 0, "RIFF"sv)) return Format::kNone;
  if (Has(head, 8, "WEBP"sv)) return Format::kWebp;
  if (Has(head, 8, "AVI "sv)) return Format::kAvi;
  return Format::kNone;
}

// ISO base media: the brand says what the boxes hold.
Format SniffIsoMedia(Bytes head) {
  if (Has(head, 4, "ftyp"sv)) {
    for (const std::string_view brand : {"avif"sv, "avis"sv}) {
      if (Has(head, 8, brand)) return Format::kAvif;
    }
    for (const std::string_view brand :
         {"heic"sv, "heix"sv, "heim"sv, "heis"sv, "hevc"sv, "hevx"sv, "mif1"sv, "msf1"sv}) {
      if (Has(head, 8, brand)) {
        return Contains(head.first(std::min<std::size_t>(head.size(), 64)), "avif"sv)
                   ? Format::kAvif
                   : Format::kHeic;
      }
    }
    if (Has(head, 8, "crx "sv)) return Format::kRaw;
    if (Has(head, 8, "qt  "sv)) return Format::kQuickTime;
    if (Has(head, 8, "3gp"sv) || Has(head, 8, "3g2"sv)) return Format::k3gp;
    if (Has(head, 8, "jp2 "sv) || Has(head, 8, "jpx "sv)) return Format::kJpeg2000;
    return Format::kMp4;
  }
  for (const std::string_view box : {"moov"sv, "mdat"sv, "wide"sv}) {
    if (Has(head, 4, box)) return Format::kQuickTime;
  }
  return Format::kNone;
}

Format SniffMatroska(Bytes head) {
  if (!Has(head, 0, "\x1A\x45\xDF\xA3"sv)) return Format::kNone;
  return Contains(head.first(std::min<std::size_t>(head.size(), 64)), "webm"sv) ? Format::kWebm
                                                                                : Format::kMatroska;
}

// Packets of 188 bytes that begin with 'G'; with four bytes of time code before each on some disks.
Format SniffTransportStream(Bytes head) {
  const auto synced = [head](std::size_t at, std::size_t packet) {
    for (int i = 0; i < 4; ++i, at += packet) {
      if (at >= head.size() || head[at] != 0x47) return false;
    }
    return true;
  };
  return synced(0, 188) || synced(4, 192) ? Format::kMpegTs : Format::kNone;
}

// Two letters are no magic: the size of the second header must be one of those that exist.
Format SniffBmp(Bytes head) {
  if (!Has(head, 0, "BM"sv) || head.size() < 18) return Format::kNone;
  static constexpr std::array<std::uint8_t, 7> kHeaderSizes = {12, 40, 52, 56, 64, 108, 124};
  const bool known = head[15] == 0 && head[16] == 0 && head[17] == 0 &&
                     std::ranges::find(kHeaderSizes, head[14]) != kHeaderSizes.end();
  return known ? Format::kBmp : Format::kNone;
}

Format SniffText(Bytes head) {
  // A letter and a digit are no magic: the whole header must be there.
  // Or as much of it as is seen here, if a comment is longer than that.
  bool in_comment = false;
  if (internal::ReadPnmHeader(head, &in_comment).has_value()) return Format::kPnm;
  if (in_comment && head.size() == kSniffBytes) return Format::kPnm;
  const auto first = std::ranges::find_if(
      head, [](std::uint8_t c) { return c > ' ' && c != 0xEF && c != 0xBB && c != 0xBF; });
  const Bytes text = head.subspan(static_cast<std::size_t>(first - head.begin()));
  if (Has(text, 0, "<svg"sv)) return Format::kSvg;
  if ((Has(text, 0, "<?xml"sv) || Has(text, 0, "<!--"sv) || Has(text, 0, "<!DOCTYPE svg"sv)) &&
      Contains(text, "<svg"sv)) {
    return Format::kSvg;
  }
  return Format::kNone;
}

Format SniffShort(Bytes head) {
  if (Has(head, 0, "BZh"sv) && Has(head, 4, "1AY&SY"sv)) return Format::kBzip2;
  // An icon directory: type 1, some pictures, and a reserved byte of zero in the first entry.
  if (Has(head, 0, "\0\0\x01\0"sv) && head.size() >= 22 && head[4] >= 1 && head[5] == 0 &&
      head[9] == 0) {
    return Format::kIco;
  }
  return Format::kNone;
}

}  // namespace

Format SniffFormat(Bytes head) {
  head = head.first(std::min(head.size(), kSniffBytes));
  for (const Magic& magic : kMagics) {
    if (Has(head, 0, magic.bytes)) return magic.format;
  }
  for (const auto sniff : {SniffRiff, SniffIsoMedia, SniffMatroska, SniffBmp, SniffTransportStream,
                           SniffShort, SniffText, SniffFarMagics}) {
    if (const Format format = sniff(head); format != Format::kNone) return format;
  }
  return Format::kNone;
}

std::string_view FormatName(Format format) {
  const auto* row = std::ranges::find(kFormats, format, &FormatRow::format);
  return row == std::end(kFormats) ? std::string_view() : row->name;
}

bool IsDecodable(Format format) { return format >= Format::kJpeg && format <= Format::kAvif; }

}  // namespace kith::hashing
