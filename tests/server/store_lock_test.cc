// SPDX-License-Identifier: Apache-2.0
#include "server/store_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "server/net/address.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class StoreLockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = "/tmp/kith-lock-XXXXXX";
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { fs::remove_all(folder_); }
  static unsigned Mode(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777U;
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ + name) << text;
  }
  [[nodiscard]] std::string Read(const std::string& name) const {
    std::ifstream file(folder_ + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string folder_;
};

TEST_F(StoreLockTest, TheSecondLearnsWhoHoldsIt) {
  auto first = StoreLock::TryAcquire(folder_ + "/store", true, "kith check");
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_NE(first->lock, nullptr);
  auto second = StoreLock::TryAcquire(folder_ + "/store", true, "kithd");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->lock, nullptr);
  EXPECT_EQ(second->holder.pid, ::getpid());
  EXPECT_EQ(second->holder.program, "kith check");
  EXPECT_EQ(second->holder.address, "");
  ASSERT_TRUE(first->lock->Announce("unix:/x/kith.sock").ok());
  second = StoreLock::TryAcquire(folder_ + "/store/", true, "kithd");
  EXPECT_EQ(second->holder.address, "unix:/x/kith.sock");
  first->lock.reset();
  second = StoreLock::TryAcquire(folder_ + "/store", false, "kithd");
  ASSERT_FALSE(second.ok()) << "nobody has made the store";
  Write("/store/kith.db", "");
  second = StoreLock::TryAcquire(folder_ + "/store", false, "kithd");
  ASSERT_TRUE(second.ok());
  EXPECT_NE(second->lock, nullptr);
}

TEST_F(StoreLockTest, StoreAndLockArePrivateWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0277}}) {
    const std::string store = folder_ + "/a" + std::to_string(mask) + "/b";
    const mode_t old = ::umask(mask);
    auto attempt = StoreLock::TryAcquire(store, true, "kith");
    ::umask(old);
    ASSERT_TRUE(attempt.ok()) << attempt.status();
    EXPECT_EQ(Mode(store), 0700U);
    EXPECT_EQ(Mode(store + "/lock"), 0600U);
  }
}

TEST_F(StoreLockTest, AnEmptyFolderIsClosedToOthersAndAStoreIsLeftAsItIs) {
  fs::create_directory(folder_ + "/empty");
  fs::create_directory(folder_ + "/full");
  Write("/full/kith.db", "x");
  for (const char* name : {"/empty", "/full"}) ::chmod((folder_ + name).c_str(), 0755);
  auto made = StoreLock::TryAcquire(folder_ + "/empty", true, "kith");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_TRUE(made->is_new);
  EXPECT_EQ(made->open_to_others, "");
  EXPECT_EQ(Mode(folder_ + "/empty"), 0700U);
  // Who opened it may have a reason, but is told.
  auto open = StoreLock::TryAcquire(folder_ + "/full", true, "kith");
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_FALSE(open->is_new);
  EXPECT_EQ(Mode(folder_ + "/full"), 0755U);
  EXPECT_THAT(open->open_to_others, HasSubstr("mode 0755"));
  EXPECT_THAT(open->open_to_others, HasSubstr("chmod 700 " + folder_ + "/full"));
}

TEST_F(StoreLockTest, NothingIsWrittenIntoAFolderThatIsNoStore) {
  fs::create_directory(folder_ + "/photos");
  EXPECT_EQ(StoreLock::TryAcquire(folder_ + "/photos", false, "kith").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(folder_ + "/photos"));
  Write("/photos/lock", "the evidence of x");
  ::chmod((folder_ + "/photos/lock").c_str(), 0640);
  EXPECT_EQ(StoreLock::TryAcquire(folder_ + "/photos", false, "kith").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Mode(folder_ + "/photos/lock"), 0640U);
  EXPECT_EQ(Read("/photos/lock"), "the evidence of x");
}

TEST_F(StoreLockTest, AFileThatIsNoLockIsLeftAsItIs) {
  for (const char* store : {"/new", "/old"}) {
    const std::string folder = folder_ + store;
    fs::create_directory(folder);
    if (std::string(store) == "/old") Write("/old/kith.db", "x");
    const std::string lock = std::string(store) + "/lock";
    Write(lock, "the evidence of x");
    ::chmod((folder + "/lock").c_str(), 0640);
    const auto refused = StoreLock::TryAcquire(folder, true, "kith").status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.message()), HasSubstr("no lock of Kith"));
    EXPECT_EQ(Mode(folder + "/lock"), 0640U);
    EXPECT_EQ(Read(lock), "the evidence of x");
    // What a killed process or a power cut leaves.
    for (const std::string& left : {std::string("pid 7\nprogram kith\n"), std::string("pi"),
                                    std::string(20, '\0'), std::string()}) {
      Write(lock, left);
      EXPECT_TRUE(StoreLock::TryAcquire(folder, true, "kith").ok()) << left.size();
    }
  }
}

