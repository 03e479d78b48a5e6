// SPDX-License-Identifier: Apache-2.0
#include "hashing/internal/jpeg_layout.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

namespace kith::hashing::internal {
namespace {

enum Marker : std::uint8_t {
  kStuffing = 0x00,
  kSof0 = 0xC0,
  kSof1 = 0xC1,
  kSof2 = 0xC2,
  kDht = 0xC4,
  kRst0 = 0xD0,
  kRst7 = 0xD7,
  kSoi = 0xD8,
  kEoi = 0xD9,
  kSos = 0xDA,
  kDqt = 0xDB,
  kDri = 0xDD,
  kApp0 = 0xE0,
  kApp14 = 0xEE,
  kApp15 = 0xEF,
  kCom = 0xFE,
  kFill = 0xFF,
};

constexpr int kTables = 4;
constexpr int kMostBlocksInMcu = 10;
constexpr int kMostDcBits = 11;
constexpr int kMostAcBits = 10;

int CeilDiv(std::int64_t a, std::int64_t b) { return static_cast<int>((a + b - 1) / b); }

// A marker and its segment's content.
struct Segment {
  std::uint8_t marker = 0;
  Bytes content;
};

class LayoutReader {
 public:
  LayoutReader(Bytes bytes, const DecodeLimits& limits) : bytes_(bytes), limits_(limits) {}

  [[nodiscard]] bool Read() {
    if (bytes_.size() < 4 || bytes_[0] != kFill || bytes_[1] != kSoi) return false;
    at_ = 2;
    while (const auto segment = NextSegment()) {
      if (segment->marker == kEoi) return layout_.progressive && IsComplete();
      if (!Take(*segment)) return false;
      if (segment->marker != kSos) continue;
      if (!layout_.progressive) return true;
      if (!SkipScan()) return false;
    }
    return false;
  }

  [[nodiscard]] JpegLayout Finish() { return std::move(layout_); }

  [[nodiscard]] bool ReadToEnd(std::size_t at) {
    at_ = at;
    while (const auto segment = NextSegment()) {
      if (segment->marker == kEoi) return true;
      if (segment->marker != kCom && !(segment->marker >= kApp0 && segment->marker <= kApp15)) {
        return false;
      }
    }
    return false;
  }

 private:
  [[nodiscard]] std::optional<Segment> NextSegment() {
    if (at_ + 2 > bytes_.size() || bytes_[at_] != kFill) return std::nullopt;
    while (at_ + 1 < bytes_.size() && bytes_[at_ + 1] == kFill) ++at_;
    if (at_ + 2 > bytes_.size()) return std::nullopt;
    Segment segment{.marker = bytes_[at_ + 1], .content = {}};
    at_ += 2;
    if (segment.marker == kEoi) return segment;
    // What has no length is none of these: it fails below or in Take.
    if (at_ + 2 > bytes_.size()) return std::nullopt;
    const std::size_t length = std::size_t{256} * bytes_[at_] + bytes_[at_ + 1];
    if (length < 2 || length > bytes_.size() - at_) return std::nullopt;
    segment.content = bytes_.subspan(at_ + 2, length - 2);
    at_ += length;
    return segment;
  }

  [[nodiscard]] bool Take(const Segment& segment) {
    switch (segment.marker) {
      case kSof0:
      case kSof1:
      case kSof2:
        return TakeFrame(segment);
      case kDht:
        return TakeCodes(segment.content);
      case kDqt:
        return TakeQuantisers(segment.content);
      case kDri:
        if (segment.content.size() != 2) return false;
        restart_interval_ = 256 * segment.content[0] + segment.content[1];
        return true;
      case kSos:
        return TakeScan(segment.content);
      case kApp0:
        saw_jfif_ = saw_jfif_ || (segment.content.size() >= 14 && StartsWith(segment, "JFIF"));
        return true;
      case kApp14:
        return TakeAdobe(segment);
      default:
        return segment.marker == kCom || (segment.marker > kApp0 && segment.marker <= kApp15);
    }
  }

