// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 by OpenJPEG, files (JP2) and bare codestreams. Grey, R, G, B, and sYCC, of any depth
// and subsampling; alpha and further components are dropped. What is missing of a damaged file is
// what the decoder leaves there.
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "hashing/internal/byte_order.h"
#include "hashing/internal/decoders.h"

namespace kith::hashing::internal {
namespace {

// OpenJPEG holds 32 bits a sample twice. A picture of a hundred bytes can have any size: the room
// above that bounds the time.
constexpr std::uint64_t kBytesASample = 10;
constexpr std::uint64_t kMostComponents = 16;
// Of its own, for each tile and component, before it reads anything of them.
constexpr std::uint64_t kBytesATileComponent = 2048;

// OpenJPEG has one type for streams and codecs.
struct FreeCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct FreeStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct FreeImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
using Stream = std::unique_ptr<opj_stream_t, FreeStream>;

DecodeResult Fail(DecodeResult result, const char* why) {
  return Failure(std::move(result), Disposition::kUnreadable, std::string("jpeg2000: ") + why);
}

// The codestream of a file: behind the boxes before it, where there are any.
Bytes Codestream(Bytes bytes) {
  if (BigEndian(bytes, 0, 4) == 0xFF4FFF51) return bytes;
  while (bytes.size() >= 8) {
    std::uint64_t size = BigEndian(bytes, 0, 4);
    const std::uint64_t header = size == 1 ? 16 : 8;
    if (size == 1) size = BigEndian(bytes, 8, 8);
    if (size == 0) size = bytes.size();
    if (size < header || header > bytes.size()) return {};
    if (BigEndian(bytes, 4, 4) == 0x6A703263) return bytes.subspan(header);  // "jp2c"
    if (size > bytes.size()) return {};
    bytes = bytes.subspan(size);
  }
  return {};
}

struct Header {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::uint64_t components = 0;
  std::uint64_t tiles = 0;
};

// SIZ, the first segment: sides of picture and tiles on a common grid, then the components.
Header ReadHeader(Bytes file) {
  const Bytes stream = Codestream(file);
  if (stream.size() < 42 || BigEndian(stream, 0, 4) != 0xFF4FFF51) return {};
  const auto at = [stream](std::uint64_t offset) {
    return static_cast<std::int64_t>(BigEndian(stream, offset, 4));
  };
  Header header{
      .width = at(8) - at(16), .height = at(12) - at(20), .components = BigEndian(stream, 40, 2)};
  const std::int64_t tile_width = at(24);
  const std::int64_t tile_height = at(28);
  if (header.width < 1 || header.height < 1 || tile_width < 1 || tile_height < 1) return {};
  const std::int64_t across = (at(8) - at(32) + tile_width - 1) / tile_width;
  const std::int64_t down = (at(12) - at(36) + tile_height - 1) / tile_height;
  header.tiles = static_cast<std::uint64_t>(std::max<std::int64_t>(1, across)) *
                 static_cast<std::uint64_t>(std::max<std::int64_t>(1, down));
  return header;
}

struct Source {
  Bytes bytes;
  std::uint64_t position = 0;
};

Stream OpenStream(Source& source) {
  Stream stream(opj_stream_default_create(OPJ_TRUE));
  if (!stream) return stream;
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source.bytes.size());
  opj_stream_set_read_function(stream.get(), [](void* out, OPJ_SIZE_T count, void* user) {
    Source& from = *static_cast<Source*>(user);
    const std::uint64_t rest =
        from.bytes.size() - std::min<std::uint64_t>(from.position, from.bytes.size());
    if (rest == 0) return static_cast<OPJ_SIZE_T>(-1);
    const std::size_t take = std::min<std::uint64_t>(count, rest);
    std::memcpy(out, from.bytes.data() + from.position, take);
    from.position += take;
    return take;
  });
  opj_stream_set_skip_function(stream.get(), [](OPJ_OFF_T count, void* user) {
    Source& from = *static_cast<Source*>(user);
    if (count < 0) return static_cast<OPJ_OFF_T>(-1);
    from.position = std::min<std::uint64_t>(from.bytes.size(),
                                            from.position + static_cast<std::uint64_t>(count));
    return count;
  });
  opj_stream_set_seek_function(stream.get(), [](OPJ_OFF_T to, void* user) {
    Source& from = *static_cast<Source*>(user);
    if (to < 0 || static_cast<std::uint64_t>(to) > from.bytes.size()) return OPJ_FALSE;
    from.position = static_cast<std::uint64_t>(to);
    return OPJ_TRUE;
  });
  return stream;
}

// One component as samples of 8 bits, at any place of the picture.
class Plane {
 public:
  Plane(const opj_image_comp_t& component, int width, int height)
      : component_(component),
        step_x_(std::max(1, (width + static_cast<int>(component.w) - 1) /
                                std::max(1, static_cast<int>(component.w)))),
        step_y_(std::max(1, (height + static_cast<int>(component.h) - 1) /
                                std::max(1, static_cast<int>(component.h)))) {}

  [[nodiscard]] bool is_whole() const {
    return component_.data != nullptr && component_.w > 0 && component_.h > 0 &&
           component_.prec >= 1 && component_.prec <= 31;
  }

  [[nodiscard]] int At(int x, int y) const {
    const auto column =
        std::min<std::size_t>(static_cast<std::size_t>(x / step_x_), component_.w - 1);
    const auto row = std::min<std::size_t>(static_cast<std::size_t>(y / step_y_), component_.h - 1);
    std::int64_t value = component_.data[row * component_.w + column];
    const std::int64_t most = (std::int64_t{1} << component_.prec) - 1;
    if (component_.sgnd != 0) value += std::int64_t{1} << (component_.prec - 1);
    value = std::clamp<std::int64_t>(value, 0, most);
    return static_cast<int>((255 * value + most / 2) / most);
  }

