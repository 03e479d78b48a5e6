// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/jpeg_luma.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "hashing/internal/jpeg_bits.h"
#include "hashing/internal/jpeg_huffman.h"

namespace kith::hashing::internal {
namespace {

// Far from where sums or a coefficient's 16 bits end.
constexpr int kLargestMean = 1 << 14;

// Which block of the luma a block of an MCU is; chroma has none.
struct McuBlock {
  int part = 0;  // of the scan
  int across = 0;
  int down = 0;
};

// Rows of blocks, term by term.
class Planes {
 public:
  Planes(std::size_t across, std::size_t down, int terms)
      : across_(across),
        down_(down),
        terms_(static_cast<std::size_t>(terms)),
        values_(across * down * terms_) {}

  void Clear() { std::ranges::fill(values_, std::int16_t{0}); }
  [[nodiscard]] std::size_t across() const { return across_; }
  [[nodiscard]] std::size_t down() const { return down_; }
  [[nodiscard]] std::int16_t& At(std::size_t x, std::size_t y, int term) {
    return values_[(y * terms_ + static_cast<std::size_t>(term)) * across_ + x];
  }
  // The first `shown` blocks of a row.
  [[nodiscard]] LumaRow Row(std::size_t y, std::size_t shown) const {
    LumaRow row;
    for (std::size_t k = 0; k < terms_; ++k) {
      row[k] = std::span(values_).subspan((y * terms_ + k) * across_, shown);
    }
    return row;
  }

 private:
  std::size_t across_;
  std::size_t down_;
  std::size_t terms_;
  std::vector<std::int16_t> values_;
};

// How the blocks of a scan follow each other.
class Walk {
 public:
  Walk(const JpegLayout& layout, const JpegScan& scan) {
    if (scan.parts.size() == 1) {
      const int component = scan.parts[0].component;
      across_ = layout.BlocksAcross(component);
      down_ = layout.BlocksDown(component);
      blocks_.push_back({});
      return;
    }
    luma_across_ = layout.most_across();
    luma_down_ = layout.most_down();
    across_ = (layout.BlocksAcross(0) + luma_across_ - 1) / luma_across_;
    down_ = (layout.BlocksDown(0) + luma_down_ - 1) / luma_down_;
    for (std::size_t p = 0; p < scan.parts.size(); ++p) {
      const JpegComponent& component =
          layout.components[static_cast<std::size_t>(scan.parts[p].component)];
      for (int y = 0; y < component.down; ++y) {
        for (int x = 0; x < component.across; ++x) {
          blocks_.push_back({.part = static_cast<int>(p), .across = x, .down = y});
        }
      }
    }
  }

  [[nodiscard]] int across() const { return across_; }  // MCUs
  [[nodiscard]] int down() const { return down_; }
  [[nodiscard]] const std::vector<McuBlock>& blocks() const { return blocks_; }
  // Of luma in an MCU.
  [[nodiscard]] int luma_across() const { return luma_across_; }
  [[nodiscard]] int luma_down() const { return luma_down_; }

 private:
  int across_ = 0;
  int down_ = 0;
  int luma_across_ = 1;
  int luma_down_ = 1;
  std::vector<McuBlock> blocks_;
};

// Counts MCUs to the next restart marker.
class Restarts {
 public:
  explicit Restarts(int interval) : interval_(interval), left_(interval) {}

  // Before each MCU. `restarted` tells that all predictions begin anew. False: no marker there.
  [[nodiscard]] bool Next(JpegBits& bits, bool& restarted) {
    restarted = false;
    if (interval_ == 0) return true;
    if (left_-- > 0) return true;
    if (!bits.AtEnd() || !bits.TakeRestart(number_)) return false;
    number_ = (number_ + 1) & 7;
    left_ = interval_ - 1;
    restarted = true;
    return true;
  }

