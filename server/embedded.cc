// SPDX-License-Identifier: Apache-2.0
#include "server/embedded.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "index/unreadable_pages.h"
#include "server/connect.h"
#include "server/engine.h"

namespace kith::server {
namespace {

constexpr int kExitError = 2;
constexpr int kExitInterrupted = 130;

// It runs before any library has begun, the run-time of a sanitizer too: so it is left alone by
// that, and asks the kernel past the C library's functions, which a sanitizer puts its own before.
__attribute__((no_sanitize("address", "thread", "undefined"))) void StandInForClosed() {
  // In this order: a file that is opened gets the lowest number that is free.
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::syscall(SYS_fcntl, fd, F_GETFD) >= 0) continue;
    // The wrong way round, so that whoever uses it learns that it is not there.
    const int way = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (::syscall(SYS_openat, AT_FDCWD, "/dev/null", way) != fd) std::abort();
  }
}

// In main() it would be too late: when gRPC's library is loaded, it opens a file already.
[[gnu::section(".preinit_array"), gnu::used]] void (*const kBeforeLibraries)() = &StandInForClosed;

// A hash can be turned back into a likeness of its picture: the memory of a process that holds them
// does not go to disk, nor to a debugger of the same user.
void ForbidCoreDumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // Where dumps are piped into a program, no limit holds. A sanitizer looks in, for leaks.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options) {
  index::MarkUnreadableFiles();
  return Engine::Open(options);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options) {
  return ConnectWith(options, &OpenEngine);
}

void StartProcess() {
  std::signal(SIGXFSZ, SIG_IGN);
  ForbidCoreDumps();
}

int EndProcess(const std::string& program, int exit_code) {
  // Why an earlier write failed is forgotten: errno tells of this flush alone.
  const int error = std::fflush(stdout) != 0 ? errno : 0;
  if (error == 0 && std::ferror(stdout) == 0) return exit_code;
  (void)std::fprintf(stderr, "%s: cannot write to standard output: %s\n", program.c_str(),
                     error != 0 ? std::strerror(error) : "its disk was full, or its reader gone");
  // An interrupt may have come because standard output is gone.
  return exit_code == kExitInterrupted ? exit_code : kExitError;
}

int RunKithd(int argc, char** argv) { return RunKithdWith(argc, argv, &OpenEngine); }

}  // namespace kith::server