 private:
  const opj_image_comp_t& component_;
  int step_x_;
  int step_y_;
};

std::uint8_t Clamped(double value) {
  return static_cast<std::uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
}

void GiveRows(const opj_image_t& image, const std::vector<Plane>& planes, int width, int height,
              RowSink& sink) {
  const std::size_t stride = 3 * static_cast<std::size_t>(width);
  std::vector<std::uint8_t> batch(kBatchRows * stride);
  const bool colour = planes.size() >= 3;
  const bool ycc = colour && image.color_space == OPJ_CLRSPC_SYCC;
  sink.Begin(width, height);
  for (int y = 0; y < height; y += kBatchRows) {
    const int count = std::min(kBatchRows, height - y);
    std::uint8_t* rgb = batch.data();
    for (int i = 0; i < count; ++i) {
      for (int x = 0; x < width; ++x, rgb += 3) {
        for (std::size_t c = 0; c < 3; ++c) {
          rgb[c] = static_cast<std::uint8_t>(planes[colour ? c : 0].At(x, y + i));
        }
        if (!ycc) continue;
        const double luma = rgb[0];
        const double blue = rgb[1] - 128.0;
        const double red = rgb[2] - 128.0;
        rgb[0] = Clamped(luma + 1.402 * red);
        rgb[1] = Clamped(luma - 0.344136 * blue - 0.714136 * red);
        rgb[2] = Clamped(luma + 1.772 * blue);
      }
    }
    sink.Rows(batch.data(), count, stride);
  }
}

void Silence(opj_codec_t* codec, int& errors) {
  opj_set_info_handler(
      codec, [](const char*, void*) {}, nullptr);
  opj_set_warning_handler(
      codec, [](const char*, void* user) { ++*static_cast<int*>(user); }, &errors);
  opj_set_error_handler(
      codec, [](const char*, void* user) { ++*static_cast<int*>(user); }, &errors);
}

DecodeResult DecodeStream(Bytes bytes, bool boxed, DecodeResult result, RowSink& sink) {
  Source source{.bytes = bytes};
  const Stream stream = OpenStream(source);
  const std::unique_ptr<opj_codec_t, FreeCodec> codec(
      opj_create_decompress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  if (!stream || !codec) return Fail(std::move(result), "no memory for the decoder");
  int errors = 0;
  Silence(codec.get(), errors);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (opj_setup_decoder(codec.get(), &parameters) != OPJ_TRUE ||
      opj_decoder_set_strict_mode(codec.get(), OPJ_FALSE) != OPJ_TRUE) {
    return Fail(std::move(result), "the decoder gave up");
  }
  opj_image_t* raw = nullptr;
  const bool read = opj_read_header(stream.get(), codec.get(), &raw) == OPJ_TRUE;
  const std::unique_ptr<opj_image_t, FreeImage> image(raw);
  if (!read || !image) return Fail(std::move(result), "the header makes no sense");
  if (opj_decode(codec.get(), stream.get(), image.get()) != OPJ_TRUE) {
    return Fail(std::move(result), "the decoder gave up");
  }
  // After the last tile come a few bytes; that they are missing costs nothing.
  const int before_end = errors;
  (void)opj_end_decompress(codec.get(), stream.get());
  std::vector<Plane> planes;
  for (OPJ_UINT32 c = 0; c < image->numcomps; ++c) {
    planes.emplace_back(image->comps[c], result.width, result.height);
  }
  const std::size_t used = planes.size() >= 3 ? 3 : 1;
  if (planes.empty() ||
      !std::all_of(planes.begin(), planes.begin() + static_cast<std::ptrdiff_t>(used),
                   [](const Plane& plane) { return plane.is_whole(); })) {
    return Fail(std::move(result), "not all of its colours are there");
  }
  if (image->color_space == OPJ_CLRSPC_CMYK || image->color_space == OPJ_CLRSPC_EYCC) {
    return Failure(std::move(result), Disposition::kUnsupported,
                   "jpeg2000: a colour space that is not looked into");
  }
  GiveRows(*image, planes, result.width, result.height, sink);
  result.disposition = before_end == 0 ? Disposition::kHashed : Disposition::kPartial;
  if (before_end > 0) result.detail = "jpeg2000: truncated or damaged";
  return result;
}

}  // namespace

DecodeResult DecodeJpeg2000(Bytes bytes, const DecodeLimits& limits, RowSink& sink) {
  DecodeResult result;
  result.format = Format::kJpeg2000;
  const Header header = ReadHeader(bytes);
  if (header.components < 1) return Fail(std::move(result), "no picture in it");
  const bool fits = header.width <= limits.max_side && header.height <= limits.max_side;
  const std::uint64_t pixels =
      fits ? static_cast<std::uint64_t>(header.width) * static_cast<std::uint64_t>(header.height)
           : 0;
  const std::uint64_t tiles = std::min<std::uint64_t>(header.tiles, 1 << 20);
  const std::uint64_t memory =
      header.components * (kBytesASample * pixels + kBytesATileComponent * tiles);
  if (!CheckSize(header.width, header.height, memory, limits, result)) return result;
  if (header.components > kMostComponents) {
    return Failure(std::move(result), Disposition::kOverLimit,
                   absl::StrCat("jpeg2000: more than ", kMostComponents, " components"));
  }
  return DecodeStream(bytes, BigEndian(bytes, 0, 4) != 0xFF4FFF51, std::move(result), sink);
}

}  // namespace kith::hashing::internal
