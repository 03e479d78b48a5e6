// SPDX-License-Identifier: Apache-2.0
//
// Purpose: read a file once, and tell all of its fingerprint that needs no decoder.
//
// Thread-safety: a pure function; the keeper belongs to the caller.
#pragma once

#include <cstdint>
#include <span>

#include "absl/functional/function_ref.h"
#include "hashing/fingerprint.h"

namespace kith::hashing::internal {

// Where the bytes of a picture go while they are read, and who hashes it then.
class PictureKeeper {
 public:
  virtual ~PictureKeeper() = default;
  // Room for a whole file of `size` >= 1 bytes, to stay until Hash; empty where memory lacks.
  [[nodiscard]] virtual std::span<std::uint8_t> Room(std::uint64_t size) = 0;
  // Asked between the pieces that are read: true gives the file up, `unreadable` and undigested.
  [[nodiscard]] virtual bool Stopped() { return false; }
  // Fills in what hashing::internal::HashPicture does, for the first `size` bytes of the room.
  // `print` has format and size. Calls `meanwhile` once, whatever happens: it takes the digests of
  // the same bytes and puts them into `print`, while another process decodes, if one does.
  using Meanwhile = absl::FunctionRef<void()>;
  virtual void Hash(std::uint64_t size, Fingerprint& print, Meanwhile meanwhile) = 0;
};

// As FingerprintFile of hashing/fingerprint.h, with the decoding done by `keeper`.
[[nodiscard]] Fingerprint ReadAndHash(int fd, const FingerprintOptions& options,
                                      PictureKeeper& keeper);

}  // namespace kith::hashing::internal
