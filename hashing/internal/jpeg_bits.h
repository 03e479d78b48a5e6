// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the bits of a JPEG's entropy-coded bytes, with the stuffing taken out, up to the next
// marker.
//
// Thread-safety: one thread at a time. Complexity: O(1) a call. Behind the marker lie zeros without
// end; overran() tells whether one of them was used.
// Source: ITU-T T.81, F.2.2.5.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace kith::hashing::internal {

class JpegBits {
 public:
  // How many bits there are after Fill.
  static constexpr int kFilled = 56;

  JpegBits(std::span<const std::uint8_t> bytes, std::size_t at)
      : at_(bytes.data() + at), end_(bytes.data() + bytes.size()) {
    FindNextFill();
  }

  void Fill() {
    if (at_ < plain_end_) {
      // The bits below the counted ones are already those that follow: or-ing them again changes
      // nothing.
      std::uint64_t next = 0;
      std::memcpy(&next, at_, sizeof next);
      if constexpr (std::endian::native == std::endian::little) next = __builtin_bswap64(next);
      buffer_ |= next >> count_;
      at_ += (63 - count_) >> 3;
      count_ |= 56;
    } else if (count_ < kFilled) {
      FillSlowly();
    }
  }

  // 1 to 32 bits, which must be there.
  [[nodiscard]] std::uint32_t Peek(int bits) const {
    return static_cast<std::uint32_t>(buffer_ >> (64 - bits));
  }
  void Drop(int bits) {
    buffer_ <<= bits;
    count_ -= bits;
  }
  [[nodiscard]] std::uint32_t Take(int bits) {
    const std::uint32_t value = Peek(bits);
    Drop(bits);
    return value;
  }

  [[nodiscard]] bool overran() const { return count_ < zeros_; }

  // Whether nothing but the rest of a byte is left before a marker. Then position() is the
  // marker's.
  [[nodiscard]] bool AtEnd() {
    Fill();
    return at_marker_ && !overran() && count_ - zeros_ < 8;
  }
  [[nodiscard]] std::size_t position(std::span<const std::uint8_t> bytes) const {
    return static_cast<std::size_t>(at_ - bytes.data());
  }

  // Goes on behind the marker at the position, if it is restart marker `number`.
  [[nodiscard]] bool TakeRestart(int number) {
    if (end_ - at_ < 2 || at_[1] != 0xD0 + number) return false;
    at_ += 2;
    buffer_ = 0;
    count_ = 0;
    zeros_ = 0;
    at_marker_ = false;
    FindNextFill();
    return true;
  }

 private:
  // Up to which eight bytes can be taken as they are.
  void FindNextFill() {
    constexpr std::ptrdiff_t kStep = 4096;
    const std::ptrdiff_t length = end_ - at_ < kStep ? end_ - at_ : kStep;
    const void* found =
        length > 0 ? std::memchr(at_, 0xFF, static_cast<std::size_t>(length)) : nullptr;
    fill_ = found == nullptr ? at_ + length : static_cast<const std::uint8_t*>(found);
    plain_end_ = fill_ - at_ >= 8 ? fill_ - 7 : at_;
  }

  void FillSlowly() {
    // Below the counted bits only zeros, as what follows is counted byte by byte.
    buffer_ = count_ == 0 ? 0 : buffer_ & ~std::uint64_t{0} << (64 - count_);
    while (count_ < kFilled) {
      std::uint64_t byte = 0;
      if (at_marker_) {
        zeros_ += 8;
      } else if (at_ < end_ && *at_ != 0xFF) {
        byte = *at_++;
      } else if (end_ - at_ >= 2 && at_[1] == 0) {
        byte = 0xFF;
        at_ += 2;
      } else {  // a marker, or the end
        at_marker_ = true;
        continue;
      }
      buffer_ |= byte << (56 - count_);
      count_ += 8;
      if (at_ > fill_) FindNextFill();
      if (at_ == fill_ && at_ < end_ && *at_ != 0xFF) FindNextFill();
    }
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const std::uint8_t* fill_ = nullptr;       // the next 0xFF, or as far as was looked
  const std::uint8_t* plain_end_ = nullptr;  // below it, eight bytes are there without 0xFF
  std::uint64_t buffer_ = 0;                 // the next bit is the highest
  int count_ = 0;
  int zeros_ = 0;  // of the counted bits, those that are not in the file
  bool at_marker_ = false;
};

}  // namespace kith::hashing::internal
