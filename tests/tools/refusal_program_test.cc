// SPDX-License-Identifier: Apache-2.0
// What the program refuses, and that a refusal changes nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using nlohmann::json;
using test::Outcome;
using test::ProgramTest;
using test::ReadAll;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// A mistyped --store was answered with an empty list.
TEST_F(ProgramTest, OnlyWhoAddsMakesAStore) {
  for (const char* words : {"agency list",
                            "agency show x",
                            "agency edit x --desk y",
                            "alert list",
                            "case list",
                            "case edit A/1 --priority low",
                            "cluster list",
                            "contact list",
                            "entry list",
                            "entry show 1",
                            "entry withdraw 1",
                            "entry add --set x 0123456789abcdef0123456789abcdef",
                            "export --set x --format csv",
                            "notification list",
                            "notification holidays in",
                            "opinion list",
                            "report worklist --out r",
                            "report list",
                            "series list",
                            "series show x",
                            "series history x",
                            "series alias x y",
                            "set list",
                            "set show x",
                            "set disable x",
                            "store info",
                            "store changes",
                            "match 0123456789abcdef0123456789abcdef"}) {
    const Outcome run = Kith(std::string(words) + " --store none", "2026-12-25\n");
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.err, HasSubstr("there is no store at")) << words;
    EXPECT_THAT(run.out, IsEmpty()) << words;
    EXPECT_FALSE(std::filesystem::exists(scratch_.At("none"))) << words;
  }
  EXPECT_EQ(Kith("agency add DPD --store one").code, 0);
  EXPECT_EQ(Kith("series add x --store two").code, 0);
  EXPECT_EQ(Kith("set add x --store three").code, 0);
  EXPECT_EQ(Kith("set list --store three").code, 0);
}

// A file called "lock" among pictures lost its text to any verb that named the folder.
TEST_F(ProgramTest, AFolderThatIsNoStoreStaysAsItIs) {
  scratch_.Write("photos/lock", "the text of others");
  for (const char* words : {"match 0123456789abcdef0123456789abcdef", "set add x", "set list"}) {
    EXPECT_EQ(Kith(std::string(words) + " --store photos").code, 2) << words;
    EXPECT_EQ(ReadAll(scratch_.At("photos/lock")), "the text of others") << words;
  }
  scratch_.Write("more/photo.jpg", "x");
  const Outcome run = Kith("set add x --store more");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("among other files"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("more/kith.db")));
}

TEST_F(ProgramTest, ACheckRefusesAStoreInTheCheckedFolder) {
  scratch_.Write("seized/file", "x");
  ASSERT_EQ(Kith("set add s --store seized/store").code, 0);
  std::filesystem::create_directory_symlink(scratch_.At("seized"), scratch_.At("link"));
  for (const char* store : {"seized/store", "link/store", "seized/none"}) {
    const Outcome run = Kith(std::string("check seized --out r --store ") + store);
    EXPECT_EQ(run.code, 2) << store;
    EXPECT_THAT(run.err, HasSubstr("lies in the checked folder")) << store;
  }
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("r")));
}

// A mistyped --store, or one whose sets are disabled, told that nothing known was found.
TEST_F(ProgramTest, NothingToCompareWithIsNoAnswer) {
  scratch_.Write("seized/file", "x");
  const auto asked = [this](const std::string& flags) {
    const Outcome run = Kith("match 0123456789abcdef0123456789abcdef" + flags);
    return std::pair(run.code, run.err);
  };
  const auto check = [this] {
    const Outcome run = Kith("check seized --out r --json");
    return std::pair(run.code, Lines(run.out).back()["warnings"].dump());
  };
  ASSERT_EQ(Kith("set add s").code, 0);
  EXPECT_THAT(asked(""), testing::Pair(3, HasSubstr("nothing to compare with")));
  EXPECT_THAT(check(), testing::Pair(3, HasSubstr("nothing to compare with")));
  ASSERT_EQ(Kith("import --set s -", "0123456789abcdef0123456789abcdee").code, 0);
  EXPECT_THAT(asked(""), testing::Pair(0, ""));
  EXPECT_THAT(check(), testing::Pair(0, "[]"));
  ASSERT_EQ(Kith("set disable s").code, 0);
  EXPECT_THAT(asked(""), testing::Pair(3, HasSubstr("nothing to compare with")));
  EXPECT_THAT(asked(" --purpose benign"), testing::Pair(0, ""));
  EXPECT_THAT(check(), testing::Pair(3, HasSubstr("nothing to compare with")));
}

TEST_F(ProgramTest, AStoreThatIsOpenToOthersIsToldOf) {
  ASSERT_EQ(Kith("set add s").code, 0);
  std::filesystem::permissions(scratch_.At("store"), std::filesystem::perms(0750));
  const Outcome open = Kith("set list");
  EXPECT_EQ(open.code, 0);
  EXPECT_THAT(open.err, HasSubstr("mode 0750"));
  std::filesystem::permissions(scratch_.At("store"), std::filesystem::perms(0700));
  EXPECT_THAT(Kith("set list").err, IsEmpty());
}

