// SPDX-License-Identifier: Apache-2.0
//
// A page that the disk does not give ends the process that meets it; the next one does not believe
// what was once verified.
#include "index/unreadable_pages.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "tests/index/segment_files.h"

namespace kith::index {
namespace {

using ::testing::HasSubstr;

class UnreadableTest : public SegmentFiles {
 protected:
  void SetUp() override {
    SegmentFiles::SetUp();
    RandomCodes random(1);
    codes_ = random.Some(5000);
    MustBuild(Path(), codes_, LabelsFrom(1, codes_.size()));
    ASSERT_NE(MustOpen(Path()), nullptr);
    ASSERT_TRUE(std::filesystem::exists(Path() + ".verified"));
  }
  // Searches a file whose pages are taken away while it is mapped, as by a disk that gives none:
  // both are a SIGBUS. Returns the signal that ended it.
  int SearchWithoutPages() {
    const pid_t child = fork();
    if (child == 0) {
      MarkUnreadableFiles();
      MarkUnreadableFiles();  // once more does nothing
      const auto file = SegmentFile::Open(Path());
      if (!file.ok() || truncate(Path().c_str(), 4096) != 0) _exit(1);
      (void)(*file)->Search(codes_);
      _exit(2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
  }
  [[nodiscard]] bool IsSuspect() const { return std::filesystem::exists(Path() + ".suspect"); }

  std::vector<Code> codes_;
};

#ifndef KITH_SANITIZED  // a sanitizer ends the process in a way of its own

TEST_F(UnreadableTest, AProcessThatMeetsSuchAPageSaysWhichFileAndEndsAsBefore) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(SearchWithoutPages(), SIGBUS);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr(Path() + ": the disk did not give a page of it"));
  EXPECT_TRUE(IsSuspect());
}

TEST_F(UnreadableTest, ASignalOfSomebodyElseLeavesNoMark) {
  const pid_t child = fork();
  if (child == 0) {
    MarkUnreadableFiles();
    const auto file = SegmentFile::Open(Path());
    raise(SIGBUS);
    _exit(2);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
  EXPECT_FALSE(IsSuspect());
}

#endif

TEST_F(UnreadableTest, ASuspectFileIsReadWholeWhateverWasVerified) {
  const std::string path = Path();
  RotByte(path, std::filesystem::file_size(path) / 2);
  ASSERT_NE(MustOpen(path), nullptr) << "the mark is believed";
  WriteBytes(path + ".suspect", {});
  EXPECT_TRUE(absl::IsDataLoss(SegmentFile::Open(path).status()));
  EXPECT_TRUE(IsSuspect());
  RotByte(path, std::filesystem::file_size(path) / 2);
  ASSERT_NE(MustOpen(path), nullptr);
  EXPECT_FALSE(IsSuspect());
}

// A file was known again by the time of its content alone, which anybody puts back: with a byte
// changed it was opened and answered.
TEST_F(UnreadableTest, AFileIsReadWholeThatWasChangedAndGotItsOldTimeBack) {
  const std::string path = Path();
  struct stat before {};
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  // Of that moment, as what happens within one tick of the clock has one time.
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  faults::FlipByte(path, std::filesystem::file_size(path) / 2);
  const std::array<struct timespec, 2> times = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
  EXPECT_TRUE(absl::IsDataLoss(SegmentFile::Open(path).status()));
}

}  // namespace
}  // namespace kith::index
