// SPDX-License-Identifier: Apache-2.0
#include "tests/hashing/luma_check.h"

#include <csetjmp>
#include <cstdio>  // jpeglib.h wants FILE
// jpeglib.h needs what <cstdio> declares, so it comes after it.
#include <jpeglib.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "hashing/internal/borders.h"
#include "hashing/internal/jpeg_edges.h"
#include "hashing/internal/jpeg_luma.h"

namespace kith::hashing::test {
namespace {

using internal::kLumaTerms;
using Blocks = std::vector<std::array<std::int16_t, kLumaTerms>>;

// Row by row, top first.
class Collect : public internal::LumaSink {
 public:
  void BlockRow(const internal::LumaRow& row) override {
    across_ = row[0].size();
    for (std::size_t b = 0; b < across_; ++b) {
      auto& block = blocks_.emplace_back();
      for (std::size_t k = 0; k < kLumaTerms; ++k) {
        block[k] = row[k].empty() ? std::int16_t{0} : row[k][b];
      }
    }
  }
  std::size_t across_ = 0;
  Blocks blocks_;
};

// libjpeg leaves through longjmp, so all state lives here.
class LibJpeg {
 public:
  LibJpeg() {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr info) {
      std::longjmp(static_cast<LibJpeg*>(info->client_data)->jump_, 1);
    };
    errors_.emit_message = [](j_common_ptr, int) {};
    errors_.output_message = [](j_common_ptr) {};
  }
  ~LibJpeg() { jpeg_destroy_decompress(&info_); }
  LibJpeg(const LibJpeg&) = delete;
  LibJpeg& operator=(const LibJpeg&) = delete;

  bool Read(std::span<const std::uint8_t> bytes, Blocks& blocks, std::size_t& across) {
    if (setjmp(jump_) != 0) return false;
    info_.client_data = this;
    jpeg_create_decompress(&info_);
    info_.client_data = this;
    jpeg_mem_src(&info_, bytes.data(), bytes.size());
    jpeg_read_header(&info_, TRUE);
    jvirt_barray_ptr* arrays = jpeg_read_coefficients(&info_);
    across = info_.comp_info[0].width_in_blocks;
    for (JDIMENSION y = 0; y < info_.comp_info[0].height_in_blocks; ++y) {
      JBLOCKARRAY row = info_.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&info_),
                                                      arrays[0], y, 1, FALSE);
      for (std::size_t x = 0; x < across; ++x) {
        static constexpr std::array<std::size_t, kLumaTerms> kNatural = {0, 1, 8, 16, 9, 2};
        auto& block = blocks.emplace_back();
        for (std::size_t k = 0; k < kLumaTerms; ++k) block[k] = row[0][x][kNatural[k]];
      }
    }
    return true;
  }

 private:
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf jump_{};
};

// A term that lacks its `unknown` low bits, and is taken in their middle.
bool IsNear(int ours, int theirs, int unknown) {
  const int lost = (1 << unknown) - 1;
  if (ours == 0) return std::abs(theirs) <= lost;
  const int least = std::abs(ours) - lost / 2;
  return (ours < 0) == (theirs < 0) && std::abs(theirs) >= least &&
         std::abs(theirs) <= least + lost;
}

class Borders : public RowSink {
 public:
  void Begin(int width, int height) override { finder_.emplace(width, height); }
  void Rows(const std::uint8_t* rgb, int count, std::size_t stride) override {
    for (std::size_t i = 0; std::cmp_less(i, count); ++i) finder_->AddRow(rgb + i * stride);
  }
  [[nodiscard]] bool any() const { return finder_.has_value() && finder_->Find().has_value(); }

 private:
  std::optional<internal::BorderFinder> finder_;
};

// What the edges say to have no borders has none, and is whole.
bool EdgesAreRight(std::span<const std::uint8_t> bytes, const internal::JpegLayout& layout,
                   const DecodeLimits& limits) {
  internal::JpegEdges edges(layout);
  Collect rest;
  if (layout.progressive || !internal::ReadLuma(bytes, layout, 1, rest, &edges)) return true;
  if (edges.MayHaveBorders()) return true;
  Borders borders;
  return Decode(bytes, limits, borders).disposition == Disposition::kHashed && !borders.any();
}

}  // namespace

LumaVerdict CheckLuma(std::span<const std::uint8_t> bytes, int terms, const DecodeLimits& limits) {
  const auto layout = internal::ReadJpegLayout(bytes, limits);
  if (!layout.has_value()) return LumaVerdict::kNotKnown;
  Collect ours;
  if (!internal::ReadLuma(bytes, *layout, terms, ours)) return LumaVerdict::kNotKnown;
  LibJpeg reader;
  Blocks theirs;
  std::size_t across = 0;
  if (!reader.Read(bytes, theirs, across)) return LumaVerdict::kDiffers;
  if (across != ours.across_ || theirs.size() != ours.blocks_.size()) return LumaVerdict::kDiffers;
  const int unknown = internal::UnknownAcBits(*layout);
  for (std::size_t b = 0; b < theirs.size(); ++b) {
    if (ours.blocks_[b][0] != theirs[b][0]) return LumaVerdict::kDiffers;
    if (unknown > 13) continue;  // the first scan gives not all terms
    for (std::size_t k = 1; k < static_cast<std::size_t>(terms); ++k) {
      if (!IsNear(ours.blocks_[b][k], theirs[b][k], unknown)) return LumaVerdict::kDiffers;
    }
  }
  return EdgesAreRight(bytes, *layout, limits) ? LumaVerdict::kAgrees : LumaVerdict::kDiffers;
}

}  // namespace kith::hashing::test
