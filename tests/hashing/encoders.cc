// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/encoders.h"

#include <tiffio.h>
#include <webp/encode.h>
#include <webp/mux.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <map>
#include <string>

#include "tests/hashing/encoding.h"

namespace kith::hashing::test {
namespace {

void Append(Data& out, std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) out.insert(out.end(), text.begin(), text.end());
}

std::vector<int> SamplesOf(Colour c, int kind) {
  if (kind == 1 || kind == 4) return {c[1] < 128 ? 1 : 0};
  if (kind == 2 || kind == 5) return {c[1]};
  if (kind == 7) return {c[0], c[1], c[2], 99};
  return {c[0], c[1], c[2]};
}

// One row of indices as a run-length code: runs where there are some, else as they are.
void PutRun(const std::vector<int>& row, bool four, Data& out) {
  for (std::size_t x = 0; x < row.size();) {
    std::size_t run = 1;
    while (x + run < row.size() && run < 255 && row[x + run] == row[x]) ++run;
    if (run > 1 || row.size() - x < 3) {
      out.push_back(static_cast<std::uint8_t>(run));
      out.push_back(static_cast<std::uint8_t>(four ? row[x] * 17 : row[x]));
      x += run;
      continue;
    }
    const std::size_t count = 3;
    Put(out, 0, 1);
    Put(out, count, 1);
    Data bytes;
    for (std::size_t i = 0; i < count; ++i) {
      const auto index = static_cast<std::uint8_t>(row[x + i]);
      if (!four) {
        bytes.push_back(index);
      } else if (i % 2 == 0) {
        bytes.push_back(static_cast<std::uint8_t>(index << 4));
      } else {
        bytes.back() = static_cast<std::uint8_t>(bytes.back() | index);
      }
    }
    if (bytes.size() % 2 != 0) bytes.push_back(0);
    out.insert(out.end(), bytes.begin(), bytes.end());
    x += count;
  }
  Put(out, 0, 2);
}

void PutPixels(const Picture& picture, const BmpStyle& style,
               const std::map<Colour, std::size_t>& colours, int y, Data& out) {
  const std::size_t begin = out.size();
  std::uint32_t bits = 0;
  int held = 0;
  for (int x = 0; x < picture.width; ++x) {
    const Colour c = At(picture, x, y);
    if (style.depth <= 8) {
      bits = bits << style.depth | static_cast<std::uint32_t>(colours.at(c));
      held += style.depth;
      if (held == 8) Put(out, bits, 1), bits = 0, held = 0;
    } else if (style.depth == 16 && style.masks) {
      Put(out, static_cast<std::uint32_t>(c[0] >> 3 << 11 | c[1] >> 2 << 5 | c[2] >> 3), 2);
    } else if (style.depth == 16) {
      Put(out, static_cast<std::uint32_t>(c[0] >> 3 << 10 | c[1] >> 3 << 5 | c[2] >> 3), 2);
    } else if (style.masks) {
      out.insert(out.end(), {c[0], c[1], c[2], 7});
    } else {
      out.insert(out.end(), {c[2], c[1], c[0]});
      if (style.depth == 32) out.push_back(7);
    }
  }
  if (held > 0) Put(out, bits << (8 - held), 1);
  while ((out.size() - begin) % 4 != 0) out.push_back(0);
}

// libtiff writing into memory.
struct Sink {
  Data bytes;
  std::size_t at = 0;
};

tmsize_t WriteTo(thandle_t handle, void* from, tmsize_t count) {
  Sink& sink = *static_cast<Sink*>(handle);
  const auto size = static_cast<std::size_t>(count);
  sink.bytes.resize(std::max(sink.bytes.size(), sink.at + size));
  std::memcpy(sink.bytes.data() + sink.at, from, size);
  sink.at += size;
  return count;
}

tmsize_t ReadFrom(thandle_t handle, void* to, tmsize_t count) {
  Sink& sink = *static_cast<Sink*>(handle);
  const std::size_t size = std::min(static_cast<std::size_t>(count), sink.bytes.size() - sink.at);
  std::memcpy(to, sink.bytes.data() + sink.at, size);
  sink.at += size;
  return static_cast<tmsize_t>(size);
}

toff_t SeekIn(thandle_t handle, toff_t offset, int whence) {
  Sink& sink = *static_cast<Sink*>(handle);
  sink.at = static_cast<std::size_t>(offset) + (whence == SEEK_CUR   ? sink.at
                                                : whence == SEEK_END ? sink.bytes.size()
                                                                     : 0);
  return sink.at;
}

void WriteStrips(TIFF* file, const Picture& page, bool floating) {
  for (int y = 0; y < page.height; ++y) {
    const std::uint8_t* row =
        page.rgb.data() + 3 * static_cast<std::size_t>(y) * static_cast<std::size_t>(page.width);
    Data bytes(row, row + 3 * static_cast<std::size_t>(page.width));
    if (floating) {
      std::vector<float> samples;
      for (const std::uint8_t v : bytes) samples.push_back(static_cast<float>(v) / 255.0F);
      bytes.resize(samples.size() * sizeof(float));
      std::memcpy(bytes.data(), samples.data(), bytes.size());
    }
    TIFFWriteScanline(file, bytes.data(), static_cast<std::uint32_t>(y), 0);
  }
}

void WriteTiles(TIFF* file, const Picture& page, int side) {
  for (int top = 0; top < page.height; top += side) {
    for (int left = 0; left < page.width; left += side) {
      Data tile(3 * static_cast<std::size_t>(side) * static_cast<std::size_t>(side));
      for (int y = top; y < std::min(page.height, top + side); ++y) {
        for (int x = left; x < std::min(page.width, left + side); ++x) {
          std::ranges::copy(At(page, x, y),
                            tile.begin() + 3 * ((y - top) * std::ptrdiff_t{side} + x - left));
        }
      }
      TIFFWriteTile(file, tile.data(), static_cast<std::uint32_t>(left),
                    static_cast<std::uint32_t>(top), 0, 0);
    }
  }
}

void AppendChunk(Data& out, const char* name, const Data& content) {
  PutBig(out, static_cast<std::uint32_t>(content.size()), 4);
  const std::size_t begin = out.size();
  Append(out, {name});
  out.insert(out.end(), content.begin(), content.end());
  PutBig(out, PngChecksum(std::span(out).subspan(begin)), 4);
}

Data FrameControl(std::uint32_t sequence, const Picture& picture) {
  Data content;
  PutBig(content, sequence, 4);
  PutBig(content, static_cast<std::uint32_t>(picture.width), 4);
  PutBig(content, static_cast<std::uint32_t>(picture.height), 4);
  content.resize(content.size() + 14);
  return content;
}

// Signature and IHDR.
constexpr std::size_t kPngHeader = 33;

}  // namespace

