// SPDX-License-Identifier: Apache-2.0
// Disks that are full or may not be written to: a clear answer, nothing lost, and work goes on when
// there is room again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "tests/end_to_end/service.h"
#include "tests/end_to_end/world.h"
#include "tests/faults/lists.h"
#include "tests/faults/small_disk.h"

namespace kith::faults {
namespace {

namespace fs = std::filesystem;
using end_to_end::Outcome;
using end_to_end::World;
using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST(FullDisk, AnImportIsRefusedWholeAndWorkGoesOnWhenThereIsRoom) {
  const World world;
  const SmallDisk disk(world.Path("small"));
  const fs::path store = world.Path("small/store");
  end_to_end::Command line = disk.Limited(
      world.Line("kithd", {"--store", store.string(), "--listen", "", "--ready-fd", "1"}));
  end_to_end::Service service(std::move(line));
  const auto kith = [&](std::vector<std::string> words, const std::string& input = "") {
    words.insert(words.end(), {"--server", service.Unix()});
    return world.Kith(words, input);
  };
  ASSERT_EQ(kith({"set", "add", "list"}).exit_code, 0);

  // Until nothing more goes in.
  constexpr int kLines = 10'000;
  unsigned long long imported = 0;  // lists
  Outcome refused;
  while (imported < 100) {
    refused = kith({"import", "--set", "list", "-"}, ListOf(imported * kLines, kLines));
    if (refused.exit_code != 0) break;
    ++imported;
  }
  ASSERT_GT(imported, 0U) << refused.err;
  ASSERT_LT(imported, 100U) << "the disk did not fill up";
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AnyOf(HasSubstr("full"), HasSubstr("space")));

  // What was acknowledged is there and matches; what was refused is not.
  EXPECT_EQ(kith({"match", Md5(0)}).exit_code, 1);
  EXPECT_EQ(kith({"match", Md5(imported * kLines)}).exit_code, 0);

  disk.MakeRoom(service.Process().pid());
  const Outcome again = kith({"import", "--set", "list", "-"}, ListOf(imported * kLines, kLines));
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(kith({"match", Md5(imported * kLines)}).exit_code, 1);
  const Outcome verified = kith({"store", "verify", "--json"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  EXPECT_THAT(kith({"set", "show", "list", "--json"}).out,
              HasSubstr("\"entries\":" + std::to_string((imported + 1) * kLines)));
}

// What was answered before the disk was full is on record; the run after it reads the rest.
TEST(FullDisk, ACheckThatFindsNoRoomGoesOnWhenThereIsSome) {
  const World world;
  const SmallDisk disk(world.Path("small"));
  world.MakeSample(1, 4);
  world.Enrol();
  // More than the disk has room for on record.
  constexpr int kFiles = 8'000;
  const std::string folder = "sample/seizure/many files with names of some length/";
  fs::create_directory(world.Path(folder));
  for (int i = 0; i < kFiles; ++i) {
    const std::string number = std::to_string(i);
    world.Write(folder + std::string(240, 'n') + number, "text " + number);
  }
  world.CopyStore("small/store");
  world.CopyStore("roomy");
  const auto check = [&](const std::string& store, const std::string& out) {
    return world.Line("kith", {"check", world.Seizure().string(), "--case", "NORTH/9", "--store",
                               world.Path(store).string(), "--out", world.Path(out).string()});
  };
  const Outcome full = RunToEnd(disk.Limited(check("small/store", "full")));
  EXPECT_EQ(full.exit_code, 2) << full.out;
  EXPECT_THAT(full.err, AnyOf(HasSubstr("full"), HasSubstr("space")));

  disk.MakeRoom(::getpid());
  const std::string store = world.Path("small/store").string();
  const Outcome verified = world.Kith({"store", "verify", "--store", store});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  const Outcome resumed = RunToEnd(check("small/store", "resumed"));
  EXPECT_EQ(resumed.exit_code, 1) << resumed.err;
  const Outcome expected = RunToEnd(check("roomy", "expected"));
  EXPECT_EQ(expected.exit_code, 1) << expected.err;
  EXPECT_EQ(end_to_end::ReportWithoutRun(world.Path("resumed")),
            end_to_end::ReportWithoutRun(world.Path("expected")));
}

// The list of what was bad ended early, and the import said that all was well.
TEST(FullDisk, AListOfProblemsThatCannotBeWrittenStopsTheImport) {
  const World world;
  const SmallDisk disk(world.Path("small"));
  ASSERT_EQ(world.Kith({"set", "add", "list"}).exit_code, 0);
  std::string list = Md5(1) + "\n";
  constexpr std::size_t kBad = 120'000;  // each is told in more than 50 bytes
  for (std::size_t i = 0; i < kBad; ++i) list += "xyz\n";
  world.Write("bad", list);
  const Outcome refused = end_to_end::RunToEnd(disk.Limited(
      world.Line("kith", {"import", "--set", "list", "--skip-bad", "--problems",
                          world.Path("small/problems").string(), world.Path("bad").string()})));
  EXPECT_EQ(refused.exit_code, 2) << refused.out;
  EXPECT_THAT(refused.err, HasSubstr("nothing was imported"));
  EXPECT_EQ(world.Kith({"match", Md5(1)}).exit_code, 3);
}

class ReadOnly : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.MakeSample(1, 1);
    world_.Enrol();
  }
  World world_;
};

TEST_F(ReadOnly, AStoreThatMayNotBeWrittenIsAClearError) {
  for (const auto& entry : fs::recursive_directory_iterator(world_.Store())) {
    fs::permissions(entry.path(), fs::perms::owner_write, fs::perm_options::remove);
  }
  fs::permissions(world_.Store(), fs::perms::owner_write, fs::perm_options::remove);
  const Outcome refused = RunToEnd(WithoutRights(
      world_.Line("kith", {"check", world_.Seizure().string(), "--case", "NORTH/1"})));
  fs::permissions(world_.Store(), fs::perms::owner_write, fs::perm_options::add);
  EXPECT_EQ(refused.exit_code, 2) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr(world_.Store().string()));
}

