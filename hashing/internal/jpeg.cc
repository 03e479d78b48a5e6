// SPDX-License-Identifier: Apache-2.0
// JPEG by libjpeg-turbo with its defaults (ISLOW DCT, fancy upsampling): they define the dialect.
#include <csetjmp>
#include <cstdio>  // jpeglib.h wants FILE
// jpeglib.h needs what <cstdio> declares, so it comes after it.
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {
namespace {

// libjpeg leaves through longjmp: every step that calls it is a function of its own that has no
// object with a destructor, and all state lives here.
class JpegReader {
 public:
  JpegReader(Bytes bytes, int max_scans) : bytes_(bytes), max_scans_(max_scans) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr info) { Self(info).Leave(); };
    errors_.emit_message = [](j_common_ptr info, int level) { Self(info).Note(level); };
    errors_.output_message = [](j_common_ptr) {};
    progress_.progress_monitor = [](j_common_ptr info) { Self(info).CountScans(); };
    info_.client_data = this;
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  [[nodiscard]] bool ReadHeader() {
    if (setjmp(jump_) != 0) return false;
    jpeg_create_decompress(&info_);
    info_.client_data = this;
    info_.progress = &progress_;
    jpeg_mem_src(&info_, bytes_.data(), bytes_.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  [[nodiscard]] bool Start() {
    if (setjmp(jump_) != 0) return false;
    info_.out_color_space = is_cmyk() ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&info_);
    return true;
  }

  // Fills `rows` from the top; false if libjpeg gave up.
  [[nodiscard]] bool ReadRows(JSAMPROW* rows, int count) {
    if (setjmp(jump_) != 0) return false;
    const JDIMENSION end = info_.output_scanline + static_cast<JDIMENSION>(count);
    const JDIMENSION begin = info_.output_scanline;
    while (info_.output_scanline < end) {
      jpeg_read_scanlines(&info_, rows + (info_.output_scanline - begin),
                          end - info_.output_scanline);
    }
    return true;
  }

  [[nodiscard]] int width() const { return static_cast<int>(info_.image_width); }
  [[nodiscard]] int height() const { return static_cast<int>(info_.image_height); }
  [[nodiscard]] bool is_cmyk() const {
    return info_.jpeg_color_space == JCS_CMYK || info_.jpeg_color_space == JCS_YCCK;
  }
  // Adobe writes CMYK with 255 for no ink.
  [[nodiscard]] bool is_inverted() const { return info_.saw_Adobe_marker != FALSE; }
  // Encoders write a dozen; what a large picture may have beyond that is bounded by the time that
  // going through all of its blocks takes: 25 ms for 64 megapixels, and twice where there are
  // borders.
  [[nodiscard]] int MostScans() const {
    constexpr std::uint64_t kMostPixelsOfAllScans = 1'500'000'000;
    constexpr std::uint64_t kAlways = 20;
    const std::uint64_t pixels =
        std::max<std::uint64_t>(1, std::uint64_t{info_.image_width} * info_.image_height);
    const std::uint64_t most = std::max(kAlways, kMostPixelsOfAllScans / pixels);
    return static_cast<int>(std::min<std::uint64_t>(most, static_cast<std::uint64_t>(max_scans_)));
  }

  [[nodiscard]] bool over_scans() const { return over_scans_; }
  // It gave up at samples of 12 bits, at lossless or hierarchical coding.
  [[nodiscard]] bool unsupported() const {
    return errors_.msg_code == JERR_BAD_PRECISION || errors_.msg_code == JERR_SOF_UNSUPPORTED;
  }
  [[nodiscard]] bool damaged() const {
    // Of arithmetic coding libjpeg does not tell where the bits ended.
    return damaged_ || (ended_early_ && (jpeg_has_multiple_scans_ || info_.arith_code != FALSE));
  }
  [[nodiscard]] bool ended_early() const { return ended_early_; }
  [[nodiscard]] bool has_noise() const { return noise_; }

  // Bytes that libjpeg holds: a few rows, or all coefficients where there are several scans.
  [[nodiscard]] std::uint64_t CoefficientBytes() {
    jpeg_has_multiple_scans_ = jpeg_has_multiple_scans(&info_) != FALSE;
    if (!jpeg_has_multiple_scans_) return 0;
    std::uint64_t bytes = 0;
    for (int c = 0; c < info_.num_components; ++c) {
      const jpeg_component_info& component = info_.comp_info[c];
      bytes += std::uint64_t{component.width_in_blocks} * component.height_in_blocks * DCTSIZE2 *
               sizeof(JCOEF);
    }
    return bytes;
  }

  [[nodiscard]] std::string Message() {
    std::array<char, JMSG_LENGTH_MAX> text{};
    errors_.format_message(reinterpret_cast<j_common_ptr>(&info_), text.data());
    return text.data();
  }

 private:
  static JpegReader& Self(j_common_ptr info) {
    return *static_cast<JpegReader*>(info->client_data);
  }

  [[noreturn]] void Leave() { std::longjmp(jump_, 1); }

  void Note(int level) {
    if (level >= 0) return;  // a trace, no warning
    switch (errors_.msg_code) {
      case JWRN_JPEG_EOF:  // alone it means that only the end marker is missing
        ended_early_ = true;
        break;
      case JWRN_EXTRANEOUS_DATA:  // cameras pad so
        noise_ = true;
        break;
      case JWRN_JFIF_MAJOR:
      case JWRN_ADOBE_XFORM:
      case JWRN_BOGUS_ICC:
        break;
      default:
        damaged_ = true;
    }
  }

  // A scan costs the sender a few bytes and us the whole picture.
  void CountScans() {
    if (info_.input_scan_number <= MostScans()) return;
    over_scans_ = true;
    Leave();
  }

  Bytes bytes_;
  int max_scans_;
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  jpeg_progress_mgr progress_{};
  std::jmp_buf jump_{};
  bool over_scans_ = false;
  bool damaged_ = false;
  bool ended_early_ = false;
  bool noise_ = false;
  bool jpeg_has_multiple_scans_ = false;
};

void ConvertCmykRow(const std::uint8_t* cmyk, int width, bool inverted, std::uint8_t* rgb) {
  const std::uint32_t flip = inverted ? 255 : 0;
  for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const std::uint32_t black = cmyk[3] ^ flip;
    for (int c = 0; c < 3; ++c) rgb[c] = FromInk(cmyk[c] ^ flip, black);
  }
}

bool ReadPicture(JpegReader& reader, RowSink& sink) {
  const auto row_samples = static_cast<std::size_t>(reader.width()) * (reader.is_cmyk() ? 4 : 3);
  const std::size_t stride = 3 * static_cast<std::size_t>(reader.width());
  std::vector<std::uint8_t> samples(kBatchRows * row_samples);
  std::vector<std::uint8_t> converted(reader.is_cmyk() ? kBatchRows * stride : 0);
  std::array<JSAMPROW, kBatchRows> rows{};
  for (std::size_t i = 0; i < kBatchRows; ++i) rows[i] = samples.data() + i * row_samples;
  for (int y = 0; y < reader.height(); y += kBatchRows) {
    const int count = std::min(kBatchRows, reader.height() - y);
    if (!reader.ReadRows(rows.data(), count)) return false;
    if (reader.is_cmyk()) {
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
        ConvertCmykRow(rows[i], reader.width(), reader.is_inverted(),
                       converted.data() + i * stride);
      }
    }
    sink.Rows(reader.is_cmyk() ? converted.data() : samples.data(), count, stride);
  }
  return true;
}