// What was printed went into the next file that was opened: the lock of the store.
TEST_F(ProgramTest, AClosedStandardOutputIsNoSuccess) {
  ASSERT_EQ(Kith("set add s").code, 0);
  through_ = R"(sh -c 'exec "$@" >&-' sh)";
  const Outcome out = Kith("set list");
  EXPECT_EQ(out.code, 2);
  EXPECT_THAT(out.err, HasSubstr("cannot write to standard output: Bad file descriptor"));
  through_ = R"(sh -c 'exec "$@" <&-' sh)";
  const Outcome in = Kith("match -");
  EXPECT_EQ(in.code, 2);
  EXPECT_THAT(in.err, HasSubstr("Bad file descriptor"));
}

// A limit on the size of files ended the program by a signal, and half a backup stayed.
TEST_F(ProgramTest, ALimitOnTheSizeOfFilesIsAFullDisk) {
  ASSERT_EQ(Kith("set add s").code, 0);
  through_ = R"(sh -c 'ulimit -f 80; exec "$@"' sh)";
  const Outcome run = Kith("store backup copy");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("disk full"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("copy")));
}

TEST_F(ProgramTest, AnExportLeavesAlonePartsOfOthers) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --set s -", md5).code, 0);
  scratch_.Write("list.csv.part", "of somebody else");
  scratch_.Write("list.kdb.part/file", "a folder");
  const Outcome csv = Kith("export --set s --format csv --out list.csv");
  EXPECT_EQ(csv.code, 0) << csv.err;
  EXPECT_EQ(ReadAll(scratch_.At("list.csv.part")), "of somebody else");
  EXPECT_THAT(ReadAll(scratch_.At("list.csv")), HasSubstr(md5));
  const Outcome kdb = Kith("export --set s --format kdb --out list.kdb");
  EXPECT_EQ(kdb.code, 0) << kdb.err;
  EXPECT_TRUE(std::filesystem::exists(scratch_.At("list.kdb.part/file")));
  const auto names = [&] {
    std::string all;
    for (const auto& one : std::filesystem::directory_iterator(scratch_.path())) {
      all += one.path().filename().string() + " ";
    }
    return all;
  };
  EXPECT_THAT(names(), Not(HasSubstr(".part-")));
  const auto mode = std::filesystem::status(scratch_.At("list.kdb")).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const Outcome nowhere = Kith("export --set s --format kdb --out none/list.kdb");
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("cannot write none/list.kdb: No such file"));
}

TEST_F(ProgramTest, AnExportNamesItsFileByItsBytes) {
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --set s -", "0123456789abcdef0123456789abcdef").code, 0);
  const std::string words = "export --set s --format csv --json --out ";
  EXPECT_EQ(Lines(Kith(words + "'a\\b.csv'").out).at(0)["out"], "a\\b.csv");
  const json line = Lines(Kith(words + "\"$(printf 'o\\377')\"").out).at(0);
  EXPECT_EQ(line["out"], "o\\xFF");
  EXPECT_EQ(line["out_base64"], "b/8=");
}

TEST_F(ProgramTest, AnEditWithNothingToChangeIsRefused) {
  EXPECT_EQ(Kith("agency add DPD").code, 0);
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("series add x --note 'a remark'").code, 0);
  for (const char* words : {"agency edit DPD", "set edit s --why x", "series edit x --who me"}) {
    const Outcome run = Kith(words);
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.err, HasSubstr("say what to change")) << words;
  }
  EXPECT_THAT(Kith("store changes --json").out, IsEmpty());
  // Empty is something to change to.
  EXPECT_EQ(Kith("series edit x --note ''").code, 0);
  EXPECT_EQ(Kith("agency edit DPD --country '' --ori ''").code, 0);
  EXPECT_THAT(Kith("series show x").out, Not(HasSubstr("a remark")));
}

TEST_F(ProgramTest, TextThatIsNoneIsToldWhereItStands) {
  EXPECT_EQ(Kith("set add s").code, 0);
  const Outcome days = Kith("notification holidays -", "2026-12-25\n2026-12-2\xff\n");
  EXPECT_EQ(days.code, 2);
  EXPECT_THAT(days.err, HasSubstr("line 2: 2026-12-2\\xFF is not UTF-8"));
  through_ = "env KITH_WHO=\"$(printf 'J\\377')\"";
  const Outcome signer = Kith("set disable s");
  EXPECT_EQ(signer.code, 2);
  EXPECT_THAT(signer.err, HasSubstr("KITH_WHO: J\\xFF is not UTF-8: say who you are with --who"));
}

