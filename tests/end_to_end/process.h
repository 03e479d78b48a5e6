// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace kith::end_to_end {

// No run takes a tenth of it; under a sanitizer, on a loaded machine, some take more than a minute.
inline constexpr std::chrono::seconds kPatience(150);

// How a program ended and what it said.
struct Outcome {
  int exit_code = -1;  // 128 + the signal that ended it
  std::string out;
  std::string err;
};

struct Command {
  std::vector<std::string> arguments;                // [0] is the program, looked up in PATH
  std::map<std::string, std::string> environment{};  // the whole of it, but for PATH
  std::string input{};                               // on standard input
  std::string folder = "/";                          // in which it starts
};

// A program that runs. Whatever it writes is kept in files, so it never waits for a reader; a
// program that still runs when the object goes is killed. Not thread-safe.
class Child {
 public:
  explicit Child(const Command& command);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void Signal(int signal) const;
  [[nodiscard]] bool IsRunning();
  // What it has said so far.
  [[nodiscard]] std::string Out() const;
  [[nodiscard]] std::string Err() const;
  // Waits for its end; a program that takes longer is killed and has the exit code 137.
  [[nodiscard]] Outcome Wait(std::chrono::seconds limit = kPatience);

 private:
  bool Reap(bool block);

  std::string folder_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
  bool has_ended_ = false;
};

[[nodiscard]] Outcome RunToEnd(const Command& command, std::chrono::seconds limit = kPatience);

}  // namespace kith::end_to_end
