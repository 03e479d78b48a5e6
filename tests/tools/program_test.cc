// SPDX-License-Identifier: Apache-2.0
// The program itself: what it prints, how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

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

TEST_F(ProgramTest, HashPrintsOneLineAFileInTheOrderGiven) {
  WritePicture("b.bmp", 1);
  WritePicture("folder/a\tx.bmp", 2);
  scratch_.Write("folder/b.txt", "text");
  scratch_.Write("empty", "");
  const Outcome run = Kith("hash empty folder b.bmp");
  EXPECT_EQ(run.code, 0) << run.err;
  std::istringstream in(run.out);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "-\tempty\tfull\t0\t0\tempty");
  EXPECT_THAT(lines[1],
              testing::MatchesRegex("[0-9a-f]+\t[0-9]+\tfull\t96\t96\tfolder/a\\\\tx\\.bmp"));
  EXPECT_EQ(lines[2], "-\tnot_media\tfull\t0\t0\tfolder/b.txt");
  EXPECT_THAT(lines[3], HasSubstr("\tb.bmp"));
}

TEST_F(ProgramTest, HashOfAMissingFileIsToldAndExitsTwo) {
  WritePicture("b.bmp", 1);
  const Outcome run = Kith("hash none b.bmp");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.out, HasSubstr("-\tvanished\tfull\t0\t0\tnone\n"));
  EXPECT_THAT(run.out, HasSubstr("\tb.bmp\n"));
  EXPECT_THAT(run.err, HasSubstr("none: vanished"));
}

TEST_F(ProgramTest, HashNamesAllOrientations) {
  WritePicture("b.bmp", 1);
  const Outcome run = Kith("hash --orientations --dialect cli512 b.bmp");
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 8);
  EXPECT_THAT(run.out, HasSubstr("\tcli512\tflipminus1\t96\t96\tb.bmp\n"));
  const json line = Lines(Kith("hash --json b.bmp").out).at(0);
  EXPECT_EQ(line["type"], "hash");
  EXPECT_EQ(line["pdq"], line["views"][0]["hashes"][0]["pdq"]);
  EXPECT_EQ(line["dialect"], "full");
  EXPECT_EQ(line["views"][0]["hashes"].size(), 2U);
  EXPECT_EQ(line["views"][0]["hashes"][0]["orientations"].size(), 8U);
  EXPECT_EQ(line["digests"]["sha256"].get<std::string>().size(), 64U);
}

TEST_F(ProgramTest, AFileWithoutAHashHasOneLineInWhateverOrientations) {
  scratch_.Write("a.txt", "no picture");
  EXPECT_EQ(Kith("hash --orientations a.txt").out, "-\tnot_media\tfull\t-\t0\t0\ta.txt\n");
}

TEST_F(ProgramTest, AFileNamedLikeAVerbIsAFile) {
  scratch_.Write("case", "x");
  const Outcome run = Kith("hash case");
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.out, HasSubstr("\tcase\n"));
}

TEST_F(ProgramTest, FindsWhatItWasTaught) {
  WritePicture("known/one.bmp", 1);
  WritePicture("seized/copy.bmp", 1);
  WritePicture("seized/other.bmp", 77);
  scratch_.Write("seized/new\nline", "text");
  scratch_.Write("seized/empty", "");
  EXPECT_EQ(Kith("set add national").code, 0);
  EXPECT_EQ(Kith("agency add DPD --desk '+31 88'").code, 0);
  EXPECT_EQ(Kith("series add Bluebell --identified-by DPD").code, 0);
  const Outcome enrolled = Kith("enroll --set national --series Bluebell known");
  EXPECT_EQ(enrolled.code, 0) << enrolled.err;
  EXPECT_EQ(enrolled.out, "1\tadded\tknown/one.bmp\n");
  EXPECT_EQ(Kith("enroll --set national --series Bluebell known").out,
            "1\talready there\tknown/one.bmp\n");

  const Outcome look_up = Kith("check seized --out look-up");
  EXPECT_EQ(look_up.code, 1) << look_up.err;
  EXPECT_THAT(look_up.out, HasSubstr("Bluebell"));
  EXPECT_THAT(look_up.out, HasSubstr("Nothing was recorded"));
  const json report = json::parse(ReadAll(scratch_.At("look-up/report.json")));
  EXPECT_EQ(report["summary"]["entries_walked"], 4);
  EXPECT_EQ(report["scope"]["complete"], true);
  EXPECT_THAT(Kith("case list --json").out, IsEmpty());

  EXPECT_EQ(Kith("check seized --case DPD/1 --out report").code, 1);
  const Outcome again = Kith("check seized --case DPD/1 --out report --json");
  EXPECT_EQ(again.code, 1) << again.err;
  const auto lines = Lines(again.out);
  EXPECT_EQ(lines.front()["type"], "start");
  EXPECT_EQ(lines.back()["type"], "summary");
  EXPECT_EQ(lines.back()["resumed"], 4);
  EXPECT_EQ(lines.back()["verdicts"]["IDENTIFIED"]["files"], 1);
  EXPECT_THAT(Kith("case show DPD/1").out, HasSubstr("Bluebell"));
}