 private:
  int interval_;
  int left_;
  int number_ = 0;
};

class SequentialReader {
 public:
  SequentialReader(Bytes bytes, const JpegLayout& layout, int terms, EdgeSink* edges)
      : bytes_(bytes),
        layout_(layout),
        scan_(layout.scans[0]),
        terms_(terms),
        edges_(edges),
        walk_(layout, scan_),
        bits_(bytes, scan_.begin),
        restarts_(scan_.restart_interval),
        rows_(static_cast<std::size_t>(walk_.across()) *
                  static_cast<std::size_t>(walk_.luma_across()),
              static_cast<std::size_t>(walk_.luma_down()), terms) {
    std::map<int, const DcTable*> dc;
    std::map<int, const AcTable*> ac;
    for (const JpegScan::Part& part : scan_.parts) {
      if (!dc.contains(part.dc_code)) {
        dc_tables_.push_back(
            std::make_unique<DcTable>(layout.codes[static_cast<std::size_t>(part.dc_code)]));
        dc[part.dc_code] = dc_tables_.back().get();
      }
      if (!ac.contains(part.ac_code)) {
        ac_tables_.push_back(
            std::make_unique<AcTable>(layout.codes[static_cast<std::size_t>(part.ac_code)]));
        ac[part.ac_code] = ac_tables_.back().get();
      }
      parts_.push_back({dc[part.dc_code], ac[part.ac_code]});
    }
  }

  [[nodiscard]] bool Read(LumaSink& sink) {
    const auto shown = static_cast<std::size_t>(layout_.BlocksAcross(0));
    int given = 0;
    for (int y = 0; y < walk_.down(); ++y) {
      if (terms_ > 1) rows_.Clear();
      if (!ReadMcuRow(y)) return false;
      if (edges_ != nullptr && !edges_->GoOn(y)) return false;
      for (std::size_t row = 0; row < rows_.down(); ++row) {
        if (given++ < layout_.BlocksDown(0)) sink.BlockRow(rows_.Row(row, shown));
      }
    }
    return bits_.AtEnd() && EndsWell(bytes_, bits_.position(bytes_));
  }

 private:
  struct Tables {
    const DcTable* dc;
    const AcTable* ac;
  };

  [[nodiscard]] bool ReadMcuRow(int y) {
    const bool edge_row = edges_ != nullptr && (y == 0 || y == edges_->bottom_row());
    for (int x = 0; x < walk_.across(); ++x) {
      bool restarted = false;
      if (!restarts_.Next(bits_, restarted)) return false;
      if (restarted) means_ = {};
      const bool edge = edge_row || (edges_ != nullptr && (x == 0 || x == walk_.across() - 1));
      for (const McuBlock& block : walk_.blocks()) {
        const auto part = static_cast<std::size_t>(block.part);
        const Tables tables = parts_[part];
        bits_.Fill();
        int difference = 0;
        if (!tables.dc->Take(bits_, difference)) return false;
        int& mean = means_[part];
        mean += difference;
        if (mean > kLargestMean || mean < -kLargestMean) return false;
        if (edge && !ReadEdgeBlock(*tables.ac, block, x, y, mean)) return false;
        if (edge) continue;
        if (block.part != 0) {
          if (!tables.ac->Skip(bits_, 1, kBlockTerms - 1)) return false;
          continue;
        }
        const int block_x = x * walk_.luma_across() + block.across;
        const auto column = static_cast<std::size_t>(block_x);
        const auto row = static_cast<std::size_t>(block.down);
        rows_.At(column, row, 0) = static_cast<std::int16_t>(mean);
        if (!ReadAc(*tables.ac, column, row)) return false;
      }
    }
    return !bits_.overran();
  }

  [[nodiscard]] bool ReadEdgeBlock(const AcTable& table, const McuBlock& block, int x, int y,
                                   int mean) {
    JpegBlock whole{};
    whole[0] = static_cast<std::int16_t>(mean);
    for (std::size_t k = 1; k < kBlockTerms; ++k) {
      bits_.Fill();
      const HuffmanTable::Symbol symbol = table.table().Find(bits_.Peek(16));
      const int run = symbol.value >> 4;
      const int size = symbol.value & 15;
      if (symbol.bits == 0 || (size == 0 && run != 0 && run != 15)) return false;
      bits_.Drop(symbol.bits);
      if (symbol.value == 0) break;
      k += static_cast<std::size_t>(run);
      if (k >= kBlockTerms) return false;
      if (size > 0) whole[k] = static_cast<std::int16_t>(ExtendSign(bits_.Take(size), size));
    }
    const JpegComponent& component = layout_.components[static_cast<std::size_t>(block.part)];
    const bool alone = layout_.components.size() == 1;
    const int block_x = x * (alone ? 1 : component.across) + block.across;
    const int block_y = y * (alone ? 1 : component.down) + block.down;
    edges_->EdgeBlock(block.part, block_x, block_y, whole);
    if (block.part != 0) return true;
    for (std::size_t k = 0; std::cmp_less(k, terms_); ++k) {
      rows_.At(static_cast<std::size_t>(block_x), static_cast<std::size_t>(block.down),
               static_cast<int>(k)) = whole[k];
    }
    return true;
  }

