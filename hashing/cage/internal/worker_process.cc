// SPDX-License-Identifier: Apache-2.0
#include "hashing/cage/internal/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <system_error>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace kith::hashing::cage::internal {
namespace {

// Where kith-decode expects its end: hashing/worker/serve.h.
constexpr int kChannelOfWorker = 3;
// How long a worker that has closed its channel may take to die by itself: its own death says more
// than ours.
constexpr std::chrono::milliseconds kDyingTime{500};

// Else what a decoder gave back a moment ago is given out again as it is, past the zeros that
// hashing/worker/serve.cc asks for.
constexpr const char* kTunables = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";

std::string Words(int error_number) { return std::generic_category().message(error_number); }

// posix_spawn's attributes and actions, which have to be given back.
class SpawnPlan {
 public:
  explicit SpawnPlan(int channel) {
    Note(posix_spawn_file_actions_init(&actions_));
    Note(posix_spawnattr_init(&attributes_));
    // First: the channel may stand where the standard streams will.
    Note(posix_spawn_file_actions_adddup2(&actions_, channel, kChannelOfWorker));
    Note(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    Note(posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0));
#ifndef KITH_SANITIZED  // what a sanitizer finds in a worker is to be seen
    Note(posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0));
#endif
    Note(posix_spawn_file_actions_addclosefrom_np(&actions_, kChannelOfWorker + 1));
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    Note(posix_spawnattr_setsigmask(&attributes_, &none));
    Note(posix_spawnattr_setsigdefault(&attributes_, &all));
    Note(posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // 0 or an errno.
  [[nodiscard]] int Run(const std::string& path, pid_t& pid) {
    if (error_ != 0) return error_;
    std::string name = path;
    const std::array<char*, 2> arguments = {name.data(), nullptr};
    std::string tunables = kTunables;
    const std::array<char*, 2> environment = {tunables.data(), nullptr};
    return posix_spawn(&pid, path.c_str(), &actions_, &attributes_, arguments.data(),
                       environment.data());
  }

 private:
  void Note(int error) {
    if (error_ == 0) error_ = error;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
  int error_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Spawn(const std::string& path) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make a socket for ", path, ": ", Words(errno)));
  }
  pid_t pid = -1;
  const int error = SpawnPlan(ends[1]).Run(path, pid);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return absl::FailedPreconditionError(absl::StrCat("cannot start ", path, ": ", Words(error)));
  }
  return std::make_unique<WorkerProcess>(pid, ends[0]);
}

WorkerProcess::~WorkerProcess() {
  int status = 0;
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    (void)Reap(status, true);
  }
  close(channel_);
}

bool WorkerProcess::Send(std::span<const std::uint8_t> message, int passed) {
  // Only read, but the system has one type for both ways.
  iovec piece{.iov_base = const_cast<std::uint8_t*>(message.data()), .iov_len = message.size()};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  msghdr header{};
  header.msg_iov = &piece;
  header.msg_iovlen = 1;
  if (passed >= 0) {
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    cmsghdr* attached = CMSG_FIRSTHDR(&header);
    attached->cmsg_level = SOL_SOCKET;
    attached->cmsg_type = SCM_RIGHTS;
    attached->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(attached), &passed, sizeof(int));
  }
  ssize_t sent = 0;
  do {
    // A worker takes one message at a time: if this one does not fit, it is not listening.
    sent = sendmsg(channel_, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(message.size());
}

WorkerProcess::Received WorkerProcess::Receive(hashing::internal::Message& message,
                                               Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd wait{.fd = channel_, .events = POLLIN, .revents = 0};
    const int ready =
        poll(&wait, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return Received::kEnd;
    if (ready == 0 && Clock::now() < deadline) continue;
    if (ready == 0) return Received::kNothingInTime;
    message.resize(hashing::internal::kMaxMessageBytes + 1);
    // No room is given for descriptors: whatever is sent along is dropped by the kernel.
    const ssize_t got = recv(channel_, message.data(), message.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0 || static_cast<std::size_t>(got) == message.size()) return Received::kEnd;
    message.resize(static_cast<std::size_t>(got));
    return Received::kMessage;
  }
}

bool WorkerProcess::Reap(int& status, bool wait) {
  pid_t ended = 0;
  do {
    ended = waitpid(pid_, &status, wait ? 0 : WNOHANG);
  } while (ended < 0 && errno == EINTR);
  if (ended == 0) return false;
  if (ended < 0) status = 0;  // somebody else waits for all children of this process
  pid_ = -1;
  return true;
}

WorkerProcess::End WorkerProcess::Conclude() {
  if (pid_ < 0) return {.how = "had ended already"};
  const auto patience = Clock::now() + kDyingTime;
  int status = 0;
  while (!Reap(status, false)) {
    if (Clock::now() >= patience) {
      kill(pid_, SIGKILL);
      (void)Reap(status, true);
      return {.how = "stopped answering and was ended"};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (WIFEXITED(status)) {
    return {.how = absl::StrCat("ended by itself with exit code ", WEXITSTATUS(status))};
  }
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (signal == SIGSYS) return {.how = "tried what the cage forbids and was ended"};
  if (signal == SIGXCPU) return {.how = "used up its processor time", .by_time = true};
  const char* name = sigdescr_np(signal);
  return {.how = absl::StrCat("was ended by signal ", signal, " (",
                              name == nullptr ? "unknown" : name, ")")};
}

}  // namespace kith::hashing::cage::internal
