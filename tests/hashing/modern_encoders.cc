// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/modern_encoders.h"

#include <jxl/encode.h>
#include <libheif/heif.h>
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string>

#include "tests/hashing/encoding.h"

namespace kith::hashing::test {
namespace {

struct Sink {
  Data bytes;
  std::size_t at = 0;
};

Data EncodeHeif(const Picture& picture, heif_compression_format format, HeifTurn turn,
                bool alpha = false) {
  heif_context* context = heif_context_alloc();
  heif_encoder* encoder = nullptr;
  heif_context_get_encoder_for_format(context, format, &encoder);
  heif_encoder_set_lossy_quality(encoder, 95);
  heif_image* image = nullptr;
  heif_image_create(picture.width, picture.height, heif_colorspace_RGB,
                    alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB, &image);
  heif_image_add_plane(image, heif_channel_interleaved, picture.width, picture.height, 8);
  int stride = 0;
  std::uint8_t* plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
  for (int y = 0; y < picture.height; ++y) {
    std::uint8_t* row = plane + static_cast<std::ptrdiff_t>(y) * stride;
    const std::uint8_t* from = picture.rgb.data() + 3 * static_cast<std::size_t>(y) *
                                                        static_cast<std::size_t>(picture.width);
    for (int x = 0; x < picture.width; ++x, from += 3) {
      row = std::copy_n(from, 3, row);
      if (alpha) *row++ = static_cast<std::uint8_t>(x + y);
    }
  }
  heif_encoding_options* options = heif_encoding_options_alloc();
  options->image_orientation = turn == HeifTurn::kRight      ? heif_orientation_rotate_90_cw
                               : turn == HeifTurn::kMirrored ? heif_orientation_flip_horizontally
                                                             : heif_orientation_normal;
  heif_image_handle* handle = nullptr;
  heif_context_encode_image(context, image, encoder, options, &handle);
  Data out;
  heif_writer writer{};
  writer.writer_api_version = 1;
  writer.write = [](heif_context*, const void* data, std::size_t size, void* user) {
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    static_cast<Data*>(user)->assign(bytes, bytes + size);
    return heif_error{heif_error_Ok, heif_suberror_Unspecified, ""};
  };
  heif_context_write(context, &writer, &out);
  heif_image_handle_release(handle);
  heif_encoding_options_free(options);
  heif_image_release(image);
  heif_encoder_release(encoder);
  heif_context_free(context);
  return out;
}

// One by one: g++ 12 takes short pieces that are inserted for a mistake.
void PutType(Data& out, const char* type) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(type[i]));
}
void PutData(Data& out, const Data& piece) {
  for (const std::uint8_t byte : piece) out.push_back(byte);
}

Data Box(const char* type, std::initializer_list<Data> contents, int version = -1) {
  Data content;
  if (version >= 0) PutBig(content, static_cast<std::uint64_t>(version) << 24, 4);
  for (const Data& part : contents) PutData(content, part);
  Data out;
  PutBig(out, content.size() + 8, 4);
  PutType(out, type);
  PutData(out, content);
  return out;
}

Data Numbers(std::initializer_list<std::pair<std::uint64_t, int>> numbers) {
  Data out;
  for (const auto& [value, bytes] : numbers) PutBig(out, value, bytes);
  return out;
}

std::size_t Find(const Data& bytes, const char* type, std::size_t from = 0) {
  const auto at =
      std::search(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.end(), type, type + 4);
  return static_cast<std::size_t>(at - bytes.begin());
}

std::uint64_t Big(const Data& bytes, std::size_t at, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[at + static_cast<std::size_t>(i)];
  return value;
}

std::string Bits(std::uint64_t value, int count) {
  std::string bits;
  for (int i = count - 1; i >= 0; --i) bits += (value >> i & 1) != 0 ? '1' : '0';
  return bits;
}