  [[nodiscard]] bool ReadAc(const AcTable& table, std::size_t column, std::size_t row) {
    int k = 1;
    while (k < terms_) {
      bits_.Fill();
      const HuffmanTable::Symbol symbol = table.table().Find(bits_.Peek(16));
      const int run = symbol.value >> 4;
      const int size = symbol.value & 15;
      if (symbol.bits == 0 || (size == 0 && run != 0 && run != 15)) return false;
      bits_.Drop(symbol.bits);
      if (symbol.value == 0) return true;
      k += run;
      if (size > 0) {
        const int value = ExtendSign(bits_.Take(size), size);
        if (k < terms_) rows_.At(column, row, k) = static_cast<std::int16_t>(value);
      }
      ++k;
    }
    return table.Skip(bits_, k, kBlockTerms - 1);
  }

  Bytes bytes_;
  const JpegLayout& layout_;
  const JpegScan& scan_;
  const int terms_;
  EdgeSink* const edges_;
  const Walk walk_;
  JpegBits bits_;
  Restarts restarts_;
  std::vector<std::unique_ptr<DcTable>> dc_tables_;
  std::vector<std::unique_ptr<AcTable>> ac_tables_;
  std::vector<Tables> parts_;
  Planes rows_;                 // of one row of MCUs
  std::array<int, 3> means_{};  // of each part of the scan, up to here
};

// The scan that first gives AC terms of the luma that are wanted.
const JpegScan* FirstAcScan(const JpegLayout& layout) {
  const auto found = std::ranges::find_if(layout.scans, [](const JpegScan& scan) {
    return scan.parts[0].component == 0 && scan.first >= 1 && scan.first < kLumaTerms &&
           scan.high == 0;
  });
  return found == layout.scans.end() ? nullptr : &*found;
}

class ProgressiveReader {
 public:
  ProgressiveReader(Bytes bytes, const JpegLayout& layout, int terms)
      : bytes_(bytes),
        layout_(layout),
        terms_(terms),
        blocks_(static_cast<std::size_t>(layout.BlocksAcross(0)),
                static_cast<std::size_t>(layout.BlocksDown(0)), terms) {}

  [[nodiscard]] bool Read(LumaSink& sink) {
    const JpegScan* const ac_scan = terms_ > 1 ? FirstAcScan(layout_) : nullptr;
    for (const JpegScan& scan : layout_.scans) {
      if (scan.first == 0) {
        if (scan.parts[0].component == 0 && !ReadMeans(scan)) return false;
      } else if (&scan == ac_scan && !ReadAcTerms(scan)) {
        return false;
      }
    }
    for (std::size_t y = 0; y < blocks_.down(); ++y) {
      sink.BlockRow(blocks_.Row(y, blocks_.across()));
    }
    return true;
  }

 private:
  // The mean of a block; null for chroma and for what lies outside the picture.
  [[nodiscard]] std::int16_t* MeanAt(const Walk& walk, const McuBlock& block, int x, int y) {
    if (block.part != 0) return nullptr;
    const int block_x = x * walk.luma_across() + block.across;
    const int block_y = y * walk.luma_down() + block.down;
    const auto column = static_cast<std::size_t>(block_x);
    const auto row = static_cast<std::size_t>(block_y);
    const bool is_inside = column < blocks_.across() && row < blocks_.down();
    return is_inside ? &blocks_.At(column, row, 0) : nullptr;
  }