// A byte order mark made the first day none, and the line was not named; a list without an end was
// read for ever.
TEST_F(ProgramTest, HolidaysAreReadLineByLineAndEnd) {
  EXPECT_EQ(Kith("set add s").code, 0);
  const Outcome marked = Kith("notification holidays -",
                              "\xEF\xBB\xBF"
                              "2026-12-25\r\n");
  EXPECT_EQ(marked.code, 0) << marked.err;
  for (const std::string day : {"2026-02-30", "25.12.2026", "2026-12-2", "0000-01-01"}) {
    const Outcome bad = Kith("notification holidays -", "# ours\n2026-12-25\n" + day + "\n");
    EXPECT_EQ(bad.code, 2) << day;
    EXPECT_THAT(bad.err, HasSubstr("line 3: " + day + " is no day: write YYYY-MM-DD"));
  }
  const Outcome endless = Kith("notification holidays /dev/zero");
  EXPECT_EQ(endless.code, 2);
  EXPECT_THAT(endless.err, HasSubstr("line 1 has no end"));
  const Outcome blank = Kith("notification holidays -", std::string(200'000, '\n'));
  EXPECT_EQ(blank.code, 2);
  EXPECT_THAT(blank.err, HasSubstr("over 100,000 lines"));
}

// Only what brings a record asked whether to stop.
TEST_F(ProgramTest, AnImportWithoutRecordsStopsWhenAsked) {
  EXPECT_EQ(Kith("set add s").code, 0);
  through_ = "timeout --foreground --preserve-status -k 60 -s INT 3";
  const Outcome run = Kith("import --set s --format list /dev/zero");
  EXPECT_EQ(run.code, 130) << run.err;
}

// It left an empty folder, and was silent while it waited.
TEST_F(ProgramTest, AServiceThatIsNotThereIsWaitedForAloudAndLeavesNoFolder) {
  scratch_.Write("seized/file", "x");
  const Outcome run = Kith("check seized --server 127.0.0.1:9 --out r");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("waiting for the service at 127.0.0.1:9\n"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("r")));
}

TEST_F(ProgramTest, AFolderThatCannotBeReadIsNamedWithTheOneThatWasGiven) {
  // A folder that is deeper than is gone into: root reads all others.
  std::string deep = "b";
  for (int i = 0; i < 520; ++i) deep += "/d";
  scratch_.Write(deep + "/file", "x");
  scratch_.Write("a/file", "x");
  const Outcome run = Kith("hash a b");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("kith: below b: folder "));
}

// The service counts from 0 what the program counted from 1.
TEST_F(ProgramTest, HashesAreCountedFromOneWhoeverRefusesThem) {
  EXPECT_EQ(Kith("set add s").code, 0);
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  const std::string empty_md5 = "d41d8cd98f00b204e9800998ecf8427e";
  const std::string empty_sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
  const Outcome ours = Kith("entry add --set s " + md5 + " xyz");
  EXPECT_THAT(ours.err, HasSubstr("kith: hash 2: "));
  const Outcome of_service = Kith("entry add --set s " + md5 + " " + empty_md5);
  EXPECT_EQ(of_service.code, 2);
  EXPECT_THAT(of_service.err, HasSubstr("kith: hash 2: "));
  const Outcome one_file = Kith("entry add --set s --one-file " + md5 + " " + empty_sha1);
  EXPECT_EQ(one_file.code, 2);
  EXPECT_THAT(one_file.err, HasSubstr("kith: the file: "));
}

TEST_F(ProgramTest, AListOfEmptyFilesIsToldAsWhatItIs) {
  EXPECT_EQ(Kith("set add s").code, 0);
  const std::string md5 = "d41d8cd98f00b204e9800998ecf8427e\n";
  const Outcome one = Kith("import --set s -", md5);
  EXPECT_EQ(one.code, 2);
  EXPECT_THAT(one.err, HasSubstr("1 record of the empty file: nothing was imported"));
  EXPECT_THAT(Kith("import --set s -", md5 + md5).err,
              HasSubstr("2 records of the empty file: nothing was imported"));
}

TEST_F(ProgramTest, WhoSignsIsKnownWithoutAnEnvironment) {
  EXPECT_EQ(Kith("set add s").code, 0);
  through_ = "env -u USER -u KITH_WHO";
  EXPECT_EQ(Kith("set disable s").code, 0);
  const auto changes = Lines(Kith("store changes --json").out);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_NE(changes[0]["who"], "");
}

TEST_F(ProgramTest, SaysOfWhatThereIsNone) {
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_THAT(Kith("opinion list").err, HasSubstr("no opinion was given yet\n"));
  EXPECT_THAT(Kith("opinion list --entry 999").err,
              HasSubstr("no opinion was given yet on entry 999\n"));
  scratch_.Write("problems", "of somebody else");
  const Outcome import = Kith("import --set s - --problems problems", "x");
  EXPECT_EQ(import.code, 2);
  EXPECT_THAT(import.err, HasSubstr("cannot write problems: File exists"));
  EXPECT_EQ(ReadAll(scratch_.At("problems")), "of somebody else");
}

}  // namespace
}  // namespace kith
