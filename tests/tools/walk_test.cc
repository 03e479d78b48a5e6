// SPDX-License-Identifier: Apache-2.0
#include "tools/scan/walk.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/tools/scratch.h"

namespace kith::scan {
namespace {

namespace fs = std::filesystem;
using test::Scratch;
using testing::ElementsAre;
using testing::HasSubstr;

struct Seen {
  std::vector<std::string> paths;
  std::map<std::string, WalkedFile> files;
  WalkSummary summary;
};

Seen WalkAll(const std::string& root, const WalkOptions& options = {}) {
  Seen seen;
  const auto summary = Walk(root, options, [&seen](WalkedFile file) {
    seen.paths.push_back(file.path);
    seen.files[file.path] = file;
    return true;
  });
  EXPECT_TRUE(summary.ok()) << summary.status();
  if (summary.ok()) seen.summary = *summary;
  return seen;
}

TEST(Walk, GoesInTheOrderOfPathBytes) {
  const Scratch scratch;
  for (const char* name : {"a/b", "a.txt", "a-", "B", "a/c/d", "\xff", "z"}) {
    scratch.Write(name, "x");
  }
  EXPECT_THAT(WalkAll(scratch.path()).paths,
              ElementsAre("B", "a-", "a.txt", "a/b", "a/c/d", "z", "\xff"));
}

TEST(Walk, TellsEveryEntryThatIsNoFolderOnce) {
  const Scratch scratch;
  scratch.Write("file", "12345");
  scratch.Write("new\nline\t\x1b[2J", "");
  fs::create_directory(scratch.At("empty"));
  ASSERT_EQ(::mkfifo(scratch.At("fifo").c_str(), 0600), 0);
  fs::create_symlink("file", scratch.At("link"));
  fs::create_directory_symlink(".", scratch.At("loop"));
  fs::create_symlink("nowhere", scratch.At("dangling"));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  scratch.At("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(socket);
  const Seen seen = WalkAll(scratch.path());
  EXPECT_EQ(seen.summary.entries, 7U);
  EXPECT_EQ(seen.paths.size(), 7U);
  EXPECT_EQ(seen.summary.folders, 2U);
  EXPECT_EQ(seen.summary.error_count, 0U);
  EXPECT_EQ(seen.files.at("file").kind, FileKind::kRegular);
  EXPECT_EQ(seen.files.at("file").size_bytes, 5U);
  EXPECT_EQ(seen.files.at("fifo").detail, "named pipe");
  EXPECT_EQ(seen.files.at("socket").detail, "socket");
  for (const char* name : {"link", "loop", "dangling"}) {
    EXPECT_EQ(seen.files.at(name).kind, FileKind::kNotRegular) << name;
    EXPECT_EQ(seen.files.at(name).detail, "symbolic link") << name;
  }
}

TEST(Walk, NamesWhatItCannotSee) {
  const Scratch scratch;
  scratch.Write("a/b/c/d/file", "x");
  scratch.Write("a/top", "x");
  WalkOptions options;
  options.max_depth = 3;
  const Seen seen = WalkAll(scratch.path(), options);
  EXPECT_THAT(seen.paths, ElementsAre("a/top"));
  EXPECT_EQ(seen.summary.error_count, 1U);
  EXPECT_THAT(seen.summary.errors, ElementsAre(HasSubstr("folder a/b/c")));
}

TEST(Walk, NamesAFolderThatItMayNotRead) {
  // Root may read everything, so the walk is done by a child that is nobody.
  const Scratch scratch;
  ASSERT_EQ(::chmod(scratch.path().c_str(), 0755), 0);
  scratch.Write("closed/file", "x");
  scratch.Write("open", "x");
  ASSERT_EQ(::chmod(scratch.At("closed").c_str(), 0), 0);
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(9);
        const Seen seen = WalkAll(scratch.path());
        const bool right = seen.paths == std::vector<std::string>{"open"} &&
                           seen.summary.error_count == 1 &&
                           seen.summary.errors.front().find("closed") != std::string::npos;
        ::_exit(right ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
  ::chmod(scratch.At("closed").c_str(), 0700);
}

TEST(Walk, SurvivesATreeDeeperThanAnyPath) {
  const Scratch scratch;
  // Longer than PATH_MAX in all: reached by descriptors only.
  int folder = ::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string name(100, 'd');
  for (int depth = 0; depth < 60; ++depth) {
    ASSERT_EQ(::mkdirat(folder, name.c_str(), 0700), 0);
    const int next = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(folder);
    folder = next;
    ASSERT_GE(folder, 0);
  }
  const int file = ::openat(folder, "file", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_EQ(::write(file, "abc", 3), 3);
  ::close(file);
  ::close(folder);
  Seen seen = WalkAll(scratch.path());
  ASSERT_EQ(seen.paths.size(), 1U);
  EXPECT_GT(seen.paths.front().size(), 6000U);
  EXPECT_GE(OpenFile(seen.files.begin()->second).get(), 0);
}

// Makes `levels` folders of a name of `name_bytes`, one in the other, with a file of one byte in
// each.
void MakeDeep(const std::string& root, int levels, std::size_t name_bytes) {
  int folder = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::string name(name_bytes, 'd');
  for (int level = 0; level < levels; ++level) {
    ASSERT_EQ(::mkdirat(folder, name.c_str(), 0700), 0);
    const int next = ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(folder);
    folder = next;
    ASSERT_GE(folder, 0);
    const int file = ::openat(folder, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_EQ(::write(file, "x", 1), 1);
    ::close(file);
  }
  ::close(folder);
}

TEST(Walk, APathThatTheServiceWouldRefuseIsAnErrorOfTheWalk) {
  const Scratch scratch;
  MakeDeep(scratch.path(), 300, 250);
  scratch.Write("last", "x");
  const Seen seen = WalkAll(scratch.path());
  // 261 names of 250 bytes with their slashes have 65,511 bytes, one more is too many.
  EXPECT_EQ(seen.summary.folders, 262U);
  EXPECT_EQ(seen.summary.entries, 262U);
  EXPECT_EQ(seen.paths.size(), 262U);
  EXPECT_EQ(seen.paths.back(), "last");
  for (const std::string& path : seen.paths) EXPECT_LE(path.size(), kMaxPathBytes);
  EXPECT_EQ(seen.summary.error_count, 1U);
  ASSERT_EQ(seen.summary.errors.size(), 1U);
  EXPECT_THAT(seen.summary.errors[0], HasSubstr("longer than 64 KiB"));
  EXPECT_LT(seen.summary.errors[0].size(), 4096U);
}

TEST(Walk, AFileOfTooLongAPathIsNamedAndNotVisited) {
  const Scratch scratch;
  MakeDeep(scratch.path(), 261, 250);
  int folder = ::open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int level = 0; level < 261; ++level) {
    const int next = ::openat(folder, std::string(250, 'd').c_str(), O_RDONLY | O_DIRECTORY);
    ::close(folder);
    folder = next;
  }
  for (const std::size_t bytes : {25U, 26U}) {  // 65,536 in all, and one more
    ::close(::openat(folder, std::string(bytes, 'g').c_str(), O_CREAT | O_WRONLY, 0600));
  }
  ::close(folder);
  const Seen seen = WalkAll(scratch.path());
  EXPECT_EQ(seen.summary.entries, 262U);
  std::size_t longest = 0;
  for (const std::string& path : seen.paths) longest = std::max(longest, path.size());
  EXPECT_EQ(longest, kMaxPathBytes);
  EXPECT_EQ(seen.summary.error_count, 1U);
}

TEST(Walk, StopsWhenToldAndCountsWhatItGave) {
  const Scratch scratch;
  for (int i = 0; i < 20; ++i) scratch.Write(std::to_string(i), "x");
  int given = 0;
  const auto summary =
      Walk(scratch.path(), {}, [&given](const WalkedFile&) { return ++given <= 5; });
  ASSERT_TRUE(summary.ok());
  EXPECT_TRUE(summary->stopped);
  EXPECT_EQ(summary->entries, 5U);
}

TEST(Walk, SaysWhyARootCannotBeWalked) {
  const Scratch scratch;
  const std::string file = scratch.Write("file", "x");
  const auto none = [](const WalkedFile&) { return true; };
  EXPECT_TRUE(absl::IsNotFound(Walk(scratch.At("missing"), {}, none).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Walk(file, {}, none).status()));
}

TEST(WalkNamed, GivesWhatAPersonNamedInHisOrderAndHisWords) {
  const Scratch scratch;
  const std::string file = scratch.Write("file", "x");
  scratch.Write("below/a", "x");
  scratch.Write("below/b", "x");
  const std::string below = scratch.At("below");
  const std::string gone = scratch.At("gone");
  std::vector<std::string> paths;
  std::size_t most = 9;
  const auto visit = [&](const WalkedFile& found) {
    if (paths.size() == most) return false;
    paths.push_back(found.path);
    return true;
  };
  auto summary = WalkNamed({gone, below + "/", file, below}, visit);
  EXPECT_THAT(paths,
              ElementsAre(gone, below + "/a", below + "/b", file, below + "/a", below + "/b"));
  EXPECT_EQ(summary.entries, 6U);
  EXPECT_EQ(summary.folders, 2U);
  EXPECT_FALSE(summary.stopped);
  paths.clear();
  most = 2;
  summary = WalkNamed({below, file, gone}, visit);
  EXPECT_TRUE(summary.stopped);
  EXPECT_EQ(summary.entries, 2U);
}

TEST(OpenFile, FollowsNoLinkAndTellsWhatHappenedSinceTheWalk) {
  const Scratch scratch;
  scratch.Write("becomes-link", "x");
  scratch.Write("vanishes", "x");
  scratch.Write("becomes-fifo", "x");
  scratch.Write("grows", "x");
  scratch.Write("secret", "s");
  Seen seen = WalkAll(scratch.path());
  fs::remove(scratch.At("becomes-link"));
  fs::create_symlink("secret", scratch.At("becomes-link"));
  fs::remove(scratch.At("vanishes"));
  fs::remove(scratch.At("becomes-fifo"));
  ASSERT_EQ(::mkfifo(scratch.At("becomes-fifo").c_str(), 0600), 0);
  scratch.Write("grows", "12345678");

  EXPECT_LT(OpenFile(seen.files.at("becomes-link")).get(), 0);
  EXPECT_EQ(seen.files.at("becomes-link").kind, FileKind::kNotRegular);
  EXPECT_LT(OpenFile(seen.files.at("vanishes")).get(), 0);
  EXPECT_EQ(seen.files.at("vanishes").kind, FileKind::kVanished);
  EXPECT_LT(OpenFile(seen.files.at("becomes-fifo")).get(), 0);
  EXPECT_EQ(seen.files.at("becomes-fifo").kind, FileKind::kNotRegular);
  EXPECT_GE(OpenFile(seen.files.at("grows")).get(), 0);
  EXPECT_EQ(seen.files.at("grows").size_bytes, 8U);
}

TEST(OpenFile, LeavesTheTimesOfAFileAlone) {
  const Scratch scratch;
  const std::string path = scratch.Write("file", "12345");
  const timespec old[2] = {{1'000'000'000, 5}, {1'000'000'001, 7}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), old, 0), 0);
  Seen seen = WalkAll(scratch.path());
  {
    const Descriptor opened = OpenFile(seen.files.at("file"));
    char buffer[8];
    ASSERT_EQ(::read(opened.get(), buffer, sizeof buffer), 5);
  }
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_atim.tv_sec, 1'000'000'000);
  EXPECT_EQ(info.st_atim.tv_nsec, 5);
  EXPECT_EQ(seen.files.at("file").mtime_ns, 1'000'000'001'000'000'007);
}

TEST(NamedFile, FollowsTheLinkThatAPersonNamed) {
  const Scratch scratch;
  scratch.Write("file", "x");
  fs::create_symlink("file", scratch.At("link"));
  WalkedFile link = NamedFile(scratch.At("link"));
  EXPECT_EQ(link.kind, FileKind::kRegular);
  EXPECT_GE(OpenFile(link).get(), 0);
  EXPECT_EQ(NamedFile(scratch.At("none")).kind, FileKind::kVanished);
  EXPECT_EQ(NamedFile(scratch.path()).detail, "folder");
}

}  // namespace
}  // namespace kith::scan
