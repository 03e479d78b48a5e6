// SPDX-License-Identifier: Apache-2.0
#include "hashing/fingerprint.h"

#include <new>
#include <vector>

#include "hashing/internal/hash_picture.h"
#include "hashing/internal/reading.h"
#include "hashing/internal/stop_watch.h"

namespace kith::hashing {
namespace {

// Keeps the bytes in the memory of this process and decodes them in it.
class OwnMemory : public internal::PictureKeeper {
 public:
  explicit OwnMemory(const FingerprintOptions& options) : options_(options) {}

  std::span<std::uint8_t> Room(std::uint64_t size) override {
    try {
      bytes_.resize(static_cast<std::size_t>(size));
    } catch (const std::bad_alloc&) {
      return {};
    }
    return bytes_;
  }

  void Hash(std::uint64_t size, Fingerprint& print, Meanwhile meanwhile) override {
    meanwhile();
    internal::HashPicture(std::span(bytes_).first(static_cast<std::size_t>(size)), options_, print);
  }

 private:
  const FingerprintOptions& options_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace

Fingerprint FingerprintBytes(std::span<const std::uint8_t> bytes,
                             const FingerprintOptions& options) {
  Fingerprint print;
  print.size_bytes = bytes.size();
  {
    const internal::StopWatch watch(print.times.digest_ns);
    print.digests = DigestsOf(bytes);
  }
  internal::HashPicture(bytes, options, print);
  return print;
}

Fingerprint FingerprintFile(int fd, const FingerprintOptions& options) {
  OwnMemory memory(options);
  return internal::ReadAndHash(fd, options, memory);
}

}  // namespace kith::hashing
