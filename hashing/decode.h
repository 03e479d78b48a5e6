// SPDX-License-Identifier: Apache-2.0
//
// Purpose: tell by content what a file is, and decode pictures of the allow-listed formats to rows
// of RGB under limits.
//
// Thread-safety: pure functions; Decode may run in any number of threads at once.
// Shapes and units: the whole file as bytes in; rows of 8-bit R, G, B out, from the top, as stored
// (EXIF orientation ignored). Alpha is dropped: the colour below it is what is hashed. 16-bit
// samples become 8-bit, by their high byte in PNG, rounded in TIFF. CMYK and YCCK become RGB; grey
// becomes R = G = B.
//
// Errors: dispositions, not statuses: damaged input is daily bread here.
//
// Order of defence: magic from an allow-list, then the dimensions from the header, then the limits,
// and only then a decoder. Nothing is written; nothing is printed, but by libjxl and libde265 on
// standard error, which is closed where they run, in kith-decode.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace kith::hashing {

// What became of reading a file, exactly one. The list is closed; the names are contracts.
enum class Disposition : std::uint8_t {
  kHashed = 0,      // read whole; the PDQ is usable
  kLowQuality,      // read, but no usable PDQ
  kPartial,         // truncated or damaged, hashed as far as it goes
  kNotMedia,        // by content neither picture nor video
  kEmpty,           // no bytes
  kUnsupported,     // media or archive of a named format that is not looked into
  kUnreadable,      // reading failed, or no decoder makes a picture of it
  kVanished,        // gone between listing and reading
  kOverLimit,       // larger than the limits allow
  kDecoderCrash,    // told by who runs the decoder in a process of its own
  kDecoderTimeout,  // likewise
  kNotRegular,      // no regular file
};
inline constexpr int kDispositionCount = 12;

// "hashed", "low_quality", "partial", "not_media", "empty", "unsupported", "unreadable",
// "vanished", "over_limit", "decoder_crash", "decoder_timeout", "not_regular".
[[nodiscard]] std::string_view DispositionName(Disposition disposition);

enum class Format : std::uint8_t {
  kNone = 0,  // by content neither picture, video nor archive
  // Decoded.
  kJpeg,
  kPng,
  kWebp,
  kTiff,
  kBmp,
  kGif,
  kPnm,
  kJpeg2000,
  kJxl,
  kHeic,  // these two by kith-decode only
  kAvif,
  // Named, not looked into: pictures.
  kJpegXr,
  kPsd,
  kIco,
  kOpenExr,
  kRadianceHdr,
  kDicom,
  kSvg,
  kRaw,
  kPdf,
  // Video.
  kMp4,
  kQuickTime,
  k3gp,
  kMatroska,
  kWebm,
  kAvi,
  kMpegPs,
  kMpegTs,
  kAsf,
  kFlv,
  kOggMedia,
  kRealMedia,
  // Archives.
  kZip,
  kRar,
  k7z,
  kGzip,
  kBzip2,
  kXz,
  kZstd,
  kTar,
  kCab,
};

// How many bytes from the start SniffFormat wants to see; fewer are fine for a shorter file.
inline constexpr std::size_t kSniffBytes = 4096;

[[nodiscard]] Format SniffFormat(std::span<const std::uint8_t> head);

// Short lower-case name: "jpeg", "heic", "mp4"; "" for kNone.
[[nodiscard]] std::string_view FormatName(Format format);

// True for the formats that Decode decodes.
[[nodiscard]] bool IsDecodable(Format format);

// There is no value that means "unlimited".
struct DecodeLimits {
  std::uint64_t max_bytes = 512ull << 20;          // of the file
  std::uint32_t max_side = 65535;                  // pixels
  std::uint64_t max_pixels = 256ull << 20;         // phones make pictures of 200 megapixels
  std::uint64_t max_memory_bytes = 2048ull << 20;  // a decoder's own picture or coefficients
  // Of a progressive JPEG; of a large one fewer: 1.5 * 10^9 / pixels, though never fewer than 20.
  int max_scans = 500;
};

// Takes a picture as it is decoded.
class RowSink {
 public:
  virtual ~RowSink() = default;
  // Before any row of a frame: both sides are >= 1 and within the limits.
  virtual void Begin(int width, int height) = 0;
  // The next `count` rows from the top: 3 * width bytes each, `stride` bytes apart.
  virtual void Rows(const std::uint8_t* rgb, int count, std::size_t stride) = 0;
  // Asked after all rows of the frame before, where the file has a further frame or page of this
  // number: true if it is to be given too, by Begin and Rows.
  [[nodiscard]] virtual bool WantsFrame(std::uint32_t frame) {
    (void)frame;
    return false;
  }
};

struct DecodeResult {
  // kHashed: every row was given as it stands in the file. kPartial: every row was given, but some
  // are filled in, or later frames are missing, as `detail` says. Otherwise the reason why rows are
  // missing or absent.
  Disposition disposition = Disposition::kUnreadable;
  Format format = Format::kNone;
  int width = 0;  // 0 where unknown; known for most pictures over a limit
  int height = 0;
  std::string detail;  // for people, English, without content of the file
};

// Decodes the first frame or page, and further ones as far as the sink wants them. After a result
// other than kHashed and kPartial the sink may have seen some rows; they are to be thrown away.
// Complexity: O(bytes + pixels).
[[nodiscard]] DecodeResult Decode(std::span<const std::uint8_t> bytes, const DecodeLimits& limits,
                                  RowSink& sink);

}  // namespace kith::hashing
