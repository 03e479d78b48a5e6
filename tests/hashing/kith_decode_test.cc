// SPDX-License-Identifier: Apache-2.0
// A kith-decode that does what a picture tells it, as a decoder does that was taken over. The
// shipped program has nothing of this.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "hashing/internal/cage_messages.h"
#include "hashing/internal/hash_picture.h"
#include "hashing/worker/serve.h"
#include "tests/hashing/hooks.h"

namespace kith::hashing {
namespace {

using worker::kChannel;

// Each ends the process, never returns, or returns what a system call did.
long Do(std::string_view order, std::span<const std::uint8_t> file) {
  if (order == "segv") return raise(SIGSEGV);
  if (order == "abort") std::abort();
  if (order == "exit") _exit(0);
  if (order == "hang") {
    for (volatile bool forever = true; forever;) continue;
  }
  if (order == "wait") return syscall(SYS_ppoll, nullptr, 0, nullptr, nullptr, 0);
  if (order == "close") {
    close(kChannel);
    for (volatile bool forever = true; forever;) continue;
  }
  if (order == "open") return open("/etc/passwd", O_RDONLY);
  if (order == "create") return open("/tmp/kith-escaped", O_CREAT | O_WRONLY, 0600);
  if (order == "unlink") return unlink("/tmp/kith-escaped");
  if (order == "stdout") return write(STDOUT_FILENO, "x", 1);
  if (order == "stderr") return write(STDERR_FILENO, "x", 1);
  if (order == "socket") return socket(AF_INET, SOCK_STREAM, 0);
  if (order == "unix") return socket(AF_UNIX, SOCK_STREAM, 0);
  if (order == "exec") {
    std::array<char*, 1> none = {nullptr};
    return execve("/bin/true", none.data(), none.data());
  }
  if (order == "fork") return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (order == "clone3") return syscall(SYS_clone3, nullptr, 0);
  if (order == "ptrace") return ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
  if (order == "kill") return kill(1, SIGTERM);
  if (order == "kill-parent") return kill(getppid(), 0);
  if (order == "execute-memory") {
    void* memory =
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
  }
  if (order == "change-file") {
    return mprotect(const_cast<std::uint8_t*>(file.data()), 4096, PROT_READ | PROT_WRITE);
  }
  if (order == "much-memory") {
    void* memory =
        mmap(nullptr, 64ull << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? -1 : 0;
  }
  if (order == "used-memory") {
    // As a decoder does with small tables: what was given back is asked for again.
    constexpr std::size_t kSize = 200;
    auto* first = static_cast<volatile char*>(std::malloc(kSize));
    for (std::size_t i = 0; i < kSize; ++i) first[i] = 'x';
    std::free(const_cast<char*>(first));
    const auto* again = static_cast<volatile char*>(std::malloc(kSize));
    return std::all_of(again, again + kSize, [](char c) { return c == 0; }) ? 0 : -1;
  }
  if (order == "long-answer") {
    static const std::array<std::uint8_t, internal::kMaxMessageBytes + 1> kBytes{};
    return send(kChannel, kBytes.data(), kBytes.size(), 0) > 0 ? 0 : -1;
  }
  if (order == "empty-answer") return send(kChannel, "", 0, 0);
  if (order == "garbage") return send(kChannel, "garbage", 7, 0) > 0 ? 0 : -1;
  return -1;
}

void HashOrObey(std::span<const std::uint8_t> bytes, const FingerprintOptions& options,
                Fingerprint& print) {
  static std::string left_over;  // what an order "then-..." does to the next file, whatever it is
  std::string order = std::exchange(left_over, "");
  if (order.empty()) order = test::OrderIn(bytes);
  if (order.starts_with("then-")) left_over = order.substr(5);
  if (order.empty()) return internal::HashPicture(bytes, options, print);
  errno = 0;
  const long result = Do(order, bytes);
  print.format = Format::kJpeg;
  print.disposition = Disposition::kUnreadable;
  print.detail = result >= 0 ? "done" : "refused: " + std::to_string(errno);
  if (order == "odd-words") print.detail = "\x1B[31m\xFF\n" + std::string(1000, 'a');
  if (order == "lie-format") print.format = Format::kPng;
  if (order == "lie-crash") print.disposition = Disposition::kDecoderCrash;
  if (order == "lie-hashed") print.disposition = Disposition::kHashed;
}

}  // namespace
}  // namespace kith::hashing

int main() {
  _exit(kith::hashing::worker::Serve(kith::hashing::worker::kChannel, kith::hashing::HashOrObey));
}
