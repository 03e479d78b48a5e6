// SPDX-License-Identifier: Apache-2.0
//
// The files of the index: what an error of the system comes to, and how a file gets its name.
#include "index/internal/file_io.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/index/segment_files.h"

namespace {

int next_error = 0;  // of the next reservation, whatever the file system would say

}  // namespace

// Takes the place of that of the C library.
extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
  if (next_error == 0) return static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, length));
  errno = std::exchange(next_error, 0);
  return -1;
}

namespace kith::index {
namespace {

using internal::ErrnoStatus;
using internal::File;
using ::testing::HasSubstr;

class FileIoTest : public SegmentFiles {};

TEST_F(FileIoTest, OneTableOfErrorsForAllFiles) {
  for (const int lack : {ENOSPC, EDQUOT, EFBIG, ENOMEM}) {
    EXPECT_TRUE(absl::IsResourceExhausted(ErrnoStatus("file", "cannot be written", lack))) << lack;
  }
  EXPECT_TRUE(absl::IsNotFound(ErrnoStatus("file", "cannot be opened", ENOENT)));
  EXPECT_TRUE(absl::IsUnavailable(ErrnoStatus("file", "cannot be opened", EMFILE)));
  EXPECT_EQ(ErrnoStatus("file", "cannot be opened", EACCES).message(),
            "file: cannot be opened: Permission denied");
}

// Nothing is mapped at 0, which is EIO: what a bad block is to a reader.
TEST_F(FileIoTest, WhatTheDiskDoesNotGiveIsLost) {
  const auto file = File::OpenToRead("/proc/self/mem");
  ASSERT_TRUE(file.ok()) << file.status();
  std::vector<std::uint8_t> bytes(16);
  ASSERT_EQ(file->TryRead(0, bytes), EIO);
  EXPECT_TRUE(absl::IsDataLoss(file->ReadAt(0, bytes)));
}

// A quota was taken for a file system that reserves nothing, and told hours later.
TEST_F(FileIoTest, ALackOfRoomIsToldWhenItIsReserved) {
  constexpr std::uint64_t kBytes = 100000;
  const auto file = File::Create(Path());
  ASSERT_TRUE(file.ok()) << file.status();
  for (const int lack : {ENOSPC, EDQUOT, EFBIG}) {
    next_error = lack;
    EXPECT_TRUE(absl::IsResourceExhausted(file->Reserve(kBytes))) << lack;
  }
  for (const int trouble : {EIO, EPERM, EINVAL}) {
    next_error = trouble;
    EXPECT_TRUE(absl::IsUnavailable(file->Reserve(kBytes))) << trouble;
  }
  EXPECT_EQ(std::filesystem::file_size(Path()), 0u);
  std::uint64_t bytes = kBytes;
  for (const int no_hindrance : {EOPNOTSUPP, ENOSYS, EINTR, 0}) {
    next_error = no_hindrance;
    const absl::Status status = file->Reserve(++bytes);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(std::filesystem::file_size(Path()), bytes);
  }
}

TEST_F(FileIoTest, AFileHasItsNameWhenItIsWhole) {
  const std::string path = Path();
  WriteBytes(path, {1, 2, 3});
  WriteBytes(internal::TemporaryName(path), {9, 9, 9, 9, 9});  // of a killed writer
  const auto file = File::Create(internal::TemporaryName(path));
  ASSERT_TRUE(file.ok()) << file.status();
  const std::vector<std::uint8_t> written = {4, 5};
  ASSERT_TRUE(file->WriteAt(0, written).ok() && file->Flush().ok());
  EXPECT_EQ(ReadBytes(path).size(), 3u);
  ASSERT_TRUE(internal::PutInPlace(file->path(), path).ok());
  EXPECT_EQ(ReadBytes(path), written);
  EXPECT_FALSE(std::filesystem::exists(file->path()));
  std::vector<std::uint8_t> more(3);
  const absl::Status cut_off = File::OpenToRead(path)->ReadAt(0, more);
  EXPECT_TRUE(absl::IsDataLoss(cut_off));
  EXPECT_THAT(std::string(cut_off.message()), HasSubstr(path));
  std::filesystem::create_symlink(path, Path("link"));
  EXPECT_FALSE(File::OpenToRead(Path("link")).ok());
}

}  // namespace
}  // namespace kith::index
