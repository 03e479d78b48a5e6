// SPDX-License-Identifier: Apache-2.0
// JPEG XL by libjxl, on this thread alone: the frames, each as it is seen, with the orientation
// that the picture itself has. Alpha is dropped.
#include <jxl/decode.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hashing/internal/decoders.h"
#include "hashing/internal/frame_budget.h"

namespace kith::hashing::internal {
namespace {

// What libjxl holds of a picture: 15 bytes a pixel of a lossless one of 36 megapixels, more where
// filters and frames come in. This bounds the time too, by 44 megapixels.
constexpr std::uint64_t kBytesAPixel = 48;
// A picture of thirty bytes can have any size, and takes 90 ms a megapixel where it is lossless.
// One of less than an eighth of a bit a pixel is none of a camera, and ends at 30 megapixels.
constexpr std::uint64_t kSparsePixelsAByte = 64;
constexpr std::uint64_t kSparseBytesAPixel = 70;
// And of each channel beside R, G and B, wanted or not.
constexpr std::uint64_t kBytesAChannel = 8;

struct Destroy {
  void operator()(JxlDecoder* decoder) const { JxlDecoderDestroy(decoder); }
};

constexpr JxlPixelFormat kRgb = {
    .num_channels = 3, .data_type = JXL_TYPE_UINT8, .endianness = JXL_NATIVE_ENDIAN, .align = 0};

DecodeResult Fail(DecodeResult result, const char* why) {
  return Failure(std::move(result), Disposition::kUnreadable, std::string("jxl: ") + why);
}

class Picture {
 public:
  Picture(JxlDecoder* decoder, RowSink& sink) : decoder_(decoder), sink_(sink) {}

  // False if the decoder does not take the buffer.
  [[nodiscard]] bool Open(int width, int height) {
    width_ = width;
    height_ = height;
    std::size_t size = 0;
    if (JxlDecoderImageOutBufferSize(decoder_, &kRgb, &size) != JXL_DEC_SUCCESS) return false;
    if (size != stride() * static_cast<std::size_t>(height)) return false;
    rgb_.assign(size, 0);
    return JxlDecoderSetImageOutBuffer(decoder_, &kRgb, rgb_.data(), size) == JXL_DEC_SUCCESS;
  }
  void Give() const {
    sink_.Begin(width_, height_);
    sink_.Rows(rgb_.data(), height_, stride());
  }
  [[nodiscard]] bool is_open() const { return !rgb_.empty(); }

 private:
  [[nodiscard]] std::size_t stride() const { return 3 * static_cast<std::size_t>(width_); }

  JxlDecoder* decoder_;
  RowSink& sink_;
  int width_ = 0;
  int height_ = 0;
  std::vector<std::uint8_t> rgb_;
};

// The end of the file came before the end of the picture.
DecodeResult CutOff(JxlDecoder* decoder, const Picture& picture, std::uint32_t frames,
                    DecodeResult result) {
  if (frames == 0) {
    if (!picture.is_open() || JxlDecoderFlushImage(decoder) != JXL_DEC_SUCCESS) {
      return Fail(std::move(result), "truncated or damaged");
    }
    picture.Give();
  }
  result.disposition = Disposition::kPartial;
  result.detail = frames == 0
                      ? "jxl: truncated; what is missing is black or coarse"
                      : "jxl: truncated or damaged; the frames before the damage are hashed";
  return result;
}

DecodeResult DecodeFrames(JxlDecoder* decoder, std::size_t file_bytes, const DecodeLimits& limits,
                          DecodeResult result, RowSink& sink) {
  Picture picture(decoder, sink);
  FrameBudget budget;
  std::uint32_t frames = 0;  // given so far
  std::uint32_t asked = 0;   // for the frame of this number
  const auto is_wanted = [&] {
    return std::exchange(asked, frames) == frames || sink.WantsFrame(frames);
  };
  while (true) {
    const JxlDecoderStatus status = JxlDecoderProcessInput(decoder);
    switch (status) {
      case JXL_DEC_BASIC_INFO: {
        JxlBasicInfo info;
        if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS) {
          return Fail(std::move(result), "no header in it");
        }
        const std::uint64_t pixels = std::uint64_t{info.xsize} * info.ysize;
        // Alpha is one of the extra channels, and costs as much as each other one.
        const bool is_sparse = pixels / kSparsePixelsAByte > file_bytes;
        const std::uint64_t a_pixel = (is_sparse ? kSparseBytesAPixel : kBytesAPixel) +
                                      std::uint64_t{info.num_extra_channels} * kBytesAChannel;
        const std::uint64_t memory = pixels <= limits.max_pixels ? a_pixel * pixels : 0;
        if (!CheckSize(info.xsize, info.ysize, memory, limits, result)) return result;
        break;
      }
      case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
        if (!is_wanted() || (frames > 0 && !budget.Take(result.width, result.height))) {
          if (budget.spent()) result.detail = "jxl: later frames were not looked at";
          result.disposition = Disposition::kHashed;
          return result;
        }
        if (picture.Open(result.width, result.height)) break;
        if (frames == 0) return Fail(std::move(result), "the decoder gave up");
        return CutOff(decoder, picture, frames, std::move(result));
      case JXL_DEC_FULL_IMAGE:
        picture.Give();
        ++frames;
        break;
      case JXL_DEC_SUCCESS:
        if (frames == 0) return Fail(std::move(result), "no picture in it");
        result.disposition = Disposition::kHashed;
        return result;
      default:  // damage, or the end of the file before that of the picture
        if (frames == 0 && status != JXL_DEC_NEED_MORE_INPUT) {
          return Fail(std::move(result), "the decoder gave up");
        }
        if (is_wanted()) return CutOff(decoder, picture, frames, std::move(result));
        result.disposition = Disposition::kHashed;
        return result;
    }
  }
}

}  // namespace

DecodeResult DecodeJxl(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kJxl;
  const std::unique_ptr<JxlDecoder, Destroy> decoder(JxlDecoderCreate(nullptr));
  if (!decoder) return Fail(std::move(result), "no memory for the decoder");
  if (JxlDecoderSubscribeEvents(decoder.get(), JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE) !=
          JXL_DEC_SUCCESS ||
      JxlDecoderSetInput(decoder.get(), bytes.data(), bytes.size()) != JXL_DEC_SUCCESS) {
    return Fail(std::move(result), "the decoder gave up");
  }
  return DecodeFrames(decoder.get(), bytes.size(), limits, std::move(result), sink);
}

}  // namespace kith::hashing::internal
