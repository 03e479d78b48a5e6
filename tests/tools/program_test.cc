// SPDX-License-Identifier: Apache-2.0
// The program itself: what it prints, how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

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
using testing::ElementsAre;
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

// What appeared under the name since it was looked at was overwritten. A link to nowhere is such a
// thing: it is not seen by the look, and stands in the way all the same.
TEST_F(ProgramTest, ExportOverwritesNothingThatAppearedMeanwhile) {
  ASSERT_EQ(Kith("set add national").code, 0);
  ASSERT_EQ(Kith("import --set national -", std::string(32, 'a') + "\n").code, 0);
  for (const std::string format : {"csv", "kdb"}) {
    std::filesystem::create_symlink("nowhere", scratch_.At("out." + format));
    const Outcome run = Kith("export --set national --format " + format + " --out out." + format);
    EXPECT_EQ(run.code, 2) << format;
    EXPECT_THAT(run.err, HasSubstr("out." + format + " is there already"));
    EXPECT_TRUE(std::filesystem::is_symlink(scratch_.At("out." + format)));
    EXPECT_EQ(Kith("export --set national --format " + format + " --out new." + format).code, 0);
    EXPECT_TRUE(std::filesystem::is_regular_file(scratch_.At("new." + format)));
  }
  for (const auto& entry : std::filesystem::directory_iterator(scratch_.path())) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".part"))) << "a draft was left";
  }
}

// Entries that nobody has judged were said to have no place in the format.
TEST_F(ProgramTest, VotesTellWhyAnEntryHasNone) {
  ASSERT_EQ(Kith("set add national").code, 0);
  ASSERT_EQ(Kith("import --set national -", std::string(32, 'a') + "\n").code, 0);
  const Outcome run = Kith("export --set national --format ncmec-votes --out votes");
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("1 left out, on which there is no vote: nobody here has judged"));
  EXPECT_THAT(run.err, Not(HasSubstr("no place for")));
}

// A set of millions was listed whole or not at all.
TEST_F(ProgramTest, ListsEndAtTheirLimitAndSayThatThereIsMore) {
  ASSERT_EQ(Kith("set add national").code, 0);
  std::string hashes;
  for (int i = 0; i < 9; ++i) hashes += std::string(31, 'a') + std::to_string(i) + "\n";
  ASSERT_EQ(Kith("import --set national -", hashes).code, 0);
  const Outcome some = Kith("entry list --json --limit 4");
  EXPECT_EQ(Lines(some.out).size(), 4U);
  EXPECT_EQ(some.err, "The first 4 are shown; there are more (--limit).\n");
  for (const std::string limit : {"9", "10"}) {
    const Outcome all = Kith("entry list --json --limit " + limit);
    EXPECT_EQ(Lines(all.out).size(), 9U);
    EXPECT_EQ(all.err, "");
  }
  EXPECT_EQ(Kith("entry list --limit 0").code, 2);
  WritePicture("a/one.bmp", 1);
  for (const std::string name : {"1", "2", "3"}) {
    ASSERT_EQ(Kith("check a --case DPD/" + name + " --out r" + name).code, 0);
  }
  EXPECT_EQ(Lines(Kith("case list --json --limit 2").out).size(), 2U);
  EXPECT_EQ(Lines(Kith("cluster list --json --limit 2").out).size(), 1U);
  EXPECT_EQ(Kith("alert list --limit 2").code, 0);
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

TEST_F(ProgramTest, ImportsAllOfAListOrNothing) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(Kith("set add s").code, 0);
  const Outcome bad = Kith("import --set s -", md5 + ",one\nxyz\n" + md5.substr(1) + "\n");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, HasSubstr("line 2: character 1"));
  EXPECT_THAT(bad.err, HasSubstr("line 3: 31 digits"));
  EXPECT_THAT(bad.err, Not(HasSubstr("abcdef")));
  EXPECT_THAT(Kith("entry list --json").out, IsEmpty());
  EXPECT_EQ(Kith("import --set s -", "# nothing\n\n").code, 2);
  EXPECT_EQ(Kith("import --set none -", md5).code, 2);
  const Outcome most = Kith("import --set s --skip-bad - --json", md5 + ",one\r\nxyz\n" + md5);
  EXPECT_EQ(most.code, 0) << most.err;
  EXPECT_EQ(Lines(most.out).at(0)["added"], 1);
  EXPECT_EQ(Lines(most.out).at(0)["bad_lines"], 1);
  EXPECT_EQ(Lines(Kith("entry list --json").out).at(0)["source_ref"], "one");
}

