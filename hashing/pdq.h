// SPDX-License-Identifier: Apache-2.0
//
// Purpose: PDQ: from the rows of an RGB picture to 16x16 coefficients, and from these to a 256-bit
// code, its quality, and the spread that tells a usable code from noise.
//
// Thread-safety: pure functions; a PdqStream belongs to one thread at a time.
// Shapes and units: pixels are 8-bit R, G, B, three bytes a pixel, rows from the top, the picture
// as it is stored (no EXIF orientation). Coefficients are in grey levels. Quality is 0..100.
// Arithmetic: double, in one fixed order, never contracted to fused multiply-add, so that every
// build and every processor gives the same bits.
// Complexity: O(width * height) time; O(width) memory, no plane of full size.
// Source: the PDQ paper and reference of ThreatExchange, as tests/golden pins them bit for bit. The
// two passes of the box filter are linear and separable and are read at 64x64 points only, so they
// are applied as two sparse matrices.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace kith::hashing {

// A PDQ code in printed order: byte 0 is the first two hex digits, most significant first.
using Code = std::array<std::uint8_t, 32>;

// How pixels become the luma plane.
enum class Dialect : std::uint8_t {
  kFull = 0,    // luma at full resolution: pdqhash-python, HMA, `tx`
  kCli512 = 1,  // a picture with a side over 512 is first sampled to 512x512: the reference's CLI
};

// "full", "cli512".
[[nodiscard]] std::string_view DialectName(Dialect dialect);

// 64 lower-case hex digits.
[[nodiscard]] std::string ToHex(const Code& code);

// Number of differing bits, 0..256.
[[nodiscard]] int HammingDistance(const Code& a, const Code& b);

// Pictures below either gate are hashed, but their codes are not usable: not enrolled, not
// searched.
//
// How the gate of the spread was chosen (figures in grey levels). Of 446 pictures in Debian's
// photograph packages with quality >= 50 all have 4.8 and more but for a drawing of stripes and
// some icons of a few lines, 0.9 and less. Drawn stripes, ramps, steps, waves and bar codes are
// below 1e-12, exact and as JPEG of quality 10 to 95, which moves up to 136 of their bits. The same
// stripes under noise of +-16 grey levels reach 0.2 to 1.1 but in thumbnails, and JPEG of quality
// 50 moves some 45 bits. The gate lies at the lower end of what is between, because to gate a real
// picture costs a match, and to let stripes pass costs a look at a lead.
inline constexpr int kUsableQuality = 50;
inline constexpr double kMinimumSpread = 1.0;

// Sides below this give code zero, quality 0, spread 0.
inline constexpr int kMinimumSide = 5;

// B[i][j] at [16 * i + j]; i is the vertical frequency i + 1, j the horizontal frequency j + 1.
using Coefficients = std::array<double, 256>;

struct Pdq {
  Coefficients coefficients{};
  Code code{};        // original orientation; the other seven: hashing/orientation.h
  int quality = 0;    // gradient sum of the 64x64 plane
  double spread = 0;  // see SpreadOf

  // True if the code says something about the picture: quality and spread reach the gates.
  [[nodiscard]] bool usable() const {
    return quality >= kUsableQuality && spread >= kMinimumSpread;
  }
};

// Bit k is "coefficient k is greater than the 128th smallest".
[[nodiscard]] Code CodeOf(const Coefficients& coefficients);

// The median distance of the coefficients from their own median. A picture that is constant along
// one axis has coefficients that are all zero but for rounding: its bits are noise although its
// quality may be 100.
[[nodiscard]] double SpreadOf(const Coefficients& coefficients);

// Takes the rows of one picture from the top, each once, and gives its PDQ.
class PdqStream {
 public:
  // Requires width >= 1 and height >= 1.
  PdqStream(int width, int height, Dialect dialect);
  ~PdqStream();
  PdqStream(PdqStream&&) noexcept;
  PdqStream& operator=(PdqStream&&) noexcept;

  // The next row: 3 * width bytes.
  void AddRow(std::span<const std::uint8_t> rgb);

  // Requires that all rows were added.
  [[nodiscard]] Pdq Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The PDQ of a whole picture in memory: 3 * width * height bytes.
[[nodiscard]] Pdq HashRgb(std::span<const std::uint8_t> rgb, int width, int height,
                          Dialect dialect = Dialect::kFull);

}  // namespace kith::hashing
