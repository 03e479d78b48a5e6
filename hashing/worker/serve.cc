// SPDX-License-Identifier: Apache-2.0
#include "hashing/worker/serve.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "hashing/internal/cage_messages.h"
#include "hashing/internal/heif.h"
#include "hashing/libraries.h"
#include "hashing/worker/jail.h"
#include "hashing/worker/warm_up.h"

namespace kith::hashing::worker {
namespace {

// The memory in which the cage puts the files, read-only here.
class SharedFile {
 public:
  SharedFile() = default;
  ~SharedFile() { Unmap(); }
  SharedFile(const SharedFile&) = delete;
  SharedFile& operator=(const SharedFile&) = delete;

  // Takes the descriptor over.
  [[nodiscard]] bool Map(int descriptor, std::uint64_t size) {
    Unmap();
    void* memory = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (memory == MAP_FAILED) return false;
    bytes_ = {static_cast<const std::uint8_t*>(memory), static_cast<std::size_t>(size)};
    return true;
  }
  [[nodiscard]] std::span<const std::uint8_t> bytes() const { return bytes_; }

 private:
  void Unmap() {
    if (!bytes_.empty()) munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
    bytes_ = {};
  }

  std::span<const std::uint8_t> bytes_;
};

class Channel {
 public:
  explicit Channel(int descriptor) : descriptor_(descriptor) {}

  [[nodiscard]] bool Send(const internal::Message& message) const {
    ssize_t sent = 0;
    do {
      sent = send(descriptor_, message.data(), message.size(), MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == static_cast<ssize_t>(message.size());
  }

  // The next message, with the descriptor that came with it or -1; nothing at the end.
  [[nodiscard]] std::optional<std::span<const std::uint8_t>> Receive(int& passed) {
    iovec piece{.iov_base = buffer_.data(), .iov_len = buffer_.size()};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t got = 0;
    do {
      got = recvmsg(descriptor_, &header, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return std::nullopt;
    passed = -1;
    const cmsghdr* attached = CMSG_FIRSTHDR(&header);
    if (attached != nullptr && attached->cmsg_type == SCM_RIGHTS &&
        attached->cmsg_len == CMSG_LEN(sizeof(int))) {
      std::memcpy(&passed, CMSG_DATA(attached), sizeof(int));
    }
    return std::span<const std::uint8_t>(buffer_).first(static_cast<std::size_t>(got));
  }

 private:
  const int descriptor_;
  std::array<std::uint8_t, 512> buffer_{};
};

}  // namespace

int Serve(int channel_descriptor, HashFunction hash) {
  constexpr int kMakesNoSense = 2;
  internal::CageHello hello;
  HideFromOthers(hello);
  // Some decoders leave what is missing of a damaged picture as they found it in memory: all memory
  // is given out as zeros, so that a file's hash hangs on that file alone. That of the cache in
  // front of the allocator too, as whoever starts this turns that cache off (worker_process.cc).
  mallopt(M_PERTURB, 0xFF);
  internal::UseHeif();
  // What a codec opens, maps or starts at its first use it does now. Once more inside: if the cage
  // were too small for a codec, it would show before the hello and not with an exhibit.
  const bool warm = WarmUpCodecs();
  hello.libraries = Libraries();
  GiveUpEverything(channel_descriptor, hello);
  if (!warm || !WarmUpCodecs()) return kMakesNoSense;
  Channel channel(channel_descriptor);
  if (!channel.Send(internal::WriteHello(hello))) return kMakesNoSense;
  SharedFile file;
  int passed = -1;
  while (const auto message = channel.Receive(passed)) {
    const auto request = internal::ReadRequest(*message);
    if (!request.has_value()) return kMakesNoSense;
    if (request->capacity_bytes > 0 && !file.Map(passed, request->capacity_bytes)) {
      return kMakesNoSense;
    }
    if (request->size_bytes > file.bytes().size()) return kMakesNoSense;
    Fingerprint print;
    hash(file.bytes().first(static_cast<std::size_t>(request->size_bytes)), request->options,
         print);
    if (!channel.Send(internal::WriteAnswer(request->sequence, print))) return kMakesNoSense;
  }
  return 0;
}

}  // namespace kith::hashing::worker
