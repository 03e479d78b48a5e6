// SPDX-License-Identifier: Apache-2.0
// WebP and BMP by OpenCV's imgcodecs, which sees only bytes whose magic and dimensions were read
// here: its catch-all reaches GDAL and DICOM and writes temporary files.
#include <algorithm>
#include <array>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {
namespace {

struct Size {
  std::int64_t width = 0;
  std::int64_t height = 0;
};

// Little-endian numbers of a file; 0 beyond its end.
class Numbers {
 public:
  explicit Numbers(Bytes bytes) : bytes_(bytes) {}
  [[nodiscard]] std::uint64_t At(std::uint64_t offset, std::uint64_t count) const {
    if (offset > bytes_.size() || count > bytes_.size() - offset) return 0;
    std::uint64_t value = 0;
    for (std::uint64_t i = 0; i < count; ++i) value = value << 8 | bytes_[offset + count - 1 - i];
    return value;
  }

 private:
  Bytes bytes_;
};

void PrepareOpenCv() {
  static std::once_flag once;
  std::call_once(once, [] {
    cv::setNumThreads(1);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  });
}

// R, G, B rows out of OpenCV's B, G, R.
void GiveRows(const cv::Mat& picture, RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(picture.cols);
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  for (int y = 0; y < picture.rows; y += kBatchRows) {
    const int count = std::min(kBatchRows, picture.rows - y);
    for (int i = 0; i < count; ++i) {
      const std::uint8_t* bgr = picture.ptr<std::uint8_t>(y + i);
      std::uint8_t* rgb = batch.data() + static_cast<std::size_t>(i) * stride;
      for (int x = 0; x < picture.cols; ++x, bgr += 3, rgb += 3) {
        rgb[0] = bgr[2];
        rgb[1] = bgr[1];
        rgb[2] = bgr[0];
      }
    }
    sink.Rows(batch.data(), count, stride);
  }
}

DecodeResult DecodeByOpenCv(Bytes bytes, Size size, const DecodeLimits& limits, DecodeResult result,
                            RowSink& sink) {
  const std::uint64_t pixels =
      size.width > 0 && size.height > 0 && std::max(size.width, size.height) <= INT32_MAX
          ? static_cast<std::uint64_t>(size.width) * static_cast<std::uint64_t>(size.height)
          : 0;
  if (!CheckSize(size.width, size.height, 3 * pixels, limits, result)) return result;
  const auto fail = [&](const char* why) {
    return Failure(result, Disposition::kUnreadable,
                   std::string(FormatName(result.format)) + ": " + why);
  };
  if (bytes.size() > INT32_MAX) return fail("more bytes than the decoder takes");
  PrepareOpenCv();
  // Black from the start: a decoder that skips rows cannot show what lay in this memory before.
  cv::Mat picture = cv::Mat::zeros(result.height, result.width, CV_8UC3);
  try {
    // OpenCV only reads the bytes, but has no type for that.
    const cv::Mat input(1, static_cast<int>(bytes.size()), CV_8UC1,
                        const_cast<std::uint8_t*>(bytes.data()));
    cv::imdecode(input, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION, &picture);
  } catch (const cv::Exception&) {
    return fail("the decoder gave up");
  }
  if (picture.empty()) return fail("the decoder gave up");
  if (picture.cols != result.width || picture.rows != result.height || picture.type() != CV_8UC3) {
    return fail("the picture is not what its header says");
  }
  sink.Begin(result.width, result.height);
  GiveRows(picture, sink);
  result.disposition = Disposition::kHashed;
  return result;
}

Size WebpSize(const Numbers& file) {
  switch (file.At(12, 4)) {
    case 0x20385056:  // "VP8 ": frame tag, start code, then 14 bits each
      return {static_cast<std::int64_t>(file.At(26, 2) & 0x3FFF),
              static_cast<std::int64_t>(file.At(28, 2) & 0x3FFF)};
    case 0x4C385056:  // "VP8L": a signature byte, then 14 bits each, less one
      return {static_cast<std::int64_t>((file.At(21, 4) & 0x3FFF) + 1),
              static_cast<std::int64_t>((file.At(21, 4) >> 14 & 0x3FFF) + 1)};
    case 0x58385056:  // "VP8X": flags, then 24 bits each, less one
      return {static_cast<std::int64_t>(file.At(24, 3) + 1),
              static_cast<std::int64_t>(file.At(27, 3) + 1)};
    default:
      return {};
  }
}

struct BmpHeader {
  Size size;
  bool known = false;             // a depth and a compression that OpenCV takes without a word
  std::uint64_t whole_bytes = 0;  // of a complete file; run-length coded ones end by themselves
};

BmpHeader ReadBmpHeader(Bytes bytes) {
  const Numbers file(bytes);
  const bool core = file.At(14, 4) == 12;
  BmpHeader header;
  if (core) {
    header.size = {static_cast<std::int64_t>(file.At(18, 2)),
                   static_cast<std::int64_t>(file.At(20, 2))};
  } else {
    const auto height = static_cast<std::int32_t>(file.At(22, 4));
    header.size = {static_cast<std::int32_t>(file.At(18, 4)),
                   height < 0 ? -std::int64_t{height} : height};
  }
  const std::uint64_t depth = file.At(core ? 24 : 28, 2);
  const std::uint64_t compression = core ? 0 : file.At(30, 4);
  static constexpr std::array<std::uint64_t, 6> kDepths = {1, 4, 8, 16, 24, 32};
  header.known = std::ranges::find(kDepths, depth) != kDepths.end() && compression <= 3;
  if (header.size.width < 1 || header.size.height < 1) return header;
  const auto width = static_cast<std::uint64_t>(header.size.width);
  const auto height = static_cast<std::uint64_t>(header.size.height);
  const bool raw = compression == 0 || compression == 3;
  header.whole_bytes = file.At(10, 4) + (raw ? (width * depth + 31) / 32 * 4 * height : 0);
  return header;
}

}  // namespace

DecodeResult DecodeWebp(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kWebp;
  const Numbers file(bytes);
  constexpr std::uint64_t kAnimation = 0x02;
  if (file.At(12, 4) == 0x58385056 && (file.At(20, 1) & kAnimation) != 0) {
    return Failure(std::move(result), Disposition::kUnsupported,
                   "webp: animations are not looked into");
  }
  return DecodeByOpenCv(bytes, WebpSize(file), limits, std::move(result), sink);
}

DecodeResult DecodeBmp(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kBmp;
  const BmpHeader header = ReadBmpHeader(bytes);
  if (!header.known) {
    return Failure(std::move(result), Disposition::kUnreadable,
                   "bmp: a depth or a compression that is not read");
  }
  const bool truncated = header.whole_bytes > bytes.size();
  if (!CheckSize(header.size.width, header.size.height, header.whole_bytes, limits, result)) {
    return result;
  }
  // What a cut-off file lacks is given as black, and a run-length code without end is given many
  // ends: OpenCV would give no picture, and print.
  std::vector<std::uint8_t> padded(bytes.begin(), bytes.end());
  padded.resize(std::max<std::size_t>(bytes.size(), static_cast<std::size_t>(header.whole_bytes)) +
                2 * static_cast<std::size_t>(result.height) + 1024);
  result = DecodeByOpenCv(padded, header.size, limits, std::move(result), sink);
  if (truncated && result.disposition == Disposition::kHashed) {
    result.disposition = Disposition::kPartial;
    result.detail = "bmp: truncated; what is missing is black";
  }
  return result;
}

}  // namespace kith::hashing::internal
