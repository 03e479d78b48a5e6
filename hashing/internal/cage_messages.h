// SPDX-License-Identifier: Apache-2.0
//
// Purpose: the messages between the cage and its worker, as bytes: little-endian, fixed fields, one
// datagram each.
//
// The worker may have been taken over by the picture that it decodes. So ReadAnswer believes
// nothing: what is not exactly an answer to what was asked is refused, and all that can be computed
// outside (names, gates, whether dialects coincide) is computed there.
//
// Thread-safety: pure functions. Complexity: O(bytes), at most kMaxMessageBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hashing/fingerprint.h"

namespace kith::hashing::internal {

// No message is longer; a longer one is refused unread.
inline constexpr std::size_t kMaxMessageBytes = 64 << 10;
inline constexpr std::size_t kMaxDetailBytes = 240;

// What a worker did against itself before it says hello; bits of CageHello::measures.
enum CageMeasure : std::uint32_t {
  kNoNewPrivileges = 1u << 0,
  kNotDumpable = 1u << 1,
  kDiesWithParent = 1u << 2,
  kNoFilesNoCore = 1u << 3,  // files of size 0, no core dump, few descriptors, no processes
  kProcessorTime = 1u << 4,
  kAddressSpace = 1u << 5,
  kLandlock = 1u << 6,
  kSeccomp = 1u << 7,
  kSeccompRelaxed = 1u << 8,  // a sanitizer build: its run-time needs files and signals
  kOpensNothing = 1u << 9,    // it tried
  kOneThread = 1u << 10,
};

struct CageHello {
  std::uint32_t measures = 0;
  std::uint32_t landlock_abi = 0;         // 0: the kernel has none
  std::uint64_t address_space_bytes = 0;  // 0: not limited
  std::vector<std::string> libraries =
      {};  // hashing/libraries.h; at most 24 of 100 printable bytes

  friend bool operator==(const CageHello&, const CageHello&) = default;
};

struct CageRequest {
  std::uint64_t sequence = 0;
  std::uint64_t size_bytes = 0;  // of the file, at the start of the shared memory
  // Of the shared memory whose descriptor comes with this message; 0: the one that came before.
  std::uint64_t capacity_bytes = 0;
  FingerprintOptions options = {};
};

using Message = std::vector<std::uint8_t>;

[[nodiscard]] Message WriteHello(const CageHello& hello);
[[nodiscard]] std::optional<CageHello> ReadHello(std::span<const std::uint8_t> message);

[[nodiscard]] Message WriteRequest(const CageRequest& request);
[[nodiscard]] std::optional<CageRequest> ReadRequest(std::span<const std::uint8_t> message);

// What HashPicture made of the request of this number.
[[nodiscard]] Message WriteAnswer(std::uint64_t sequence, const Fingerprint& print);

// Fills in disposition, detail, sides, views and times of `print`, whose format and size are known.
// False, with `print` unchanged, if it cannot be a true answer to `request`.
[[nodiscard]] bool ReadAnswer(std::span<const std::uint8_t> message, const CageRequest& request,
                              Fingerprint& print);

}  // namespace kith::hashing::internal