// As HEVC writes numbers: as many zeros as bits follow the first one.
std::string ExpGolomb(std::uint64_t value) {
  const int bits = static_cast<int>(std::bit_width(value + 1));
  return std::string(static_cast<std::size_t>(bits) - 1, '0') + Bits(value + 1, bits);
}

// The box of parameter sets with other sides of the picture, both `from` until now.
Data WithSides(Data hvcc, int from, int to) {
  const Data start = {0x42, 0x01};  // of a sequence parameter set
  const auto at = static_cast<std::size_t>(
      std::search(hvcc.begin() + 30, hvcc.end(), start.begin(), start.end()) - hvcc.begin());
  const std::size_t size = Big(hvcc, at - 2, 2);
  std::string bits;
  for (std::size_t i = 0; i < size; ++i) {
    const bool only_parts =
        i >= 2 && hvcc[at + i] == 3 && hvcc[at + i - 1] == 0 && hvcc[at + i - 2] == 0;
    if (!only_parts) bits += Bits(hvcc[at + i], 8);
  }
  const auto side = [](int n) { return ExpGolomb(static_cast<std::uint64_t>(n)); };
  const std::string sides = side(from) + side(from);
  bits.replace(bits.find(sides), sides.size(), side(to) + side(to));
  Data unit;
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    const auto byte = static_cast<std::uint8_t>(std::stoi(bits.substr(i, 8), nullptr, 2));
    const std::size_t n = unit.size();
    if (n >= 2 && byte <= 3 && unit[n - 1] == 0 && unit[n - 2] == 0) unit.push_back(3);
    unit.push_back(byte);
  }
  Data out(hvcc.begin(), hvcc.begin() + static_cast<std::ptrdiff_t>(at) - 2);
  PutBig(out, unit.size(), 2);
  PutData(out, unit);
  PutData(out, Data(hvcc.begin() + static_cast<std::ptrdiff_t>(at + size), hvcc.end()));
  const Data length = Numbers({{out.size(), 4}});
  std::copy(length.begin(), length.end(), out.begin());
  return out;
}

}  // namespace

Data EncodeJpeg2000(const Picture& picture, bool boxed, int tile, const Jpeg2000Style& style) {
  std::vector<opj_image_cmptparm_t> components(static_cast<std::size_t>(style.components));
  for (auto& component : components) {
    component.dx = component.dy = 1;
    component.w = static_cast<OPJ_UINT32>(picture.width);
    component.h = static_cast<OPJ_UINT32>(picture.height);
    component.prec = static_cast<OPJ_UINT32>(style.bits);
  }
  const bool colour = style.components >= 3;
  opj_image_t* image =
      opj_image_create(static_cast<OPJ_UINT32>(style.components), components.data(),
                       colour ? OPJ_CLRSPC_SRGB : OPJ_CLRSPC_GRAY);
  image->x1 = static_cast<OPJ_UINT32>(picture.width);
  image->y1 = static_cast<OPJ_UINT32>(picture.height);
  for (std::size_t i = 0; i < Pixels(picture); ++i) {
    for (std::size_t c = 0; c < components.size(); ++c) {
      const bool alpha = c == (colour ? 3 : 1);
      const auto value = static_cast<int>(alpha    ? i % 256
                                          : colour ? picture.rgb[3 * i + c]
                                                   : picture.rgb[3 * i + 1]);
      // The same share of the largest value.
      image->comps[c].data[i] = (value * ((1 << style.bits) - 1) + 127) / 255;
      if (alpha) image->comps[c].alpha = 1;
    }
  }
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_mct = colour ? 1 : 0;
  parameters.numresolution = 4;
  if (tile > 0) {
    parameters.tile_size_on = OPJ_TRUE;
    parameters.cp_tdx = parameters.cp_tdy = tile;
  }
  opj_codec_t* codec = opj_create_compress(boxed ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K);
  opj_setup_encoder(codec, &parameters, image);
  Sink sink;
  opj_stream_t* stream = opj_stream_default_create(OPJ_FALSE);
  opj_stream_set_user_data(stream, &sink, nullptr);
  opj_stream_set_write_function(stream, [](void* data, OPJ_SIZE_T size, void* user) {
    Sink& to = *static_cast<Sink*>(user);
    to.bytes.resize(std::max(to.bytes.size(), to.at + size));
    std::memcpy(to.bytes.data() + to.at, data, size);
    to.at += size;
    return size;
  });
  opj_stream_set_skip_function(stream, [](OPJ_OFF_T count, void* user) {
    static_cast<Sink*>(user)->at += static_cast<std::size_t>(count);
    return count;
  });
  opj_stream_set_seek_function(stream, [](OPJ_OFF_T to, void* user) {
    static_cast<Sink*>(user)->at = static_cast<std::size_t>(to);
    return OPJ_TRUE;
  });
  opj_start_compress(codec, image, stream);
  opj_encode(codec, stream);
  opj_end_compress(codec, stream);
  opj_stream_destroy(stream);
  opj_destroy_codec(codec);
  opj_image_destroy(image);
  return sink.bytes;
}

