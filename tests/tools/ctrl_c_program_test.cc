// SPDX-License-Identifier: Apache-2.0
// What Ctrl-C leaves behind. The program is held where it says something, as nobody reads that, or
// where it waits for more to read.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>

#include "tests/tools/program_fixture.h"

namespace kith::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// A program whose standard error is a pipe that is full: it waits where it first says something.
// Its standard input is a pipe that never ends; what it prints goes into the file `printed`.
class HeldProgram {
 public:
  HeldProgram(const Scratch& scratch, std::vector<std::string> words) {
    words.insert(words.begin(), KITH_PROGRAM);
    std::vector<std::string> environment = {"HOME=" + scratch.path(),
                                            "KITH_STORE=" + scratch.At("store")};
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    const std::vector<char*> arguments = pointers(words);
    const std::vector<char*> variables = pointers(environment);
    const std::string printed = scratch.At("printed");
    if (::pipe2(pipe_.data(), O_CLOEXEC) != 0 || ::pipe2(input_.data(), O_CLOEXEC) != 0) return;
    ::fcntl(pipe_[1], F_SETFL, O_NONBLOCK);
    while (::write(pipe_[1], "x", 1) == 1) {
    }
    ::fcntl(pipe_[1], F_SETFL, 0);
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::dup2(input_[0], STDIN_FILENO);
    ::dup2(::open(printed.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600), STDOUT_FILENO);
    ::dup2(pipe_[1], STDERR_FILENO);
    if (::chdir(scratch.path().c_str()) == 0) {
      ::execve(arguments[0], arguments.data(), variables.data());
    }
    ::_exit(127);
  }
  ~HeldProgram() {
    if (IsRunning()) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    for (const int end : {pipe_[0], pipe_[1], input_[0], input_[1]}) ::close(end);
  }
  HeldProgram(const HeldProgram&) = delete;
  HeldProgram& operator=(const HeldProgram&) = delete;

  [[nodiscard]] bool Reads(const std::string& text) const {
    return ::write(input_[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
  }
  // False when it ended first.
  bool RunsUntil(const std::function<bool()>& reached) {
    while (!reached()) {
      if (!IsRunning()) return false;
      ::poll(nullptr, 0, 5);
    }
    return true;
  }
  // Its exit code after Ctrl-C; -1 where the signal itself ended it.
  int Interrupt() {
    if (!IsRunning()) return -1;
    ::kill(pid_, SIGINT);
    if (IsRunning()) ::waitpid(pid_, &status_, 0);
    ended_ = true;
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  }

 private:
  bool IsRunning() {
    if (pid_ > 0 && !ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) != 0;
    return pid_ > 0 && !ended_;
  }

  std::array<int, 2> pipe_ = {-1, -1};
  std::array<int, 2> input_ = {-1, -1};
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

class CtrlCTest : public ProgramTest {
 protected:
  [[nodiscard]] std::string Names() const {
    std::string all;
    for (const auto& one : std::filesystem::directory_iterator(scratch_.path())) {
      all += one.path().filename().string() + " ";
    }
    return all;
  }
};

// Half of the hashes stayed in FILE.part-XXXXXX, and nothing took it away.
TEST_F(CtrlCTest, LeavesNothingOfAnExport) {
  ASSERT_EQ(Kith("set add s").code, 0);
  ASSERT_EQ(Kith("import --set s -", "0123456789abcdef0123456789abcdef").code, 0);
  for (const std::string format : {"csv", "kdb"}) {
    HeldProgram run(scratch_, {"export", "--set", "s", "--format", format, "--out", "x." + format,
                               "--progress", "always"});
    // Twice: a database takes the file away and makes it anew.
    int seen = 0;
    ASSERT_TRUE(run.RunsUntil([&] {
      if (Names().find(".part-") != std::string::npos) ++seen;
      return seen == 2;
    }));
    EXPECT_EQ(run.Interrupt(), 130);
    EXPECT_THAT(Names(), Not(HasSubstr("x."))) << format;
  }
}

// The signal itself ended it. A shell calls that 130, too; who starts it otherwise does not.
TEST_F(CtrlCTest, EndsALookUpOfHashesWithAnExitCode) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  ASSERT_EQ(Kith("set add s").code, 0);
  ASSERT_EQ(Kith("import --set s -", md5).code, 0);
  HeldProgram run(scratch_, {"match", "--json", "-"});
  ASSERT_TRUE(run.Reads(md5 + "\n"));
  // The answer is a line; then it waits for the next hash.
  ASSERT_TRUE(run.RunsUntil([&] { return ReadAll(scratch_.At("printed")).ends_with("\n"); }));
  EXPECT_EQ(run.Interrupt(), 130);
  const auto lines = Lines(ReadAll(scratch_.At("printed")));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["verdict"], "RECOGNIZED");
}

TEST_F(CtrlCTest, EndsAReportInOrder) {
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const std::string path = scratch_.At("silent");
  ASSERT_LT(path.size(), sizeof(name.sun_path));
  std::memcpy(name.sun_path, path.data(), path.size());
  const void* address = &name;
  ASSERT_EQ(::bind(listener, static_cast<const sockaddr*>(address), sizeof(name)), 0);
  ASSERT_EQ(::listen(listener, 8), 0);
  int client = -1;
  {
    HeldProgram run(scratch_, {"report", "method", "--out", "r", "--server", "unix:" + path});
    // By then it has begun, and nobody ever answers it.
    EXPECT_TRUE(run.RunsUntil([&] {
      client = ::accept(listener, nullptr, nullptr);
      return client >= 0;
    }));
    EXPECT_EQ(run.Interrupt(), 130);
  }
  ::close(client);
  ::close(listener);
  EXPECT_THAT(Names(), Not(HasSubstr(".part-")));
}

}  // namespace
}  // namespace kith::test