std::uint32_t PngChecksum(std::span<const std::uint8_t> chunk) {
  return static_cast<std::uint32_t>(crc32(0, chunk.data(), static_cast<uInt>(chunk.size())));
}

Data WithPngChunk(const Data& png, const char* name, const Data& content) {
  Data out(png.begin(), png.begin() + kPngHeader);
  AppendChunk(out, name, content);
  out.insert(out.end(), png.begin() + kPngHeader, png.end());
  return out;
}

Data EncodePnm(const Picture& picture, int kind, int most_value) {
  Data out;
  Append(out, {"P", std::to_string(kind), "\n"});
  const std::string width = std::to_string(picture.width);
  const std::string height = std::to_string(picture.height);
  const std::string most = std::to_string(most_value);
  if (kind == 7) {
    Append(out, {"WIDTH ", width, "\nHEIGHT ", height, "\n# words\nDEPTH 4\nMAXVAL ", most,
                 "\nTUPLTYPE RGB_ALPHA\nENDHDR\n"});
  } else {
    Append(out, {"# words, 7 8 9\n", width, " ", height, "\n"});
    if (kind != 1 && kind != 4) Append(out, {most, "\n"});
  }
  for (int y = 0; y < picture.height; ++y) {
    std::uint32_t bits = 0;
    int held = 0;
    for (int x = 0; x < picture.width; ++x) {
      for (const int sample : SamplesOf(At(picture, x, y), kind)) {
        const int value = kind == 1 || kind == 4 ? sample : (sample * most_value + 127) / 255;
        if (kind <= 3) {
          Append(out, {std::to_string(value), kind == 1 ? "" : " "});
        } else if (kind == 4) {
          bits = bits << 1 | static_cast<std::uint32_t>(value);
          if (++held == 8) Put(out, bits, 1), bits = 0, held = 0;
        } else {
          PutBig(out, static_cast<std::uint32_t>(value), most_value > 255 ? 2 : 1);
        }
      }
    }
    if (held > 0) Put(out, bits << (8 - held), 1);
    if (kind <= 3) Append(out, {"\n"});
  }
  return out;
}