// An enrolment that was cut off died without a word of what it had added.
TEST_F(ProgramTest, AnEnrolmentThatIsStoppedTellsWhatItAdded) {
  EXPECT_EQ(Kith("set add national").code, 0);
  for (unsigned i = 0; i < 300; ++i) WritePicture("many/" + std::to_string(i) + ".bmp", i);
  // It is read for hours.
  std::filesystem::resize_file(scratch_.Write("z", ""), std::uintmax_t{1} << 40);
  // The first batch is on record when it is stopped.
  const std::string out = "'" + scratch_.At("out") + "'";
  through_ = "exec";
  const Outcome run = Kith(
      "enroll --set national many z >out 2>err & pid=$!; until grep -q added " + out +
      "; do kill -0 $pid || exit 1; sleep 0.05; done; " + "kill -TERM $pid; wait $pid; exit $? #");
  EXPECT_EQ(run.code, 130) << run.err;
  const auto lines = std::count(run.out.begin(), run.out.end(), '\n');
  EXPECT_GE(lines, 256);
  EXPECT_THAT(run.out, Not(HasSubstr("\tz\n")));
  EXPECT_THAT(run.err, HasSubstr("refused; not all files were enrolled"));
  through_ = "";
  EXPECT_EQ(Lines(Kith("entry list --json").out).size(), static_cast<std::size_t>(lines));
}

TEST_F(ProgramTest, ReportsNeverLandInTheEvidence) {
  scratch_.Write("seized/file", "x");
  const Outcome inside = Kith("check seized --out seized/report");
  EXPECT_EQ(inside.code, 2);
  EXPECT_THAT(inside.err, HasSubstr("must not change"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("seized/report")));
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --set s -", "0123456789abcdef0123456789abcdef").code, 0);
  EXPECT_EQ(Kith("check seized").code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch_.At("kith-report/report.html")));
  EXPECT_EQ(Kith("check seized").code, 0);
  EXPECT_TRUE(std::filesystem::exists(scratch_.At("kith-report-2/report.html")));
}

TEST_F(ProgramTest, AReportThatCannotBeWrittenDoesNotTakeTheAnswerAway) {
  WritePicture("known/one.bmp", 1);
  WritePicture("seized/copy.bmp", 1);
  EXPECT_EQ(Kith("set add national").code, 0);
  EXPECT_EQ(Kith("agency add DPD").code, 0);
  EXPECT_EQ(Kith("series add Bluebell --identified-by DPD").code, 0);
  EXPECT_EQ(Kith("enroll --set national --series Bluebell known").code, 0);
  // A folder stands where the report is to be.
  std::filesystem::create_directories(scratch_.At("folder/report.csv/full"));
  const Outcome people = Kith("check seized --out folder");
  EXPECT_EQ(people.code, 2);
  EXPECT_THAT(people.out, HasSubstr("Call about Bluebell"));
  EXPECT_THAT(people.out, HasSubstr("Report: NOT WRITTEN"));
  EXPECT_THAT(people.err, HasSubstr("kith: cannot write"));
  const Outcome program = Kith("check seized --out folder --json");
  EXPECT_EQ(program.code, 2);
  const json last = Lines(program.out).back();
  EXPECT_EQ(last["type"], "summary");
  EXPECT_EQ(last["verdicts"]["IDENTIFIED"]["files"], 1);
  EXPECT_EQ(last["report"], nullptr);
  EXPECT_EQ(last["exit_code"], 2);
}

TEST_F(ProgramTest, ACheckThatCannotBeginLeavesNoFolderBehind) {
  scratch_.Write("seized/file", "x");
  const Outcome run = Kith("check seized");
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("there is no store"));
  EXPECT_FALSE(std::filesystem::exists(scratch_.At("kith-report")));
}

TEST_F(ProgramTest, CheckSaysWhyItCannotBegin) {
  scratch_.Write("file", "x");
  EXPECT_EQ(Kith("check none").code, 2);
  EXPECT_EQ(Kith("check file").code, 2);
  EXPECT_EQ(Kith("check . --case wrong").code, 2);
  EXPECT_EQ(Kith("check store --out /proc/none").code, 2);
}

TEST_F(ProgramTest, RefusesNamesThatAreNoText) {
  scratch_.Write("seized/file", "x");
  // $(printf ...): the shell of a test may not know $'...'.
  const std::string broken = "\"$(printf 'A\\377/1')\"";
  const std::string red = "\"$(printf 'A\\033[31m/1')\"";
  EXPECT_EQ(Kith("set add s").code, 0);
  for (const std::string& verb :
       {std::string("set add"), std::string("set add t --source"), std::string("series add"),
        std::string("series add x --note"), std::string("agency add"), std::string("set show"),
        std::string("contact add x --agency"), std::string("enroll seized/file --set"),
        std::string("import - --set"), std::string("check seized --case"),
        std::string("case report"), std::string("entry list --set")}) {
    const Outcome first = Kith(verb + " " + broken);
    EXPECT_EQ(first.code, 2) << verb;
    EXPECT_THAT(first.err, HasSubstr("A\\xFF/1 is not UTF-8")) << verb;
    EXPECT_EQ(std::count(first.err.begin(), first.err.end(), '\n'), 1) << first.err;
    const Outcome second = Kith(verb + " " + red);
    EXPECT_EQ(second.code, 2) << verb;
    EXPECT_THAT(second.err, HasSubstr("A\\x1B[31m/1 holds a control character")) << verb;
    EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  }
  EXPECT_THAT(Kith("case list --json").out, IsEmpty());
  const Outcome backup = Kith("store backup " + broken);
  EXPECT_EQ(backup.code, 2);
  EXPECT_THAT(backup.err, HasSubstr("is not UTF-8"));
}

