// SPDX-License-Identifier: Apache-2.0
//
// Purpose: MD5, SHA-1 and SHA-256 of the same bytes, computed in one pass.
//
// Thread-safety: a Digester belongs to one thread at a time; different ones are independent.
// Shapes: a digest is its raw bytes (16, 20, 32); DigestHex gives the usual lower-case text.
// Complexity: O(n); constant memory however long the input is.
// Source: RFC 1321, FIPS 180-4, by OpenSSL's EVP.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace kith::hashing {

struct Digests {
  std::array<std::uint8_t, 16> md5{};
  std::array<std::uint8_t, 20> sha1{};
  std::array<std::uint8_t, 32> sha256{};

  friend bool operator==(const Digests&, const Digests&) = default;
};

class Digester {
 public:
  Digester();
  ~Digester();
  Digester(Digester&&) noexcept;
  Digester& operator=(Digester&&) noexcept;

  // Adds the next bytes; any lengths of pieces give the same digests.
  void Update(std::span<const std::uint8_t> bytes);

  // The digests of all bytes so far, once: the digester then starts anew with no bytes.
  [[nodiscard]] Digests Finish();

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

[[nodiscard]] Digests DigestsOf(std::span<const std::uint8_t> bytes);

// What makes the digests, with the version that runs.
[[nodiscard]] std::string DigestLibrary();

// Lower-case hex, two digits a byte.
[[nodiscard]] std::string DigestHex(std::span<const std::uint8_t> digest);

}  // namespace kith::hashing
