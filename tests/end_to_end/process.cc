// SPDX-License-Identifier: Apache-2.0
#include "tests/end_to_end/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace kith::end_to_end {
namespace {

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string MakeFolder() {
  std::string pattern = std::filesystem::temp_directory_path() / "kith-child.XXXXXX";
  return ::mkdtemp(pattern.data()) == nullptr ? "" : pattern;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Child::Child(const Command& command) : folder_(MakeFolder()) {
  std::ofstream(folder_ + "/in", std::ios::binary) << command.input;
  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment;
  for (const auto& [name, value] : command.environment) environment.push_back(name + "=" + value);
  const char* const path = std::getenv("PATH");
  environment.push_back(std::string("PATH=") + (path == nullptr ? "/usr/bin:/bin" : path));

  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addchdir_np(&files, command.folder.c_str());
  const int write_flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  posix_spawn_file_actions_addopen(&files, 0, (folder_ + "/in").c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, (folder_ + "/out").c_str(), write_flags, 0600);
  posix_spawn_file_actions_addopen(&files, 2, (folder_ + "/err").c_str(), write_flags, 0600);
  // A signal for the program must not reach the test, and no signal may be inherited as ignored.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigfillset(&defaults);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  if (::posix_spawnp(&pid_, arguments[0].c_str(), &files, &attributes, Pointers(arguments).data(),
                     Pointers(environment).data()) != 0) {
    pid_ = -1;
    has_ended_ = true;
    exit_code_ = 127;
  }
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
}

Child::~Child() {
  if (!has_ended_) {
    Signal(SIGKILL);
    Reap(true);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Child::Signal(int signal) const {
  if (!has_ended_) ::kill(pid_, signal);
}

bool Child::Reap(bool block) {
  if (has_ended_) return true;
  int status = 0;
  if (::waitpid(pid_, &status, block ? 0 : WNOHANG) != pid_) return false;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  has_ended_ = true;
  return true;
}

bool Child::IsRunning() { return !Reap(false); }

std::string Child::Out() const { return ReadAll(folder_ + "/out"); }
std::string Child::Err() const { return ReadAll(folder_ + "/err"); }

Outcome Child::Wait(std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!Reap(false)) {
    if (std::chrono::steady_clock::now() > deadline) {
      Signal(SIGKILL);
      Reap(true);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return {exit_code_, Out(), Err()};
}

Outcome RunToEnd(const Command& command, std::chrono::seconds limit) {
  return Child(command).Wait(limit);
}

}  // namespace kith::end_to_end