TEST_F(ProgramTest, PathsMayBeAnyBytes) {
  scratch_.Write("se\xffized/fi\xfele", "x");
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --set s -", "0123456789abcdef0123456789abcdef").code, 0);
  const Outcome run = Kith("check \"$(printf 'se\\377ized')\" --out \"$(printf 'o\\377')\"");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(std::filesystem::exists(scratch_.At("o\xff/report.json")));
}

TEST_F(ProgramTest, LetsNoEscapeCodeReachTheTerminal) {
  const std::string red = "\"$(printf 'a\\033[31m\\nb')\"";
  for (const std::string& words :
       {"store info --store " + red, "config show --config " + red, "store info --server " + red,
        "check " + red, "import --set s " + red, "store info " + red}) {
    const Outcome run = Kith(words);
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_EQ(run.err.find('\x1b'), std::string::npos) << run.err;
    EXPECT_THAT(run.err, HasSubstr("[31m")) << words;
  }
  EXPECT_THAT(Kith("config show --config " + red).err, HasSubstr("a\\x1B[31m\\nb"));
  EXPECT_THAT(Kith("check " + red).err, HasSubstr("a\\x1B[31m\\nb"));
}

TEST_F(ProgramTest, SettingsTellWhereTheyComeFrom) {
  EXPECT_THAT(Kith("config show").out, HasSubstr("environment KITH_STORE"));
  EXPECT_THAT(Kith("config show --store elsewhere").out, HasSubstr("flag --store"));
  EXPECT_THAT(Kith("--store elsewhere config show").out, HasSubstr("flag --store"));
  EXPECT_EQ(Kith("config show --config none.toml").code, 2);
  // No place but the user's own was told anywhere.
  const std::string own = scratch_.At(".config/kith/kith.toml");
  const auto last = [&](const std::string& words) {
    return Lines(Kith("config show --json" + words).out).back();
  };
  EXPECT_EQ(last("")["type"], "settings_file");
  EXPECT_EQ(last("")["looked_for"][0]["path"], own);
  EXPECT_EQ(last("")["looked_for"][1]["path"], "/etc/kith/kith.toml");
  scratch_.Write("other.toml", "[log]\nlevel = \"error\"\n");
  EXPECT_EQ(last(" --config other.toml")["file"], "other.toml");
  scratch_.Write(".config/kith/kith.toml", "[log]\nlevel = \"debug\"\n");
  EXPECT_EQ(last("")["file"], own);
  EXPECT_THAT(Kith("config show").out, HasSubstr("Settings file: " + own));
}

TEST_F(ProgramTest, DoctorTellsWhatHoldsTheDecoders) {
  const Outcome people = Kith("doctor");
  EXPECT_EQ(people.code, 0);
  EXPECT_THAT(people.out, HasSubstr("seccomp"));
  EXPECT_THAT(people.out, HasSubstr("Pictures are decoded in a cage"));
  const std::vector<json> lines = Lines(Kith("doctor --json").out);
  ASSERT_FALSE(lines.empty());
  for (const json& line : lines) {
    EXPECT_EQ(line["type"], "cage");
    EXPECT_TRUE(line["enforced"].is_boolean());
  }
}

TEST_F(ProgramTest, WithoutItsDecoderItSaysWhereItLooked) {
  std::filesystem::create_directory(scratch_.At("bin"));
  std::filesystem::copy_file(KITH_PROGRAM, scratch_.At("bin/kith"));
  std::filesystem::create_directory(scratch_.At("evidence"));
  WritePicture("a.bmp", 1);
  EXPECT_EQ(Kith("set add s").code, 0);
  for (const char* words :
       {"hash a.bmp", "enroll --set s a.bmp", "check evidence --case A/1 --out r", "doctor"}) {
    const Outcome run = Kith(words, "", scratch_.At("bin/kith"));
    EXPECT_EQ(run.code, 2) << words;
    EXPECT_THAT(run.err, HasSubstr("bin/kith-decode")) << words;
    EXPECT_THAT(run.err, HasSubstr("libexec/kith/kith-decode")) << words;
  }
  EXPECT_THAT(Kith("case list").out, Not(HasSubstr("A/1")));
}

TEST_F(ProgramTest, AFullDiskBehindStandardOutputIsAnError) {
  const Outcome run = Kith("config show >/dev/full 2>err #");
  EXPECT_EQ(run.code, 2);
  EXPECT_EQ(run.err, "kith: cannot write to standard output: No space left on device\n");
}

}  // namespace
}  // namespace kith