TEST_F(StoreLockTest, NoStoreIsMadeAmongOtherFiles) {
  fs::create_directory(folder_ + "/photos");
  Write("/photos/photo.jpg", "x");
  const auto refused = StoreLock::TryAcquire(folder_ + "/photos", true, "kith").status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("among other files"));
  EXPECT_FALSE(fs::exists(folder_ + "/photos/lock"));
  // What a store leaves that was removed, on a disk of its own.
  fs::create_directories(folder_ + "/left/index");
  fs::create_directories(folder_ + "/left/lost+found");
  Write("/left/lock", "");
  EXPECT_TRUE(StoreLock::TryAcquire(folder_ + "/left", true, "kith").ok());
}

TEST_F(StoreLockTest, SaysWhatIsWrongWithTheFolder) {
  EXPECT_EQ(StoreLock::TryAcquire(folder_ + "/none", false, "kith").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(folder_ + "/none"));
  std::ofstream(folder_ + "/file") << "x";
  const auto file = StoreLock::TryAcquire(folder_ + "/file", true, "kith").status();
  EXPECT_EQ(file.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(file.message()), HasSubstr("no folder"));
  EXPECT_FALSE(StoreLock::TryAcquire(folder_ + "/file/below", true, "kith").ok());
  EXPECT_EQ(StoreLock::TryAcquire("", true, "kith").status().code(),
            absl::StatusCode::kInvalidArgument);
  // Nobody, not even root, makes a folder here.
  EXPECT_FALSE(StoreLock::TryAcquire("/proc/kith", true, "kith").ok());
  fs::create_directory(folder_ + "/linked");
  fs::create_symlink("/etc/hostname", folder_ + "/linked/lock");
  EXPECT_FALSE(StoreLock::TryAcquire(folder_ + "/linked", true, "kith").ok());
}

TEST_F(StoreLockTest, ALongPathGetsAShortSocket) {
  const std::string store = folder_ + "/" + std::string(120, 'x');
  std::string socket;
  {
    auto attempt = StoreLock::TryAcquire(store, true, "kith");
    ASSERT_TRUE(attempt.ok()) << attempt.status();
    socket = *attempt->lock->SocketPath();
    EXPECT_LE(socket.size(), kMaxUnixPathBytes);
    EXPECT_EQ(*attempt->lock->SocketPath(), socket);
    EXPECT_EQ(Mode(fs::path(socket).parent_path()), 0700U);
  }
  EXPECT_FALSE(fs::exists(fs::path(socket).parent_path()));
  auto attempt = StoreLock::TryAcquire(folder_ + "/short", true, "kith");
  EXPECT_EQ(*attempt->lock->SocketPath(),
            fs::canonical(folder_ + "/short").string() + "/kith.sock");
}

// The owner of a store was told to run as the user who owns it.
TEST_F(StoreLockTest, TheOwnerOfAStoreThatMayNotBeWrittenIsToldWhatToDo) {
  ::chmod(folder_.c_str(), 0755);
  for (const std::string name : {"/closed", "/closed-lock", "/of-others"}) {
    fs::create_directory(folder_ + name);
    Write(name + "/kith.db", "");
    if (name != "/closed") Write(name + "/lock", "");
    ::chmod((folder_ + name + "/lock").c_str(), 0400);
    ::chmod((folder_ + name).c_str(), 0555);
  }
  // Root may write everything, so it is a child that is nobody.
  constexpr uid_t kNobody = 65534;
  const bool root = ::geteuid() == 0;
  if (root) {
    for (const char* name : {"/closed", "/closed-lock", "/closed-lock/lock"}) {
      ASSERT_EQ(::chown((folder_ + name).c_str(), kNobody, kNobody), 0);
    }
  }
  const auto refused = [&](const std::string& name, const std::string& advice) {
    const auto attempt = StoreLock::TryAcquire(folder_ + name, false, "kith");
    return absl::IsPermissionDenied(attempt.status()) &&
           attempt.status().message().find(advice) != absl::string_view::npos;
  };
  EXPECT_EXIT(
      {
        if (root && ::setuid(kNobody) != 0) ::_exit(9);
        const bool right =
            refused("/closed", "also to look up: chmod -R u+rwX " + folder_ + "/closed") &&
            refused("/closed-lock", "chmod -R u+rwX " + folder_ + "/closed-lock") &&
            (!root || refused("/of-others", "run as the user who owns the store"));
        ::_exit(right ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  for (const char* name : {"/closed", "/closed-lock", "/of-others"}) {
    ::chmod((folder_ + name).c_str(), 0700);
  }
}

TEST_F(StoreLockTest, TheKernelGivesUpWhatADeadProcessHeld) {
  const std::string store = folder_ + "/store";
  const std::string ready = folder_ + "/ready";
  const pid_t child = ::fork();
  if (child == 0) {
    auto attempt = StoreLock::TryAcquire(store, true, "dead");
    std::ofstream(ready) << "x";
    for (;;) ::pause();
  }
  while (!fs::exists(ready)) ::usleep(1000);
  auto held = StoreLock::TryAcquire(store, true, "kith");
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(held->lock, nullptr);
  EXPECT_EQ(held->holder.pid, child);
  EXPECT_EQ(held->holder.program, "dead");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NE(StoreLock::TryAcquire(store, true, "kith")->lock, nullptr);
}

}  // namespace
}  // namespace kith::server
