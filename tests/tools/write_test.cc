// SPDX-License-Identifier: Apache-2.0
#include "tools/report/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/tools/scratch.h"

namespace kith::report {
namespace {

namespace fs = std::filesystem;
using test::Scratch;
using testing::HasSubstr;

TEST(PrepareFolder, RefusesToTouchTheEvidence) {
  const Scratch scratch;
  fs::create_directories(scratch.At("evidence/deep"));
  fs::create_directory_symlink(scratch.At("evidence"), scratch.At("link"));
  const std::string evidence = scratch.At("evidence");
  EXPECT_FALSE(PrepareFolder(evidence, evidence).ok());
  EXPECT_FALSE(PrepareFolder(scratch.At("evidence/deep/out"), evidence).ok());
  EXPECT_FALSE(PrepareFolder(scratch.At("link/out"), evidence).ok());
  EXPECT_FALSE(PrepareFolder(scratch.At("evidence/../evidence/out"), evidence).ok());
  EXPECT_FALSE(PrepareFolder(scratch.At("evidence/out"), scratch.At("link")).ok());
  EXPECT_TRUE(fs::is_empty(scratch.At("evidence/deep")));
  // A neighbour whose name begins alike is no part of it.
  EXPECT_TRUE(PrepareFolder(scratch.At("evidence-report"), evidence).ok());
}

// Whether there is a folder already was asked after the failure, and the answer to that was told.
TEST(PrepareFolder, TellsWhyAFolderCannotBeMade) {
  const auto folder = PrepareFolder("/sys/kith-report/deep", "");
  EXPECT_EQ(folder.status().code(), absl::StatusCode::kPermissionDenied) << folder.status();
}

TEST(PrepareFolder, RefusesANewRelativeNameInsideTheEvidence) {
  const Scratch scratch;
  const fs::path before = fs::current_path();
  fs::current_path(scratch.path());
  EXPECT_FALSE(PrepareFolder("out", scratch.path()).ok());
  EXPECT_FALSE(PrepareFolder("", ".").ok());
  const auto elsewhere = PrepareFolder("out", "");
  fs::current_path(before);
  ASSERT_TRUE(elsewhere.ok()) << elsewhere.status();
  EXPECT_EQ(*elsewhere, fs::canonical(scratch.At("out")).string());
}

// Names of folders were compared: the evidence has another one where it is mounted twice, and where
// the case of letters does not matter.
TEST(PrepareFolder, KnowsTheEvidenceByAnotherName) {
  const Scratch scratch;
  fs::create_directories(scratch.At("evidence/deep"));
  fs::create_directory(scratch.At("again"));
  const std::string evidence = scratch.At("evidence");
  const std::string again = scratch.At("again");
  enum Seen { kRefused, kTaken, kNoMount };
  // In a process of its own, as nothing else may see the mount.
  const auto look = [&](const std::string& out, const std::string& checked) {
    const pid_t child = ::fork();
    if (child == 0) {
      if ((::unshare(CLONE_NEWNS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) ||
          ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
          ::mount(evidence.c_str(), again.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        ::_exit(kNoMount);
      }
      ::_exit(PrepareFolder(out, checked).ok() ? kTaken : kRefused);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  };
  // Where this machine lets us mount nothing, none of these is taken either.
  for (const std::string out : {"again", "again/new", "again/deep/new/out"}) {
    EXPECT_NE(look(scratch.At(out), evidence), kTaken) << out;
  }
  EXPECT_NE(look(evidence + "/new", again), kTaken);
  EXPECT_NE(look(scratch.At("elsewhere"), evidence), kRefused);
  EXPECT_TRUE(fs::is_empty(scratch.At("evidence/deep")));
}

TEST(PrepareFolder, MakesAPrivateFolder) {
  const Scratch scratch;
  const auto folder = PrepareFolder(scratch.At("a/b/out"), "");
  ASSERT_TRUE(folder.ok()) << folder.status();
  struct stat info {};
  ASSERT_EQ(::stat(folder->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0700U);
  EXPECT_TRUE(fs::is_empty(*folder));
}

TEST(PrepareFolder, FindsOutBeforeTheRunThatItCannotWrite) {
  const Scratch scratch;
  scratch.Write("file", "x");
  EXPECT_FALSE(PrepareFolder(scratch.At("file/out"), "").ok());
  EXPECT_FALSE(PrepareFolder(scratch.At("file"), "").ok());
  EXPECT_FALSE(PrepareFolder("/proc/kith", "").ok());
}

TEST(WriteReport, LeavesThreeWholeFilesAndNothingElse) {
  const Scratch scratch;
  v1::Report report;
  report.mutable_scope()->set_root("/first");
  ASSERT_TRUE(WriteReport(report, scratch.path()).ok());
  report.mutable_scope()->set_root("/second");
  ASSERT_TRUE(WriteReport(report, scratch.path()).ok());
  int files = 0;
  for (const auto& entry : fs::directory_iterator(scratch.path())) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 3);
  EXPECT_THAT(test::ReadAll(scratch.At("report.json")), HasSubstr("/second"));
  EXPECT_THAT(test::ReadAll(scratch.At("report.html")), HasSubstr("</html>"));
  EXPECT_THAT(test::ReadAll(scratch.At("report.csv")), HasSubstr("path,path_base64,verdict"));
}

TEST(WriteReport, SaysWhichFileCouldNotBeWritten) {
  const Scratch scratch;
  const absl::Status status = WriteReport(v1::Report(), scratch.At("missing"));
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("report.json"));
}

}  // namespace
}  // namespace kith::report