  // `name` and a zero behind it.
  [[nodiscard]] static bool StartsWith(const Segment& segment, std::string_view name) {
    return segment.content.size() > name.size() && segment.content[name.size()] == 0 &&
           std::memcmp(segment.content.data(), name.data(), name.size()) == 0;
  }

  [[nodiscard]] bool TakeAdobe(const Segment& segment) {
    const Bytes content = segment.content;
    if (content.size() < 12 || std::memcmp(content.data(), "Adobe", 5) != 0) return true;
    saw_adobe_ = true;
    adobe_transform_ = content[11];
    return true;
  }

  [[nodiscard]] bool TakeQuantisers(Bytes content) {
    // libjpeg keeps for a component what stood there at its first scan.
    if (!layout_.scans.empty()) return false;
    while (!content.empty()) {
      const bool wide = content[0] >> 4 == 1;
      const std::size_t size = 1 + std::size_t{kBlockTerms} * (wide ? 2 : 1);
      if (content[0] >> 4 > 1 || (content[0] & 15) >= kTables || content.size() < size) {
        return false;
      }
      auto& steps = quantisers_[content[0] & 15].emplace();
      for (std::size_t k = 0; k < kBlockTerms; ++k) {
        steps[k] = wide ? static_cast<std::uint16_t>(256 * content[1 + 2 * k] + content[2 + 2 * k])
                        : content[1 + k];
        if (steps[k] == 0) return false;
      }
      content = content.subspan(size);
    }
    return true;
  }

  [[nodiscard]] bool TakeCodes(Bytes content) {
    while (!content.empty()) {
      const int is_ac = content[0] >> 4;
      const int place = content[0] & 15;
      if (is_ac > 1 || place >= kTables || content.size() < 17) return false;
      HuffmanCode code;
      std::size_t count = 0;
      std::uint32_t free_codes = 1;  // of the length at hand
      for (std::size_t bits = 1; bits <= 16; ++bits) {
        code.counts[bits] = content[bits];
        count += content[bits];
        free_codes *= 2;
        if (content[bits] > free_codes) return false;
        free_codes -= content[bits];
      }
      if (count == 0 || count > 256 || content.size() < 17 + count) return false;
      code.symbols.assign(content.begin() + 17, content.begin() + 17 + static_cast<int>(count));
      for (const std::uint8_t symbol : code.symbols) {
        if (is_ac == 0 ? symbol > kMostDcBits : (symbol & 15) > kMostAcBits) return false;
      }
      // Kept apart from what earlier scans use.
      (is_ac == 1 ? ac_codes_ : dc_codes_)[static_cast<std::size_t>(place)] =
          static_cast<int>(layout_.codes.size());
      layout_.codes.push_back(std::move(code));
      if (layout_.codes.size() > kMostCodes) return false;
      content = content.subspan(17 + count);
    }
    return true;
  }

  [[nodiscard]] bool TakeFrame(const Segment& segment) {
    const Bytes content = segment.content;
    if (!layout_.components.empty() || content.size() < 6 || content[0] != 8) return false;
    layout_.progressive = segment.marker == kSof2;
    layout_.height = 256 * content[1] + content[2];
    layout_.width = 256 * content[3] + content[4];
    const std::size_t count = content[5];
    if (layout_.height == 0 || layout_.width == 0 || (count != 1 && count != 3) ||
        content.size() != 6 + 3 * count) {
      return false;
    }
    for (std::size_t c = 0; c < count; ++c) {
      const Bytes part = content.subspan(6 + 3 * c, 3);
      const JpegComponent component{
          .id = part[0], .across = part[1] >> 4, .down = part[1] & 15, .quantiser = part[2]};
      const bool is_known = std::ranges::any_of(
          layout_.components, [&](const JpegComponent& seen) { return seen.id == component.id; });
      if (is_known || component.across < 1 || component.across > 4 || component.down < 1 ||
          component.down > 4 || component.quantiser >= kTables) {
        return false;
      }
      layout_.components.push_back(component);
    }
    const JpegComponent& luma = layout_.components[0];
    if (luma.across != layout_.most_across() || luma.down != layout_.most_down()) return false;
    const std::uint64_t pixels =
        static_cast<std::uint64_t>(layout_.width) * static_cast<std::uint64_t>(layout_.height);
    if (std::cmp_greater(std::max(layout_.width, layout_.height), limits_.max_side) ||
        pixels > limits_.max_pixels) {
      return false;
    }
    return !layout_.progressive || CoefficientBytes() <= limits_.max_memory_bytes;
  }