Data EncodeJxl(const std::vector<Picture>& frames, bool alpha) {
  JxlEncoder* encoder = JxlEncoderCreate(nullptr);
  JxlBasicInfo info;
  JxlEncoderInitBasicInfo(&info);
  info.xsize = static_cast<std::uint32_t>(frames[0].width);
  info.ysize = static_cast<std::uint32_t>(frames[0].height);
  info.bits_per_sample = 8;
  info.uses_original_profile = JXL_TRUE;
  if (alpha) info.num_extra_channels = 1, info.alpha_bits = 8;
  if (frames.size() > 1) {
    info.have_animation = JXL_TRUE;
    info.animation.tps_numerator = 10;
    info.animation.tps_denominator = 1;
  }
  JxlEncoderSetBasicInfo(encoder, &info);
  JxlColorEncoding colours;
  JxlColorEncodingSetToSRGB(&colours, JXL_FALSE);
  JxlEncoderSetColorEncoding(encoder, &colours);
  JxlEncoderFrameSettings* settings = JxlEncoderFrameSettingsCreate(encoder, nullptr);
  JxlEncoderSetFrameLossless(settings, JXL_TRUE);
  JxlEncoderFrameSettingsSetOption(settings, JXL_ENC_FRAME_SETTING_EFFORT, 1);
  const JxlPixelFormat format = {alpha ? 4U : 3U, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
  for (const Picture& frame : frames) {
    if (frames.size() > 1) {
      JxlFrameHeader header;
      JxlEncoderInitFrameHeader(&header);
      header.duration = 1;
      JxlEncoderSetFrameHeader(settings, &header);
    }
    Data samples;
    for (std::size_t i = 0; i < frame.rgb.size(); ++i) {
      samples.push_back(frame.rgb[i]);
      if (alpha && i % 3 == 2) samples.push_back(static_cast<std::uint8_t>(i));
    }
    JxlEncoderAddImageFrame(settings, &format, samples.data(), samples.size());
  }
  JxlEncoderCloseInput(encoder);
  Data out(64 << 10);
  std::size_t used = 0;
  while (true) {
    std::uint8_t* next = out.data() + used;
    std::size_t left = out.size() - used;
    const JxlEncoderStatus status = JxlEncoderProcessOutput(encoder, &next, &left);
    used = out.size() - left;
    if (status != JXL_ENC_NEED_MORE_OUTPUT) break;
    out.resize(2 * out.size());
  }
  out.resize(used);
  JxlEncoderDestroy(encoder);
  return out;
}

Data EncodeHeic(const Picture& picture, HeifTurn turn) {
  return EncodeHeif(picture, heif_compression_HEVC, turn);
}

Data EncodeHeicWithAlpha(const Picture& picture) {
  return EncodeHeif(picture, heif_compression_HEVC, HeifTurn::kNone, true);
}

Data EncodeAvif(const Picture& picture) {
  return EncodeHeif(picture, heif_compression_AV1, HeifTurn::kNone);
}

// libheif 1.15 writes no grids: the boxes are put together around the tile that it coded.
Data HeicGrid(const Picture& tile, int columns, int rows, int coded_side) {
  const Data one = EncodeHeic(tile);
  const std::size_t hvcc_at = Find(one, "hvcC") - 4;
  Data hvcc(one.begin() + static_cast<std::ptrdiff_t>(hvcc_at),
            one.begin() + static_cast<std::ptrdiff_t>(hvcc_at + Big(one, hvcc_at, 4)));
  if (coded_side > 0) hvcc = WithSides(hvcc, tile.width, coded_side);
  const std::size_t mdat_at = Find(one, "mdat") - 4;
  const Data coded(one.begin() + static_cast<std::ptrdiff_t>(mdat_at) + 8,
                   one.begin() + static_cast<std::ptrdiff_t>(mdat_at + Big(one, mdat_at, 4)));
  const auto side = [](int n) { return static_cast<std::uint64_t>(n); };
  const std::uint64_t width = side(tile.width) * side(columns);
  const std::uint64_t height = side(tile.height) * side(rows);
  const Data grid = Numbers(
      {{0, 1}, {1, 1}, {side(rows) - 1, 1}, {side(columns) - 1, 1}, {width, 4}, {height, 4}});
  const Data ftyp =
      Box("ftyp", {{'h', 'e', 'i', 'c', 0, 0, 0, 0, 'm', 'i', 'f', '1', 'h', 'e', 'i', 'c'}});
  const auto item = [](std::uint64_t id, const char* type) {
    Data content = Numbers({{id, 2}, {0, 2}});
    PutType(content, type);
    content.push_back(0);
    return Box("infe", {content}, 2);
  };
  Data references = Numbers({{1, 2}, {side(rows) * side(columns), 2}});
  for (int i = 0; i < rows * columns; ++i) PutBig(references, 2, 2);
  const Data properties = Box(
      "iprp",
      {Box("ipco", {Box("ispe", {Numbers({{width, 4}, {height, 4}})}, 0), hvcc,
                    Box("ispe", {Numbers({{side(tile.width), 4}, {side(tile.height), 4}})}, 0)}),
       Box("ipma",
           {Numbers({{2, 4}, {1, 2}, {1, 1}, {0x81, 1}, {2, 2}, {2, 1}, {0x82, 1}, {0x83, 1}})},
           0)});
  const auto meta = [&](std::uint64_t data_at) {
    // Item 1 in idat (the grid), item 2 in the file (the tile).
    const Data places = Numbers({{0x44, 1},
                                 {0, 1},
                                 {2, 2},
                                 {1, 2},
                                 {1, 2},
                                 {0, 2},
                                 {1, 2},
                                 {0, 4},
                                 {grid.size(), 4},
                                 {2, 2},
                                 {0, 2},
                                 {0, 2},
                                 {1, 2},
                                 {data_at, 4},
                                 {coded.size(), 4}});
    return Box("meta",
               {Box("hdlr", {Numbers({{0, 4}}), {'p', 'i', 'c', 't'}, Data(13)}, 0),
                Box("pitm", {Numbers({{1, 2}})}, 0), Box("iloc", {places}, 1),
                Box("iinf", {Numbers({{2, 2}}), item(1, "grid"), item(2, "hvc1")}, 0),
                Box("iref", {Box("dimg", {references})}, 0), properties, Box("idat", {grid})},
               0);
  };
  const std::uint64_t data_at = ftyp.size() + meta(0).size() + 8;
  Data out = ftyp;
  for (const Data& part : {meta(data_at), Box("mdat", {coded})}) {
    PutData(out, part);
  }
  return out;
}

}  // namespace kith::hashing::test
