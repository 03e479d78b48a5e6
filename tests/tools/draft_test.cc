// SPDX-License-Identifier: Apache-2.0
#include "tools/report/draft.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>

#include "tests/tools/scratch.h"

namespace kith::report {
namespace {

namespace fs = std::filesystem;
using test::Scratch;

TEST(Draft, GoesUnlessItWasMoved) {
  const Scratch scratch;
  std::string left;
  {
    Draft dropped;
    Draft moved;
    const int one = dropped.Open(scratch.At("dropped"));
    const int other = moved.Open(scratch.At("moved"));
    ASSERT_GE(one, 0);
    ASSERT_GE(other, 0);
    ::close(one);
    ::close(other);
    left = dropped.name();
    struct stat status {};
    ASSERT_EQ(::stat(left.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    ASSERT_EQ(std::rename(moved.name().c_str(), scratch.At("moved").c_str()), 0);
    moved.Moved();
    EXPECT_EQ(moved.name(), "");
  }
  EXPECT_FALSE(fs::exists(left));
  EXPECT_TRUE(fs::exists(scratch.At("moved")));
}

TEST(Draft, TellsWhyItCannotBeMade) {
  const Scratch scratch;
  Draft draft;
  errno = 0;
  EXPECT_EQ(draft.Open(scratch.At("none/file")), -1);
  EXPECT_EQ(errno, ENOENT);
  EXPECT_EQ(draft.name(), "");
}

// In a process of its own, for it is the last thing that one does.
TEST(RemoveDrafts, LeavesNoneButWhatWasMoved) {
  const Scratch scratch;
  EXPECT_EXIT(
      {
        Draft first;
        Draft second;
        Draft moved;
        const bool made = first.Open(scratch.At("first")) >= 0 &&
                          second.Open(scratch.At("second")) >= 0 &&
                          moved.Open(scratch.At("moved")) >= 0;
        const bool named = std::rename(moved.name().c_str(), scratch.At("moved").c_str()) == 0;
        moved.Moved();
        RemoveDrafts();
        ::_exit(made && named ? 130 : 1);
      },
      testing::ExitedWithCode(130), "");
  std::string names;
  for (const auto& one : fs::directory_iterator(scratch.path())) {
    names += one.path().filename().string() + " ";
  }
  EXPECT_EQ(names, "moved ");
}

}  // namespace
}  // namespace kith::report
