// SPDX-License-Identifier: Apache-2.0
// Evidence is hostile and must not change: names that would move a cursor, links that lead out or
// round in circles, devices; and a check leaves no trace on any of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <fstream>
#include <map>

#include "tests/end_to_end/world.h"

namespace kith::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

// All that a reader could leave behind: times, mode, links, attributes; content is asked for apart,
// as asking reads.
std::string TraceOf(const fs::path& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return "gone";
  const auto time = [](const timespec& at) {
    return std::to_string(at.tv_sec) + "." + std::to_string(at.tv_nsec) + " ";
  };
  return time(info.st_atim) + time(info.st_mtim) + time(info.st_ctim) +
         std::to_string(info.st_mode) + " " + std::to_string(info.st_size) + " " +
         std::to_string(info.st_nlink) + " " +
         std::to_string(::llistxattr(path.c_str(), nullptr, 0));
}

std::map<fs::path, std::string> Contents(const fs::path& root) {
  std::map<fs::path, std::string> contents;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) contents[entry.path()] = ReadFile(entry.path());
  }
  return contents;
}

// Last read long ago, written after that: what a mount with relatime would mark on a plain read.
void MakeOld(const fs::path& root) {
  const timespec times[2] = {{1'000'000'000, 0}, {1'100'000'000, 0}};
  std::vector<fs::path> paths = {root};
  for (const auto& entry : fs::recursive_directory_iterator(root)) paths.push_back(entry.path());
  for (const fs::path& path : paths) {
    ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW), 0) << path;
  }
}

TEST(Evidence, IsUntouched) {
  World world;
  world.MakeSample(1, 5);
  world.Enrol();
  const auto contents = Contents(world.Seizure());
  MakeOld(world.Seizure());
  // Taken without a walk of its own after MakeOld: the paths are known.
  std::map<fs::path, std::string> before = {{world.Seizure(), ""}};
  for (const auto& [path, content] : contents) before[path] = "";
  for (auto& [path, trace] : before) trace = TraceOf(path);
  EXPECT_EQ(world
                .Kith({"check", world.Seizure().string(), "--case", "NORTH/1", "--out",
                       world.Path("report").string()})
                .exit_code,
            1);
  for (const auto& [path, trace] : before) EXPECT_EQ(TraceOf(path), trace) << path;
  EXPECT_EQ(Contents(world.Seizure()), contents);
}

class HostileFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.MakeSample(1, 2);
    world_.Enrol();
    fs::create_directories(folder_);
    for (const std::string& name : names_) {
      fs::copy_file(world_.Seizure() / "exact/lakeside-01.jpg", folder_ / name);
    }
    fs::create_directory_symlink(".", folder_ / "loop");
    fs::create_symlink("/etc/passwd", folder_ / "out.jpg");
    fs::create_symlink("nowhere", folder_ / "dangling");
    ASSERT_EQ(::mkfifo((folder_ / "pipe.jpg").c_str(), 0600), 0);
  }

  World world_;
  const fs::path folder_ = world_.Path("hostile");
  const std::vector<std::string> names_ = {
      "new\nline.jpg",
      "tab\tbed.jpg",
      "\x1b[2J\x1b[31mred.jpg",
      "broken-\xff\xfe-utf8.jpg",
      "\xe2\x80\xaegpj.exe",  // shows from right to left
      "=cmd()|x.jpg",
      "<img src=x onerror=alert(1)>.jpg",
      "-rf",
      "'; DROP TABLE files; --.jpg",
      std::string(251, 'x') + ".jpg",
  };
};

TEST_F(HostileFolder, NamesAreDataAndNothingMore) {
  const std::string out = world_.Path("report").string();
  const Outcome checked =
      world_.Kith({"check", folder_.string(), "--case", "NORTH/1", "--out", out});
  EXPECT_EQ(checked.exit_code, 1) << checked.err;
  const nlohmann::json report = ReportWithoutRun(out);
  EXPECT_EQ(report["summary"]["entries_walked"], names_.size() + 4);
  EXPECT_EQ(report["summary"]["dispositions"]["not_regular"], 4);
  EXPECT_EQ(report["summary"]["verdicts"]["IDENTIFIED"]["paths"], names_.size());
  EXPECT_EQ(report["summary"]["verdicts"]["IDENTIFIED"]["files"], 1);
  const std::string html = ReadFile(world_.Path("report/report.html"));
  const std::string csv = ReadFile(world_.Path("report/report.csv"));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(csv, Not(HasSubstr("\n=cmd")));
  for (const std::string& text : {checked.out, checked.err, html, csv}) {
    EXPECT_THAT(text, Not(HasSubstr("\x1b[2J")));
    EXPECT_THAT(text, Not(HasSubstr("\xe2\x80\xae")));
    EXPECT_THAT(text, Not(HasSubstr("\xff\xfe")));
  }
}

TEST_F(HostileFolder, AResumedRunKnowsTheNamesAgain) {
  const std::vector<std::string> line = {"check", folder_.string(), "--case", "NORTH/1", "--out"};
  for (const char* name : {"first", "second"}) {
    std::vector<std::string> with_out = line;
    with_out.push_back(world_.Path(name).string());
    EXPECT_EQ(world_.Kith(with_out).exit_code, 1);
  }
  EXPECT_EQ(ReportWithoutRun(world_.Path("first")), ReportWithoutRun(world_.Path("second")));
}

TEST_F(HostileFolder, HashSaysOneLineAFile) {
  std::vector<std::string> line = {"hash"};
  for (const std::string& name : names_) line.push_back((folder_ / name).string());
  const Outcome hashed = world_.Kith(line);
  EXPECT_EQ(std::count(hashed.out.begin(), hashed.out.end(), '\n'),
            static_cast<std::ptrdiff_t>(names_.size()))
      << hashed.out;
  EXPECT_THAT(hashed.out, Not(HasSubstr("\x1b")));
}

TEST(Evidence, AFolderThatCannotBeReadIsToldAndTheRestIsChecked) {
  World world;
  world.MakeSample(1, 2);
  world.Enrol();
  fs::create_directory(world.Seizure() / "closed");
  fs::copy_file(world.Seizure() / "exact/lakeside-01.jpg", world.Seizure() / "closed/x.jpg");
  fs::permissions(world.Seizure() / "exact/lakeside-01.jpg", fs::perms::none);
  fs::permissions(world.Seizure() / "closed", fs::perms::none);
  const Outcome checked = RunToEnd(WithoutRights(world.Line(
      "kith", {"check", world.Seizure().string(), "--out", world.Path("report").string()})));
  fs::permissions(world.Seizure() / "closed", fs::perms::owner_all);
  EXPECT_EQ(checked.exit_code, 1) << checked.err;
  const nlohmann::json report = ReportWithoutRun(world.Path("report"));
  EXPECT_EQ(report["summary"]["dispositions"]["unreadable"], 1);
  EXPECT_THAT(report["scope"]["warnings"].dump(), HasSubstr("closed"));
}

}  // namespace
}  // namespace kith::end_to_end