  // What libjpeg would hold of a progressive picture.
  [[nodiscard]] std::uint64_t CoefficientBytes() const {
    std::uint64_t blocks = 0;
    for (int c = 0; std::cmp_less(c, layout_.components.size()); ++c) {
      blocks += static_cast<std::uint64_t>(layout_.BlocksAcross(c)) *
                static_cast<std::uint64_t>(layout_.BlocksDown(c));
    }
    return blocks * kBlockTerms * sizeof(std::int16_t);
  }

  // As libjpeg decides it.
  [[nodiscard]] bool IsGreyOrYcc() const {
    if (layout_.components.size() == 1 || saw_jfif_) return true;
    if (saw_adobe_) return adobe_transform_ == 1;
    const auto has_ids = [this](std::uint8_t a, std::uint8_t b, std::uint8_t c) {
      return layout_.components[0].id == a && layout_.components[1].id == b &&
             layout_.components[2].id == c;
    };
    return !has_ids('R', 'G', 'B');
  }

  [[nodiscard]] bool TakeScan(Bytes content) {
    if (layout_.components.empty() || content.empty()) return false;
    const std::size_t count = content[0];
    if (count < 1 || count > layout_.components.size() || content.size() != 4 + 2 * count) {
      return false;
    }
    JpegScan scan{.parts = {},
                  .first = content[1 + 2 * count],
                  .last = content[2 + 2 * count],
                  .high = content[3 + 2 * count] >> 4,
                  .low = content[3 + 2 * count] & 15,
                  .restart_interval = restart_interval_,
                  .begin = at_};
    int blocks = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto component =
          std::ranges::find(layout_.components, content[1 + 2 * i], &JpegComponent::id);
      if (component == layout_.components.end()) return false;
      const int place = static_cast<int>(component - layout_.components.begin());
      // In the order of the frame, each once: libjpeg is more lenient.
      if (!scan.parts.empty() && scan.parts.back().component >= place) return false;
      const std::uint8_t tables = content[2 + 2 * i];
      if (tables >> 4 >= kTables || (tables & 15) >= kTables) return false;
      scan.parts.push_back({.component = place,
                            .dc_code = dc_codes_[tables >> 4],
                            .ac_code = ac_codes_[tables & 15]});
      blocks += component->across * component->down;
    }
    if (count > 1 && blocks > kMostBlocksInMcu) return false;
    if (layout_.scans.empty() && !TakeColour()) return false;
    if (!(layout_.progressive ? IsProgress(scan) : IsWholePicture(scan))) return false;
    layout_.scans.push_back(std::move(scan));
    return std::cmp_less_equal(layout_.scans.size(), limits_.max_scans);
  }

  [[nodiscard]] bool TakeColour() {
    for (const JpegComponent& component : layout_.components) {
      const auto& steps = quantisers_[static_cast<std::size_t>(component.quantiser)];
      if (!steps.has_value()) return false;
      layout_.quantisers.push_back(*steps);
    }
    for (auto& known : known_) known.fill(kNothing);
    return IsGreyOrYcc();
  }

  [[nodiscard]] bool IsWholePicture(const JpegScan& scan) const {
    return scan.parts.size() == layout_.components.size() && scan.first == 0 && scan.last == 63 &&
           scan.high == 0 && scan.low == 0 &&
           std::ranges::all_of(scan.parts, [](const JpegScan::Part& part) {
             return part.dc_code >= 0 && part.ac_code >= 0;
           });
  }