Data EncodeBmp(const Picture& picture, const BmpStyle& style) {
  const bool palette = style.depth <= 8;
  const std::map<Colour, std::size_t> colours =
      palette ? PaletteOf(picture) : std::map<Colour, std::size_t>();
  const std::uint32_t places = palette ? 1U << style.depth : 0;
  const std::uint32_t header = style.core ? 12 : 40;
  const std::uint32_t masks = style.masks ? 12 : 0;
  Data out = {'B', 'M'};
  Put(out, 0, 8);
  Put(out, 14 + header + masks + places * (style.core ? 3 : 4), 4);
  Put(out, header, 4);
  Put(out, static_cast<std::uint32_t>(picture.width), style.core ? 2 : 4);
  Put(out, static_cast<std::uint32_t>(style.top_down ? -picture.height : picture.height),
      style.core ? 2 : 4);
  Put(out, 1, 2);
  Put(out, static_cast<std::uint32_t>(style.depth), 2);
  if (!style.core) {
    Put(out, style.masks ? 3 : !style.run_length ? 0 : style.depth == 8 ? 1 : 2, 4);
    Put(out, 0, 4);
    for (int i = 0; i < 4; ++i) Put(out, 0, 4);
  }
  if (style.masks) {
    for (const std::uint32_t mask : style.depth == 16
                                        ? std::array<std::uint32_t, 3>{0xF800, 0x07E0, 0x1F}
                                        : std::array<std::uint32_t, 3>{0xFF, 0xFF00, 0xFF0000}) {
      Put(out, mask, 4);
    }
  }
  std::vector<Colour> table(places);
  for (const auto& [colour, index] : colours) table[index] = colour;
  for (const Colour& c : table) {
    out.insert(out.end(), {c[2], c[1], c[0]});
    if (!style.core) out.push_back(0);
  }
  for (int i = 0; i < picture.height; ++i) {
    const int y = style.top_down ? i : picture.height - 1 - i;
    if (!style.run_length) {
      PutPixels(picture, style, colours, y, out);
      continue;
    }
    std::vector<int> row;
    for (int x = 0; x < picture.width; ++x)
      row.push_back(static_cast<int>(colours.at(At(picture, x, y))));
    PutRun(row, style.depth == 4, out);
  }
  if (style.run_length) out.insert(out.end(), {0, 1});
  return out;
}

Data EncodeWebpAnimation(const std::vector<Picture>& frames) {
  WebPAnimEncoderOptions options;
  WebPAnimEncoderOptionsInit(&options);
  WebPAnimEncoder* encoder = WebPAnimEncoderNew(frames[0].width, frames[0].height, &options);
  WebPConfig config;
  WebPConfigInit(&config);
  config.lossless = 1;
  config.method = 0;
  int time_ms = 0;
  for (const Picture& frame : frames) {
    WebPPicture picture;
    WebPPictureInit(&picture);
    picture.use_argb = 1;
    picture.width = frame.width;
    picture.height = frame.height;
    WebPPictureImportRGB(&picture, frame.rgb.data(), 3 * frame.width);
    WebPAnimEncoderAdd(encoder, &picture, time_ms, &config);
    WebPPictureFree(&picture);
    time_ms += 100;
  }
  WebPAnimEncoderAdd(encoder, nullptr, time_ms, nullptr);
  WebPData data;
  WebPDataInit(&data);
  WebPAnimEncoderAssemble(encoder, &data);
  Data out(data.bytes, data.bytes + data.size);
  WebPDataClear(&data);
  WebPAnimEncoderDelete(encoder);
  return out;
}

Data EncodeTiffPages(const std::vector<Picture>& pages, const TiffStyle& style) {
  Sink sink;
  TIFF* file = TIFFClientOpen(
      "memory", "wm", &sink, ReadFrom, WriteTo, SeekIn, [](thandle_t) { return 0; },
      [](thandle_t handle) -> toff_t { return static_cast<Sink*>(handle)->bytes.size(); }, nullptr,
      nullptr);
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const Picture& page = pages[i];
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, page.width);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, page.height);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, style.floating ? 32 : 8);
    if (style.floating) TIFFSetField(file, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_IEEEFP);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
    TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(file, TIFFTAG_COMPRESSION,
                 style.deflated ? COMPRESSION_ADOBE_DEFLATE : COMPRESSION_NONE);
    if (style.thumbnail_second && i == 1) {
      TIFFSetField(file, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    }
    if (style.tile > 0) {
      TIFFSetField(file, TIFFTAG_TILEWIDTH, style.tile);
      TIFFSetField(file, TIFFTAG_TILELENGTH, style.tile);
      WriteTiles(file, page, style.tile);
    } else {
      TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, 16);
      WriteStrips(file, page, style.floating);
    }
    TIFFWriteDirectory(file);
  }
  TIFFClose(file);
  return sink.bytes;
}

Data EncodeApng(const Picture& first, const Picture& second) {
  const Data a = EncodePng(first);
  const Data b = EncodePng(second);
  Data out(a.begin(), a.begin() + kPngHeader);
  Data control;
  PutBig(control, 2, 4);
  PutBig(control, 0, 4);
  AppendChunk(out, "acTL", control);
  AppendChunk(out, "fcTL", FrameControl(0, first));
  out.insert(out.end(), a.begin() + kPngHeader, a.end() - 12);  // all but IEND
  AppendChunk(out, "fcTL", FrameControl(1, second));
  std::uint32_t sequence = 2;
  for (std::size_t at = kPngHeader; at + 12 < b.size();) {
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | b[at + i];
    if (std::equal(b.begin() + static_cast<std::ptrdiff_t>(at) + 4,
                   b.begin() + static_cast<std::ptrdiff_t>(at) + 8, "IDAT")) {
      Data content;
      PutBig(content, sequence++, 4);
      content.insert(content.end(), b.begin() + static_cast<std::ptrdiff_t>(at) + 8,
                     b.begin() + static_cast<std::ptrdiff_t>(at + 8 + size));
      AppendChunk(out, "fdAT", content);
    }
    at += size + 12;
  }
  AppendChunk(out, "IEND", {});
  return out;
}

}  // namespace kith::hashing::test
