// SPDX-License-Identifier: Apache-2.0
// WebP by libwebp itself: lossy, lossless, and animated by its own compositor. Alpha is dropped;
// what no frame of an animation has covered yet is black.
#include <webp/decode.h>
#include <webp/demux.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hashing/internal/byte_order.h"
#include "hashing/internal/decoders.h"
#include "hashing/internal/frame_budget.h"

namespace kith::hashing::internal {
namespace {

struct Close {
  void operator()(WebPIDecoder* decoder) const { WebPIDelete(decoder); }
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

DecodeResult Fail(DecodeResult result, const char* why) {
  return Failure(std::move(result), Disposition::kUnreadable, std::string("webp: ") + why);
}

// The sides as the header tells them; libwebp refuses pictures that turn out to have others.
bool ReadSides(Bytes bytes, std::int64_t& width, std::int64_t& height) {
  const auto at = [bytes](std::uint64_t offset, std::uint64_t count) {
    return static_cast<std::int64_t>(LittleEndian(bytes, offset, count));
  };
  switch (at(12, 4)) {
    case 0x20385056:  // "VP8 ": frame tag, start code, then 14 bits each
      width = at(26, 2) & 0x3FFF;
      height = at(28, 2) & 0x3FFF;
      return true;
    case 0x4C385056:  // "VP8L": a signature byte, then 14 bits each, less one
      width = (at(21, 4) & 0x3FFF) + 1;
      height = (at(21, 4) >> 14 & 0x3FFF) + 1;
      return true;
    case 0x58385056:  // "VP8X": flags, then 24 bits each, less one
      width = at(24, 3) + 1;
      height = at(27, 3) + 1;
      return true;
    default:
      return false;
  }
}

DecodeResult DecodeStill(Bytes bytes, DecodeResult result, RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(result.width);
  std::vector<std::uint8_t> picture(stride * static_cast<std::size_t>(result.height));
  const std::unique_ptr<WebPIDecoder, Close> decoder(
      WebPINewRGB(MODE_RGB, picture.data(), picture.size(), static_cast<int>(stride)));
  if (!decoder) return Fail(std::move(result), "no memory for the decoder");
  const VP8StatusCode status = WebPIAppend(decoder.get(), bytes.data(), bytes.size());
  int rows = 0;
  int width = 0;
  int height = 0;
  if (WebPIDecGetRGB(decoder.get(), &rows, &width, &height, nullptr) == nullptr || rows < 1) {
    return Fail(std::move(result), "the decoder gave up");
  }
  if (width != result.width || height != result.height) {
    return Fail(std::move(result), "the picture is not what its header says");
  }
  const bool whole = status == VP8_STATUS_OK && rows == height;
  sink.Begin(width, height);
  sink.Rows(picture.data(), height, stride);
  result.disposition = whole ? Disposition::kHashed : Disposition::kPartial;
  if (!whole) result.detail = "webp: truncated or damaged; what is missing is black";
  return result;
}

void GiveCanvas(const std::uint8_t* rgba, int width, int height, RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(width);
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  sink.Begin(width, height);
  for (int y = 0; y < height; y += kBatchRows) {
    const int count = std::min(kBatchRows, height - y);
    for (std::size_t i = 0; i < static_cast<std::size_t>(count) * stride; i += 3, rgba += 4) {
      std::copy_n(rgba, 3, batch.data() + i);
    }
    sink.Rows(batch.data(), count, stride);
  }
}

// The animation as far as its last whole frame, as a file of its own; empty if there is none.
std::vector<std::uint8_t> WholeFrames(Bytes bytes) {
  constexpr std::uint64_t kFrame = 0x464D4E41;  // "ANMF"
  std::uint64_t end = 0;
  for (std::uint64_t at = 12; at + 8 <= bytes.size();) {
    const std::uint64_t size = LittleEndian(bytes, at + 4, 4);
    const std::uint64_t next = at + 8 + size + size % 2;
    if (next > bytes.size()) break;
    if (LittleEndian(bytes, at, 4) == kFrame) end = next;
    at = next;
  }
  std::vector<std::uint8_t> whole(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end));
  for (std::size_t i = 0; i < 4 && !whole.empty(); ++i) {
    whole[4 + i] = static_cast<std::uint8_t>((end - 8) >> (8 * i));
  }
  return whole;
}

// Null if there is no animation, or not all of it.
std::unique_ptr<WebPAnimDecoder, Close> OpenAnimation(Bytes bytes) {
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) return nullptr;
  options.color_mode = MODE_RGBA;
  options.use_threads = 0;
  const WebPData data{.bytes = bytes.data(), .size = bytes.size()};
  return std::unique_ptr<WebPAnimDecoder, Close>(WebPAnimDecoderNew(&data, &options));
}

DecodeResult DecodeAnimation(Bytes bytes, DecodeResult result, RowSink& sink) {
  std::vector<std::uint8_t> rest;
  auto decoder = OpenAnimation(bytes);
  const bool whole = decoder != nullptr;
  if (!whole) {
    rest = WholeFrames(bytes);
    if (!rest.empty()) decoder = OpenAnimation(rest);
  }
  WebPAnimInfo info;
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0) {
    return Fail(std::move(result), "truncated or damaged animation");
  }
  if (static_cast<std::int64_t>(info.canvas_width) != result.width ||
      static_cast<std::int64_t>(info.canvas_height) != result.height) {
    return Fail(std::move(result), "the picture is not what its header says");
  }
  FrameBudget budget;
  result.disposition = Disposition::kHashed;
  for (std::uint32_t frame = 0;; ++frame) {
    const bool is_there = WebPAnimDecoderHasMoreFrames(decoder.get()) != 0;
    if (!is_there && whole) break;
    if (frame > 0 && !sink.WantsFrame(frame)) break;
    if (is_there && frame > 0 && !budget.Take(result.width, result.height)) break;
    std::uint8_t* canvas = nullptr;
    int time_ms = 0;
    if (!is_there || WebPAnimDecoderGetNext(decoder.get(), &canvas, &time_ms) == 0) {
      if (frame == 0) return Fail(std::move(result), "the first frame cannot be decoded");
      result.disposition = Disposition::kPartial;
      result.detail = "webp: truncated or damaged; the frames before the damage are hashed";
      return result;
    }
    GiveCanvas(canvas, result.width, result.height, sink);
  }
  if (budget.spent()) result.detail = "webp: later frames were not looked at";
  return result;
}

}  // namespace

DecodeResult DecodeWebp(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kWebp;
  std::int64_t width = 0;
  std::int64_t height = 0;
  if (!ReadSides(bytes, width, height)) return Fail(std::move(result), "no picture in it");
  constexpr std::uint64_t kAnimation = 0x02;
  const bool animated =
      LittleEndian(bytes, 12, 4) == 0x58385056 && (LittleEndian(bytes, 20, 1) & kAnimation) != 0;
  const std::uint64_t pixels =
      static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
  // Of an animation two canvases and a frame, with alpha; of a lossless picture its own pixels too.
  const std::uint64_t memory = (animated ? 12 : 7) * pixels;
  if (!CheckSize(width, height, memory, limits, result)) return result;
  return animated ? DecodeAnimation(bytes, std::move(result), sink)
                  : DecodeStill(bytes, std::move(result), sink);
}

}  // namespace kith::hashing::internal