  // Whether a scan goes on exactly where those before it ended, and has the tables that it needs.
  [[nodiscard]] bool IsProgress(const JpegScan& scan) {
    const bool is_dc = scan.first == 0;
    if (is_dc ? scan.last != 0 : scan.parts.size() != 1 || scan.last < scan.first) return false;
    if (scan.last > 63 || scan.low > 13 || (scan.high != 0 && scan.low != scan.high - 1)) {
      return false;
    }
    for (const JpegScan::Part& part : scan.parts) {
      if (is_dc ? scan.high == 0 && part.dc_code < 0 : part.ac_code < 0) return false;
      auto& known = known_[static_cast<std::size_t>(part.component)];
      if (!is_dc && known[0] == kNothing) return false;
      for (int k = scan.first; k <= scan.last; ++k) {
        std::int8_t& bits = known[static_cast<std::size_t>(k)];
        if (scan.high == 0 ? bits != kNothing : bits != scan.high) return false;
        bits = static_cast<std::int8_t>(scan.low);
      }
    }
    return true;
  }

  // With all bits known libjpeg guesses none.
  [[nodiscard]] bool IsComplete() const {
    for (std::size_t c = 0; c < layout_.components.size(); ++c) {
      for (const std::int8_t bits : known_[c]) {
        if (bits != 0) return false;
      }
    }
    return !layout_.scans.empty();
  }

  // To the marker behind the entropy-coded bytes.
  [[nodiscard]] bool SkipScan() {
    while (at_ + 1 < bytes_.size()) {
      const void* found = std::memchr(bytes_.data() + at_, kFill, bytes_.size() - at_ - 1);
      if (found == nullptr) return false;
      at_ = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - bytes_.data());
      const std::uint8_t next = bytes_[at_ + 1];
      if (next == kStuffing) {
        at_ += 2;
      } else if (next >= kRst0 && next <= kRst7) {
        if (restart_interval_ == 0) return false;
        at_ += 2;
      } else {
        return true;
      }
    }
    return false;
  }

  static constexpr std::int8_t kNothing = -1;
  static constexpr std::size_t kMostCodes = 4096;

  Bytes bytes_;
  const DecodeLimits& limits_;
  std::size_t at_ = 0;
  JpegLayout layout_;
  int restart_interval_ = 0;
  bool saw_jfif_ = false;
  bool saw_adobe_ = false;
  std::uint8_t adobe_transform_ = 0;
  std::array<std::optional<JpegLayout::Steps>, kTables> quantisers_;
  std::array<int, kTables> dc_codes_{-1, -1, -1, -1};
  std::array<int, kTables> ac_codes_{-1, -1, -1, -1};
  // Of each component and coefficient how many low bits are not known yet.
  std::array<std::array<std::int8_t, kBlockTerms>, 3> known_{};
};

}  // namespace

int JpegLayout::most_across() const {
  return std::ranges::max_element(components, {}, &JpegComponent::across)->across;
}

int JpegLayout::most_down() const {
  return std::ranges::max_element(components, {}, &JpegComponent::down)->down;
}

int JpegLayout::BlocksAcross(int component) const {
  return CeilDiv(std::int64_t{width} * components[static_cast<std::size_t>(component)].across,
                 std::int64_t{kBlockSide} * most_across());
}

int JpegLayout::BlocksDown(int component) const {
  return CeilDiv(std::int64_t{height} * components[static_cast<std::size_t>(component)].down,
                 std::int64_t{kBlockSide} * most_down());
}

std::optional<JpegLayout> ReadJpegLayout(Bytes bytes, const DecodeLimits& limits) {
  LayoutReader reader(bytes, limits);
  if (!reader.Read()) return std::nullopt;
  return reader.Finish();
}

bool EndsWell(Bytes bytes, std::size_t at) { return LayoutReader(bytes, {}).ReadToEnd(at); }

}  // namespace kith::hashing::internal