// The position of the last marker that begins a segment between scans.
std::size_t LastSegment(Bytes bytes) {
  for (std::size_t at = bytes.size() < 2 ? 0 : bytes.size() - 2; at > 0; --at) {
    const std::uint8_t code = bytes[at + 1];
    const bool segment = code >= 0xC0 && code != 0xFF && !(code >= 0xD0 && code <= 0xD9);
    if (bytes[at] == 0xFF && segment) return at;
  }
  return 0;
}

DecodeResult DecodeOnce(Bytes bytes, const DecodeLimits& limits, RowSink& sink,
                        bool& cut_in_segment) {
  DecodeResult result;
  result.format = Format::kJpeg;
  JpegReader reader(bytes, limits.max_scans);
  const auto fail = [&] {
    if (reader.over_scans()) {
      return Failure(result, Disposition::kOverLimit,
                     absl::StrCat("jpeg: more than ", reader.MostScans(), " scans"));
    }
    return Failure(result,
                   reader.unsupported() ? Disposition::kUnsupported : Disposition::kUnreadable,
                   "jpeg: " + reader.Message());
  };
  if (!reader.ReadHeader()) return fail();
  if (!CheckSize(reader.width(), reader.height(), reader.CoefficientBytes(), limits, result)) {
    return result;
  }
  if (!reader.Start()) {
    cut_in_segment = reader.ended_early() && !reader.over_scans();
    return fail();
  }
  sink.Begin(result.width, result.height);
  if (!ReadPicture(reader, sink)) return fail();
  result.disposition = reader.damaged() ? Disposition::kPartial : Disposition::kHashed;
  if (reader.damaged()) {
    result.detail = reader.ended_early() ? "jpeg: truncated; what is missing is grey or coarse"
                                         : "jpeg: damaged; what is missing is grey or coarse";
  } else if (reader.ended_early()) {
    result.detail = "jpeg: the picture is whole, its end marker is missing";
  } else if (reader.has_noise()) {
    result.detail = "jpeg: there are stray bytes between segments";
  }
  return result;
}

}  // namespace

DecodeResult DecodeJpeg(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  bool cut_in_segment = false;
  DecodeResult result = DecodeOnce(bytes, limits, sink, cut_in_segment);
  // A table that is cut off between two scans makes libjpeg give up. The scans before it are a
  // picture: leave the piece of a table away.
  if (cut_in_segment) {
    const std::size_t end = LastSegment(bytes);
    if (end > 0) result = DecodeOnce(bytes.first(end), limits, sink, cut_in_segment);
  }
  return result;
}

}  // namespace kith::hashing::internal