// A source that sends changes may have none: a scheduled import must not fail of that.
TEST_F(ProgramTest, APageWithoutChangesIsNoError) {
  EXPECT_EQ(Kith("set add s").code, 0);
  for (
      const std::string page :
      {R"({"count":0,"hasMoreRecords":false,"hashRecords":[]})",
       R"(<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="0"/></queryResult>)"}) {
    const Outcome people = Kith("import --set s -", page);
    EXPECT_EQ(people.code, 0) << people.err;
    EXPECT_THAT(people.out, HasSubstr("0 entries added to s"));
    EXPECT_THAT(people.err, HasSubstr("nothing in it"));
    const Outcome programs = Kith("import --set s - --json", page);
    EXPECT_EQ(programs.code, 0) << programs.err;
    EXPECT_EQ(Lines(programs.out).at(0)["added"], 0);
  }
  // What is cut off, or bad, or no page of changes, is still an error.
  EXPECT_EQ(Kith("import --set s -", R"({"count":0,"hashRecords":[)").code, 2);
  EXPECT_EQ(Kith("import --set s --skip-bad -", R"({"hashRecords":[{"x":1}]})").code, 2);
  EXPECT_EQ(Kith("import --set s -", R"({"@odata.context":"x","value":[]})").code, 2);
  EXPECT_EQ(Kith("import --set s -", "# nothing\n").code, 2);
}

// After a hundred kinds of remarks every further kind was left out, and its records with it.
TEST_F(ProgramTest, CountsRemarksOfMoreKindsThanItLists) {
  EXPECT_EQ(Kith("set add s").code, 0);
  std::string csv = "signal_type,signal_str\nmd5,0123456789abcdef0123456789abcdef\n";
  constexpr int kKinds = 250;
  for (int i = 0; i < kKinds; ++i) csv += "kind" + std::to_string(i) + ",x\n";
  const Outcome import = Kith("import --set s - --json", csv);
  ASSERT_EQ(import.code, 0) << import.err;
  int remarks = 0;
  const json notes = Lines(import.out).at(0)["notes"];
  for (const auto& [what, count] : notes.items()) remarks += count.get<int>();
  EXPECT_EQ(remarks, kKinds);
  EXPECT_LE(notes.size(), 101U);
}

TEST_F(ProgramTest, KeepsTheTextOfAListLineAndEscapesItForPeople) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  const std::string text = "a\\b\x1b[31m\u202Egpj";
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --set s -", md5 + "," + text).code, 0);
  EXPECT_EQ(Lines(Kith("entry list --json").out).at(0)["source_ref"], text);
  const std::string shown = "a\\\\b\\x1B[31m\\u{202E}gpj";
  for (const std::string& words :
       {std::string("entry list"), std::string("entry show 1"), "match " + md5}) {
    const Outcome run = Kith(words);
    EXPECT_EQ(run.out.find('\x1b'), std::string::npos) << words;
    EXPECT_THAT(run.out, HasSubstr(shown)) << words;
  }
  WritePicture("known/c\x1b\xff.bmp", 1);
  EXPECT_EQ(Kith("enroll --set s known").code, 0);
  EXPECT_EQ(Lines(Kith("entry show 2 --json").out).at(0)["source_ref"], "c\x1b\\xFF.bmp");
}

TEST_F(ProgramTest, MatchesInOrderAndWithdrawsForGood) {
  const std::string md5 = "0123456789abcdef0123456789abcdef";
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --set s -", md5 + ",one").code, 0);
  const Outcome found = Kith("match --json -", std::string(32, '0') + "\n" + md5 + "\n");
  EXPECT_EQ(found.code, 1);
  const auto lines = Lines(found.out);
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0]["query"], 0);
  EXPECT_EQ(lines[0]["matches"], json::array());
  EXPECT_EQ(lines[1]["verdict"], "RECOGNIZED");
  EXPECT_EQ(lines[1]["total"], 1);
  EXPECT_EQ(lines[1]["truncated"], false);
  EXPECT_EQ(lines[1]["matches"][0]["source_ref"], "one");
  EXPECT_EQ(lines[1]["matches"][0]["distance"], 0);
  EXPECT_EQ(lines[1]["matches"][0]["by"], "md5");
  EXPECT_EQ(lines[1]["matches"][0]["series"], nullptr);
  EXPECT_EQ(Kith("entry withdraw " + lines[1]["matches"][0]["entry"].dump()).code, 0);
  EXPECT_EQ(Kith("match " + md5).code, 3);  // nothing is left to compare with
  const Outcome bad = Kith("match --json " + md5 + " 123");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.out, IsEmpty());
  EXPECT_THAT(bad.err, HasSubstr("query 1"));
}

TEST_F(ProgramTest, ShowsNoWholePdqOfAnEntry) {
  const std::string pdq = "0123456789abcdef" + std::string(48, '5');
  EXPECT_EQ(Kith("set add s").code, 0);
  EXPECT_EQ(Kith("import --kind pdq --set s -", pdq).code, 0);
  EXPECT_EQ(Kith("set add both").code, 0);
  EXPECT_EQ(Kith("import --set both -", pdq).code, 0);  // kept as SHA-256 too
  for (const char* words : {"entry show 1", "entry show 1 --json", "entry list --json",
                            "entry show 2", "entry show 2 --json"}) {
    const Outcome shown = Kith(words);
    EXPECT_EQ(shown.code, 0) << words;
    EXPECT_THAT(shown.out, HasSubstr("01234567")) << words;
    EXPECT_THAT(shown.out, Not(HasSubstr("0123456789"))) << words;
  }
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
