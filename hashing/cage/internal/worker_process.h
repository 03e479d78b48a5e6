// SPDX-License-Identifier: Apache-2.0
//
// Purpose: one run of kith-decode: started by exec, spoken to over a socket, ended for certain.
//
// Thread-safety: one thread at a time. No zombie and no descriptor outlives the object.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "hashing/internal/cage_messages.h"

namespace kith::hashing::cage::internal {

using Clock = std::chrono::steady_clock;

class WorkerProcess {
 public:
  // Runs `path` with nothing but its end of the socket: no environment of ours, no descriptor but
  // /dev/null as standard input, output and error, a session of its own (Ctrl-C is for the parent).
  // Errors: FailedPrecondition, naming the path and what the system says.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<WorkerProcess>> Spawn(
      const std::string& path);
  // Takes both over.
  WorkerProcess(pid_t pid, int channel) : pid_(pid), channel_(channel) {}
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // False if there is nobody to take it. `passed`: a descriptor to hand over, or -1.
  [[nodiscard]] bool Send(std::span<const std::uint8_t> message, int passed);

  enum class Received { kMessage, kNothingInTime, kEnd };
  // Waits for one message until `deadline`. kEnd: the worker is gone, or wrote too much.
  [[nodiscard]] Received Receive(hashing::internal::Message& message, Clock::time_point deadline);

  // How it ended, for people; waits for that a moment and then sees to it.
  struct End {
    std::string how;       // "was ended by signal 11 (Segmentation fault)"
    bool by_time = false;  // it used up its processor time
  };
  [[nodiscard]] End Conclude();

 private:
  [[nodiscard]] bool Reap(int& status, bool wait);

  pid_t pid_;  // -1: ended and waited for
  const int channel_;
};

}  // namespace kith::hashing::cage::internal
