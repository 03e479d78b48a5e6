// SPDX-License-Identifier: Apache-2.0
// Hash sets through the program itself: what goes in, is looked up and comes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/tools/program_fixture.h"

namespace kith {
namespace {

using nlohmann::json;
using test::Outcome;
using test::ProgramTest;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

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

}  // namespace
}  // namespace kith
