// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

namespace kith::server {

// A program that a test starts, with its stderr read by the test; killed when the test ends.
class ChildProcess {
 public:
  // `max_files`: limit of descriptors, 0 for the test's own.
  explicit ChildProcess(std::vector<std::string> command, rlim_t max_files = 0) {
    int pipe_fds[2] = {-1, -1};
    if (::pipe2(pipe_fds, O_CLOEXEC) != 0) return;
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_ = ::fork();
    // Between fork and exec only what is safe beside gRPC's threads.
    if (pid_ == 0) {
      if (max_files != 0) {
        const rlimit files{max_files, max_files};
        ::setrlimit(RLIMIT_NOFILE, &files);
      }
      ::dup2(pipe_fds[1], STDERR_FILENO);
      ::execv(arguments[0], arguments.data());
      ::_exit(127);
    }
    ::close(pipe_fds[1]);
    stderr_ = pipe_fds[0];
  }
  ~ChildProcess() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    ::close(stderr_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void Signal(int number) const { ::kill(pid_, number); }

  // Reads stderr until `text` has come (true), or the end of it or 20 seconds (false).
  bool WaitFor(const std::string& text) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (output_.find(text) == std::string::npos) {
      pollfd wait{stderr_, POLLIN, 0};
      if (std::chrono::steady_clock::now() > deadline || ::poll(&wait, 1, 20'000) <= 0)
        return false;
      char buffer[4096];
      const ssize_t size = ::read(stderr_, buffer, sizeof(buffer));
      if (size <= 0) return false;
      output_.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }
  [[nodiscard]] const std::string& output() const { return output_; }

  // What stands between `before` and the next of `ends` in the output so far.
  [[nodiscard]] std::string After(const std::string& before, const std::string& ends) const {
    const std::size_t begin = output_.find(before);
    if (begin == std::string::npos) return "";
    const std::size_t start = begin + before.size();
    return output_.substr(start, output_.find_first_of(ends, start) - start);
  }

  // Waits for the end; the exit code, or -1 when a signal ended it.
  int Exit() {
    WaitFor("a line that no program prints");
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_ = -1;
  int stderr_ = -1;
  std::string output_;
};

}  // namespace kith::server