// As evidence is mounted, and as a store should not be.
TEST_F(ReadOnly, ADiskThatIsMountedSoIsReadAndNeverWritten) {
  const SmallDisk disk(world_.Path("disk"));
  disk.MakeRoom(::getpid());
  world_.CopyStore("disk/store");
  fs::copy(world_.Seizure() / "exact", world_.Path("disk/seizure"));
  if (!disk.MakeReadOnly()) GTEST_SKIP() << "nothing can be mounted here: run it as root";
  const std::string seizure = world_.Path("disk/seizure").string();
  const Outcome checked = world_.Kith({"check", seizure, "--case", "NORTH/1"});
  EXPECT_EQ(checked.exit_code, 1) << checked.out << checked.err;
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"check", seizure, "--case", "NORTH/2"}, {"match", Md5(1)}, {"store", "verify"}}) {
    std::vector<std::string> words = line;
    words.insert(words.end(), {"--store", world_.Path("disk/store").string()});
    const Outcome refused = world_.Kith(words);
    EXPECT_EQ(refused.exit_code, 2) << line[0] << "\n" << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("ead-only")) << line[0];
  }
}

TEST_F(ReadOnly, AReportThatCannotBeWrittenIsAClearError) {
  fs::create_directory(world_.Path("closed"));
  fs::permissions(world_.Path("closed"), fs::perms::owner_read | fs::perms::owner_exec);
  const std::string out = world_.Path("closed/report").string();
  const Outcome refused = RunToEnd(
      WithoutRights(world_.Line("kith", {"check", world_.Seizure().string(), "--out", out})));
  EXPECT_EQ(refused.exit_code, 2) << refused.out << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("closed"));
}

TEST_F(ReadOnly, DataThatCannotBePrintedIsNotSuccess) {
  end_to_end::Command line =
      world_.Line("kith", {"hash", (world_.Seizure() / "exact/lakeside-01.jpg").string()});
  line.arguments.insert(line.arguments.begin(), {"sh", "-c", "exec \"$@\" >/dev/full", "sh"});
  EXPECT_EQ(RunToEnd(line).exit_code, 2);
  line = world_.Line("kithd", {"--help"});
  line.arguments.insert(line.arguments.begin(), {"sh", "-c", "exec \"$@\" >/dev/full", "sh"});
  EXPECT_EQ(RunToEnd(line).exit_code, 2);
}

}  // namespace
}  // namespace kith::faults
