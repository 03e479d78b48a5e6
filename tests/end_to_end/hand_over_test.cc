// SPDX-License-Identifier: Apache-2.0
// A store that a `kith` holds while others use it through that one: its end is not theirs.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

using ::testing::HasSubstr;

// Both ways, as a writer alone cannot open a FIFO before there is a reader.
constexpr int kToWrite = O_RDWR;

bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

// A FIFO, and the end of it that the test has.
class Fifo {
 public:
  Fifo(const std::filesystem::path& path, int way) {
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0) << path;
    fd_ = ::open(path.c_str(), way | O_NONBLOCK | O_CLOEXEC);
    EXPECT_GE(fd_, 0) << path;
  }
  ~Fifo() { Close(); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void Write(const std::string& text) const {
    EXPECT_EQ(::write(fd_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // What nobody has opened yet would be lost with the end of its writer.
  [[nodiscard]] bool IsEmpty() const {
    int bytes = 0;
    return ::ioctl(fd_, FIONREAD, &bytes) == 0 && bytes == 0;
  }
  // What can be read at once; 0: whoever wrote has closed it.
  [[nodiscard]] ssize_t Read() const {
    std::array<char, 4096> bytes{};
    return ::read(fd_, bytes.data(), bytes.size());
  }
  // Takes the smallest number of bytes that a pipe can before its writer waits.
  void Narrow() const { EXPECT_GT(::fcntl(fd_, F_SETPIPE_SZ, 4096), 0); }

 private:
  int fd_ = -1;
};

class HandOver : public ::testing::Test {
 protected:
  // `kith ARGUMENTS` with its standard input or output at a FIFO of the world.
  [[nodiscard]] Command Through(std::vector<std::string> arguments,
                                const std::string& where) const {
    Command line = world_.Line("kith", std::move(arguments));
    line.arguments.insert(line.arguments.begin(), {"sh", "-c", "exec \"$0\" \"$@\" " + where});
    return line;
  }

  // A prompt that holds the store until EndPrompt.
  void StartPrompt() {
    prompt_ = std::make_unique<Fifo>(world_.Path("prompt"), kToWrite);
    answers_ = std::make_unique<Fifo>(world_.Path("answers"), O_RDONLY);
    prompt_->Write("0123456789abcdef0123456789abcdef\n");
    holder_ = std::make_unique<Child>(Through({"match", "-"}, "< prompt > answers"));
    ASSERT_TRUE(Eventually([this] {
      return ReadFile(world_.Store() / "lock").find("address ") != std::string::npos;
    })) << holder_->Err();
  }

  // Returns when the holder says that it waits for others.
  void EndPrompt() {
    prompt_->Close();
    ASSERT_TRUE(Eventually([this] { return Waits() || !holder_->IsRunning(); }));
    ASSERT_TRUE(holder_->IsRunning() && Waits()) << holder_->Err();
  }
  [[nodiscard]] bool Waits() const {
    return holder_->Err().find("waiting for it to end") != std::string::npos;
  }

  [[nodiscard]] std::uint64_t Entries(const std::string& set) const {
    for (const auto& line : JsonLines(world_.Kith({"set", "list", "--json"}).out)) {
      if (line.value("name", "") == set) return line.value("entries", std::uint64_t{0});
    }
    return 0;
  }

  // An import of two lists, of which one is in the store and the other has not come yet.
  void StartImport() {
    ASSERT_EQ(world_.Kith({"set", "add", "lists"}).exit_code, 0);
    ASSERT_EQ(world_.Kith({"entry", "add", "--set", "lists", std::string(32, '7')}).exit_code, 0);
    ASSERT_NO_FATAL_FAILURE(StartPrompt());
    world_.Write("first", "00112233445566778899aabbccddeeff\n");
    second_ = std::make_unique<Fifo>(world_.Path("second"), kToWrite);
    client_ = std::make_unique<Child>(
        world_.Line("kith", {"import", "--set", "lists", world_.Path("first").string(),
                             world_.Path("second").string()}));
    ASSERT_TRUE(Eventually([this] { return Entries("lists") == 2 || !client_->IsRunning(); }));
    ASSERT_TRUE(client_->IsRunning()) << client_->Err();
  }
  void GiveSecondList() {
    second_->Write("ffeeddccbbaa99887766554433221100\n");
    EXPECT_TRUE(Eventually([this] { return second_->IsEmpty() || !client_->IsRunning(); }));
    second_->Close();
  }

  World world_;
  std::unique_ptr<Fifo> prompt_;
  std::unique_ptr<Fifo> answers_;
  std::unique_ptr<Fifo> second_;
  std::unique_ptr<Child> holder_;
  std::unique_ptr<Child> client_;
};

// Between two calls of an import nothing runs, and the holder ended then.
TEST_F(HandOver, AnImportOutlivesTheRunThatItGoesThrough) {
  ASSERT_NO_FATAL_FAILURE(StartImport());
  ASSERT_NO_FATAL_FAILURE(EndPrompt());
  // Who reads what the holder said, and may be who is waited for, has its end.
  EXPECT_GT(answers_->Read(), 0);
  EXPECT_EQ(answers_->Read(), 0);
  // A third one is answered meanwhile, and does not wait.
  EXPECT_EQ(Entries("lists"), 2U);
  GiveSecondList();
  const Outcome imported = client_->Wait();
  EXPECT_EQ(imported.exit_code, 0) << imported.err;
  const Outcome held = holder_->Wait();
  EXPECT_EQ(held.exit_code, 0) << held.err;
  EXPECT_EQ(Entries("lists"), 3U);
}

TEST_F(HandOver, CtrlCEndsAHolderThatWaits) {
  ASSERT_NO_FATAL_FAILURE(StartImport());
  ASSERT_NO_FATAL_FAILURE(EndPrompt());
  holder_->Signal(SIGINT);
  EXPECT_EQ(holder_->Wait().exit_code, 130);
  GiveSecondList();
  EXPECT_EQ(client_->Wait().exit_code, 2);
  EXPECT_EQ(Entries("lists"), 2U);
}

TEST_F(HandOver, ACheckOutlivesTheRunThatItGoesThrough) {
  world_.MakeSample(1, 40);
  world_.Enrol();
  ASSERT_NO_FATAL_FAILURE(StartPrompt());
  // Nobody reads what it prints, so it cannot come to its end.
  const Fifo told(world_.Path("told"), O_RDONLY);
  told.Narrow();
  client_ =
      std::make_unique<Child>(Through({"check", world_.Seizure().string(), "--case", "NORTH/7",
                                       "--out", world_.Path("report").string(), "--json"},
                                      "> told"));
  ASSERT_TRUE(Eventually([&] { return told.Read() > 0 || !client_->IsRunning(); }));
  ASSERT_TRUE(client_->IsRunning()) << client_->Err();
  ASSERT_NO_FATAL_FAILURE(EndPrompt());
  ASSERT_TRUE(client_->IsRunning()) << client_->Err();
  EXPECT_TRUE(Eventually([&] {
    while (told.Read() > 0) {
    }
    return !client_->IsRunning();
  }));
  const Outcome checked = client_->Wait();
  EXPECT_EQ(checked.exit_code, 1) << checked.err;
  EXPECT_EQ(ReportWithoutRun(world_.Path("report"))["scope"]["complete"], true);
  EXPECT_EQ(holder_->Wait().exit_code, 0) << holder_->Err();
  EXPECT_THAT(holder_->Err(), HasSubstr("another kith uses the store"));
}

}  // namespace
}  // namespace kith::end_to_end