  // The first scan of means, or one that makes them finer.
  [[nodiscard]] bool ReadMeans(const JpegScan& scan) {
    const Walk walk(layout_, scan);
    JpegBits bits(bytes_, scan.begin);
    Restarts restarts(scan.restart_interval);
    std::vector<DcTable> tables;
    if (scan.high == 0) {
      for (const JpegScan::Part& part : scan.parts) {
        tables.emplace_back(layout_.codes[static_cast<std::size_t>(part.dc_code)]);
      }
    }
    int mean = 0;
    for (int y = 0; y < walk.down(); ++y) {
      for (int x = 0; x < walk.across(); ++x) {
        bool restarted = false;
        if (!restarts.Next(bits, restarted)) return false;
        if (restarted) mean = 0;
        for (const McuBlock& block : walk.blocks()) {
          bits.Fill();
          std::int16_t* const out = MeanAt(walk, block, x, y);
          if (scan.high != 0) {
            const int bit = static_cast<int>(bits.Take(1)) << scan.low;
            if (out != nullptr) *out = static_cast<std::int16_t>(*out | bit);
            continue;
          }
          int difference = 0;
          if (!tables[static_cast<std::size_t>(block.part)].Take(bits, difference)) return false;
          if (block.part != 0) continue;
          mean += difference;
          if (mean > kLargestMean >> scan.low || mean < -(kLargestMean >> scan.low)) return false;
          if (out != nullptr) *out = static_cast<std::int16_t>(mean * (1 << scan.low));
        }
      }
      if (bits.overran()) return false;
    }
    return bits.AtEnd();
  }

  // The first scan of AC terms of the luma.
  [[nodiscard]] bool ReadAcTerms(const JpegScan& scan) {
    const HuffmanTable table(layout_.codes[static_cast<std::size_t>(scan.parts[0].ac_code)]);
    JpegBits bits(bytes_, scan.begin);
    Restarts restarts(scan.restart_interval);
    std::uint32_t empty_blocks = 0;
    for (std::size_t y = 0; y < blocks_.down(); ++y) {
      for (std::size_t x = 0; x < blocks_.across(); ++x) {
        bool restarted = false;
        if (!restarts.Next(bits, restarted)) return false;
        if (restarted && empty_blocks != 0) return false;
        if (empty_blocks > 0) {
          --empty_blocks;
        } else if (!ReadBlock(scan, table, bits, x, y, empty_blocks)) {
          return false;
        }
      }
      if (bits.overran()) return false;
    }
    return empty_blocks == 0 && bits.AtEnd();
  }

  [[nodiscard]] bool ReadBlock(const JpegScan& scan, const HuffmanTable& table, JpegBits& bits,
                               std::size_t x, std::size_t y, std::uint32_t& empty_blocks) {
    for (int k = scan.first; k <= scan.last; ++k) {
      bits.Fill();
      const HuffmanTable::Symbol symbol = table.Find(bits.Peek(16));
      if (symbol.bits == 0) return false;
      bits.Drop(symbol.bits);
      const int run = symbol.value >> 4;
      const int size = symbol.value & 15;
      if (size == 0 && run < 15) {
        empty_blocks = (1u << run) - 1 + (run == 0 ? 0 : bits.Take(run));
        return true;
      }
      k += run;
      if (k > scan.last) return false;
      if (size == 0) continue;
      const int value = ExtendSign(bits.Take(size), size);
      if (k < terms_) {
        // Of what it may be, the middle.
        const int middle = ((1 << scan.low) - 1) / 2;
        blocks_.At(x, y, k) =
            static_cast<std::int16_t>(value * (1 << scan.low) + (value < 0 ? -middle : middle));
      }
    }
    return true;
  }

  Bytes bytes_;
  const JpegLayout& layout_;
  const int terms_;
  Planes blocks_;
};

}  // namespace

int UnknownAcBits(const JpegLayout& layout) {
  if (!layout.progressive) return 0;
  const JpegScan* const scan = FirstAcScan(layout);
  // Where the first scan stops early, the terms behind it are not known at all.
  const bool gives_all = scan != nullptr && scan->first == 1 && scan->last >= kLumaTerms - 1;
  return gives_all ? scan->low : 16;
}

bool ReadLuma(Bytes bytes, const JpegLayout& layout, int terms, LumaSink& sink, EdgeSink* edges) {
  if (layout.progressive) return ProgressiveReader(bytes, layout, terms).Read(sink);
  return SequentialReader(bytes, layout, terms, edges).Read(sink);
}

}  // namespace kith::hashing::internal
